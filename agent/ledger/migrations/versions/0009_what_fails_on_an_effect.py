"""What fails on one effect: how often something unforeseen did, and where.

Owner changes that were given up although they were never sent are tried again: their outcome is
looked up first. Attempts begin anew: outages were counted among them.

Revision ID: 0009
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both, and give back what an outage had taken."""
    counted = sa.Column("defects", sa.Integer(), nullable=False, server_default="0")
    op.add_column("effect", counted)
    op.add_column("effect", sa.Column("error", sa.Text(), nullable=False, server_default=""))
    effect = sa.table(
        "effect",
        *(sa.column(name, sa.String()) for name in ("state", "kind")),
        sa.column("attempts", sa.Integer()),
        sa.column("receipt", sa.JSON()),
    )
    never_sent = (
        (effect.c.state == "dead")
        & (effect.c.kind == "set_owner")
        & (effect.c.receipt["kind"].as_string() == "untried")
    )
    op.execute(sa.update(effect).where(never_sent).values(state="unknown"))
    unsettled = effect.c.state.in_(("planned", "attempted", "unknown"))
    op.execute(sa.update(effect).where(unsettled).values(attempts=0))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("effect", "error")
    op.drop_column("effect", "defects")
