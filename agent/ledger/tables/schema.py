"""All tables together: what migrations compare the database with.

Decisions are append-only (the database itself refuses to change one); effects have one row per
key for ever; a cycle's row is the only place that says when somebody must look at it again.
"""

from sqlmodel import SQLModel

from agent.ledger.tables import (
    audit,
    conversations,
    decisions,
    effects,
    handoffs,
    leads,
    operations,
    policies,
)

OWNERS = (audit, conversations, decisions, effects, handoffs, leads, operations, policies)
"""Every module that holds tables: imported here, so that none is forgotten."""
METADATA = SQLModel.metadata
