"""What can be concluded from scores: differences with intervals, the verdict, its error rates.

Where scores come from is not known here.
"""
