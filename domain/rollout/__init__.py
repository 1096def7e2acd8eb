"""Another policy on trial: on recorded leads, and on a part of the live ones.

Publishing it is the agent's part.
"""
