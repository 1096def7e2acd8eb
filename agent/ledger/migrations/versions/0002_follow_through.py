"""handoffs, messages, clicks and disputes."""

import sqlalchemy as sa
from alembic import op

from agent.ledger.tables.columns import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "click",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "dispute",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ruled_by", sa.String(), nullable=True),
        sa.Column("ruled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_dispute_cycle_id"), "dispute", ["cycle_id"], unique=False)
    op.create_table(
        "handoff",
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("record_id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("handoff", sa.JSON(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("target_at", UtcDateTime(), nullable=True),
        sa.Column("touched_at", UtcDateTime(), nullable=True),
        sa.Column("touch", sa.String(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("listed_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("cycle_id"),
    )
    op.create_index(op.f("ix_handoff_lead"), "handoff", ["lead"], unique=False)
    op.create_index(op.f("ix_handoff_owner"), "handoff", ["owner"], unique=False)
    op.create_index(op.f("ix_handoff_record_id"), "handoff", ["record_id"], unique=False)
    op.create_index("ix_handoff_state_due", "handoff", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_handoff_touched_at"), "handoff", ["touched_at"], unique=False)
    op.create_table(
        "mention",
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "cycle_id"),
    )
    op.create_index(op.f("ix_mention_cycle_id"), "mention", ["cycle_id"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_message_person"), "message", ["person"], unique=False)


def downgrade() -> None:
    """Bring the tables back."""
    for table in ("message", "mention", "handoff", "dispute", "click"):
        op.drop_table(table)
