"""Figures: the day on which an application was given up, and the frozen figures of a quarter."""

import datetime as dt

import sqlalchemy as sa
from alembic import op
from storage.types import UtcDateTime

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
ZONE = dt.timezone(dt.timedelta(hours=8))  # one zone, and no summer time while any of these rows was written

ITEM = sa.table(
    'item',
    sa.column('request_id', BIG_ID),
    sa.column('state', sa.Text()),
    sa.column('withdrawn_on', sa.Date()),
)
AUDIT = sa.table(
    'audit',
    sa.column('subject_kind', sa.Text()),
    sa.column('subject_id', BIG_ID),
    sa.column('verb', sa.Text()),
    sa.column('at', UtcDateTime(timezone=True)),
)


def upgrade() -> None:
    op.add_column('item', sa.Column('withdrawn_on', sa.Date(), nullable=True))
    op.create_table(
        'quarter_summary',
        sa.Column('id', BIG_ID, nullable=False),
        sa.Column('year', sa.Integer(), nullable=False),
        sa.Column('quarter', sa.Integer(), nullable=False),
        sa.Column('policy_hash', sa.Text(), nullable=False),
        sa.Column('calendar_version', sa.Integer(), nullable=False),
        sa.Column('schema_version', sa.Integer(), nullable=False),
        sa.Column('content', sa.JSON(), nullable=False),
        sa.Column('digest', sa.Text(), nullable=False),
        sa.Column('frozen_at', UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ['policy_hash'], ['policy_snapshot.hash'], name=op.f('fk_quarter_summary_policy_hash_policy_snapshot')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_quarter_summary')),
        sa.UniqueConstraint('year', 'quarter', name=op.f('uq_quarter_summary_year_quarter')),
    )
    connection = op.get_bind()
    given_up = sa.select(AUDIT.c.subject_id, sa.func.max(AUDIT.c.at)).where(
        AUDIT.c.subject_kind == 'request', AUDIT.c.verb == 'request.withdraw'
    )
    for request_id, at in connection.execute(given_up.group_by(AUDIT.c.subject_id)).all():
        when = dt.datetime.fromisoformat(at) if isinstance(at, str) else at
        aware = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
        connection.execute(
            sa.update(ITEM)
            .where(ITEM.c.request_id == request_id, ITEM.c.state == 'withdrawn')
            .values(withdrawn_on=aware.astimezone(ZONE).date())
        )


def downgrade() -> None:
    op.drop_table('quarter_summary')
    op.drop_column('item', 'withdrawn_on')
