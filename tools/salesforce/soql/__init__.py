"""SOQL as text: queries, their limits, and spellings to look for.

Nothing here calls Salesforce.
"""
