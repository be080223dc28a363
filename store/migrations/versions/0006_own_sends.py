"""Own sends: what employees send by themselves counts in everybody's budget."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('own_send',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('msgid', sa.String(), nullable=False),
    sa.Column('sender', sa.String(), nullable=False),
    sa.Column('address', sa.String(), nullable=False),
    sa.Column('sent_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('msgid', 'sender', 'address')
    )
    op.create_index('ix_own_send_address', 'own_send', ['channel', 'address', 'sent_at'])
    op.create_table('own_send_mark',
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('until', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('channel')
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table('own_send_mark')
    op.drop_table('own_send')
