"""Records of a feed that can't be read are kept and listed."""

import sqlalchemy as sa
from alembic import op

from agent.ledger.tables.columns import UtcDateTime

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "unread",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_unread_lead"), "unread", ["lead"], unique=False)
    op.create_index(op.f("ix_unread_last_at"), "unread", ["last_at"], unique=False)
