"""the data contract."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

STAGED = ('store', 'employee', 'product', 'member', 'order_line', 'benefit', 'member_event', 'contact')


def upgrade() -> None:
    """Apply; rows that are there already get the value that tells the truth of them."""
    op.execute('CREATE SCHEMA staging')
    for name in ('member', 'order_line', 'contact'):
        op.drop_table(f'staged_{name}')
    op.create_table('staged_store',
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=True),
    sa.Column('city', sa.String(), nullable=True),
    sa.Column('timezone', sa.String(), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row')
    )
    op.create_table('staged_employee',
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=True),
    sa.Column('store_key', sa.String(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row')
    )
    op.create_table('staged_product',
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=True),
    sa.Column('family', sa.String(), nullable=True),
    sa.Column('launched_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('stock', sa.BigInteger(), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row')
    )
    op.create_table('staged_member',
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('unionid', sa.String(), nullable=True),
    sa.Column('phone_hash', sa.String(), nullable=True),
    sa.Column('city', sa.String(), nullable=True),
    sa.Column('timezone', sa.String(), nullable=True),
    sa.Column('joined_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('consent', sa.Boolean(), nullable=True),
    sa.Column('consent_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row')
    )
    op.create_table('staged_order_line',
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('order_key', sa.String(), nullable=True),
    sa.Column('ordinal', sa.Integer(), nullable=True),
    sa.Column('member_key', sa.String(), nullable=True),
    sa.Column('ordered_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('status', sa.String(), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('discount', sa.Numeric(), nullable=True),
    sa.Column('total', sa.Numeric(), nullable=True),
    sa.Column('store_key', sa.String(), nullable=True),
    sa.Column('product_key', sa.String(), nullable=True),
    sa.Column('product_name', sa.String(), nullable=True),
    sa.Column('quantity', sa.BigInteger(), nullable=True),
    sa.Column('unit_price', sa.Numeric(), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row')
    )
    op.create_table('staged_benefit',
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=True),
    sa.Column('member_key', sa.String(), nullable=True),
    sa.Column('name', sa.String(), nullable=True),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('face_value', sa.Numeric(), nullable=True),
    sa.Column('threshold', sa.Numeric(), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('remaining', sa.BigInteger(), nullable=True),
    sa.Column('valid_from', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('valid_until', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('store_keys', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('redeemable_for', sa.String(), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row')
    )
    op.create_table('staged_member_event',
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('member_key', sa.String(), nullable=True),
    sa.Column('kind', sa.String(), nullable=True),
    sa.Column('at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('subject', sa.String(), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row')
    )
    op.create_table('staged_contact',
    sa.Column('row', sa.BigInteger(), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('employee_id', sa.String(), nullable=True),
    sa.Column('unionid', sa.String(), nullable=True),
    sa.Column('since', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('tags', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row')
    )
    op.create_table('day_verdict',
    sa.Column('business_date', sa.Date(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('entity', sa.String(), nullable=False),
    sa.Column('at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('passed', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('checks', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('business_date', 'source', 'entity')
    )
    op.create_table('inbox',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('received_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source', 'key')
    )
    op.create_index('ix_inbox_received', 'inbox', ['source', 'received_at', 'id'], unique=False)
    op.create_table('reading',
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('entity', sa.String(), nullable=False),
    sa.Column('window_from', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('window_until', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('cursor', sa.String(), nullable=True),
    sa.Column('pages', sa.Integer(), nullable=False),
    sa.Column('pulled', sa.BigInteger(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('dropped', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('whole', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('source', 'entity')
    )
    op.create_table('store',
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=True),
    sa.Column('timezone', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('source', 'key')
    )
    op.create_table('merge',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('person_id', sa.BigInteger(), nullable=False),
    sa.Column('absorbed_id', sa.BigInteger(), nullable=False),
    sa.Column('evidence', sa.String(), nullable=False),
    sa.Column('at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('undone_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['absorbed_id'], ['person.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_merge_absorbed_id', 'merge', ['absorbed_id'], unique=False)
    op.create_index('ix_merge_person_id', 'merge', ['person_id'], unique=False)
    op.create_table('benefit',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('face_value', sa.Numeric(precision=18, scale=4), nullable=True),
    sa.Column('threshold', sa.Numeric(precision=18, scale=4), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('remaining', sa.BigInteger(), nullable=True),
    sa.Column('valid_from', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('valid_until', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('store_keys', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('redeemable_for', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source', 'key')
    )
    op.create_index('ix_benefit_member', 'benefit', ['member_id', 'valid_until'], unique=False)
    op.create_index('ix_benefit_until', 'benefit', ['valid_until'], unique=False)
    op.create_table('member_event',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('member_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('subject', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('source', 'key')
    )
    op.create_index('ix_member_event_member', 'member_event', ['member_id', 'at'], unique=False)
    _add('contact', sa.Column('tags', postgresql.JSONB(astext_type=sa.Text())), fill="'[]'")
    _add('data_verdict', sa.Column('metrics', postgresql.JSONB(astext_type=sa.Text())), fill="'{}'")
    _add('data_verdict', sa.Column('report', postgresql.JSONB(astext_type=sa.Text())), fill="'{}'")
    op.add_column('employee', sa.Column('source', sa.String(), nullable=True))
    op.add_column('employee', sa.Column('name', sa.String(), nullable=True))
    op.add_column('employee', sa.Column('store_key', sa.String(), nullable=True))
    _add('employee', sa.Column('active', sa.Boolean()), fill="true")
    op.add_column('member', sa.Column('phone_hash', sa.String(), nullable=True))
    op.add_column('member', sa.Column('timezone', sa.String(), nullable=True))
    op.add_column('member', sa.Column('consent', sa.Boolean(), nullable=True))
    op.add_column('member', sa.Column('consent_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('person', sa.Column('merged_into', sa.BigInteger(), nullable=True))
    op.add_column('product', sa.Column('family', sa.String(), nullable=True))
    op.add_column('product', sa.Column('launched_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('product', sa.Column('stock', sa.BigInteger(), nullable=True))
    _add('quarantine', sa.Column('row', sa.BigInteger()), fill="(content->>'row')::bigint")
    op.add_column('quarantine', sa.Column('settled_at', sa.TIMESTAMP(timezone=True), nullable=True))
    op.add_column('shop_order', sa.Column('discount', sa.Numeric(precision=18, scale=4), nullable=True))
    op.add_column('shop_order', sa.Column('total', sa.Numeric(precision=18, scale=4), nullable=True))
    op.add_column('shop_order', sa.Column('store_key', sa.String(), nullable=True))
    op.create_index('ix_member_phone', 'member', ['phone_hash'], unique=False, postgresql_where=sa.text('phone_hash IS NOT NULL'))
    op.create_index('ix_member_unionid', 'member', ['unionid'], unique=False, postgresql_where=sa.text('unionid IS NOT NULL'))
    op.create_index('ix_person_merged_into', 'person', ['merged_into'], unique=False)
    op.create_foreign_key('person_merged_into_fkey', 'person', 'person', ['merged_into'], ['id'])
    op.create_index('ix_quarantine_open', 'quarantine', ['source', 'entity', 'rule'], unique=False, postgresql_where=sa.text('settled_at IS NULL'))
    # What a member said of marketing is theirs; until now only the person's newest word was kept.
    op.execute("UPDATE member m SET consent = c.granted, consent_at = c.at FROM consent c WHERE c.person_id = m.person_id AND c.purpose = 'marketing' AND c.source = m.source")


def downgrade() -> None:
    """Undo."""
    op.drop_index('ix_quarantine_open', table_name='quarantine')
    op.drop_constraint('person_merged_into_fkey', 'person', type_='foreignkey')
    op.drop_index('ix_person_merged_into', table_name='person')
    op.drop_index('ix_member_unionid', table_name='member')
    op.drop_index('ix_member_phone', table_name='member')
    op.drop_column('contact', 'tags')
    op.drop_column('data_verdict', 'metrics')
    op.drop_column('data_verdict', 'report')
    op.drop_column('employee', 'source')
    op.drop_column('employee', 'name')
    op.drop_column('employee', 'store_key')
    op.drop_column('employee', 'active')
    op.drop_column('member', 'phone_hash')
    op.drop_column('member', 'timezone')
    op.drop_column('member', 'consent')
    op.drop_column('member', 'consent_at')
    op.drop_column('person', 'merged_into')
    op.drop_column('product', 'family')
    op.drop_column('product', 'launched_at')
    op.drop_column('product', 'stock')
    op.drop_column('quarantine', 'row')
    op.drop_column('quarantine', 'settled_at')
    op.drop_column('shop_order', 'discount')
    op.drop_column('shop_order', 'total')
    op.drop_column('shop_order', 'store_key')
    for table in ('member_event', 'benefit', 'merge', 'store', 'reading', 'inbox', 'day_verdict'):
        op.drop_table(table)
    for name in STAGED:
        op.drop_table(f'staged_{name}')
    op.execute('DROP SCHEMA staging CASCADE')
    op.create_table('staged_contact',
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(), nullable=True),
    sa.Column('address', sa.String(), nullable=True),
    sa.Column('employee_id', sa.String(), nullable=True),
    sa.Column('unionid', sa.String(), nullable=True),
    sa.Column('since', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row'),
    prefixes=['UNLOGGED']
    )
    op.create_table('staged_member',
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(), nullable=True),
    sa.Column('unionid', sa.String(), nullable=True),
    sa.Column('city', sa.String(), nullable=True),
    sa.Column('joined_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('consent', sa.Boolean(), nullable=True),
    sa.Column('consent_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row'),
    prefixes=['UNLOGGED']
    )
    op.create_table('staged_order_line',
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('order_key', sa.String(), nullable=True),
    sa.Column('ordinal', sa.Integer(), nullable=True),
    sa.Column('member_key', sa.String(), nullable=True),
    sa.Column('ordered_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.Column('status', sa.String(), nullable=True),
    sa.Column('currency', sa.String(), nullable=True),
    sa.Column('product_key', sa.String(), nullable=True),
    sa.Column('product_name', sa.String(), nullable=True),
    sa.Column('quantity', sa.BigInteger(), nullable=True),
    sa.Column('unit_price', sa.Numeric(), nullable=True),
    sa.Column('defects', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('row'),
    prefixes=['UNLOGGED']
    )


def _add(table: str, column: sa.Column, *, fill: str) -> None:
    """Add a column that must have a value, with one for the rows that are there."""
    op.add_column(table, column)
    op.execute(f'UPDATE "{table}" SET "{column.name}" = {fill}')
    op.alter_column(table, column.name, nullable=False)
