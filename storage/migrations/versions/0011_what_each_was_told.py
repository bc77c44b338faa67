"""What each was told lately: the day's notifications of an officer are counted."""

from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_outbox_person', 'outbox', ['person_id', 'created_at'])


def downgrade() -> None:
    op.drop_index('ix_outbox_person', 'outbox')
