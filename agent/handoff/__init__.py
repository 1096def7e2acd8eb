"""Giving a record its owner, and what follows once Salesforce has it.

Whom it goes to is decided in routing and follow_through.
"""
