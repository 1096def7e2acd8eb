"""Figures, digests, alerts and stories for people, made from the ledger.

Nothing is written to a vendor but messages.
"""
