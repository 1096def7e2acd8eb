"""How the REST API is called: tokens, limits, usage, a call's parameters, the envelope.

No endpoint of a kind of asset or record is here.
"""
