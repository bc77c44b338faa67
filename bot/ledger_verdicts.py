"""What becomes of each row of an older ledger, as far as the sheet alone can tell.

Sources: features.md R23; domain.md A7, A9; the Plan 二（二）.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.deadlines import ValidityEnd, valid_until
from bot.language import _
from bot.ledger_columns import Columns, Field, places
from bot.ledger_import import Ledger, Row, Verdict
from bot.ledger_rows import (
    Line,
    RowFault,
    read_applicant,
    read_codes,
    read_count,
    read_day,
    read_finding,
    read_name,
    read_standing,
)
from bot.ledger_words import Standing, kind_of
from bot.opinions import Finding, validity
from bot.policy.model import Matter


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a ledger is read.

    Args:
        today: Local date.
        months: How long an opinion holds where it prints no last day.
        end: Which day is then the last.
        matter: Finds a matter of the catalogue by what is written; None where none is meant beyond doubt.
    """

    today: dt.date
    months: int
    end: ValidityEnd
    matter: Callable[[str], Matter | None]


def judge(ledger: Ledger, columns: Columns, rules: Rules) -> tuple[Row, ...]:
    """Return every row of a ledger with what becomes of it, as far as the sheet alone can tell."""
    at = places(columns)
    indices = {index for index, _cells in ledger.sheet.data()} | ledger.persons
    lines = [Line(ledger.sheet, at, index) for index in sorted(indices)]
    return tuple(
        Row(line.row, Verdict.PERSON) if line.index in ledger.persons else _row(line, rules)
        for line in lines
        if line.index in ledger.persons or not line.is_footer()
    )


class _Reading:
    """Reads a row and gathers what is wrong with it."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def of(self, read_cell: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Return what a cell says, None where it is wrong."""
        try:
            return read_cell(*arguments, **named)
        except RowFault as fault:
            self.faults.append(str(fault))
            return None


def _row(line: Line, rules: Rules) -> Row:
    """Return a row; what left nothing to rely on is not asked to be right in every other cell."""
    reading = _Reading()
    row = _with_dates(line, rules, reading)
    row = _with_fate(line, row, rules, reading)
    if not reading.faults and row.verdict in (Verdict.CLOSED, Verdict.EXPIRED):
        return row
    row = _with_subject(line, row, reading)
    row = _with_matter(line, row, rules, reading)
    if reading.faults:
        return replace(row, verdict=Verdict.WRONG, reasons=tuple(reading.faults))
    return row


def _with_dates(line: Line, rules: Rules, reading: _Reading) -> Row:
    """Return a row with its dates and what came of it."""

    def day(field: Field) -> Any:
        return reading.of(read_day, line, field, today=rules.today)

    row = Row(
        line.row,
        Verdict.WRONG,
        number=line.text(Field.NUMBER),
        officer=line.text(Field.OFFICER),
        standing=reading.of(read_standing, line),
        submitted_on=day(Field.SUBMITTED),
        received_on=day(Field.RECEIVED),
        supplement_on=day(Field.SUPPLEMENT),
        returned_on=day(Field.RETURNED),
        decide_on=day(Field.DECIDE),
        finding=reading.of(read_finding, line),
        opinion=line.text(Field.OPINION),
        issued_on=day(Field.ISSUED),
        valid_to=day(Field.VALID_TO),
        note=line.text(Field.NOTE),
    )
    if row.submitted_on is None and row.received_on is not None:
        said = _("no day of submission is given: that of the receipt counts")
        row = replace(row, submitted_on=row.received_on, reasons=(said,))
    for earlier, later in _ORDERED:
        _require_order(line, row, earlier, later, rules.today, reading)
    return row


_ORDERED: Final = (
    (Field.SUBMITTED, None), (Field.RECEIVED, None), (Field.RETURNED, None), (Field.ISSUED, None),
    (Field.SUBMITTED, Field.RECEIVED), (Field.SUBMITTED, Field.RETURNED), (Field.RECEIVED, Field.SUPPLEMENT),
    (Field.ISSUED, Field.VALID_TO),
)  # fmt: skip
"""Which day cannot come after which; None stands for today."""

_DAYS: Final = {
    Field.SUBMITTED: "submitted_on", Field.RECEIVED: "received_on", Field.SUPPLEMENT: "supplement_on",
    Field.RETURNED: "returned_on", Field.ISSUED: "issued_on", Field.VALID_TO: "valid_to",
}  # fmt: skip


