"""The route-ready gate: every check, its verdict and the snapshot it rests on.

It routes nothing.
"""
