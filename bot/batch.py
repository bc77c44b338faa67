"""A list of counterparts, checked row by row: codes, repetitions, names that are nearly the same, natural persons.

Names of natural persons are read here and go no further. Sources: GB 32100-2015, GB 11714, domain.md §4.2, A19, §6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from bot.batch_columns import Column, column_name, columns_of, list_headings
from bot.documents.child import serve
from bot.documents.reading import SheetData, read
from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER
from bot.language import _
from bot.near_names import are_near, near_names
from bot.policy.model import CounterpartKind
from bot.sheet_rows import Cells, Reading, read_code, read_name
from bot.sheet_words import kind_of

_MOST_NEAR: Final = 3  # rows named as nearly the same; more help nobody
_OF_PERSONS: Final = (Column.NUMBER, Column.KIND, Column.DISTRICT, Column.PROJECT, Column.SPONSOR)


class Check(StrEnum):
    """What a row is, by itself and among the others."""

    RIGHT = "right"
    WRONG = "wrong"
    REPEATED = "repeated"  # the same organisation as an earlier row
    LEGACY = "legacy"  # an organisation code of the old kind, right by its check character
    PERSON = "person"  # a natural person: counted, never kept


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list.

    Args:
        row: As the officer counts it.
        cells: As it stood there, for the list that goes back; a person's without everything that could name them.
        check: What it is.
        name: Cleaned; empty for a person.
        code: Checked, normalised; empty where there is none.
        kind: What the code, or for a person the route, says that the counterpart is.
        faults: What is wrong, each with row and column.
        hints: What should be looked at, without stopping anything.
        same_as: The earlier row that it repeats.
        presumed: Whether it counts as a person's only because nothing in it speaks of an organisation.
    """

    row: int
    cells: tuple[str, ...]
    check: Check
    name: str = ""
    code: str = ""
    kind: CounterpartKind | None = None
    faults: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    same_as: int | None = None
    presumed: bool = False

    def to_json(self) -> list[Any]:
        """Return the row as JSON."""
        return [
            self.row, self.cells, self.check, self.name, self.code, self.kind, self.faults, self.hints, self.same_as,
            self.presumed,
        ]  # fmt: skip

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Listed":
        """Read a row back; one of a list that an older version checked does not say whether it is presumed."""
        row, cells, check, name, code, kind, faults, hints, same_as, *presumed = data
        known = CounterpartKind(kind) if kind else None
        return cls(row, tuple(cells), Check(check), name, code, known, tuple(faults), tuple(hints), same_as, *presumed)


