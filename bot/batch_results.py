"""Results that come back as a sheet, matched to an entry by code; each fault names its row and column.

Sources: domain.md §4.2 (columns), A9 (the printed day wins), the Plan 二（二）.
"""

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.batch_columns import Cells, Column, columns_of, list_headings
from bot.dates import parse_day
from bot.deadlines import ValidityEnd
from bot.documents.child import serve
from bot.documents.reading import SheetData, read
from bot.errors import Refusal
from bot.identifiers import BadCode, is_legacy, read_code, read_legacy_code
from bot.language import _
from bot.near_names import plain_name
from bot.opinions import Finding, validity
from bot.plaintext import normalise

_EXCEL_DAY_ONE: Final = dt.date(1899, 12, 30)  # a date that lost its format is a count of days from here
_EXCEL_DAYS: Final = re.compile(r"[34]\d{4}|5[0-4]\d{3}")
_HAS_YEAR: Final = re.compile(r"(19|20)\d\d|\d\d年")
_FINDINGS: Final = {
    **dict.fromkeys(
        ("未查询到不良信息", "未查询到", "无不良信息", "无不良", "无", "正常", "未发现不良信息"), Finding.CLEAN
    ),
    **dict.fromkeys(("有不良信息", "有不良", "有", "存在不良信息", "不良"), Finding.ADVERSE),
    **dict.fromkeys(("严重失信", "严重失信主体", "列入严重失信主体名单"), Finding.SERIOUS),
    **dict.fromkeys(("查无此主体", "查无", "信息不符", "查无此主体信息不符"), Finding.UNKNOWN),
}
_ACCEPTED: Final = ("未查询到不良信息", "有不良信息", "严重失信", "查无此主体")


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a sheet.

    Args:
        row: As the officer counts it.
        code: Whose it is.
        finding: 核查结果.
        issued_on: 出具日期, local.
        valid_to: 有效期至 as printed, local; None where nothing is printed.
        number: 查询意见编号.
        details: Summary and handling of an adverse one.
    """

    row: int
    code: str
    finding: Finding
    issued_on: dt.date
    valid_to: dt.date | None
    number: str | None
    details: str | None

    def to_json(self) -> list[Any]:
        """Return the result as JSON."""
        valid_to = self.valid_to.isoformat() if self.valid_to else None
        return [self.row, self.code, self.finding, self.issued_on.isoformat(), valid_to, self.number, self.details]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> "Result":
        """Read a result back."""
        row, code, finding, issued_on, valid_to, number, details = data
        until = dt.date.fromisoformat(valid_to) if valid_to else None
        return cls(row, code, Finding(finding), dt.date.fromisoformat(issued_on), until, number, details)


@dataclass(frozen=True, slots=True)
class Results:
    """A whole sheet.

    Args:
        right: What can be recorded.
        faults: What is wrong with the other rows.
        disputed: Codes of those rows where they can be read: nothing is known of them, so no word about all others
            covers them.
    """

    right: tuple[Result, ...]
    faults: tuple[str, ...]
    disputed: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the sheet as JSON."""
        right = [each.to_json() for each in self.right]
        return {"right": right, "faults": self.faults, "disputed": self.disputed}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Results":
        """Read a sheet back."""
        right = tuple(Result.from_json(each) for each in data["right"])
        return cls(right, tuple(data["faults"]), tuple(data["disputed"]))


class _RowFault(Exception):
    """What is wrong with a row, already with its row and column."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By what the dates of a sheet are judged.

    Args:
        today: Local date.
        months: How long an opinion holds that prints no last day.
        end: Which day that period ends with.
    """

    today: dt.date
    months: int
    end: ValidityEnd


def read_results(sheet: SheetData, *, waiting: Collection[str], known: Collection[str], rules: Rules) -> Results:
    """Return the results of a sheet; rows without code or result are left out, they stay waiting.

    Args:
        sheet: The sheet.
        waiting: Codes of the entry whose result is still missing.
        known: All codes of the entry.
        rules: By what its dates are judged.

    Raises:
        Refusal: A column is missing.
    """
    columns = columns_of(sheet.header, wanted=(Column.CODE, Column.FINDING, Column.ISSUED))
    right: dict[str, Result] = {}
    disputed: dict[str, None] = {}
    faults: list[str] = []
    for index, _row in sheet.data():
        cells = Cells(sheet, columns, index)
        if not cells.text(Column.CODE) or not _is_answered(cells):
            continue
        try:
            code = _code(cells, waiting, known)
        except _RowFault as fault:
            faults.append(str(fault))
            continue
        try:
            _require_first(cells, right.get(code))
            right[code] = _result(cells, code, rules)
        except _RowFault as fault:
            faults.append(str(fault))
            disputed[code] = None
    undisputed = tuple(each for code, each in right.items() if code not in disputed)
    return Results(undisputed, tuple(faults), tuple(disputed))


