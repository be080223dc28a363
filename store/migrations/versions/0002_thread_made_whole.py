"""thread made whole."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; rows that are there already get the value that tells the truth of them."""
    _add('person', sa.Column('bucket', sa.Integer()), fill="abs(hashtext(identity)::bigint) % 10000")
    _add('decision', sa.Column('arm', sa.String()), fill="'treated'")
    _add('message', sa.Column('ghost', sa.Boolean()), fill='false')
    op.create_unique_constraint('message_id_ghost_key', 'message', ['id', 'ghost'])
    _add('dispatch_recipient', sa.Column('ghost', sa.Boolean()), fill='false')
    op.drop_constraint('dispatch_recipient_message_id_fkey', 'dispatch_recipient', type_='foreignkey')
    op.create_foreign_key('dispatch_recipient_message_id_fkey', 'dispatch_recipient', 'message', ['message_id', 'ghost'], ['id', 'ghost'])
    op.create_check_constraint('nothing_goes_to_the_holdout', 'dispatch_recipient', 'NOT ghost')
    _add('draft', sa.Column('author', sa.String()), fill="'template'")
    op.add_column('draft', sa.Column('model', sa.String(), nullable=True))
    _add('draft', sa.Column('note', sa.String()), fill="''")
    _add('draft', sa.Column('claims', postgresql.JSONB(astext_type=sa.Text())), fill="'[]'")
    _add('draft', sa.Column('calls', sa.Integer()), fill='0')
    _add('draft', sa.Column('prompt_tokens', sa.Integer()), fill='0')
    _add('draft', sa.Column('completion_tokens', sa.Integer()), fill='0')
    _add('review_batch', sa.Column('round', sa.Integer()), fill='1')
    _add('review_item', sa.Column('round', sa.Integer()), fill='1')
    op.add_column('review_item', sa.Column('edit', sa.String(), nullable=True))
    _add('review_item', sa.Column('objections', postgresql.JSONB(astext_type=sa.Text())), fill="'[]'")
    op.drop_index('ix_segment_open', table_name='segment_membership')
    op.create_index('ix_segment_open', 'segment_membership', ['segment', 'since'], unique=False, postgresql_where=sa.text('until IS NULL'))


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_segment_open', table_name='segment_membership')
    op.create_index('ix_segment_open', 'segment_membership', ['segment', 'person_id'], unique=False, postgresql_where=sa.text('until IS NULL'))
    op.drop_column('review_item', 'objections')
    op.drop_column('review_item', 'edit')
    op.drop_column('review_item', 'round')
    op.drop_column('review_batch', 'round')
    for column in ('completion_tokens', 'prompt_tokens', 'calls', 'claims', 'note', 'model', 'author'):
        op.drop_column('draft', column)
    op.drop_constraint('nothing_goes_to_the_holdout', 'dispatch_recipient', type_='check')
    op.drop_constraint('dispatch_recipient_message_id_fkey', 'dispatch_recipient', type_='foreignkey')
    op.create_foreign_key('dispatch_recipient_message_id_fkey', 'dispatch_recipient', 'message', ['message_id'], ['id'])
    op.drop_column('dispatch_recipient', 'ghost')
    op.drop_constraint('message_id_ghost_key', 'message', type_='unique')
    op.drop_column('message', 'ghost')
    op.drop_column('decision', 'arm')
    op.drop_column('person', 'bucket')


def _add(table: str, column: sa.Column, *, fill: str) -> None:
    """Add a column that must have a value, with one for the rows that are there."""
    op.add_column(table, column)
    op.execute(f'UPDATE "{table}" SET "{column.name}" = {fill}')
    op.alter_column(table, column.name, nullable=False)
