"""How many files came with what somebody wrote: they aren't read, and that is said."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing that waits for an answer is known to have files."""
    op.add_column("inbox", sa.Column("files", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("inbox", "files")
