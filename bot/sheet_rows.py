"""One row of a sheet, cell by cell: every fault names its row and its column as the officer wrote it.

Lists, results and older ledgers are read alike here; only their columns differ.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, ParamSpec, TypeVar

from bot import identifiers
from bot.dates import parse_day
from bot.documents.reading import LONGEST_CELL, SheetData, heading
from bot.errors import Refusal
from bot.identifiers import BadCode, is_legacy, read_legacy_code
from bot.language import _
from bot.opinions import LONGEST_NUMBER, Finding, finding_name
from bot.plaintext import normalise, units
from bot.policy.model import CounterpartKind
from bot.sheet_words import finding_of, is_of_organisation, kind_of, may_name_person

LONGEST_NAME: Final = 80
_MOST_EXACT: Final = 15  # digits that a spreadsheet keeps of a number
_LOST_DIGITS: Final = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_EXCEL_DAY_ONE: Final = dt.date(1899, 12, 30)  # a date that lost its format is a count of days from here
_EXCEL_DAYS: Final = re.compile(r"[34]\d{4}|5[0-4]\d{3}")
_HAS_YEAR: Final = re.compile(r"(19|20)\d\d|\d\d年")
_WITH_TIME: Final = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}) (?:[上下]午|\d{1,2}[:：时点]).*")
_TOTALS: Final = ("合计", "总计", "小计", "填表", "填报", "制表", "审核", "注:", "说明", "联系")
_BLANK: Final = frozenset({"-", "--", "/", "\\", "—", "——", "无此项"})  # how an empty cell is written by hand

Held = TypeVar("Held", bound=StrEnum)
"""What the columns of a kind of sheet may hold."""
_Asked = ParamSpec("_Asked")
_Read = TypeVar("_Read")


class RowFault(Exception):
    """What is wrong with a cell, already with its row and its column."""


class Reading:
    """Reads a row and gathers what is wrong with it."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def of(self, read_cell: Callable[_Asked, _Read], *asked: _Asked.args, **named: _Asked.kwargs) -> _Read | None:
        """Return what a cell says, None where it is wrong."""
        try:
            return read_cell(*asked, **named)
        except RowFault as fault:
            self.note(fault)
            return None

    def note(self, fault: RowFault) -> None:
        """Keep one more thing that is wrong."""
        self.faults.append(str(fault))


@dataclass(frozen=True, slots=True)
class Cells(Generic[Held]):
    """One row of a sheet, read by what its columns hold.

    Args:
        sheet: The sheet.
        places: Where each column stands.
        index: The row's position in the sheet.
        column_name: What we call a column that the sheet does not have.
    """

    sheet: SheetData
    places: Mapping[Held, int]
    index: int
    column_name: Callable[[Held], str]

    @property
    def row(self) -> int:
        """The row as the officer counts it."""
        return self.index + 1

    def text(self, column: Held) -> str:
        """Return what stands in a column; empty where the sheet has none, or the cell says that there is nothing."""
        at = self.places.get(column)
        text = "" if at is None else self.sheet.rows[self.index][at]
        return "" if text in _BLANK else text

    def heading(self, column: Held) -> str:
        """Return a column's name as the officer wrote it, or ours where the sheet has none."""
        at = self.places.get(column)
        return self.column_name(column) if at is None else self.sheet.header[at]

    def fault(self, column: Held, sentence: str) -> RowFault:
        """Return what is wrong with a cell."""
        values = {"row": self.row, "column": self.heading(column), "fault": sentence}
        return RowFault(_('Row %(row)d, "%(column)s": %(fault)s') % values)

    def sound(self, column: Held) -> str:
        """Return what stands in a column, where the cell can be relied on.

        Raises:
            RowFault: It was cut, or belongs to a merged cell, or holds a formula.
        """
        cell = (self.index, self.places.get(column, -1))
        if cell in self.sheet.merged:
            raise self.fault(column, _("the cell is merged with another one. Please split it and fill in each row."))
        if cell in self.sheet.formulas:
            raise self.fault(column, _("the cell holds a formula. Please paste its value instead."))
        if cell in self.sheet.cut:
            sentence = _("the cell holds more than %(most)d characters. Please shorten it.")
            raise self.fault(column, sentence % {"most": LONGEST_CELL})
        return self.text(column)

    def is_footer(self, code: Held) -> bool:
        """Say whether the row is a total or a remark below the list: it has no code, and begins like one."""
        filled = [cell for cell in self.sheet.rows[self.index] if cell]
        return not self.text(code) and heading(filled[0]).startswith(_TOTALS)

    def is_person(self, *, name: Held, code: Held, kind: Held) -> bool:
        """Say whether the row is taken for a natural person's: its kind says so, or nothing speaks against it.

        Source: domain.md A19, §6.
        """
        stated = kind_of(self.text(kind))
        return stated is CounterpartKind.NATURAL_PERSON or self.may_be_person(name=name, code=code, kind=kind)

    def may_be_person(self, *, name: Held, code: Held, kind: Held) -> bool:
        """Say whether nothing in the row tells whose it is: no kind, no code, and no organisation's word in its name.

        It is as likely a person's as not, so that as little is kept of it as of a person; whoever reads of it is told
        what it needs if it is an organisation's.
        """
        silent = kind_of(self.text(kind)) is None and not is_of_organisation(self.text(kind))
        if not silent or self._may_be_code(code):
            return False
        return may_name_person(self.text(name)) and not self.is_footer(code)

    def has_lost_digits(self, column: Held) -> bool:
        """Say whether a spreadsheet took a code for a number, so that its last digits are gone."""
        text, is_number = self.text(column), (self.index, self.places.get(column, -1)) in self.sheet.numeric
        return bool(_LOST_DIGITS.fullmatch(text)) or (is_number and len(text) > _MOST_EXACT)

    def _may_be_code(self, column: Held) -> bool:
        """Say whether a cell may hold a code; lost digits were an ID number's unless companies' codes begin so."""
        text = self.text(column)
        has_digits = any(character.isdigit() for character in text)  # 暂无 is no code
        return has_digits and (text.startswith("9") or not self.has_lost_digits(column))


