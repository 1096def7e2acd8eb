"""What people read and press in Slack, as Block Kit: facts in, blocks out.

Nothing here calls Slack.
"""
