"""Reading the policy's files, and saying what is wrong in words for their editors.

What a policy means lies in the domain.
"""
