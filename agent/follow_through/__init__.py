"""One follow-through run: from an assigned lead to its next step, and what reps do about it.

The rules themselves lie in the domain.
"""
