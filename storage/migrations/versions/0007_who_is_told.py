"""Who is told: groups bound to units, pinned summaries, since when somebody cannot be reached."""

import sqlalchemy as sa
from alembic import op
from storage.types import UtcDateTime

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.add_column('person', sa.Column('unreachable_since', UtcDateTime(timezone=True), nullable=True))
    op.create_table(
        'chat_binding',
        sa.Column('id', BIG_ID, nullable=False),
        sa.Column('chat_id', sa.BigInteger(), nullable=False),
        sa.Column('unit_id', BIG_ID, nullable=False),
        sa.Column('bound_by', BIG_ID, nullable=False),
        sa.Column('bound_at', UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_chat_binding_unit_id_unit')),
        sa.ForeignKeyConstraint(['bound_by'], ['person.id'], name=op.f('fk_chat_binding_bound_by_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_chat_binding')),
        sa.UniqueConstraint('chat_id', name=op.f('uq_chat_binding_chat_id')),
    )
    op.create_index(op.f('ix_chat_binding_unit_id'), 'chat_binding', ['unit_id'])
    op.create_table(
        'summary',
        sa.Column('person_id', BIG_ID, nullable=False),
        sa.Column('wanted', sa.Boolean(), nullable=False),
        sa.Column('message_id', sa.BigInteger(), nullable=True),
        sa.Column('shows', sa.Text(), nullable=True),
        sa.Column('tried_at', UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_summary_person_id_person')),
        sa.PrimaryKeyConstraint('person_id', name=op.f('pk_summary')),
    )


def downgrade() -> None:
    op.drop_table('summary')
    op.drop_table('chat_binding')
    op.drop_column('person', 'unreachable_since')
