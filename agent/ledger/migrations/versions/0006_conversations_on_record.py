"""Turns of conversations and corrections are kept; questions count their tries."""

import sqlalchemy as sa
from alembic import op

from agent.ledger.tables.columns import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "turn",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("used", sa.JSON(), nullable=False),
        sa.Column("answered", sa.Text(), nullable=False),
        sa.Column("grounds", sa.JSON(), nullable=False),
        sa.Column("proposal", sa.String(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_turn_at"), "turn", ["at"], unique=False)
    op.create_index(op.f("ix_turn_who"), "turn", ["who"], unique=False)
    op.create_table(
        "correction",
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("lead", "field"),
    )
    with op.batch_alter_table("inbox") as inbox:
        inbox.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("model_call") as call:
        call.add_column(sa.Column("written", sa.Integer(), nullable=False, server_default="0"))
        call.add_column(sa.Column("turn", sa.String(), nullable=False, server_default=""))
        call.create_index(op.f("ix_model_call_turn"), ["turn"], unique=False)


def downgrade() -> None:
    """Bring the tables back."""
    with op.batch_alter_table("model_call") as call:
        call.drop_index(op.f("ix_model_call_turn"))
        call.drop_column("turn")
        call.drop_column("written")
    with op.batch_alter_table("inbox") as inbox:
        inbox.drop_column("tries")
    op.drop_table("correction")
    op.drop_table("turn")
