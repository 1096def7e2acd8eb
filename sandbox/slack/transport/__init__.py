"""Deliveries to the app, over Socket Mode or HTTP, and what becomes of its answers.

What is delivered is made in `events` and `interactivity`.
"""
