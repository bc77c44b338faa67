"""The overlay: matters, units and settings of the bureau's own, laid over the installed pack."""

import sqlalchemy as sa
from alembic import op
from storage.types import UtcDateTime

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'overlay',
        sa.Column('id', BIG_ID, nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('state', sa.Enum('proposed', 'in_force', 'refused', 'replaced', name='overlaystate',
                                   native_enum=False, length=24), nullable=False),
        sa.Column('basis', sa.Text(), nullable=True),
        sa.Column('proposed_by', BIG_ID, nullable=True),
        sa.Column('created_at', UtcDateTime(timezone=True), nullable=False),
        sa.Column('answered_by', BIG_ID, nullable=True),
        sa.Column('answered_at', UtcDateTime(timezone=True), nullable=True),
        sa.Column('answer', sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(['proposed_by'], ['person.id'], name=op.f('fk_overlay_proposed_by_person')),
        sa.ForeignKeyConstraint(['answered_by'], ['person.id'], name=op.f('fk_overlay_answered_by_person')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_overlay')),
    )
    op.create_index('ix_overlay_state', 'overlay', ['state', 'id'])


def downgrade() -> None:
    op.drop_table('overlay')
