"""A comparison to read: in a terminal, as JSON, as Markdown, as a page.

Nothing is computed here that the verdict rests on.
"""
