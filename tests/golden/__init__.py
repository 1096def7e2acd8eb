"""A ledger made by 0.1.0, kept for ever: what any later code must still read and repeat."""
