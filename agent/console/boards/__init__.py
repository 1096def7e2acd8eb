"""Boards behind the pages: figures of a stretch of time, kept at hand with their age.

No page is drawn here.
"""
