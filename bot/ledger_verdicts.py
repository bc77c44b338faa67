"""What becomes of each row of an older ledger, as far as the sheet alone can tell.

Sources: features.md R23; domain.md A7, A9; the Plan 二（二）.
"""

import datetime as dt
from collections.abc import Callable, Set
from dataclasses import dataclass, replace
from typing import Final

from bot.deadlines import ValidityEnd, valid_until
from bot.language import _
from bot.ledger_columns import Columns, Field, field_name, places
from bot.ledger_import import Ledger, Row, Verdict
from bot.ledger_rows import read_applicant, read_count, read_standing
from bot.opinions import Finding, validity
from bot.policy.model import CounterpartKind, Matter
from bot.sheet_rows import Cells, Reading, read_code, read_day, read_finding, read_name, read_number
from bot.sheet_words import Standing, kind_of


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a ledger is read.

    Args:
        today: Local date.
        months: How long an opinion holds where it prints no last day.
        end: Which day is then the last.
        matter: Finds a matter of the catalogue by what is written; None where none is meant beyond doubt.
        confidential: Codes of the matters whose takers are nobody else's business before the result.
    """

    today: dt.date
    months: int
    end: ValidityEnd
    matter: Callable[[str], Matter | None]
    confidential: Set[str] = frozenset()


def judge(ledger: Ledger, columns: Columns, rules: Rules) -> tuple[Row, ...]:
    """Return every row of a ledger with what becomes of it, as far as the sheet alone can tell."""
    at = places(columns)
    indices = {index for index, _cells in ledger.sheet.data()} | ledger.persons
    rows = [Cells(ledger.sheet, at, index, field_name) for index in sorted(indices)]
    return tuple(
        _of_person(cells) if cells.index in ledger.persons else _row(cells, rules)
        for cells in rows
        if cells.index in ledger.persons or not cells.is_footer(Field.CODE)
    )


def _of_person(cells: Cells[Field]) -> Row:
    """Return a natural person's row; where its kind does not say so, it is said why it is taken for one."""
    if kind_of(cells.text(Field.KIND)) is CounterpartKind.NATURAL_PERSON:
        return Row(cells.row, Verdict.PERSON)
    why = _(
        "taken for a natural person: it has an ID number, or neither code nor kind. "
        "For an organisation please fill in its code and import the sheet again."
    )
    return Row(cells.row, Verdict.PERSON, reasons=(why,))


def _row(cells: Cells[Field], rules: Rules) -> Row:
    """Return a row; what left nothing to rely on is not asked to be right in every other cell."""
    reading = Reading()
    row = _with_dates(cells, rules, reading)
    row = _with_fate(cells, row, rules, reading)
    if not reading.faults and row.verdict in (Verdict.CLOSED, Verdict.EXPIRED):
        return row
    row = _with_subject(cells, row, reading)
    row = _with_matter(cells, row, rules, reading)
    if reading.faults:
        return replace(row, verdict=Verdict.WRONG, reasons=tuple(reading.faults))
    return _unless_confidential(row, rules)


def _with_dates(cells: Cells[Field], rules: Rules, reading: Reading) -> Row:
    """Return a row with its dates and what came of it."""

    def day(field: Field) -> dt.date | None:
        return reading.of(read_day, cells, field, today=rules.today)

    row = Row(
        cells.row,
        Verdict.WRONG,
        number=cells.text(Field.NUMBER),
        officer=cells.text(Field.OFFICER),
        standing=reading.of(read_standing, cells),
        submitted_on=day(Field.SUBMITTED),
        received_on=day(Field.RECEIVED),
        supplement_on=day(Field.SUPPLEMENT),
        returned_on=day(Field.RETURNED),
        decide_on=day(Field.DECIDE),
        finding=reading.of(read_finding, cells, Field.FINDING),
        opinion=reading.of(read_number, cells, Field.OPINION) or "",
        issued_on=day(Field.ISSUED),
        valid_to=day(Field.VALID_TO),
        note=cells.text(Field.NOTE),
    )
    if row.submitted_on is None and row.received_on is not None:
        said = _("no day of submission is given: that of the receipt counts")
        row = replace(row, submitted_on=row.received_on, reasons=(said,))
    for earlier, later in _ORDERED:
        _require_order(cells, row, earlier, later, rules.today, reading)
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
    cells: Cells[Field], row: Row, earlier: Field, later: Field | None, today: dt.date, reading: Reading
) -> None:
    first = getattr(row, _DAYS[earlier])
    second = getattr(row, _DAYS[later]) if later else today
    if first is None or second is None or first <= second:
        return
    if later is None:
        reading.note(cells.fault(earlier, _("this day lies in the future. Please check it.")))
        return
    sentence = _("this day lies before %(other)s. Please check both.") % {"other": cells.heading(earlier)}
    reading.note(cells.fault(later, sentence))