def read_name(cells: Cells[Held], column: Held) -> str:
    """Return the counterpart's name; empty where nothing stands there.

    Raises:
        RowFault: It is too short or too long.
    """
    name = " ".join(cells.sound(column).split())
    if name and not 2 <= len(name) <= LONGEST_NAME:
        sentence = _("the name has %(count)d characters; 2 to %(most)d are possible.")
        raise cells.fault(column, sentence % {"count": len(name), "most": LONGEST_NAME})
    return name


def read_code(cells: Cells[Held], column: Held) -> tuple[str, CounterpartKind | None]:
    """Return the counterpart's code and the kind that a unified one names; None with an older one of nine characters.

    Raises:
        RowFault: It is missing or cannot be right.
    """
    text = cells.sound(column)
    if not text:
        raise cells.fault(column, _("the code is missing. Please fill it in."))
    if cells.has_lost_digits(column):
        sentence = _("the code was stored as a number and its last digits are lost. "
                     "Please set the column to text and type the code again.")  # fmt: skip
        raise cells.fault(column, sentence)
    try:
        if is_legacy(text):
            return read_legacy_code(text), None
        code = identifiers.read_code(text)
    except BadCode as wrong:
        raise cells.fault(column, wrong.message) from None
    return code.value, CounterpartKind(code.kind)


def read_day(cells: Cells[Held], column: Held, *, today: dt.date) -> dt.date | None:
    """Return a cell's date, which must name its year: 2026.3.5, 2026/3/5 0:00, 2026年3月5日, 20260305, a cell's date.

    Raises:
        RowFault: It is no such date.
    """
    text = cells.sound(column)
    if not text:
        return None
    if _EXCEL_DAYS.fullmatch(text):
        return _EXCEL_DAY_ONE + dt.timedelta(days=int(text))
    with_time = _WITH_TIME.fullmatch(text)
    try:
        if _HAS_YEAR.search(normalise(text)):
            return parse_day(with_time[1] if with_time else text, today=today)
    except Refusal:
        pass
    sentence = _("this is no date with its year, such as %(example)s.")
    raise cells.fault(column, sentence % {"example": today.isoformat()})


def read_finding(cells: Cells[Held], column: Held) -> Finding | None:
    """Return what came of the verification; None while nothing stands there.

    Raises:
        RowFault: The word is not known.
    """
    text = cells.sound(column)
    if not text or (found := finding_of(text)) is not None:
        return found if text else None
    said = _("this result is not known. Possible are: %(accepted)s.")
    raise cells.fault(column, said % {"accepted": _(", ").join(finding_name(each) for each in Finding)})


def read_number(cells: Cells[Held], column: Held) -> str:
    """Return an opinion's number; empty where nothing stands there.

    Raises:
        RowFault: It is longer than one that is typed may be: an entry's screen names it at every turn.
    """
    number = cells.text(column)
    if (count := units(number)) > LONGEST_NUMBER:
        sentence = _("the number has %(count)d characters; at most %(most)d are possible.")
        raise cells.fault(column, sentence % {"count": count, "most": LONGEST_NUMBER})
    return number
