"""How we speak with the outside world: vendors' words outside, domain values inside.

What follows from those values is decided in `domain` and `agent`, never here.
"""
