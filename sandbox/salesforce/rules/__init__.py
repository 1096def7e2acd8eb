"""Rules of an org that are applied when a record is saved: assignment, validation, duplicates.

How rules are deployed is in `metadata`.
"""
