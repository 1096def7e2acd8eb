"""The contract that marketing and sales agreed on, as data, with its lint and its diff.

What the rules do with it lies in the rooms above.
"""
