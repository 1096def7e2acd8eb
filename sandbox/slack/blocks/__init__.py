"""Block Kit: the limits of blocks and of their elements.

What a press of an element does is in `interactivity`.
"""
