"""The sealed audit: append-only by trigger; an erased line keeps the keyed hash of what stood in it."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

FIXED = ('id', 'at', 'actor_id', 'update_id', 'verb', 'subject_kind', 'subject_id')
CONTENT = ('before', 'after', 'reason')


def allowed(differs: str) -> str:
    """The condition under which a line may be written again: as before under a newer key, or erased."""
    same = ' AND '.join(f'NOT (NEW.{name} {differs} OLD.{name})' for name in (*FIXED, 'reason', 'content_hash'))
    kept = ' AND '.join(f'(NEW.{name} IS NULL) = (OLD.{name} IS NULL)' for name in ('before', 'after'))
    fixed = ' AND '.join(f'NOT (NEW.{name} {differs} OLD.{name})' for name in FIXED)
    gone = ' AND '.join(f'NEW.{name} IS NULL' for name in CONTENT)
    erased = f'{fixed} AND {gone} AND OLD.content_hash IS NULL AND NEW.content_hash IS NOT NULL'
    return f'(({same} AND {kept}) OR ({erased}))'


def sqlite_triggers() -> None:
    for table in ('audit', 'audit_seal'):
        op.execute(
            f"CREATE TRIGGER {table}_stays BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    op.execute(
        f"CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit WHEN NOT {allowed('IS NOT')} "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END"
    )
    op.execute(
        "CREATE TRIGGER audit_seal_unchanged BEFORE UPDATE ON audit_seal "
        "BEGIN SELECT RAISE(ABORT, 'audit_seal is append-only'); END"
    )


def postgres_triggers() -> None:
    op.execute(
        "CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in ('audit', 'audit_seal'):
        op.execute(
            f'CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} '
            'FOR EACH STATEMENT EXECUTE FUNCTION append_only()'
        )
    op.execute(
        f"CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit FOR EACH ROW "
        f"WHEN (NOT {allowed('IS DISTINCT FROM')}) EXECUTE FUNCTION append_only()"
    )
    op.execute(
        'CREATE TRIGGER audit_seal_unchanged BEFORE UPDATE ON audit_seal '
        'FOR EACH ROW EXECUTE FUNCTION append_only()'
    )


def upgrade() -> None:
    op.add_column('audit', sa.Column('content_hash', sa.Text(), nullable=True))
    if op.get_bind().dialect.name == 'postgresql':
        postgres_triggers()
    else:
        sqlite_triggers()


def downgrade() -> None:
    is_postgres = op.get_bind().dialect.name == 'postgresql'
    for table in ('audit', 'audit_seal'):
        for name in ('stays', 'unchanged'):
            on = f' ON {table}' if is_postgres else ''
            op.execute(f'DROP TRIGGER {table}_{name}{on}')
    if is_postgres:
        op.execute('DROP FUNCTION append_only()')
    op.drop_column('audit', 'content_hash')
