"""A stand-in for a model and for a judge, so that everything runs without a key.

It never sees what a case expects.
"""
