"""The register: what came back and who holds it, side tasks, lists sent in, links to the file page."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from storage.types import Encrypted, UtcDateTime

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
LONG_AGO = '1970-01-01 00:00:00'  # for rows that no earlier version ever wrote


REFERENCES = (
    ('counterpart', 'merged_into_id', 'counterpart'),
    ('opinion', 'unit_id', 'unit'),
    ('opinion', 'holder_id', 'person'),
    ('attachment', 'added_by', 'person'),
)


PARTIAL = ('legacy_code', 'merged_into_id')  # few counterparts have either


def columns() -> tuple[tuple[str, sa.Column[Any]], ...]:
    return (
        ('counterpart_alias', sa.Column('pinyin', sa.Text(), nullable=True)),
        ('counterpart_alias', sa.Column('initials', sa.Text(), nullable=True)),
        ('item', sa.Column('supplement_on', sa.Date(), nullable=True)),
        ('item', sa.Column('supplement_left', sa.Integer(), nullable=True)),
        ('item', sa.Column('resumed_on', sa.Date(), nullable=True)),
        ('opinion', sa.Column('cut_off_on', sa.Date(), nullable=True)),
        ('opinion', sa.Column('details', Encrypted(), nullable=True)),
        ('opinion', sa.Column('recorded_at', UtcDateTime(timezone=True), nullable=False, server_default=LONG_AGO)),
        ('opinion', sa.Column('undone_at', UtcDateTime(timezone=True), nullable=True)),
        ('opinion_use', sa.Column('undone_at', UtcDateTime(timezone=True), nullable=True)),
        ('commitment', sa.Column('settled_on', sa.Date(), nullable=True)),
        ('credit_report', sa.Column('matches', sa.Boolean(), nullable=True)),
        ('attachment', sa.Column('purpose', sa.Text(), nullable=False, server_default='opinion')),
        ('attachment', sa.Column('size', sa.Integer(), nullable=False, server_default='0')),
        ('attachment', sa.Column('removed_at', UtcDateTime(timezone=True), nullable=True)),
        ('cover', sa.Column('ended_at', UtcDateTime(timezone=True), nullable=True)),
    )


def upgrade() -> None:
    for table, column in columns():
        op.add_column(table, column)
    for table, name, other in REFERENCES:
        # SQLite takes a reference only together with its column; both databases take it so.
        reference = sa.ForeignKey(f'{other}.id', name=op.f(f'fk_{table}_{name}_{other}'))
        op.add_column(table, sa.Column(name, BIG_ID, reference, nullable=True), inline_references=True)
    op.create_index('ix_opinion_item_id', 'opinion', ['item_id'])
    op.create_index('ix_opinion_use_item_id', 'opinion_use', ['item_id'])
    for name in PARTIAL:
        there = sa.text(f'{name} IS NOT NULL')
        op.create_index(
            f'ix_counterpart_{name}', 'counterpart', [name], sqlite_where=there, postgresql_where=there
        )
    op.create_table(
        'follow_up',
        sa.Column('id', BIG_ID, nullable=False),
        sa.Column('opinion_id', BIG_ID, nullable=False),
        sa.Column('state', sa.Enum('open', 'informed', 'objection', 'repair', 'closed', name='followupstate',
                                   native_enum=False, length=24), nullable=False),
        sa.Column('informed_on', sa.Date(), nullable=True),
        sa.Column('closed_on', sa.Date(), nullable=True),
        sa.Column('outcome', Encrypted(), nullable=True),
        sa.Column('created_at', UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['opinion_id'], ['opinion.id'], name=op.f('fk_follow_up_opinion_id_opinion')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_follow_up')),
        sa.UniqueConstraint('opinion_id', name=op.f('uq_follow_up_opinion_id')),
    )
    op.create_table(
        'sheet',
        sa.Column('id', BIG_ID, nullable=False),
        sa.Column('person_id', BIG_ID, nullable=False),
        sa.Column('purpose', sa.Text(), nullable=False),
        sa.Column('path', sa.Text(), nullable=True),
        sa.Column('rows', Encrypted(), nullable=True),
        sa.Column('request_id', BIG_ID, nullable=True),
        sa.Column('created_at', UtcDateTime(timezone=True), nullable=False),
        sa.Column('closed_at', UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_sheet_person_id_person')),
        sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_sheet_request_id_request')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_sheet')),
    )
    op.create_index(op.f('ix_sheet_person_id'), 'sheet', ['person_id'])
    op.create_table(
        'page_link',
        sa.Column('hash', sa.Text(), nullable=False),
        sa.Column('person_id', BIG_ID, nullable=False),
        sa.Column('session', sa.Text(), nullable=False),
        sa.Column('opened_at', UtcDateTime(timezone=True), nullable=False),
        sa.Column('expires_at', UtcDateTime(timezone=True), nullable=False),
        sa.Column('ended_at', UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_page_link_person_id_person')),
        sa.PrimaryKeyConstraint('hash', name=op.f('pk_page_link')),
        sa.UniqueConstraint('session', name=op.f('uq_page_link_session')),
    )


def downgrade() -> None:
    for table in ('page_link', 'sheet', 'follow_up'):
        op.drop_table(table)
    for name in PARTIAL:
        op.drop_index(f'ix_counterpart_{name}', 'counterpart')
    op.drop_index('ix_opinion_use_item_id', 'opinion_use')
    op.drop_index('ix_opinion_item_id', 'opinion')
    for table, name, _other in reversed(REFERENCES):
        op.drop_column(table, name)
    for table, column in reversed(columns()):
        op.drop_column(table, column.name)
