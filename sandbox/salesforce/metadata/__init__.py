"""The org's set-up as components: the Metadata API, deployments and the Tooling API.

What rules and fields then do to a record is in `rules` and `org`.
"""
