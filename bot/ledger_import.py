"""What an older ledger brings: for each row whether it is a matter under way, an opinion that still holds, or neither.

Names of natural persons are met here and go no further. Sources: features.md R23; domain.md A7, A9, §6.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from bot.documents.child import serve
from bot.documents.reading import SheetData, read
from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER
from bot.language import _
from bot.ledger_columns import Columns, Field, field_name, places, propose
from bot.opinions import Finding
from bot.policy.model import Applying, CounterpartKind
from bot.sheet_rows import Cells
from bot.sheet_words import Standing

_OF_PERSONS: Final = (
    Field.NUMBER, Field.KIND, Field.COUNT, Field.STATE, Field.SUBMITTED, Field.RECEIVED, Field.RETURNED,
)  # fmt: skip


class Verdict(StrEnum):
    """What becomes of a row."""

    ENTRY = "entry"  # a matter under way: an open entry
    OPINION = "opinion"  # the matter is over, its opinion still holds
    BOTH = "both"  # the opinion has come and waits to be used
    CLOSED = "closed"  # the matter is over and left nothing to rely on
    EXPIRED = "expired"
    PERSON = "person"  # a natural person: counted, never kept
    WRONG = "wrong"
    PRESENT = "present"  # it is in the ledger already


IMPORTED: Final = (Verdict.ENTRY, Verdict.BOTH, Verdict.OPINION)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an older ledger, read.

    Args:
        row: As the officer counts it.
        verdict: What becomes of it.
        reasons: What is wrong with it, or what was assumed; each with row and column where a cell is meant.
        number: The number that it has in the older ledger.
        matter_code: The matter in the catalogue; None for one that is not found there.
        matter: Its name: the catalogue's, or as written.
        written: The matter as written.
        name: The counterpart; empty for a count.
        code: Its unified code; empty where there is none.
        legacy_code: Its older code of nine characters, where it has no unified one.
        kind: What code or row say that it is.
        count: How many, where the list is kept elsewhere.
        officer: The handling officer's name.
        applicant: Who applied.
        submitted_on: 提交日期, local; likewise the further days.
        finding: 核查结果.
        opinion: The opinion's number, as printed.
        valid_to: Last valid day.
        valid_source: ``printed`` or ``policy``; see ``bot.opinions.validity``.
        note: 备注.
    """

    row: int
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    number: str = ""
    matter_code: str | None = None
    matter: str = ""
    written: str = ""
    name: str = ""
    code: str = ""
    legacy_code: str = ""
    kind: CounterpartKind | None = None
    count: int | None = None
    officer: str = ""
    applicant: Applying = "bureau"
    standing: Standing | None = None
    submitted_on: dt.date | None = None
    received_on: dt.date | None = None
    supplement_on: dt.date | None = None
    returned_on: dt.date | None = None
    decide_on: dt.date | None = None
    finding: Finding | None = None
    opinion: str = ""
    issued_on: dt.date | None = None
    valid_to: dt.date | None = None
    valid_source: str = ""
    note: str = ""

    @property
    def makes_entry(self) -> bool:
        """Whether an entry is made of it."""
        return self.verdict in (Verdict.ENTRY, Verdict.BOTH)

    @property
    def brings_opinion(self) -> bool:
        """Whether an opinion is recorded from it."""
        return self.verdict in (Verdict.OPINION, Verdict.BOTH)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger as it was sent in, without what could name a natural person.

    Args:
        sheet: Its cells.
        persons: Rows (positions) of natural persons; their cells are blank but for dates and the like.
    """

    sheet: SheetData
    persons: frozenset[int]

    def to_json(self) -> dict[str, Any]:
        """Return the ledger as JSON."""
        return {"sheet": self.sheet.to_json(), "persons": sorted(self.persons)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Ledger":
        """Read a kept ledger back."""
        return cls(SheetData.from_json(data["sheet"]), frozenset(data["persons"]))


def without_persons(sheet: SheetData, columns: Columns, known: Collection[int] = ()) -> Ledger:
    """Return a ledger without the names and numbers of natural persons.

    A row is a person's where its kind says so, an ID number stands in it, or nothing speaks of an organisation.

    Args:
        sheet: The ledger.
        columns: What its columns hold.
        known: Rows that were a person's under another reading of the columns, and stay blank.
    """
    at, rows, persons = places(columns), list(sheet.rows), set(known)
    kept = {at[field] for field in _OF_PERSONS if field in at}
    for index, row in sheet.data():
        if index in persons or _is_person(Cells(sheet, at, index, field_name)):
            persons.add(index)
            rows[index] = tuple(cell if n in kept else "" for n, cell in enumerate(row))
    return Ledger(replace(sheet, rows=tuple(rows)), frozenset(persons))


def counts(rows: Iterable[Row]) -> dict[Verdict, int]:
    """Return how many rows there are of each verdict."""
    found = dict.fromkeys(Verdict, 0)
    for each in rows:
        found[each.verdict] += 1
    return found


def groups(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows that make entries, those together that are one entry: the same number, matter and dates."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for each in rows:
        if each.makes_entry:
            found.setdefault(_entry_of(each), []).append(each)
    return list(found.values())


def marked(rows: Iterable[Row], known: Mapping[int, str | None]) -> tuple[Row, ...]:
    """Return the rows with those marked that are there already, in the ledger or further up in the sheet.

    Args:
        rows: As the sheet alone judges them.
        known: Row -> the number of the entry that has it, empty where the officer may not look at that; None for an
            opinion without one.
    """
    first: dict[tuple[Any, ...], int] = {}
    found = []
    for each in rows:
        reason = None
        if each.verdict in IMPORTED:
            earlier = [first[key] for key in _keys(each) if key in first]
            if each.row in known:
                reason = _already(known[each.row])
            elif earlier:
                reason = _("the same as row %(row)d") % {"row": earlier[0]}
            first |= {key: first.get(key, each.row) for key in _keys(each)}
        found.append(each if reason is None else replace(each, verdict=Verdict.PRESENT, reasons=(reason,)))
    return tuple(found)


def _already(number: str | None) -> str:
    if number is None:
        return _("this opinion is in the register already")
    if not number:
        return _("a colleague has it in the ledger already")
    return _("it is in the ledger already: %(number)s") % {"number": number}


def _keys(row: Row) -> list[tuple[Any, ...]]:
    """Return by what a row is the same as another one."""
    who = row.code or row.legacy_code or row.count
    keys: list[tuple[Any, ...]] = []
    if row.makes_entry:
        keys.append(("entry", who, row.matter, row.submitted_on))
    if row.brings_opinion:
        keys.append(("opinion", who, row.opinion or row.issued_on))
    return keys


def _entry_of(row: Row) -> tuple[Any, ...]:
    if not row.number or row.count is not None:
        return (row.row,)
    dates = (row.submitted_on, row.received_on, row.supplement_on, row.decide_on)
    return (row.number, row.matter_code, row.matter, row.officer, row.applicant, *dates)


def _is_person(cells: Cells[Field]) -> bool:
    """Say whether a row is about a natural person; an ID number anywhere in it is enough. Source: domain.md A19, §6."""
    if any(ID_NUMBER_MARKER in cell for cell in cells.sheet.rows[cells.index]):
        return True
    return cells.is_person(name=Field.NAME, code=Field.CODE, kind=Field.KIND)


def _answer(asked: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    sheet = read(content, asked["name"], headings=asked["headings"])
    known = {key: Field(field) if field else None for key, field in asked["remembered"].items()}
    columns = propose(sheet.header, known)
    if sheet.header_at + 1 == len(sheet.rows):
        raise Refusal(_("No row stands below the heading. Please fill in the list and send it again."))
    return {**without_persons(sheet, columns).to_json(), "columns": [field or "" for field in columns]}


if __name__ == "__main__":
    serve(_answer)
