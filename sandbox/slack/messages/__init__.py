"""Messages: posted, scheduled, streamed, reacted to, with their files and threads.

What people press on a message is in `interactivity`.
"""
