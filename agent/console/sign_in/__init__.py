"""Signing in and out, by token or with Slack. Who may see what is the visit's to say."""
