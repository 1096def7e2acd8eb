"""From what Marketo sends to a lead in canonical form, and whose word counts for each field.

Triggers, normalization and precedence are read here; nothing is judged.
"""