def _with_fate(cells: Cells[Field], row: Row, rules: Rules, reading: Reading) -> Row:
    """Return a row with its verdict as its dates, its result and its state give it."""
    closed = row.standing is not None and row.standing.is_closed
    answered = row.finding or row.issued_on or row.opinion or row.returned_on or row.valid_to
    if not answered:
        return replace(row, verdict=Verdict.CLOSED if closed else _under_way(cells, row, reading))
    if closed and row.finding is None and row.issued_on is None:
        return replace(row, verdict=Verdict.CLOSED)
    if row.issued_on is not None:
        valid_to, source = validity(row.issued_on, row.valid_to, months=rules.months, end=rules.end)
        row = replace(row, valid_to=valid_to, valid_source=source)
    if _is_over(row, rules):
        return replace(row, verdict=Verdict.EXPIRED)
    for field, given in ((Field.ISSUED, row.issued_on), (Field.FINDING, row.finding)):
        if given is None and not cells.text(field):
            reading.note(cells.fault(field, _("it is missing, so that the opinion cannot be relied on.")))
    open_still = row.standing is not None and not closed
    if open_still or (row.standing is None and row.decide_on is not None and row.decide_on >= rules.today):
        return replace(row, verdict=Verdict.BOTH)
    return replace(row, verdict=Verdict.CLOSED if row.finding is Finding.UNKNOWN else Verdict.OPINION)


def _under_way(cells: Cells[Field], row: Row, reading: Reading) -> Verdict:
    """Return the verdict of a row without any result, once its state and its dates agree."""
    missing = None
    if row.standing is Standing.RETURNED:
        missing = Field.FINDING
    elif row.standing is Standing.SUPPLEMENT and row.supplement_on is None:
        missing = Field.SUPPLEMENT
    elif row.standing in (Standing.UNDER_WAY, Standing.SUPPLEMENT) and row.submitted_on is None:
        missing = Field.SUBMITTED
    if missing is not None and not cells.text(missing):
        reading.note(cells.fault(missing, _("it is missing, but the state of the row needs it.")))
    return Verdict.ENTRY


def _unless_confidential(row: Row, rules: Rules) -> Row:
    """Return a row that goes on where who takes part is confidential and nothing says that the matter is over.

    Its opinion would be everybody's to use otherwise.
    """
    is_said = row.standing is not None or row.decide_on is not None
    if row.verdict is Verdict.OPINION and row.matter_code in rules.confidential and not is_said:
        return replace(row, verdict=Verdict.BOTH)
    return row


def _is_over(row: Row, rules: Rules) -> bool:
    """Say whether an opinion that came with this row cannot hold any more."""
    if row.valid_to is not None:
        return row.valid_to < rules.today
    on = row.issued_on or row.returned_on
    return on is not None and valid_until(on, months=rules.months, end=rules.end) < rules.today


def _with_subject(cells: Cells[Field], row: Row, reading: Reading) -> Row:
    """Return a row with whom it is about."""
    name = reading.of(read_name, cells, Field.NAME)
    applicant = reading.of(read_applicant, cells, row.officer, name or "")
    row = replace(row, applicant=applicant or "bureau")
    if not cells.text(Field.NAME) and not cells.text(Field.CODE) and cells.text(Field.COUNT):
        if row.verdict is not Verdict.ENTRY:
            return replace(row, verdict=Verdict.CLOSED)
        return replace(row, count=reading.of(read_count, cells))
    if name == "":
        reading.note(cells.fault(Field.NAME, _("the name is missing. Please fill it in.")))
    code, kind = reading.of(read_code, cells, Field.CODE) or ("", None)
    row = replace(row, name=name or "", kind=kind or kind_of(cells.text(Field.KIND)))
    return replace(row, code=code) if kind else replace(row, legacy_code=code)


def _with_matter(cells: Cells[Field], row: Row, rules: Rules, reading: Reading) -> Row:
    """Return a row with its matter: the catalogue's where one is meant beyond doubt, else as written."""
    written = " ".join(cells.text(Field.MATTER).split())
    if not written:
        if row.makes_entry:
            reading.note(cells.fault(Field.MATTER, _("the matter is missing. Please fill it in.")))
        return row
    matter = rules.matter(written)
    if matter is None:
        return replace(row, matter=written, written=written)
    said = _('the matter is taken for "%(matter)s" of the catalogue') % {"matter": matter.name}
    reasons = row.reasons if matter.name == written else (*row.reasons, said)
    return replace(row, matter_code=matter.code, matter=matter.name, written=written, reasons=reasons)