def _is_answered(cells: Cells) -> bool:
    return any(cells.text(column) for column in (Column.FINDING, Column.OPINION, Column.ISSUED))


def _require_first(cells: Cells, earlier: Result | None) -> None:
    """Refuse a second result for a code; which of the two is right, only the officer can say."""
    if earlier is not None:
        sentence = _("row %(row)d gives a result for this code too. Please keep the right one.") % {"row": earlier.row}
        raise _RowFault(cells.fault(Column.CODE, sentence))


def _code(cells: Cells, waiting: Collection[str], known: Collection[str]) -> str:
    if (fault := cells.cell_fault(Column.CODE)) is not None:
        raise _RowFault(fault)
    if cells.lost_digits(Column.CODE):
        sentence = _("the code was stored as a number and its last digits are lost. "
                     "Please set the column to text and type the code again.")  # fmt: skip
        raise _RowFault(cells.fault(Column.CODE, sentence))
    text = cells.text(Column.CODE)
    try:
        code = read_legacy_code(text) if is_legacy(text) else read_code(text).value
    except BadCode as wrong:
        raise _RowFault(cells.fault(Column.CODE, wrong.message)) from None
    if code in waiting:
        return code
    if code in known:
        sentence = _("the entry has the result of this code already.")
    else:
        sentence = _("this code does not belong to the entry. Please check it, or the entry.")
    raise _RowFault(cells.fault(Column.CODE, sentence))


def _result(cells: Cells, code: str, rules: Rules) -> Result:
    finding, today = _finding(cells), rules.today
    issued_on = _day(cells, Column.ISSUED, today)
    if issued_on is None:
        raise _RowFault(cells.fault(Column.ISSUED, _("the day of issue is missing. Please fill it in.")))
    if issued_on > today:
        raise _RowFault(cells.fault(Column.ISSUED, _("the day of issue lies in the future. Please check it.")))
    valid_to = _day(cells, Column.VALID_TO, today)
    if valid_to is not None and valid_to < issued_on:
        raise _RowFault(cells.fault(Column.VALID_TO, _("the last valid day lies before the day of issue.")))
    if validity(issued_on, valid_to, months=rules.months, end=rules.end)[0] < today:
        where = Column.ISSUED if valid_to is None else Column.VALID_TO
        raise _RowFault(cells.fault(where, _("the opinion has expired. Please ask the centre for a new one.")))
    told = [cells.text(column) for column in (Column.RECORDS, Column.SUMMARY, Column.HANDLING)]
    details = _("; ").join(text for text in told if text) if finding.is_adverse else ""
    return Result(cells.row, code, finding, issued_on, valid_to, cells.text(Column.OPINION) or None, details or None)


def _finding(cells: Cells) -> Finding:
    if (fault := cells.cell_fault(Column.FINDING)) is not None:
        raise _RowFault(fault)
    finding = _FINDINGS.get(plain_name(cells.text(Column.FINDING)))
    if finding is None:
        sentence = _("this result is not known. Possible are: %(accepted)s.") % {"accepted": _(", ").join(_ACCEPTED)}
        raise _RowFault(cells.fault(Column.FINDING, sentence))
    records = normalise(cells.text(Column.RECORDS))
    if finding is Finding.CLEAN and records.isdecimal() and int(records):
        sentence = _("adverse records are counted, but the result says that there are none. Please check.")
        raise _RowFault(cells.fault(Column.RECORDS, sentence))
    return finding


def _day(cells: Cells, column: Column, today: dt.date) -> dt.date | None:
    """Return a date of a cell, which must name its year; None where nothing stands there."""
    if (fault := cells.cell_fault(column)) is not None:
        raise _RowFault(fault)
    text = cells.text(column)
    if not text:
        return None
    if _EXCEL_DAYS.fullmatch(text):
        return _EXCEL_DAY_ONE + dt.timedelta(days=int(text))
    day = text[:10] if re.match(r"\d{4}-\d\d-\d\d ", text) else text
    try:
        if _HAS_YEAR.search(normalise(day)):
            return parse_day(day, today=today)
    except Refusal:
        pass
    sentence = _("this is no date with its year, such as %(example)s.") % {"example": today.isoformat()}
    raise _RowFault(cells.fault(column, sentence))


def _answer(asked: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    sheet = read(content, asked["name"], headings=list_headings())
    rules = Rules(dt.date.fromisoformat(asked["today"]), asked["months"], asked["end"])
    return read_results(sheet, waiting=set(asked["waiting"]), known=set(asked["known"]), rules=rules).to_json()


if __name__ == "__main__":
    serve(_answer)
