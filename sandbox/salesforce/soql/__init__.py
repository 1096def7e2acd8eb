"""SOQL: a parser and an evaluator of the part that clients of a lead router use.

The resource `query` is in `rest`.
"""
