"""Records: making, changing, finding, converting, merging and deleting them, and their history.

Nothing here knows an API; callers say who acts.
"""
