"""One row of an older ledger, cell by cell: every fault names its row and its column."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.dates import parse_day
from bot.documents.reading import LONGEST_CELL, SheetData, heading
from bot.errors import Refusal
from bot.identifiers import BadCode, read_code, read_legacy_code
from bot.language import _
from bot.ledger_columns import Field, field_name
from bot.ledger_words import Standing, applicant_of, applicants, finding_of, standing_name, standing_of
from bot.near_names import plain_name
from bot.opinions import Finding, finding_name
from bot.plaintext import normalise
from bot.policy.model import Applying, CounterpartKind

LONGEST_NAME: Final = 80
MOST_COUNT: Final = 9999
_MOST_EXACT: Final = 15  # digits that a spreadsheet keeps of a number
_LOST_DIGITS: Final = re.compile(r"\d(\.\d+)?E\+?\d+", re.IGNORECASE)
_LEGACY: Final = re.compile(r"[0-9A-Z]{8}-?[0-9X]")
_EXCEL_DAY_ONE: Final = dt.date(1899, 12, 30)  # a date that lost its format is a count of days from here
_EXCEL_DAYS: Final = re.compile(r"[34]\d{4}|5[0-4]\d{3}")
_HAS_YEAR: Final = re.compile(r"(19|20)\d\d|\d\d年")
_WITH_TIME: Final = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}) \d.*")
_COUNT: Final = re.compile(r"(\d{1,4})[家户人份个件]?")
_TOTALS: Final = ("合计", "总计", "小计", "填表", "填报", "制表", "审核", "注:", "说明", "联系")
_BLANK: Final = frozenset({"-", "--", "/", "\\", "—", "——", "无此项"})  # how an empty cell is written by hand


class RowFault(Exception):
    """What is wrong with a cell, already with its row and its column."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a ledger, read by what its columns hold.

    Args:
        sheet: The ledger.
        places: Where each field stands.
        index: The row's position in the sheet.
    """

    sheet: SheetData
    places: Mapping[Field, int]
    index: int

    @property
    def row(self) -> int:
        """The row as the officer counts it."""
        return self.index + 1

    def text(self, field: Field) -> str:
        """Return what stands in a column; empty where the sheet has none, or the cell says that there is nothing."""
        at = self.places.get(field)
        text = "" if at is None else self.sheet.rows[self.index][at]
        return "" if text in _BLANK else text

    def heading(self, field: Field) -> str:
        """Return a column's name as the officer wrote it, or ours where the sheet has none."""
        at = self.places.get(field)
        return field_name(field) if at is None else self.sheet.header[at]

    def fault(self, field: Field, sentence: str) -> RowFault:
        """Return what is wrong with a cell."""
        values = {"row": self.row, "column": self.heading(field), "fault": sentence}
        return RowFault(_('Row %(row)d, "%(column)s": %(fault)s') % values)

    def sound(self, field: Field) -> str:
        """Return what stands in a column, where the cell can be relied on.

        Raises:
            RowFault: It was cut, or belongs to a merged cell, or holds a formula.
        """
        cell = (self.index, self.places.get(field, -1))
        if cell in self.sheet.merged:
            raise self.fault(field, _("the cell is merged with another one. Please split it and fill in each row."))
        if cell in self.sheet.formulas:
            raise self.fault(field, _("the cell holds a formula. Please paste its value instead."))
        if cell in self.sheet.cut:
            sentence = _("the cell holds more than %(most)d characters. Please shorten it.")
            raise self.fault(field, sentence % {"most": LONGEST_CELL})
        return self.text(field)

    def is_footer(self) -> bool:
        """Say whether the row is a total or a remark below the ledger rather than a part of it."""
        filled = [cell for cell in self.sheet.rows[self.index] if cell]
        return not self.text(Field.CODE) and heading(filled[0]).startswith(_TOTALS)

    def has_lost_digits(self, field: Field) -> bool:
        """Say whether a spreadsheet took the cell for a number and dropped its last digits."""
        text = self.text(field)
        if _LOST_DIGITS.fullmatch(text):
            return True
        return (self.index, self.places.get(field, -1)) in self.sheet.numeric and len(text) > _MOST_EXACT


