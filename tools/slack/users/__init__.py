"""Who somebody is in Slack: the workspace's users, their status and quiet hours, and sign-in.

No message is worded or sent here.
"""
