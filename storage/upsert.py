"""Insert what is not there yet: uniqueness is the database's job on both dialects."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Insert, inspect
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Base


async def insert_new(session: AsyncSession, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; those that a unique constraint already knows are left as they are."""
    if not rows:
        return
    await session.execute(_insert(table, session.get_bind().dialect.name), list(rows))


async def insert_one(session: AsyncSession, table: type[Base], row: dict[str, Any]) -> bool:
    """Insert a row; False where a unique constraint already knows it, also one that another instance commits now."""
    [key] = inspect(table).primary_key
    statement = _insert(table, session.get_bind().dialect.name).values(row).returning(key)
    return await session.scalar(statement) is not None


@cache
def _insert(table: type[Base], dialect: str) -> Insert:
    """Return the statement, built once: building it costs several times its execution."""
    if dialect == "postgresql":  # each is imported where it is used: the other one costs 70 ms at start
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects.sqlite import insert

    return insert(table).on_conflict_do_nothing()