def _require_order(
    line: Line, row: Row, earlier: Field, later: Field | None, today: dt.date, reading: _Reading
) -> None:
    first = getattr(row, _DAYS[earlier])
    second = getattr(row, _DAYS[later]) if later else today
    if first is None or second is None or first <= second:
        return
    if later is None:
        reading.faults.append(str(line.fault(earlier, _("this day lies in the future. Please check it."))))
        return
    sentence = _("this day lies before %(other)s. Please check both.") % {"other": line.heading(earlier)}
    reading.faults.append(str(line.fault(later, sentence)))


def _with_fate(line: Line, row: Row, rules: Rules, reading: _Reading) -> Row:
    """Return a row with its verdict as its dates, its result and its state give it."""
    closed = row.standing is not None and row.standing.is_closed
    answered = row.finding or row.issued_on or row.opinion or row.returned_on or row.valid_to
    if not answered:
        return replace(row, verdict=Verdict.CLOSED if closed else _under_way(line, row, reading))
    if closed and row.finding is None and row.issued_on is None:
        return replace(row, verdict=Verdict.CLOSED)
    if row.issued_on is not None:
        valid_to, source = validity(row.issued_on, row.valid_to, months=rules.months, end=rules.end)
        row = replace(row, valid_to=valid_to, valid_source=source)
    if _is_over(row, rules):
        return replace(row, verdict=Verdict.EXPIRED)
    for field, given in ((Field.ISSUED, row.issued_on), (Field.FINDING, row.finding)):
        if given is None and not line.text(field):
            reading.faults.append(str(line.fault(field, _("it is missing, so that the opinion cannot be relied on."))))
    open_still = row.standing is not None and not closed
    if open_still or (row.standing is None and row.decide_on is not None and row.decide_on >= rules.today):
        return replace(row, verdict=Verdict.BOTH)
    return replace(row, verdict=Verdict.CLOSED if row.finding is Finding.UNKNOWN else Verdict.OPINION)


def _under_way(line: Line, row: Row, reading: _Reading) -> Verdict:
    """Return the verdict of a row without any result, once its state and its dates agree."""
    missing = None
    if row.standing is Standing.RETURNED:
        missing = Field.FINDING
    elif row.standing is Standing.SUPPLEMENT and row.supplement_on is None:
        missing = Field.SUPPLEMENT
    elif row.standing in (Standing.UNDER_WAY, Standing.SUPPLEMENT) and row.submitted_on is None:
        missing = Field.SUBMITTED
    if missing is not None and not line.text(missing):
        reading.faults.append(str(line.fault(missing, _("it is missing, but the state of the row needs it."))))
    return Verdict.ENTRY


def _is_over(row: Row, rules: Rules) -> bool:
    """Say whether an opinion that came with this row cannot hold any more."""
    if row.valid_to is not None:
        return row.valid_to < rules.today
    on = row.issued_on or row.returned_on
    return on is not None and valid_until(on, months=rules.months, end=rules.end) < rules.today


def _with_subject(line: Line, row: Row, reading: _Reading) -> Row:
    """Return a row with whom it is about."""
    name = reading.of(read_name, line)
    applicant = reading.of(read_applicant, line, row.officer, name or "")
    row = replace(row, applicant=applicant or "bureau")
    if not line.text(Field.NAME) and not line.text(Field.CODE) and line.text(Field.COUNT):
        if row.verdict is not Verdict.ENTRY:
            return replace(row, verdict=Verdict.CLOSED)
        return replace(row, count=reading.of(read_count, line))
    if name == "":
        reading.faults.append(str(line.fault(Field.NAME, _("the name is missing. Please fill it in."))))
    code, legacy_code, kind = reading.of(read_codes, line) or ("", "", None)
    return replace(
        row, name=name or "", code=code, legacy_code=legacy_code, kind=kind or kind_of(line.text(Field.KIND))
    )


def _with_matter(line: Line, row: Row, rules: Rules, reading: _Reading) -> Row:
    """Return a row with its matter: the catalogue's where one is meant beyond doubt, else as written."""
    written = " ".join(line.text(Field.MATTER).split())
    if not written:
        if row.makes_entry:
            reading.faults.append(str(line.fault(Field.MATTER, _("the matter is missing. Please fill it in."))))
        return row
    matter = rules.matter(written)
    if matter is None:
        return replace(row, matter=written, written=written)
    said = _('the matter is taken for "%(matter)s" of the catalogue') % {"matter": matter.name}
    reasons = row.reasons if matter.name == written else (*row.reasons, said)
    return replace(row, matter_code=matter.code, matter=matter.name, written=written, reasons=reasons)
