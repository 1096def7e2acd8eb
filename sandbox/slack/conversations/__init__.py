"""Conversations: channels, direct messages, and who is in them.

What is said in them is in `messages`.
"""
