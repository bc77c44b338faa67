"""Enrolment: an invitation is answered by a coordinator, wrong ones are counted, menus are remembered."""

import sqlalchemy as sa
from alembic import op
from storage.types import UtcDateTime

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.add_column('person', sa.Column('menu', sa.Text(), nullable=True))
    op.add_column('invite', sa.Column('answered_at', UtcDateTime(timezone=True), nullable=True))
    answered_by = sa.ForeignKey('person.id', name=op.f('fk_invite_answered_by_person'))
    op.add_column('invite', sa.Column('answered_by', BIG_ID, answered_by, nullable=True), inline_references=True)
    op.add_column('invite', sa.Column('approved', sa.Boolean(), nullable=True))
    op.create_index(op.f('ix_invite_used_by'), 'invite', ['used_by'])
    # Whoever came in before approval existed was let in by the invitation itself.
    op.execute('UPDATE invite SET answered_at = used_at, answered_by = invited_by WHERE used_at IS NOT NULL')
    op.execute(sa.text('UPDATE invite SET approved = :yes WHERE used_at IS NOT NULL').bindparams(yes=True))
    op.add_column('stranger', sa.Column('tries', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('stranger', sa.Column('tries_from', UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('stranger', 'tries_from')
    op.drop_column('stranger', 'tries')
    op.drop_index(op.f('ix_invite_used_by'), 'invite')
    for name in ('approved', 'answered_by', 'answered_at'):
        op.drop_column('invite', name)
    op.drop_column('person', 'menu')
