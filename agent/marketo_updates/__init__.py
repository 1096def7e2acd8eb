"""What Marketo is told: fields, activities, sync requests, corrections.

When, is decided elsewhere.
"""
