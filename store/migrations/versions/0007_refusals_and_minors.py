"""Refusals and minors: who refuses what machines choose, and who is a child, is left alone."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

_TABLES = ('member', 'staged_member')
_FLAGS = ('personalised', 'minor')


def upgrade() -> None:
    """Apply."""
    for table in _TABLES:
        for flag in _FLAGS:
            op.add_column(table, sa.Column(flag, sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        for flag in reversed(_FLAGS):
            op.drop_column(table, flag)
