"""Reminders as each officer wants them: their own hour and stages; and opinions that are watched until they expire."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

def columns() -> tuple[tuple[str, sa.Column[Any]], ...]:
    return (
        ('person', sa.Column('reminder_hour', sa.Text(), nullable=True)),
        ('person', sa.Column('reminder_stages', sa.JSON(), nullable=True)),
        ('opinion', sa.Column('watched', sa.Boolean(), nullable=False, server_default=sa.false())),
        ('opinion', sa.Column('let_lapse', sa.Boolean(), nullable=False, server_default=sa.false())),
        ('opinion', sa.Column('basis_version', sa.Integer(), nullable=False, server_default='1')),
    )


def upgrade() -> None:
    for table, column in columns():
        op.add_column(table, column)


def downgrade() -> None:
    for table, column in reversed(columns()):
        op.drop_column(table, column.name)
