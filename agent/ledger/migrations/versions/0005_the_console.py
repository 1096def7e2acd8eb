"""The console: ways in, who looked at what, and the indexes of its lists."""

import sqlalchemy as sa
from alembic import op

from agent.ledger.tables.columns import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "sign_in",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_sign_in_email"), "sign_in", ["email"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("page", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("outcome", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_visit_at"), "visit", ["at"], unique=False)
    op.create_index("ix_cycle_opened", "cycle", ["opened_at", "id"], unique=False)
    op.create_index(
        "ix_cycle_segment_opened", "cycle", ["segment", "opened_at", "id"], unique=False
    )
    op.create_index("ix_cycle_status_opened", "cycle", ["status", "opened_at", "id"], unique=False)
    op.create_index("ix_cycle_title", "cycle", ["title", "opened_at", "id"], unique=False)
    op.create_index("ix_decision_kind_at", "decision", ["kind", "at"], unique=False)
    op.create_index(
        "ix_handoff_state_owner",
        "handoff",
        ["state", "owner", "target_at", "listed_at"],
        unique=False,
    )
    op.create_index(
        "ix_handoff_state_target",
        "handoff",
        ["state", "target_at", "cycle_id", "owner"],
        unique=False,
    )
    op.create_index(op.f("ix_run_started_at"), "run", ["started_at"], unique=False)


def downgrade() -> None:
    """Take the tables back."""
    op.drop_index(op.f("ix_run_started_at"), table_name="run")
    op.drop_index("ix_handoff_state_target", table_name="handoff")
    op.drop_index("ix_handoff_state_owner", table_name="handoff")
    op.drop_index("ix_decision_kind_at", table_name="decision")
    op.drop_index("ix_cycle_title", table_name="cycle")
    op.drop_index("ix_cycle_status_opened", table_name="cycle")
    op.drop_index("ix_cycle_segment_opened", table_name="cycle")
    op.drop_index("ix_cycle_opened", table_name="cycle")
    op.drop_index(op.f("ix_visit_at"), table_name="visit")
    op.drop_table("visit")
    op.drop_index(op.f("ix_sign_in_email"), table_name="sign_in")
    op.drop_table("sign_in")
