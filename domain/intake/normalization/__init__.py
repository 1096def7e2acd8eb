"""Readers that bring each kind of field into its canonical form, with their vocabularies.

A reader refuses what it can't understand; nothing here knows a policy.
"""
