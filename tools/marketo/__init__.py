"""Marketo Engage over REST: persons, activities, lists, campaigns."""
