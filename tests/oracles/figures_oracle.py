"""A second opinion on the figures: plain loops over what happened, one record after the other.

It shares no code with ``bot`` or ``storage``: its records are made by whoever makes things happen, never read back.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

ADVERSE = {"adverse", "serious"}


@dataclass
class Verification:
    """One counterpart (or a count) for whom an opinion was applied for, or a valid one used."""

    unit: str
    matter: str | None
    entry: int
    kind: str | None = "enterprise"  # None = a list kept elsewhere
    count: int = 1
    by_counterpart: bool = False
    submitted: dt.date | None = None
    received: dt.date | None = None
    resumed: dt.date | None = None
    due: dt.date | None = None
    returned: dt.date | None = None
    withdrawn: dt.date | None = None
    finding: str | None = None
    valid_to: dt.date | None = None  # of the opinion; None = long after everything here
    reused: dt.date | None = None
    undone: bool = False


@dataclass
class Letter:
    """A commitment, of one letter or of many."""

    unit: str
    matter: str | None
    entered: dt.date
    kind: str | None = "enterprise"
    letters: int = 1
    in_form: bool = False
    signed: dt.date | None = None
    fulfilled: dt.date | None = None
    breached: dt.date | None = None
    fulfil_by: dt.date | None = None
    decide: dt.date | None = None  # planned, of its entry
    undone: bool = False


@dataclass
class Report:
    """A third party's credit report."""

    unit: str
    matter: str | None
    entered: dt.date
    kind: str | None = "enterprise"
    agency: str | None = None
    undone: bool = False


@dataclass
class Happened:
    """Everything that happened."""

    verifications: list[Verification] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)


Wanted = Callable[[str, str | None, str | None, dt.date | None], bool]


def figures(happened: Happened, first: dt.date, last: dt.date, wanted: Wanted, *, today: dt.date) -> dict[str, int]:
    """Count a period.

    Args:
        happened: What happened.
        first: First day.
        last: Last day, included.
        wanted: Takes unit, matter, counterpart's kind and day (None for what stands at a moment); says what counts.
        today: The day on which it is counted.
    """
    found: Counter[str] = Counter()
    for each in happened.verifications:
        if not each.undone:
            _verification(each, first, last, wanted, today, found)
    found["times"] = len(
        {
            (each.entry, each.submitted)
            for each in happened.verifications
            if not each.undone
            and _within(each.submitted, first, last)
            and wanted(each.unit, each.matter, each.kind, each.submitted)
        }
    )
    for letter in happened.letters:
        if not letter.undone:
            _letter(letter, first, last, wanted, found)
    for report in happened.reports:
        if not report.undone and first <= report.entered <= last:
            found["reports"] += wanted(report.unit, report.matter, report.kind, report.entered)
    return {name: count for name, count in found.items() if count}


def _within(day: dt.date | None, first: dt.date, last: dt.date) -> bool:
    return day is not None and first <= day <= last


def _verification(
    each: Verification, first: dt.date, last: dt.date, wanted: Wanted, today: dt.date, found: Counter[str]
) -> None:
    def happens(name: str, day: dt.date | None, count: int = each.count) -> bool:
        counts = _within(day, first, last) and wanted(each.unit, each.matter, each.kind, day)
        found[name] += count if counts else 0
        return counts

    happens("reused", each.reused)
    if each.submitted is None:
        return
    if happens("applied", each.submitted) and each.by_counterpart:
        found["by_counterpart"] += each.count
    happens("withdrawn", each.withdrawn)
    owed = each.received is not None and not each.by_counterpart
    if happens("returned", each.returned):
        late = owed and each.due is not None and each.returned is not None and each.returned > each.due
        found["overdue" if late else "on_time" if owed and each.due else "unconfirmed"] += each.count
        found["adverse"] += each.finding in ADVERSE
        found["serious"] += each.finding == "serious"
    _stands(each, first, last, wanted, today, found, owed)


def _stands(
    each: Verification, first: dt.date, last: dt.date, wanted: Wanted, today: dt.date, found: Counter[str], owed: bool
) -> None:
    if not wanted(each.unit, each.matter, each.kind, None):
        return
    ends = [day for day in (each.returned, each.withdrawn) if day is not None]
    end = min(ends) if ends else dt.date.max
    if each.submitted < first <= end:
        found["carried"] += each.count
    if each.submitted <= last < end:
        found["open"] += each.count
        if owed and each.due is not None and each.due <= last and each.due < today:
            found["open_overdue"] += each.count


def _letter(each: Letter, first: dt.date, last: dt.date, wanted: Wanted, found: Counter[str]) -> None:
    def counts(day: dt.date | None) -> bool:
        return _within(day, first, last) and wanted(each.unit, each.matter, each.kind, day)

    if counts(each.signed or each.entered):
        found["letters"] += each.letters
        found["in_form"] += each.letters if each.in_form else 0
    found["fulfilled"] += counts(each.fulfilled)
    found["breached"] += counts(each.breached)


def ahead(happened: Happened, first: dt.date, last: dt.date) -> dict[str, dict[str, int]]:
    """Count what falls due in a period, by unit: opinions, feedback, commitments, decisions."""
    due: list[tuple[str, str, dt.date | None, int]] = []
    for each in happened.verifications:
        if each.finding and not each.undone:
            due.append((each.unit, "opinions", each.valid_to, 1))
        ended = each.returned or each.withdrawn or each.undone
        if each.submitted and not ended and not each.by_counterpart:
            due.append((each.unit, "feedback", each.due, each.count))
    for letter in happened.letters:
        if not letter.undone:
            due.append((letter.unit, "decisions", letter.decide, 1))
            settled = letter.fulfilled or letter.breached
            due.append((letter.unit, "commitments", None if settled else letter.fulfil_by, 1))
    found: dict[str, Counter[str]] = {}
    for unit, name, day, count in due:
        if _within(day, first, last):
            found.setdefault(unit, Counter())[name] += count
    return {unit: dict(counts) for unit, counts in found.items()}


def working_days(
    happened: Iterable[Verification], first: dt.date, last: dt.date, is_workday: Callable[[dt.date], bool]
) -> tuple[int, int, int]:
    """Return answers, working days together and the slowest of the centre's confirmed feedback."""
    answers = together = slowest = 0
    for each in happened:
        owed = each.received is not None and each.due is not None and not each.by_counterpart and not each.undone
        if not owed or not _within(each.returned, first, last):
            continue
        day, took = each.resumed or each.received, 0
        while day < each.returned:
            day += dt.timedelta(days=1)
            took += is_workday(day)
        answers, together, slowest = answers + each.count, together + took * each.count, max(slowest, took)
    return answers, together, slowest
