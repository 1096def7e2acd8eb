"""How we know that a change of a prompt or a model is better (docs/reference/evals.md).

Nothing that routes a lead may depend on it.
"""
