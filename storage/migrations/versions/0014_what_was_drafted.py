"""A summary keeps the problems that it was drafted with; a wording edited before is drafted anew, by its paragraphs."""

import sqlalchemy as sa
from alembic import op

from storage.types import Encrypted

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('quarter_push', sa.Column('problems', Encrypted(), nullable=True))
    op.execute('UPDATE quarter_push SET wording = NULL')  # kept by place so far, by paragraph from here on


def downgrade() -> None:
    op.execute('UPDATE quarter_push SET wording = NULL')
    op.drop_column('quarter_push', 'problems')
