"""Smart campaigns, the steps of their flows, and what those steps call: webhooks and services.

Nothing that a client reads or writes as a record is here.
"""
