"""Taking back: what an act on an entry changed, kept with its audit line, and put back as it was.

Nothing is erased. A row that the act made is marked as taken back; a row that it changed gets its values again.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import object_mapper

from storage.tables import (
    Base,
    Commitment,
    CreditReport,
    FollowUp,
    Item,
    Opinion,
    OpinionUse,
    Request,
)

Snapshot = Mapping[str, Mapping[str, dict[str, Any]]]
"""Table -> row id -> column -> JSON value."""

_COUNTED: Final = {"version", "basis_version"}  # these only grow, also when something is taken back
_TABLES: Final[tuple[type[Base], ...]] = (Request, Item, Opinion, OpinionUse, Commitment, CreditReport, FollowUp)
_BY_NAME: Final = {table.__tablename__: table for table in _TABLES}


async def snapshot(session: AsyncSession, request_id: int) -> Snapshot:
    """Return an entry with everything that belongs to it, as it stands in this transaction."""
    await session.flush()
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for table in _TABLES:
        rows = await session.scalars(_of_request(table, request_id))
        found[table.__tablename__] = {str(_id(row)): _values(row) for row in rows}
    return found


def changed(before: Snapshot, after: Snapshot) -> Snapshot:
    """Return the rows of ``before`` that are different afterwards; a row made meanwhile stands there as empty."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, rows in after.items():
        old = before.get(name, {})
        differing = {key: old.get(key, {}) for key, values in rows.items() if old.get(key) != values}
        if differing:
            found[name] = differing
    return found


async def put_back(session: AsyncSession, rows: Snapshot, *, now: dt.datetime) -> None:
    """Give rows their values again, and mark those that the act made as taken back.

    Args:
        session: The unit of work.
        rows: What ``changed`` returned when the act was done.
        now: Aware UTC time.
    """
    for name, wanted in rows.items():
        table = _BY_NAME[name]
        ids = [int(key) for key in wanted]
        key = table.__table__.c.id
        for row in await session.scalars(select(table).where(key.in_(ids))):
            values = wanted[str(_id(row))]
            if values:
                _give(row, values)
            elif isinstance(row, (Opinion, OpinionUse)):
                row.undone_at = now
    await session.flush()


def _of_request(table: type[Base], request_id: int) -> Select[Any]:
    items = select(Item.id).where(Item.request_id == request_id)
    if table is Request:
        return select(Request).where(Request.id == request_id)
    if table is Item:
        return select(Item).where(Item.request_id == request_id)
    if table is FollowUp:
        opinions = select(Opinion.id).where(Opinion.item_id.in_(items))
        return select(FollowUp).where(FollowUp.opinion_id.in_(opinions))
    return select(table).where(table.__table__.c.item_id.in_(items))


def _id(row: Any) -> int:
    key: int = row.id
    return key


def _columns(row: Any) -> Iterable[str]:
    return (each.key for each in object_mapper(row).column_attrs if each.key not in _COUNTED)


def _values(row: Any) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in _columns(row)}


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return value


def _give(row: Any, values: Mapping[str, Any]) -> None:
    columns = row.__table__.c
    for name in _columns(row):
        if name in values and _plain(getattr(row, name)) != values[name]:
            setattr(row, name, _typed(columns[name].type.python_type, values[name]))


def _typed(kind: type, value: Any) -> Any:
    if value is None:
        return None
    if kind is dt.datetime:
        return dt.datetime.fromisoformat(value)
    if kind is dt.date:
        return dt.date.fromisoformat(value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, StrEnum) else value
