"""Lighter plans: who has a share is told by rounds, and what is never taken away needs no check."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

_KEPT = ('run', 'person', 'candidate', 'message')
_CHECKED = (
    ('decision', 'candidate_id', 'candidate'),
    ('message', 'id', 'candidate'),
    ('message', 'run_id', 'run'),
    ('message', 'person_id', 'person'),
    ('message_event', 'message_id', 'message'),
    ('ledger', 'slot', 'candidate'),
    ('ledger', 'person_id', 'person'),
)


def upgrade() -> None:
    """Apply."""
    op.add_column('run', sa.Column('rounds', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('message', sa.Column('round', sa.Integer(), nullable=True))
    op.execute('UPDATE run SET rounds = 1')
    op.execute('UPDATE message SET round = CASE WHEN allotted THEN 1 ELSE 2 END'
               " WHERE allotted OR state = 'planned'")
    op.drop_column('message', 'allotted')
    op.execute('ALTER TABLE message RESET (fillfactor)')
    _index_wordings(sa.text('wording_id IS NOT NULL'))
    for table, column, _ in _CHECKED:
        op.drop_constraint(f'{table}_{column}_fkey', table)
    op.execute("""
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'rows of % are kept: other tables refer to them', TG_TABLE_NAME;
        END $$
    """)
    for table in _KEPT:
        op.execute(f'CREATE TRIGGER kept BEFORE DELETE ON {table} EXECUTE FUNCTION keep()')


def downgrade() -> None:
    """Take back."""
    for table in _KEPT:
        op.execute(f'DROP TRIGGER kept ON {table}')
    op.execute('DROP FUNCTION keep()')
    for table, column, kept in _CHECKED:
        op.create_foreign_key(f'{table}_{column}_fkey', table, kept, [column], ['id'])
    _index_wordings(None)
    op.execute('ALTER TABLE message SET (fillfactor = 50)')
    op.add_column(
        'message', sa.Column('allotted', sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column('message', 'allotted', server_default=None)
    op.execute(
        'UPDATE message m SET allotted = true FROM run r'
        ' WHERE r.id = m.run_id AND m.round <= r.rounds'
    )
    op.drop_column('message', 'round')
    op.drop_column('run', 'rounds')


def _index_wordings(where: sa.TextClause | None) -> None:
    op.drop_index('ix_message_wording', table_name='message')
    op.create_index('ix_message_wording', 'message', ['wording_id'], postgresql_where=where)
