"""The quarter: returns of the units, problems fed back, summaries on their way."""

import sqlalchemy as sa
from alembic import op
from storage.types import Encrypted, UtcDateTime

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'quarter_return',
        sa.Column('id', BIG_ID, nullable=False),
        sa.Column('unit_id', BIG_ID, nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('quarter', sa.Integer(), nullable=False),
        sa.Column('state', sa.Enum('not_started', 'filling', 'reported', 'summarised', 'submitted',
                                   name='returnstate', native_enum=False, length=24), nullable=False),
        sa.Column('nil', sa.Boolean(), nullable=False),
        sa.Column('problems', Encrypted(), nullable=True),
        sa.Column('figures', Encrypted(), nullable=True),
        sa.Column('filled_by', BIG_ID, nullable=True),
        sa.Column('filled_at', UtcDateTime(timezone=True), nullable=True),
        sa.Column('confirmed_by', BIG_ID, nullable=True),
        sa.Column('reported_at', UtcDateTime(timezone=True), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_quarter_return_unit_id_unit')),
        sa.ForeignKeyConstraint(['filled_by'], ['person.id'], name=op.f('fk_quarter_return_filled_by_person')),
        sa.ForeignKeyConstraint(['confirmed_by'], ['person.id'], name=op.f('fk_quarter_return_confirmed_by_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quarter_return')),
        sa.UniqueConstraint('unit_id', 'year', 'quarter', name=op.f('uq_quarter_return_unit_id_year_quarter')),
    )
    op.create_table(
        'issue',
        sa.Column('id', BIG_ID, nullable=False),
        sa.Column('person_id', BIG_ID, nullable=False),
        sa.Column('unit_id', BIG_ID, nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('quarter', sa.Integer(), nullable=False),
        sa.Column('kind', sa.Enum('late', 'content', 'papers', 'scope', 'system', 'advice',
                                  name='issuekind', native_enum=False, length=24), nullable=False),
        sa.Column('matter_code', sa.Text(), nullable=True),
        sa.Column('product_kind', sa.Text(), nullable=True),
        sa.Column('text', Encrypted(), nullable=False),
        sa.Column('state', sa.Enum('new', 'working', 'passed_on', 'closed',
                                   name='issuestate', native_enum=False, length=24), nullable=False),
        sa.Column('answers', Encrypted(), nullable=True),
        sa.Column('created_at', UtcDateTime(timezone=True), nullable=False),
        sa.Column('closed_at', UtcDateTime(timezone=True), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_issue_person_id_person')),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_issue_unit_id_unit')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_issue')),
    )
    op.create_index('ix_issue_person_id', 'issue', ['person_id'])
    op.create_index('ix_issue_unit_id', 'issue', ['unit_id'])
    op.create_table(
        'quarter_push',
        sa.Column('id', BIG_ID, nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('quarter', sa.Integer(), nullable=False),
        sa.Column('state', sa.Enum('drafting', 'drafted', 'confirmed', 'pushed',
                                   name='pushstate', native_enum=False, length=24), nullable=False),
        sa.Column('wording', Encrypted(), nullable=True),
        sa.Column('named', sa.JSON(), nullable=False),
        sa.Column('files', sa.JSON(), nullable=False),
        sa.Column('drafted_at', UtcDateTime(timezone=True), nullable=True),
        sa.Column('confirmed_by', BIG_ID, nullable=True),
        sa.Column('pushed_at', UtcDateTime(timezone=True), nullable=True),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['confirmed_by'], ['person.id'], name=op.f('fk_quarter_push_confirmed_by_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quarter_push')),
        sa.UniqueConstraint('year', 'quarter', name=op.f('uq_quarter_push_year_quarter')),
    )


def downgrade() -> None:
    for table in ('quarter_push', 'issue', 'quarter_return'):
        op.drop_table(table)
