"""Who gets a ready lead: rules, pools, availability, and why not the others.

What happens after the assignment lies in follow_through.
"""
