"""The Events API: which events an app subscribed to, and the envelopes that they travel in.

How an envelope reaches the app is in `transport`.
"""
