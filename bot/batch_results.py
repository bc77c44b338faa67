"""Results that come back as a sheet, matched to an entry by code; each fault names its row and column.

Sources: domain.md §4.2 (columns), A9 (the printed day wins), the Plan 二（二）.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.batch_columns import Column, column_name, columns_of, list_headings
from bot.deadlines import ValidityEnd
from bot.documents.child import serve
from bot.documents.reading import SheetData, read
from bot.language import _
from bot.opinions import Finding, validity
from bot.plaintext import normalise
from bot.sheet_rows import Cells, RowFault, read_code, read_day, read_finding, read_number


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
        cells = Cells(sheet, columns, index, column_name)
        if not cells.text(Column.CODE) or not _is_answered(cells):
            continue
        try:
            code = _code(cells, waiting, known)
        except RowFault as fault:
            faults.append(str(fault))
            continue
        try:
            _require_first(cells, right.get(code))
            right[code] = _result(cells, code, rules)
        except RowFault as fault:
            faults.append(str(fault))
            disputed[code] = None
    undisputed = tuple(each for code, each in right.items() if code not in disputed)
    return Results(undisputed, tuple(faults), tuple(disputed))


def _is_answered(cells: Cells[Column]) -> bool:
    return any(cells.text(column) for column in (Column.FINDING, Column.OPINION, Column.ISSUED))


def _require_first(cells: Cells[Column], earlier: Result | None) -> None:
    """Refuse a second result for a code; which of the two is right, only the officer can say."""
    if earlier is not None:
        sentence = _("row %(row)d gives a result for this code too. Please keep the right one.") % {"row": earlier.row}
        raise cells.fault(Column.CODE, sentence)


def _code(cells: Cells[Column], waiting: Collection[str], known: Collection[str]) -> str:
    code, _kind = read_code(cells, Column.CODE)
    if code in waiting:
        return code
    if code in known:
        sentence = _("the entry has the result of this code already.")
    else:
        sentence = _("this code does not belong to the entry. Please check it, or the entry.")
    raise cells.fault(Column.CODE, sentence)


def _result(cells: Cells[Column], code: str, rules: Rules) -> Result:
    finding, today = _finding(cells), rules.today
    issued_on = read_day(cells, Column.ISSUED, today=today)
    if issued_on is None:
        raise cells.fault(Column.ISSUED, _("the day of issue is missing. Please fill it in."))
    if issued_on > today:
        raise cells.fault(Column.ISSUED, _("the day of issue lies in the future. Please check it."))
    valid_to = read_day(cells, Column.VALID_TO, today=today)
    if valid_to is not None and valid_to < issued_on:
        raise cells.fault(Column.VALID_TO, _("the last valid day lies before the day of issue."))
    if validity(issued_on, valid_to, months=rules.months, end=rules.end)[0] < today:
        where = Column.ISSUED if valid_to is None else Column.VALID_TO
        raise cells.fault(where, _("the opinion has expired. Please ask the centre for a new one."))
    told = [cells.text(column) for column in (Column.RECORDS, Column.SUMMARY, Column.HANDLING)]
    details = _("; ").join(text for text in told if text) if finding.is_adverse else ""
    number = read_number(cells, Column.OPINION)
    return Result(cells.row, code, finding, issued_on, valid_to, number or None, details or None)


def _finding(cells: Cells[Column]) -> Finding:
    finding = read_finding(cells, Column.FINDING)
    if finding is None:
        raise cells.fault(Column.FINDING, _("it is missing, so that the opinion cannot be relied on."))
    records = normalise(cells.text(Column.RECORDS))
    if finding is Finding.CLEAN and records.isdecimal() and int(records):
        sentence = _("adverse records are counted, but the result says that there are none. Please check.")
        raise cells.fault(Column.RECORDS, sentence)
    return finding


def _answer(asked: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    sheet = read(content, asked["name"], headings=list_headings())
    rules = Rules(dt.date.fromisoformat(asked["today"]), asked["months"], asked["end"])
    return read_results(sheet, waiting=set(asked["waiting"]), known=set(asked["known"]), rules=rules).to_json()


if __name__ == "__main__":
    serve(_answer)
