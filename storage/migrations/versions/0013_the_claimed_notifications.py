"""The outbox: an index over what is claimed, so that ended leases are found without reading all that was ever sent."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

CLAIMED = sa.text("state = 'claimed'")


def upgrade() -> None:
    op.create_index('ix_outbox_claimed', 'outbox', ['lease_until'], sqlite_where=CLAIMED, postgresql_where=CLAIMED)


def downgrade() -> None:
    op.drop_index('ix_outbox_claimed', 'outbox')
