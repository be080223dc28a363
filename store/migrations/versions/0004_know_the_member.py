"""Know the member: facts, segments with dimensions, the wheel, what all buyers teach."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('population',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('upto', sa.Date(), nullable=False),
    sa.Column('parameters', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('groups', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('closed_on', sa.Date(), nullable=False),
    sa.Column('observed', sa.BigInteger(), nullable=False),
    sa.Column('observed_at_close', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('rebuild',
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('next_person', sa.BigInteger(), nullable=True),
    sa.Column('as_of', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('subject')
    )
    op.create_table('segment_size',
    sa.Column('dimension', sa.String(), nullable=False),
    sa.Column('segment', sa.String(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('dimension', 'segment')
    )
    op.execute('DELETE FROM person_facts')  # made anew by the next daily run, from histories
    op.add_column('person_facts', sa.Column('refunds', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('order_days', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('first_on', sa.Date(), nullable=True))
    op.add_column('person_facts', sa.Column('last_on', sa.Date(), nullable=True))
    op.add_column('person_facts', sa.Column('last_gap', sa.Integer(), nullable=True))
    op.add_column('person_facts', sa.Column('prior_median', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('prior_spread', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('regularity', sa.Float(), nullable=False))
    op.add_column('person_facts', sa.Column('worth', sa.Float(), nullable=False))
    op.add_column('person_facts', sa.Column('basket', sa.Numeric(precision=18, scale=4), nullable=True))
    op.add_column('person_facts', sa.Column('largest', sa.Numeric(precision=18, scale=4), nullable=True))
    op.add_column('person_facts', sa.Column('basket_units', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('unit_price', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('discount_told', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('discounted', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('repeats_told', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('repeats_discounted', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('over_threshold', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('store_key', sa.String(), nullable=True))
    op.add_column('person_facts', sa.Column('store_share', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('channel', sa.String(), nullable=True))
    op.add_column('person_facts', sa.Column('channel_share', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('city', sa.String(), nullable=True))
    op.add_column('person_facts', sa.Column('daypart', sa.Integer(), nullable=True))
    op.add_column('person_facts', sa.Column('daypart_share', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('weekday', sa.Integer(), nullable=True))
    op.add_column('person_facts', sa.Column('weekday_share', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('families', postgresql.JSONB(astext_type=sa.Text()), nullable=False))
    op.add_column('person_facts', sa.Column('tags', postgresql.JSONB(astext_type=sa.Text()), nullable=False))
    op.add_column('person_facts', sa.Column('reviews', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('suggestions', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('referrals', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('staff_contacts', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('visits', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('saved_items', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('carts', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('carts_left', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('open_cart_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('person_facts', sa.Column('cart_hours', sa.Float(), nullable=True))
    op.add_column('person_facts', sa.Column('cart_orders', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('complaint_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('person_facts', sa.Column('complaint_answered_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('person_facts', sa.Column('answered', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('points', sa.BigInteger(), nullable=False))
    op.add_column('person_facts', sa.Column('coupons', sa.Integer(), nullable=False))
    op.add_column('person_facts', sa.Column('benefits_change_on', sa.Date(), nullable=True))
    op.add_column('person_facts', sa.Column('ahead_on', sa.Date(), nullable=True))
    op.alter_column('person_facts', 'units',
               existing_type=sa.INTEGER(),
               type_=sa.BigInteger(),
               existing_nullable=False)
    op.drop_constraint(op.f('person_facts_person_id_fkey'), 'person_facts', type_='foreignkey')
    op.drop_column('person_facts', 'refreshed_on')
    op.drop_column('person_facts', 'due_from')
    op.drop_column('person_facts', 'due_until')
    op.drop_column('person_facts', 'gaps')
    op.add_column('segment_membership', sa.Column('dimension', sa.String(), nullable=False, server_default='lifecycle'))
    op.alter_column('segment_membership', 'dimension', server_default=None)
    op.alter_column('segment_membership', 'evidence', type_=postgresql.JSON(), postgresql_using='evidence::json')
    op.drop_constraint('segment_membership_pkey', 'segment_membership', type_='primary')
    op.create_primary_key('segment_membership_pkey', 'segment_membership', ['person_id', 'dimension', 'segment', 'since'])
    op.execute('INSERT INTO segment_size SELECT dimension, segment, count(*) FROM segment_membership WHERE until IS NULL GROUP BY 1, 2')
    op.drop_index(op.f('uq_segment_open_person'), table_name='segment_membership', postgresql_where='(until IS NULL)')
    op.drop_index(op.f('ix_segment_open'), table_name='segment_membership', postgresql_where='(until IS NULL)')
    op.create_index('ix_segment_open', 'segment_membership', ['dimension', 'segment', 'since'], unique=False, postgresql_where=sa.text('until IS NULL'))
    op.create_index('ix_segment_ended', 'segment_membership', ['until'], unique=False, postgresql_where=sa.text('until IS NOT NULL'))
    op.create_index('uq_segment_open', 'segment_membership', ['person_id', 'dimension', 'segment'], unique=True, postgresql_where=sa.text('until IS NULL'))
    op.drop_constraint(op.f('segment_membership_person_id_fkey'), 'segment_membership', type_='foreignkey')
    # Renewed evidence fits beside the old, and no index has to be told of it.
    op.execute('ALTER TABLE segment_membership SET (fillfactor = 80)')
    op.execute('ALTER TABLE wheel SET (fillfactor = 80)')
    op.execute('DELETE FROM wheel')
    op.drop_constraint('wheel_pkey', 'wheel', type_='primary')
    op.create_primary_key('wheel_pkey', 'wheel', ['person_id', 'kind'])
    op.drop_index(op.f('ix_wheel_due'), table_name='wheel')
    op.create_index('ix_wheel_due', 'wheel', ['due_on'], unique=False)
    op.drop_constraint(op.f('wheel_person_id_fkey'), 'wheel', type_='foreignkey')


def downgrade() -> None:
    """Undo."""
    op.execute('DELETE FROM wheel')
    op.drop_constraint('wheel_pkey', 'wheel', type_='primary')
    op.create_primary_key('wheel_pkey', 'wheel', ['person_id', 'kind', 'due_on', 'version'])
    op.create_foreign_key(op.f('wheel_person_id_fkey'), 'wheel', 'person', ['person_id'], ['id'])
    op.drop_index('ix_wheel_due', table_name='wheel')
    op.create_index(op.f('ix_wheel_due'), 'wheel', ['kind', 'version', 'due_on'], unique=False)
    op.execute("DELETE FROM segment_membership WHERE dimension <> 'lifecycle'")
    op.alter_column('segment_membership', 'evidence', type_=postgresql.JSONB(), postgresql_using='evidence::jsonb')
    op.drop_constraint('segment_membership_pkey', 'segment_membership', type_='primary')
    op.create_primary_key('segment_membership_pkey', 'segment_membership', ['person_id', 'segment', 'since'])
    op.create_foreign_key(op.f('segment_membership_person_id_fkey'), 'segment_membership', 'person', ['person_id'], ['id'])
    op.execute('ALTER TABLE segment_membership RESET (fillfactor)')
    op.drop_index('uq_segment_open', table_name='segment_membership', postgresql_where=sa.text('until IS NULL'))
    op.drop_index('ix_segment_ended', table_name='segment_membership', postgresql_where=sa.text('until IS NOT NULL'))
    op.drop_index('ix_segment_open', table_name='segment_membership', postgresql_where=sa.text('until IS NULL'))
    op.create_index(op.f('ix_segment_open'), 'segment_membership', ['segment', 'since'], unique=False, postgresql_where='(until IS NULL)')
    op.create_index(op.f('uq_segment_open_person'), 'segment_membership', ['person_id'], unique=True, postgresql_where='(until IS NULL)')
    op.drop_column('segment_membership', 'dimension')
    op.execute('DELETE FROM person_facts')
    op.add_column('person_facts', sa.Column('gaps', postgresql.ARRAY(sa.INTEGER()), autoincrement=False, nullable=False))
    op.add_column('person_facts', sa.Column('due_until', sa.DATE(), autoincrement=False, nullable=True))
    op.add_column('person_facts', sa.Column('due_from', sa.DATE(), autoincrement=False, nullable=True))
    op.add_column('person_facts', sa.Column('refreshed_on', sa.DATE(), autoincrement=False, nullable=False))
    op.create_foreign_key(op.f('person_facts_person_id_fkey'), 'person_facts', 'person', ['person_id'], ['id'])
    op.alter_column('person_facts', 'units',
               existing_type=sa.BigInteger(),
               type_=sa.INTEGER(),
               existing_nullable=False)
    op.drop_column('person_facts', 'ahead_on')
    op.drop_column('person_facts', 'benefits_change_on')
    op.drop_column('person_facts', 'coupons')
    op.drop_column('person_facts', 'points')
    op.drop_column('person_facts', 'answered')
    op.drop_column('person_facts', 'complaint_answered_at')
    op.drop_column('person_facts', 'complaint_at')
    op.drop_column('person_facts', 'cart_orders')
    op.drop_column('person_facts', 'cart_hours')
    op.drop_column('person_facts', 'open_cart_at')
    op.drop_column('person_facts', 'carts_left')
    op.drop_column('person_facts', 'carts')
    op.drop_column('person_facts', 'saved_items')
    op.drop_column('person_facts', 'visits')
    op.drop_column('person_facts', 'staff_contacts')
    op.drop_column('person_facts', 'referrals')
    op.drop_column('person_facts', 'suggestions')
    op.drop_column('person_facts', 'reviews')
    op.drop_column('person_facts', 'tags')
    op.drop_column('person_facts', 'families')
    op.drop_column('person_facts', 'weekday_share')
    op.drop_column('person_facts', 'weekday')
    op.drop_column('person_facts', 'daypart_share')
    op.drop_column('person_facts', 'daypart')
    op.drop_column('person_facts', 'city')
    op.drop_column('person_facts', 'channel_share')
    op.drop_column('person_facts', 'channel')
    op.drop_column('person_facts', 'store_share')
    op.drop_column('person_facts', 'store_key')
    op.drop_column('person_facts', 'over_threshold')
    op.drop_column('person_facts', 'repeats_discounted')
    op.drop_column('person_facts', 'repeats_told')
    op.drop_column('person_facts', 'discounted')
    op.drop_column('person_facts', 'discount_told')
    op.drop_column('person_facts', 'unit_price')
    op.drop_column('person_facts', 'basket_units')
    op.drop_column('person_facts', 'largest')
    op.drop_column('person_facts', 'basket')
    op.drop_column('person_facts', 'worth')
    op.drop_column('person_facts', 'regularity')
    op.drop_column('person_facts', 'prior_spread')
    op.drop_column('person_facts', 'prior_median')
    op.drop_column('person_facts', 'last_gap')
    op.drop_column('person_facts', 'last_on')
    op.drop_column('person_facts', 'first_on')
    op.drop_column('person_facts', 'order_days')
    op.drop_column('person_facts', 'refunds')
    op.drop_table('segment_size')
    op.drop_table('rebuild')
    op.drop_table('population')
