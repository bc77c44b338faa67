"""A list of counterparts, checked row by row: codes, repetitions, names that are nearly the same, natural persons.

Names of natural persons are read here and go no further. Sources: GB 32100-2015, GB 11714, domain.md §4.2, A19, §6.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from bot.batch_columns import Cells, Column, columns_of, list_headings
from bot.documents.child import serve
from bot.documents.reading import SheetData, heading, read
from bot.errors import Refusal
from bot.identifiers import BadCode, id_number_spans, is_legacy, read_code, read_legacy_code, without_id_numbers
from bot.language import _
from bot.near_names import are_near, near_names
from bot.policy.model import CounterpartKind

LONGEST_NAME: Final = 80
_PERSONS_NAME: Final = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]{2,4}")
_NO_PERSON: Final = re.compile(r"[厂店站院所校局会部社村处队园场馆矿行坊吧]$|公司|中心|集团|大学")
_MOST_NEAR: Final = 3  # rows named as nearly the same; more help nobody
_OF_PERSONS: Final = (Column.NUMBER, Column.KIND, Column.DISTRICT, Column.PROJECT, Column.SPONSOR)
_KINDS: Final = {
    "企业": CounterpartKind.ENTERPRISE, "个体工商户": CounterpartKind.ENTERPRISE, "个体户": CounterpartKind.ENTERPRISE,
    "合作社": CounterpartKind.ENTERPRISE, "公司": CounterpartKind.ENTERPRISE, "事业单位": CounterpartKind.INSTITUTION,
    "社会团体": CounterpartKind.SOCIAL_ORG, "社会组织": CounterpartKind.SOCIAL_ORG, "社团": CounterpartKind.SOCIAL_ORG,
    "民办非企业单位": CounterpartKind.SOCIAL_ORG, "民办非企业": CounterpartKind.SOCIAL_ORG,
    "基金会": CounterpartKind.SOCIAL_ORG,
    "自然人": CounterpartKind.NATURAL_PERSON, "个人": CounterpartKind.NATURAL_PERSON,
}  # fmt: skip


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

    def to_json(self) -> list[Any]:
        """Return the row as JSON."""
        return [
            self.row, self.cells, self.check, self.name, self.code, self.kind, self.faults, self.hints, self.same_as,
        ]  # fmt: skip

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Listed":
        """Read a row back."""
        row, cells, check, name, code, kind, faults, hints, same_as = data
        known = CounterpartKind(kind) if kind else None
        return cls(row, tuple(cells), Check(check), name, code, known, tuple(faults), tuple(hints), same_as)


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
    cells = [Cells(sheet, columns, index) for index, _row in sheet.data()]
    rows = [_row(each) for each in cells if not each.is_footer()]
    if not rows:
        raise Refusal(_("No row stands below the heading. Please fill in the list and send it again."))
    return Checked(sheet.header, tuple(_with_near(_with_repetitions(rows, cells))))


def _row(cells: Cells) -> Listed:
    """Return a row checked by itself."""
    if _is_person(cells):
        return Listed(cells.row, _without_person(cells), Check.PERSON, kind=CounterpartKind.NATURAL_PERSON)
    name = " ".join(cells.text(Column.NAME).split())
    clean = tuple(without_id_numbers(cell)[0] for cell in cells.sheet.rows[cells.index])
    listed = Listed(cells.row, clean, Check.RIGHT, name=without_id_numbers(name)[0])
    faults = [each for each in (_name_fault(cells, name), _code_fault(cells)) if each]
    if faults:
        return replace(listed, check=Check.WRONG, faults=tuple(faults))
    text = cells.text(Column.CODE)
    if is_legacy(text):
        hint = _("An organisation code of the older kind; the new application needs the one with 18 characters.")
        return replace(listed, check=Check.LEGACY, code=read_legacy_code(text), hints=(hint,))
    code = read_code(text)
    kind = CounterpartKind(code.kind)
    return replace(listed, code=code.value, kind=kind, hints=_kind_hints(cells, kind))


def _is_person(cells: Cells) -> bool:
    """Say whether a row is about a natural person: its kind says so, it carries an ID number, or nothing but a name.

    Source: domain.md A19, §6.
    """
    name, code = cells.text(Column.NAME), cells.text(Column.CODE)
    stated = _stated_kind(cells)
    if stated is CounterpartKind.NATURAL_PERSON or id_number_spans(code):
        return True
    bare = "".join(name.split())
    is_name = bool(_PERSONS_NAME.fullmatch(bare)) and not _NO_PERSON.search(bare)
    return not code and stated is None and is_name


def _stated_kind(cells: Cells) -> CounterpartKind | None:
    return _KINDS.get(heading(cells.text(Column.KIND)))


def _without_person(cells: Cells) -> tuple[str, ...]:
    """Return a person's row with nothing left that could name them."""
    kept = {cells.columns[column] for column in _OF_PERSONS if column in cells.columns}
    row = cells.sheet.rows[cells.index]
    return tuple(without_id_numbers(cell)[0] if at in kept else "" for at, cell in enumerate(row))


def _name_fault(cells: Cells, name: str) -> str | None:
    if (fault := cells.cell_fault(Column.NAME)) is not None:
        return fault
    if len(name) < 2:
        return cells.fault(Column.NAME, _("the name is missing. Please fill it in."))
    if len(name) > LONGEST_NAME:
        sentence = _("the name has %(count)d characters; at most %(most)d are possible.")
        return cells.fault(Column.NAME, sentence % {"count": len(name), "most": LONGEST_NAME})
    return None


def _code_fault(cells: Cells) -> str | None:
    """Return what is wrong with a row's code, pointing at the character where one can be named."""
    if (fault := cells.cell_fault(Column.CODE)) is not None:
        return fault
    text = cells.text(Column.CODE)
    if not text:
        return cells.fault(Column.CODE, _("the code is missing. Please fill it in."))
    if cells.lost_digits(Column.CODE):
        sentence = _("the code was stored as a number and its last digits are lost. "
                     "Please set the column to text and type the code again.")  # fmt: skip
        return cells.fault(Column.CODE, sentence)
    try:
        if is_legacy(text):
            read_legacy_code(text)
        else:
            read_code(text)
    except BadCode as wrong:
        return cells.fault(Column.CODE, wrong.message)
    return None


def _kind_hints(cells: Cells, kind: CounterpartKind) -> tuple[str, ...]:
    stated = _stated_kind(cells)
    if stated is None or stated is kind:
        return ()
    return (cells.fault(Column.KIND, _("the code belongs to another kind of organisation. Please check.")),)


def _with_repetitions(rows: Sequence[Listed], cells: Sequence[Cells]) -> list[Listed]:
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
                row = replace(row, check=Check.WRONG, faults=(fault,))
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
