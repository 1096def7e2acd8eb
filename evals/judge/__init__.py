"""Which of two wordings serves its reader better, by a model with a rubric.

What code can tell is in `score`, never here.
"""
