"""What Marketo gets: fields, activities, sync requests, corrections.

When, is decided elsewhere.
"""