def read_day(line: Line, field: Field, *, today: dt.date) -> dt.date | None:
    """Return a cell's date, which must name its year: 2026.3.5, 2026/3/5, 2026年3月5日, 20260305, a cell with a date.

    Raises:
        RowFault: It is no such date.
    """
    text = line.sound(field)
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
    raise line.fault(field, sentence % {"example": today.isoformat()})


def read_finding(line: Line) -> Finding | None:
    """Return what came of the verification; None while nothing stands there.

    Raises:
        RowFault: The word is not known.
    """
    text = line.sound(Field.FINDING)
    if not text or (found := finding_of(text)) is not None:
        return found if text else None
    said = _("this result is not known. Possible are: %(accepted)s.")
    raise line.fault(Field.FINDING, said % {"accepted": _(", ").join(finding_name(each) for each in Finding)})


def read_standing(line: Line) -> Standing | None:
    """Return how far the row says that its matter has come; None where it says nothing.

    Raises:
        RowFault: The word is not known.
    """
    text = line.sound(Field.STATE)
    if not text or (found := standing_of(text)) is not None:
        return found if text else None
    said = _("this state is not known. Possible are: %(accepted)s.")
    raise line.fault(Field.STATE, said % {"accepted": _(", ").join(standing_name(each) for each in Standing)})


def read_applicant(line: Line, officer: str, name: str) -> Applying:
    """Return who applied; this unit where nothing is said (domain.md A7).

    Args:
        line: The row.
        officer: The row's handling officer: where they stand as applicant, it was this unit.
        name: The row's counterpart: where it stands as applicant, it was the counterpart.

    Raises:
        RowFault: The word is not known.
    """
    text = line.sound(Field.APPLICANT)
    if not text or text == officer:
        return "bureau"
    if plain_name(text) == plain_name(name):
        return "counterpart"
    if (found := applicant_of(text)) is not None:
        return found
    sentence = _("it cannot be told who applied. Possible are: %(accepted)s.")
    raise line.fault(Field.APPLICANT, sentence % {"accepted": _(", ").join(applicants())})


def read_name(line: Line) -> str:
    """Return the counterpart's name; empty for a count.

    Raises:
        RowFault: It is too short or too long.
    """
    name = " ".join(line.sound(Field.NAME).split())
    if name and not 2 <= len(name) <= LONGEST_NAME:
        sentence = _("the name has %(count)d characters; 2 to %(most)d are possible.")
        raise line.fault(Field.NAME, sentence % {"count": len(name), "most": LONGEST_NAME})
    return name


def read_codes(line: Line) -> tuple[str, str, CounterpartKind | None]:
    """Return the unified code or else the older one of nine characters, and what the unified one says about the kind.

    Raises:
        RowFault: It is missing or cannot be right.
    """
    text = line.sound(Field.CODE)
    if not text:
        raise line.fault(Field.CODE, _("the code is missing. Please fill it in."))
    if line.has_lost_digits(Field.CODE):
        sentence = _("the code was stored as a number and its last digits are lost. "
                     "Please set the column to text and type the code again.")  # fmt: skip
        raise line.fault(Field.CODE, sentence)
    try:
        if _LEGACY.fullmatch(normalise(text)):
            return "", read_legacy_code(text), None
        code = read_code(text)
    except BadCode as wrong:
        raise line.fault(Field.CODE, wrong.message) from None
    return code.value, "", CounterpartKind(code.kind)


def read_count(line: Line) -> int | None:
    """Return how many a row stands for whose list is kept elsewhere; None where it names no number.

    Raises:
        RowFault: It is no number from 1 to 9999.
    """
    text = normalise(line.sound(Field.COUNT))
    if not text:
        return None
    match = _COUNT.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise line.fault(Field.COUNT, _("this is no whole number from 1 to %(most)d.") % {"most": MOST_COUNT})
    return int(match[1])
