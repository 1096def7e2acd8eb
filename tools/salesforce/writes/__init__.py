"""Writing records, with one receipt for each: owners and stamps, first touches, tasks, calls.

What to write is decided elsewhere.
"""
