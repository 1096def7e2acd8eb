"""Working hours, lengths of time and moments as people say them.

Arithmetic on a calendar that is handed in, never on a policy.
"""
