"""What owners and managers are told in Slack, and when they may be.

Who is told is decided elsewhere.
"""
