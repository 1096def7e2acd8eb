"""Something that the worker needs is away: at each moment of a lead's life, for minutes or days.

Real outages against the sandbox on a real SQLite or PostgreSQL: what is counted afterwards comes
from the vendors' own journal and the ledger. `python -m tests.outages [sqlite|postgresql]`.
"""
