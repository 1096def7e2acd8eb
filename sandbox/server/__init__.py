"""A running sandbox: its ports, its threads, and the one that lets its clock run.

What is answered at a port is made in the vendors' rooms.
"""
