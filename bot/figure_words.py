"""The figures in the office's words; the same word in every table, chart and message."""

from bot.figures import Figures, Measure
from bot.language import _, ngettext, pgettext
from bot.quarters import Span
from bot.summary import Names


def measure_name(measure: Measure) -> str:
    """Return what a figure is called, with its unit."""
    return {
        Measure.LETTERS: pgettext("figure", "Commitments"),
        Measure.IN_FORM: pgettext("figure", "of these inside the application form"),
        Measure.TIMES: pgettext("figure", "Applications (times)"),
        Measure.APPLIED: pgettext("figure", "Applications (counterparts)"),
        Measure.BY_COUNTERPART: pgettext("figure", "of these by the counterpart"),
        Measure.REUSED: pgettext("figure", "Valid opinions used directly (counterparts)"),
        Measure.RETURNED: pgettext("figure", "Feedback (counterparts)"),
        Measure.ON_TIME: pgettext("figure", "of these in time"),
        Measure.OVERDUE: pgettext("figure", "of these late"),
        Measure.UNCONFIRMED: pgettext("figure", "of these without a period"),
        Measure.WITHDRAWN: pgettext("figure", "Withdrawn (counterparts)"),
        Measure.ADVERSE: pgettext("figure", "Adverse (counterparts)"),
        Measure.SERIOUS: pgettext("figure", "of these seriously dishonest"),
        Measure.REPORTS: pgettext("figure", "Credit reports"),
        Measure.FULFILLED: pgettext("figure", "Commitments fulfilled"),
        Measure.BREACHED: pgettext("figure", "Commitments breached"),
        Measure.CARRIED: pgettext("figure", "Carried over (counterparts)"),
        Measure.OPEN: pgettext("figure", "Without feedback at the end (counterparts)"),
        Measure.OPEN_OVERDUE: pgettext("figure", "of these overdue"),
    }[measure]


def columns() -> tuple[str, ...]:
    """Return the eight headings of the quarterly table. Source: domain.md §4.4."""
    return (
        pgettext("column", "Matter"),
        pgettext("column", "Commitments"),
        pgettext("column", "Applications (times/counterparts)"),
        pgettext("column", "Valid opinions used directly"),
        pgettext("column", "Late feedback (receipt confirmed)"),
        pgettext("column", "Adverse"),
        pgettext("column", "Credit reports"),
        pgettext("column", "Problems and suggestions"),
    )


def row(name: str, figures: Figures, problems: str = "") -> tuple[str, ...]:
    """Return a row of the quarterly table."""
    return (
        name,
        str(figures.letters),
        f"{figures.times}/{figures.applied}",
        str(figures.reused),
        str(figures.overdue),
        str(figures.adverse),
        str(figures.reports),
        problems,
    )


def carried_row(figures: Figures) -> tuple[str, ...]:
    """Return the row 上季结转: what was applied for before and still open at the beginning."""
    return (pgettext("row", "Carried over"), "", str(figures.carried), "", "", "", "", "")


def open_row(figures: Figures) -> tuple[str, ...]:
    """Return the row 本季未反馈, with how many of them are overdue by now."""
    said = ""
    if figures.open_overdue:
        said = ngettext("%(n)d of them overdue", "%(n)d of them overdue", figures.open_overdue)
        said %= {"n": figures.open_overdue}
    return (pgettext("row", "Without feedback"), "", str(figures.open), "", "", "", "", said)


def balance(figures: Figures) -> str:
    """Return the sum by which a clerk sees that nothing is missing."""
    said = _(
        "Carried over %(carried)d + applied for %(applied)d = feedback %(returned)d + withdrawn %(withdrawn)d "
        "+ without feedback %(open)d"
    )
    values = {name: getattr(figures, name) for name in ("carried", "applied", "returned", "withdrawn", "open")}
    return said % values


def matter_name(names: Names, code: str | None) -> str:
    """Return a matter's name."""
    return pgettext("figure", "Outside the catalogue") if code is None else names.matters.get(code, code)


def month_name(month: str, span: Span) -> str:
    """Return a month of a period: 11月, with its year where the period has more than one."""
    year, number = int(month[:4]), int(month[5:])
    if span.begins_on.year == span.ends_on.year:
        return _("month %(number)d") % {"number": number}
    return _("%(year)d-%(month)d") % {"year": year, "month": number}


def mean_days(answers: int, working_days: int) -> str:
    """Return a mean of working days with one decimal, rounded half up as people do."""
    tenths = (2 * working_days * 10 + answers) // (2 * answers)
    return f"{tenths // 10}.{tenths % 10}"


def side_task(state: str) -> str:
    """Return how far the side task of an adverse finding has come."""
    return {
        "open": pgettext("side task", "not told yet"),
        "informed": pgettext("side task", "told about objection and repair"),
        "objection": pgettext("side task", "objects"),
        "repair": pgettext("side task", "has applied for repair"),
        "closed": pgettext("side task", "settled"),
    }[state]
