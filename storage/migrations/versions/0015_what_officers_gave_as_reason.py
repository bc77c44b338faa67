"""The reasons in the audit and the bases of limits are encrypted: officers type them, and they may name a person."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine
from storage.types import Encrypted

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

FIXED = ('id', 'at', 'actor_id', 'update_id', 'verb', 'subject_kind', 'subject_id')
CONTENT = ('before', 'after', 'reason')
PORTION = 500


def guard(encrypted: tuple[str, ...]) -> None:
    """Let a line be written again as before under a newer key, or erased; as in 0004, whatever is encrypted."""
    is_postgres = op.get_bind().dialect.name == 'postgresql'
    differs = 'IS DISTINCT FROM' if is_postgres else 'IS NOT'
    plain = tuple(name for name in CONTENT if name not in encrypted)
    fixed = [f'NOT (NEW.{name} {differs} OLD.{name})' for name in FIXED]
    same = [f'NOT (NEW.{name} {differs} OLD.{name})' for name in (*plain, 'content_hash')]
    kept = [f'(NEW.{name} IS NULL) = (OLD.{name} IS NULL)' for name in encrypted]
    gone = [f'NEW.{name} IS NULL' for name in CONTENT]
    erased = [*gone, 'OLD.content_hash IS NULL', 'NEW.content_hash IS NOT NULL']
    allowed = f"({' AND '.join((*fixed, *same, *kept))}) OR ({' AND '.join((*fixed, *erased))})"
    does = 'EXECUTE FUNCTION append_only()' if is_postgres else (
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    )
    rows = 'FOR EACH ROW ' if is_postgres else ''
    op.execute(f'CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit {rows}WHEN (NOT ({allowed})) {does}')


def unguard() -> None:
    on = ' ON audit' if op.get_bind().dialect.name == 'postgresql' else ''
    op.execute(f'DROP TRIGGER audit_unchanged{on}')


def retype(name: str, column: str, kind: TypeEngine[Any], former: TypeEngine[Any]) -> None:
    """Give a column another type; its values are read by the former and written by the new one, under the key in use."""
    op.add_column(name, sa.Column('moved', kind, nullable=True))
    table = sa.table(name, sa.column('id'), sa.column(column, former), sa.column('moved', kind))
    was = table.c[column]
    connection, after = op.get_bind(), 0
    while True:
        some = sa.select(table.c.id, was).where(table.c.id > after, was.is_not(None)).order_by(table.c.id).limit(PORTION)
        rows = connection.execute(some).all()
        if not rows:
            break
        moved = sa.update(table).where(table.c.id == sa.bindparam('key')).values(
            {'moved': sa.bindparam('value', type_=kind), column: None}  # PostgreSQL keeps what a dropped column held
        )
        connection.execute(moved, [{'key': key, 'value': value} for key, value in rows])
        after = rows[-1].id
    op.drop_column(name, column)
    op.execute(f'ALTER TABLE {name} RENAME COLUMN moved TO {column}')


def upgrade() -> None:
    unguard()
    for name, column in (('audit', 'reason'), ('item', 'basis')):
        retype(name, column, Encrypted(), sa.Text())
    guard(CONTENT)
    op.execute("DELETE FROM setting WHERE key = 'key.progress'")  # a change of keys begins anew: there is more to do


def downgrade() -> None:
    unguard()
    for name, column in (('audit', 'reason'), ('item', 'basis')):
        retype(name, column, sa.Text(), Encrypted())
    guard(('before', 'after'))
    op.execute("DELETE FROM setting WHERE key = 'key.progress'")
