"""Whether somebody signed in, or a user of the machine said that they were that person."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("proposal", "publication", "visit")


def upgrade() -> None:
    """Add the column; of what was done before nobody knows."""
    for name in TABLES:
        op.add_column(name, sa.Column("asserted_by", sa.String(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    for name in TABLES:
        op.drop_column(name, "asserted_by")
