"""Figures: indexes over the days that are counted by."""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

INDEXES = (
    ('ix_item_returned', 'item', ['returned_on', 'submitted_on'], "product_kind = 'verification'"),
    ('ix_item_withdrawn', 'item', ['withdrawn_on'], 'withdrawn_on IS NOT NULL'),
    ('ix_request_created', 'request', ['created_at'], None),
    ('ix_request_decide', 'request', ['decide_on'], 'decide_on IS NOT NULL'),
    ('ix_commitment_signed_on', 'commitment', ['signed_on'], 'signed_on IS NOT NULL'),
    ('ix_commitment_settled_on', 'commitment', ['settled_on'], 'settled_on IS NOT NULL'),
    ('ix_commitment_fulfil_by_on', 'commitment', ['fulfil_by_on'], 'fulfil_by_on IS NOT NULL'),
    ('ix_opinion_valid_to', 'opinion', ['valid_to'], None),
    ('ix_opinion_use_on', 'opinion_use', ['on'], None),
)


def upgrade() -> None:
    for name, table, columns, where in INDEXES:
        some = None if where is None else sa.text(where)
        op.create_index(name, table, columns, sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    for name, table, _columns, _where in reversed(INDEXES):
        op.drop_index(name, table)