@dataclass(frozen=True, slots=True)
class Checked:
    """A list with every row checked; the names of its columns are as the officer wrote them."""

    header: tuple[str, ...]
    rows: tuple[Listed, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the list as JSON."""
        return {"header": self.header, "rows": [row.to_json() for row in self.rows]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Checked":
        """Read a list back."""
        return cls(tuple(data["header"]), tuple(Listed.from_json(row) for row in data["rows"]))


def check(sheet: SheetData) -> Checked:
    """Check a list.

    Raises:
        Refusal: A column is missing, or no row is left below the heading.
    """
    columns = columns_of(sheet.header, wanted=(Column.NAME, Column.CODE))
    cells = [Cells(sheet, columns, index, column_name) for index, _row in sheet.data()]
    rows = [_row(each) for each in cells if not each.is_footer(Column.CODE)]
    if not rows:
        raise Refusal(_("No row stands below the heading. Please fill in the list and send it again."))
    return Checked(sheet.header, tuple(_with_near(_with_repetitions(rows, cells))))


def _row(cells: Cells[Column]) -> Listed:
    """Return a row checked by itself."""
    if _is_person(cells):
        listed = Listed(cells.row, _without_person(cells), Check.PERSON, kind=CounterpartKind.NATURAL_PERSON)
        return replace(listed, presumed=True, hints=(_why_presumed(cells),)) if _is_presumed(cells) else listed
    name = " ".join(cells.text(Column.NAME).split())
    listed, reading = Listed(cells.row, cells.sheet.rows[cells.index], Check.RIGHT, name=name), Reading()
    if reading.of(read_name, cells, Column.NAME) == "":
        reading.note(cells.fault(Column.NAME, _("the name is missing. Please fill it in.")))
    code, kind = reading.of(read_code, cells, Column.CODE) or ("", None)
    if reading.faults:
        return replace(listed, check=Check.WRONG, faults=tuple(reading.faults))
    if kind is None:
        hint = _("An organisation code of the older kind; the new application needs the one with 18 characters.")
        return replace(listed, check=Check.LEGACY, code=code, hints=(hint,))
    return replace(listed, code=code, kind=kind, hints=_kind_hints(cells, kind))


def _is_person(cells: Cells[Column]) -> bool:
    """Say whether a row is about a natural person; an ID number for a code is enough. Source: domain.md A19, §6."""
    if ID_NUMBER_MARKER in cells.text(Column.CODE):
        return True
    return cells.is_person(name=Column.NAME, code=Column.CODE, kind=Column.KIND)


def _is_presumed(cells: Cells[Column]) -> bool:
    """Say whether a person's row is one only because nothing in it speaks of an organisation."""
    if ID_NUMBER_MARKER in cells.text(Column.CODE):
        return False
    return cells.may_be_person(name=Column.NAME, code=Column.CODE, kind=Column.KIND)


def _why_presumed(cells: Cells[Column]) -> str:
    sentence = _(
        "neither code nor kind is given, so that the row counts as a natural person and its name was not kept. "
        "For an organisation please fill in the code."
    )
    return str(cells.fault(Column.CODE, sentence))


def _without_person(cells: Cells[Column]) -> tuple[str, ...]:
    """Return a person's row with nothing left that could name them."""
    kept = {cells.places[column] for column in _OF_PERSONS if column in cells.places}
    return tuple(cell if at in kept else "" for at, cell in enumerate(cells.sheet.rows[cells.index]))


def _kind_hints(cells: Cells[Column], kind: CounterpartKind) -> tuple[str, ...]:
    stated = kind_of(cells.text(Column.KIND))
    if stated is None or stated is kind:
        return ()
    return (str(cells.fault(Column.KIND, _("the code belongs to another kind of organisation. Please check."))),)


def _with_repetitions(rows: Sequence[Listed], cells: Sequence[Cells[Column]]) -> list[Listed]:
    """Return the rows with those marked that name an organisation again; one code with two names is a fault."""
    at = {each.row: each for each in cells}
    first: dict[str, Listed] = {}
    found = []
    for row in rows:
        earlier = first.setdefault(row.code, row) if row.code else row
        if earlier is not row:
            if are_near(earlier.name, row.name):
                row = replace(row, check=Check.REPEATED, same_as=earlier.row)
            else:
                sentence = _("the code stands in row %(row)d with another name. Please check which of them is right.")
                fault = at[row.row].fault(Column.CODE, sentence % {"row": earlier.row})
                row = replace(row, check=Check.WRONG, faults=(str(fault),))
        found.append(row)
    return found


def _with_near(rows: Sequence[Listed]) -> list[Listed]:
    """Return the rows with a hint where another row may be the same organisation under another code."""
    named = [row for row in rows if row.name and row.check is not Check.REPEATED]
    near = near_names([row.name for row in named])
    hints: dict[int, str] = {}
    for position, others in near.items():
        numbers = [named[other].row for other in others if named[other].code != named[position].code][:_MOST_NEAR]
        if numbers:
            hints[named[position].row] = _(
                "The name is nearly that of row %(rows)s. Please check whether it is the same."
            ) % {"rows": _(", ").join(str(number) for number in numbers)}
    return [replace(row, hints=(*row.hints, hints[row.row])) if row.row in hints else row for row in rows]


def _answer(asked: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    return check(read(content, asked["name"], headings=list_headings())).to_json()


if __name__ == "__main__":
    serve(_answer)
