"""The product's own conversation in a small world: worlds, the simulated person, the end state.

What a conversation is worth is in `score`, never here.
"""
