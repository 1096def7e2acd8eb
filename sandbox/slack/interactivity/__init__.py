"""Interactivity: what people do, forms and views, triggers, and response URLs.

How the app hears of it is in `transport`.
"""
