"""Members of the workspace: who they are, whether they are away, and Sign in with Slack.

What they do is in `interactivity`.
"""
