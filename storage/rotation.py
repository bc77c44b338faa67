"""A change of keys: every encrypted value is written anew under the newest key, while the bot works.

The new key comes first into the key file; whoever runs takes it up from there. Then all values are gone through in
small transactions, each of which notes how far it has come; what is under the newest key already is passed over, and
the older key stays in the file until nothing is left on it. Source: ``features.md`` S1.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, LargeBinary, Select, Table, bindparam, delete, or_, select, tuple_, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import keyproof, keys, seals
from storage.tables import Base, Setting
from storage.types import Encrypted

PROGRESS: Final = "key.progress"
ROWS: Final = 100  # in one transaction: some ten milliseconds


@dataclass(frozen=True, slots=True)
class Place:
    """How far a pass has come: the table, and the key of its last row that was looked at."""

    table: int = 0
    after: tuple[Any, ...] = ()


@cache
def tables() -> tuple[tuple[Table, tuple[Column[Any], ...]], ...]:
    """Return each table that holds encrypted values, with the columns that do."""
    found = ((table, tuple(each for each in table.columns if isinstance(each.type, Encrypted))) for table in _all())
    return tuple((table, columns) for table, columns in found if columns)


def fingerprint() -> str:
    """Return what tells the newest key from others, and nothing about it."""
    return hashlib.sha256(keys.in_use()[0].encode()).hexdigest()[:16]


async def resumed(session: AsyncSession) -> Place:
    """Return where a pass under the newest key was cut off; the beginning where there was none."""
    kept = await session.get(Setting, PROGRESS)
    if kept is None or kept.value["key"] != fingerprint():
        return Place()
    return Place(kept.value["table"], tuple(kept.value["after"]))


async def step(session: AsyncSession, place: Place) -> tuple[Place | None, int]:
    """Write the next rows anew, in the caller's transaction, and note there how far the pass has come.

    Args:
        session: A unit of work of its own.
        place: Where the last step ended.

    Returns:
        Where the next step begins, None at the end of the pass; and how many values were written anew.
    """
    if place.table >= len(tables()):
        await seals.rewrap(session)
        await keyproof.renew(session)
        await session.execute(delete(Setting).where(Setting.key == PROGRESS))
        return None, 0
    table, columns = tables()[place.table]
    rows = (await session.execute(_page(table, columns, place.after))).all()
    newest, written = Fernet(keys.in_use()[0]), 0
    for row in rows:
        key, values = tuple(row[: len(_key(table))]), row[len(_key(table)) :]
        for column, value in zip(columns, values, strict=True):
            if value is not None and not _is_under(newest, value):
                written += await _rewrite(session, table, column, key, value)
    is_last = len(rows) < ROWS
    reached = Place(place.table + 1) if is_last else Place(place.table, tuple(rows[-1][: len(_key(table))]))
    await _note(session, reached)
    return reached, written


async def left(session: AsyncSession) -> int:
    """Count the values that are not under the newest key."""
    newest, count = Fernet(keys.in_use()[0]), 0
    async for _table, _column, value in values(session):
        count += not _is_under(newest, value)
    return count


async def values(session: AsyncSession) -> AsyncIterator[tuple[str, str, bytes]]:
    """Yield every encrypted value as it stands in the database: table, column, bytes."""
    async for table, _key, column, value in rows(session):
        yield table, column, value


async def rows(session: AsyncSession) -> AsyncIterator[tuple[str, tuple[Any, ...], str, bytes]]:
    """Yield every encrypted value as it stands in the database: table, the row's key, column, bytes."""
    for table, columns in tables():
        after: tuple[Any, ...] = ()
        while True:
            page = (await session.execute(_page(table, columns, after))).all()
            for row in page:
                key = tuple(row[: len(_key(table))])
                for column, value in zip(columns, row[len(key) :], strict=True):
                    if value is not None:
                        yield table.name, key, column.name, bytes(value)
            if len(page) < ROWS:
                break
            after = tuple(page[-1][: len(_key(table))])


async def _note(session: AsyncSession, place: Place) -> None:
    said = {"key": fingerprint(), "table": place.table, "after": list(place.after)}
    await session.merge(Setting(key=PROGRESS, value=said))


async def _rewrite(session: AsyncSession, table: Table, column: Column[Any], key: tuple[Any, ...], old: bytes) -> int:
    """Write one value anew, unless somebody has changed it meanwhile: theirs is under the newest key already."""
    new = keys.encrypt(keys.decrypt(old))
    raw = type_coerce(column, LargeBinary)
    which = [each == value for each, value in zip(_key(table), key, strict=True)]
    done = await session.execute(
        update(table)
        .where(*which, raw == bindparam("old", old, type_=LargeBinary))
        .values({column: bindparam("new", new, type_=LargeBinary)})
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def _is_under(newest: Fernet, value: bytes) -> bool:
    try:
        newest.decrypt(value)
    except InvalidToken:
        return False
    return True


def _page(table: Table, columns: Sequence[Column[Any]], after: tuple[Any, ...]) -> Select[Any]:
    key = _key(table)
    there = or_(*(each.is_not(None) for each in columns))
    query = select(*key, *(type_coerce(each, LargeBinary) for each in columns)).where(there)
    if after:
        query = query.where(tuple_(*key) > tuple_(*after)) if len(key) > 1 else query.where(key[0] > after[0])
    return query.order_by(*key).limit(ROWS)


def _key(table: Table) -> list[Column[Any]]:
    return list(table.primary_key.columns)


def _all() -> Sequence[Table]:
    return Base.metadata.sorted_tables
