"""What owners and managers are told in Slack, and when they may be.

Who is notified is decided elsewhere.
"""
