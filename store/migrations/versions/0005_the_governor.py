"""The governor: what a slot is for and whom it goes through is frozen in the ledger."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

_FROZEN = ('scene', 'channel', 'sender')
_BEFORE = (
    "state IN ('planned', 'drafted', 'in_review', 'held', 'approved', 'queued', 'dispatched',"
    " 'confirmed', 'unknown')"
)
_OPEN = _BEFORE.replace("'planned',", "'planned', 'deferred',")


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
    op.create_table('budget',
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('window', sa.Date(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('most', sa.Integer(), nullable=False),
    sa.CheckConstraint('used <= most', name='nobody_is_over_budget'),
    sa.PrimaryKeyConstraint('scope', 'key', 'window')
    )
    op.add_column(
        'message', sa.Column('allotted', sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.alter_column('message', 'allotted', server_default=None)
    # A message moves some five times in its first days: a page keeps room for that.
    op.execute('ALTER TABLE message SET (fillfactor = 50)')
    _index_what_is(_OPEN)
    _index_persons_by('until')
    _keep_inputs_as('json')


def downgrade() -> None:
    """Take back."""
    _keep_inputs_as('jsonb')
    _index_persons_by('at')
    op.execute("UPDATE message SET state = 'expired' WHERE state = 'deferred'")
    _index_what_is(_BEFORE)
    op.execute('ALTER TABLE message RESET (fillfactor)')
    op.drop_column('message', 'allotted')
    op.drop_table('budget')
    for name in reversed(_FROZEN):
        op.drop_column('ledger', name)


def _index_what_is(predicate: str) -> None:
    for name, columns, unique in (
        ('uq_message_open', ['person_id', 'scene'], True),
        ('ix_message_open_state', ['state', 'window_until'], False),
    ):
        op.drop_index(name, table_name='message')
        where = sa.text(predicate)
        op.create_index(name, 'message', columns, unique=unique, postgresql_where=where)


def _index_persons_by(instant: str) -> None:
    op.drop_index('ix_ledger_person', table_name='ledger')
    op.create_index('ix_ledger_person', 'ledger', ['person_id', instant])


def _keep_inputs_as(kind: str) -> None:
    op.execute(f'ALTER TABLE decision ALTER COLUMN inputs TYPE {kind} USING inputs::{kind}')
