"""Slack's events and presses, by socket or HTTP, brought to the conversation and to rep actions.

What they mean is decided there.
"""
