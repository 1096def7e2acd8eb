"""Changes as they are asked for, and a person's decision on them.

The rules on who may lie in the domain.
"""
