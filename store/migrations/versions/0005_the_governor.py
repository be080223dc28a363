"""The governor: what a slot is for and whom it goes through is frozen in the ledger."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_FROZEN = ('scene', 'channel', 'sender')


def upgrade() -> None:
    """Apply."""
    for name in _FROZEN:
        op.add_column('ledger', sa.Column(name, sa.String(), nullable=True))
    op.execute(
        'UPDATE ledger l SET scene = m.scene, channel = m.channel, sender = m.sender'
        ' FROM message m WHERE m.id = l.slot'
    )
    for name in _FROZEN:
        op.alter_column('ledger', name, nullable=False)


def downgrade() -> None:
    """Take back."""
    for name in reversed(_FROZEN):
        op.drop_column('ledger', name)
