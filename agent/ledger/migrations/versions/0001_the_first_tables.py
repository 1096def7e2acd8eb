"""the first tables."""

import sqlalchemy as sa
from alembic import op

from agent.ledger.tables.columns import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _make_append_only(table: str) -> None:
    """Let the database itself refuse to change or delete a row."""
    said = f"rows of {table} are never changed"
    if op.get_context().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{said}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
    )


def upgrade() -> None:
    """Bring the tables forward."""
    op.create_table(
        "activity",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_activity_lead_at", "activity", ["lead", "at"], unique=False)
    op.create_table(
        "approval",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_approval_cycle_id"), "approval", ["cycle_id"], unique=False)
    op.create_table(
        "cursor",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "cycle",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.JSON(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("deadline", UtcDateTime(), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("verdict_hash", sa.String(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("blocked_by", sa.String(), nullable=True),
        sa.Column("segment", sa.String(), nullable=True),
        sa.Column("sync_requested_at", UtcDateTime(), nullable=True),
        sa.Column("record_id", sa.String(), nullable=True),
        sa.Column("record_kind", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("owner_name", sa.String(), nullable=True),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("territory", sa.String(), nullable=True),
        sa.Column("is_fallback", sa.Boolean(), nullable=False),
        sa.Column("ready_at", UtcDateTime(), nullable=True),
        sa.Column("assigned_at", UtcDateTime(), nullable=True),
        sa.Column("sla_due", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("lead", "number"),
    )
    op.create_index(op.f("ix_cycle_assigned_at"), "cycle", ["assigned_at"], unique=False)
    op.create_index("ix_cycle_due", "cycle", ["due_at", "opened_at"], unique=False)
    op.create_index(op.f("ix_cycle_lead"), "cycle", ["lead"], unique=False)
    op.create_index(op.f("ix_cycle_owner"), "cycle", ["owner"], unique=False)
    op.create_index(op.f("ix_cycle_status"), "cycle", ["status"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("inputs_hash", sa.String(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_decision_cycle_id"), "decision", ["cycle_id"], unique=False)
    op.create_index(op.f("ix_decision_lead"), "decision", ["lead"], unique=False)
    op.create_table(
        "effect",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("action", sa.JSON(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index(op.f("ix_effect_cycle_id"), "effect", ["cycle_id"], unique=False)
    op.create_index(op.f("ix_effect_lead"), "effect", ["lead"], unique=False)
    op.create_index("ix_effect_state_kind_due", "effect", ["state", "kind", "due_at"], unique=False)
    op.create_table(
        "enrichment",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "hold",
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("lead"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "policy",
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("first_used_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "pool",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "trigger",
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("cycle_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("activity_id"),
    )
    op.create_index(op.f("ix_trigger_lead"), "trigger", ["lead"], unique=False)
    _make_append_only("decision")


def downgrade() -> None:
    """Take the tables back."""
    op.drop_index(op.f("ix_trigger_lead"), table_name="trigger")
    op.drop_table("trigger")
    op.drop_table("run")
    op.drop_table("pool")
    op.drop_table("policy")
    op.drop_table("lease")
    op.drop_table("hold")
    op.drop_table("enrichment")
    op.drop_index("ix_effect_state_kind_due", table_name="effect")
    op.drop_index(op.f("ix_effect_lead"), table_name="effect")
    op.drop_index(op.f("ix_effect_cycle_id"), table_name="effect")
    op.drop_table("effect")
    op.drop_index(op.f("ix_decision_lead"), table_name="decision")
    op.drop_index(op.f("ix_decision_cycle_id"), table_name="decision")
    op.drop_table("decision")
    op.drop_index(op.f("ix_cycle_status"), table_name="cycle")
    op.drop_index(op.f("ix_cycle_owner"), table_name="cycle")
    op.drop_index(op.f("ix_cycle_lead"), table_name="cycle")
    op.drop_index("ix_cycle_due", table_name="cycle")
    op.drop_index(op.f("ix_cycle_assigned_at"), table_name="cycle")
    op.drop_table("cycle")
    op.drop_table("cursor")
    op.drop_index(op.f("ix_approval_cycle_id"), table_name="approval")
    op.drop_table("approval")
    op.drop_index("ix_activity_lead_at", table_name="activity")
    op.drop_table("activity")
