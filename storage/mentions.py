"""Where a natural person is mentioned: in what is kept encrypted, and in the plain columns that people type into."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, Text, and_, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.policy.model import CounterpartKind
from storage import keys, rotation
from storage.tables import Base, Counterpart, Item

SHORTEST_CASE: Final = 4  # characters of a case number that is searched for as a word
TYPED: Final = frozenset(
    {
        "calendar_day.notice",
        "calendar_day.source",
        "counterpart.name",
        "counterpart_alias.name",
        "credit_report.agency",
        "credit_report.grade",
        "credit_report.number",
        "opinion.issuer",
        "opinion.number",
        "overlay.answer",
        "overlay.basis",
        "overlay.content",
        "request.matter_name",
    }
)
"""The plain columns that hold what people typed; the others hold codes, hashes and words of the program's own."""

Where = tuple[str, str]
"""A table and one of its columns."""


@dataclass(frozen=True, slots=True)
class Named:
    """A natural person as an entry names them.

    Args:
        counterpart_id: Their row.
        surname: The surname.
        last4: The last four characters of the ID number.
        case_number: The office's own number of the case.
    """

    counterpart_id: int
    surname: str
    last4: str
    case_number: str

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The words that mean this person: any of these, each whole; the surname only together with the last four."""
        case = ((self.case_number,),) if len(self.case_number) >= SHORTEST_CASE else ()
        return (*case, (self.surname, self.last4)) if self.surname and self.last4 else case

    def is_meant(self, value: Any) -> bool:
        """Say whether a stored value mentions this person."""
        if isinstance(value, Mapping):
            if value.get("last4") == self.last4 and value.get("surname") == self.surname:
                return True
            return any(self.is_meant(each) for each in value.values())
        if isinstance(value, (list, tuple)):
            return any(self.is_meant(each) for each in value)
        return isinstance(value, str) and any(all(word in value for word in each) for each in self.words)


async def persons(session: AsyncSession, request_id: int) -> list[Named]:
    """Return the natural persons that an entry names."""
    rows = await session.scalars(
        select(Counterpart)
        .join(Item, Item.counterpart_id == Counterpart.id)
        .where(Item.request_id == request_id, Counterpart.kind == CounterpartKind.NATURAL_PERSON)
        .distinct()
    )
    return [
        Named(row.id, label.get("surname", ""), label.get("last4", ""), label.get("case_number", ""))
        for row in rows
        if (label := row.person_label)
    ]


async def mentions(session: AsyncSession, named: Collection[Named]) -> dict[Where, list[Any]]:
    """Return the keys of the rows, column by column, that mention one of these people. It reads everything."""
    found: dict[Where, list[Any]] = {}
    async for table, key, column, value in rotation.rows(session):
        said = json.loads(keys.decrypt(value))
        if any(person.is_meant(said) for person in named):
            found.setdefault((table, column), []).append(key[0])
    return found | await _mentions_typed(session, named)


async def _mentions_typed(session: AsyncSession, named: Collection[Named]) -> dict[Where, list[Any]]:
    """Return the rows whose plain columns mention one of these people; the database looks for the words."""
    found: dict[Where, list[Any]] = {}
    words = {each for person in named for each in person.words}
    for table, column in typed() if words else ():
        key: Column[Any] = next(iter(table.primary_key.columns))
        meant = or_(*(_says(column, each) for each in words))
        if ids := list(await session.scalars(select(key).where(meant).order_by(key))):
            found[table.name, column.name] = ids
    return found


def typed() -> list[tuple[Table, Column[Any]]]:
    """Return the plain columns that hold what people typed, each with its table."""
    tables = Base.metadata.sorted_tables
    return [(table, column) for table in tables for column in table.columns if f"{table.name}.{column.name}" in TYPED]


def _says(column: Column[Any], words: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition that a column holds all of some words; JSON stands there in ASCII, with escapes."""
    if isinstance(column.type, Text):
        return and_(*(column.contains(word, autoescape=True) for word in words))
    escaped = [json.dumps(word)[1:-1] for word in words]
    return and_(*(cast(column, Text).contains(word, autoescape=True) for word in escaped))
