"""Routing judged without a model, on leads whose owner a person reasoned from the policy.

No prompt is compared here.
"""
