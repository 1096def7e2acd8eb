"""Marketo Engage over REST: persons, activities, lists, campaigns, as `domain.ports.Marketing`.

What makes a lead ready is not decided here.
"""
