"""Companies, opportunities, sales persons, named accounts and custom objects.

Persons are in `leads`.
"""
