"""The drafted summary: what a coordinator confirms is what is sent on."""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('quarter_push', sa.Column('content', sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column('quarter_push', 'content')
