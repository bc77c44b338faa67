"""What the quarter's papers and its picture say, as it follows from the summary."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from bot.documents.bulletins import Circular, Report, TableRow
from bot.documents.chart import Chart
from bot.figure_words import balance, measure_name, month_name, row
from bot.figures import Figures, Measure
from bot.language import _, pgettext
from bot.periods import written_span
from bot.policy.model import Policy, Source
from bot.quarters import format_quarter
from bot.summary import Summary
from bot.summary_tables import Problems, summary_rows

DRAWN: Final = (Measure.LETTERS, Measure.APPLIED, Measure.REUSED, Measure.REPORTS)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a paper is made.

    Args:
        policy: The pack in force.
        units: The units' codes, in the bureau's order.
        problems: What the units wrote under 存在问题与建议.
        date: The paper's date, as written.
        bureau: The bureau's name of that day.
        division: The division that sums up (政法处).
    """

    policy: Policy
    units: Sequence[str]
    problems: Problems
    date: str
    bureau: str
    division: str


def report(summary: Summary, paragraphs: Sequence[str], setting: Setting, *, has_chart: bool) -> Report:
    """Return the quarter's report.

    Args:
        summary: The quarter.
        paragraphs: Its sentences, as the coordinator left them.
        setting: Where and when.
        has_chart: Whether the picture stands in it.
    """
    rows = [(summary.names.units.get(unit, unit), summary.figures(unit)) for unit in setting.units]
    return Report(
        bureau=setting.bureau,
        unit=setting.division,
        quarter=format_quarter(summary.quarter),
        period=written_span(summary.quarter.span),
        paragraphs=tuple(paragraphs),
        matters=tuple(TableRow(*each) for each in summary_rows(summary, None)),
        units=tuple(TableRow(*each) for each in _with_total(rows, summary)),
        check=balance(summary.figures()),
        problems=tuple(_problems(summary, setting)),
        basis=basis_of(summary, setting.policy),
        date=setting.date,
        has_chart=has_chart,
    )


def circular(
    summary: Summary,
    setting: Setting,
    *,
    paragraphs: Sequence[str],
    named: Collection[str],
    practice: Sequence[str] = (),
    problems: Sequence[str] = (),
    steps: Sequence[str] = (),
) -> Circular:
    """Return the draft of a circular; only ticked units are named, the others stand in one row.

    Args:
        summary: The quarter.
        setting: Where and when.
        paragraphs: The overall situation.
        named: Codes of the units that the coordinator has ticked.
        practice: What was done well.
        problems: What was not; the units' own words are not taken over, they may name somebody.
        steps: What is asked for.
    """
    shown = [unit for unit in setting.units if unit in named]
    rows = [(summary.names.units.get(unit, unit), summary.figures(unit)) for unit in shown]
    rest = Figures()
    for unit in setting.units:
        rest += Figures() if unit in named else summary.figures(unit)
    if shown and len(shown) < len(setting.units):
        rows.append((pgettext("row", "Other units"), rest))
    return Circular(
        bureau=setting.bureau,
        unit=setting.division,
        quarter=format_quarter(summary.quarter),
        basis=_clause(setting.policy),
        paragraphs=tuple(paragraphs),
        units=tuple(TableRow(*each) for each in _with_total(rows, summary)),
        practice=tuple(practice),
        problems=tuple(problems),
        steps=tuple(steps),
        date=setting.date,
    )


def chart(summary: Summary) -> Chart:
    """Return the quarter's picture: what was used each month, and by which unit."""
    months = [
        (month_name(month, summary.quarter.span), [figures[each] for each in DRAWN])
        for month, figures in summary.statistics.by_month().items()
    ]
    units = [
        (summary.names.units.get(unit, unit), [figures[each] for each in DRAWN])
        for unit, figures in summary.statistics.by_unit().items()
        if any(figures[each] for each in DRAWN)
    ]
    return Chart(
        title=_("Use of credit products in %(quarter)s") % {"quarter": format_quarter(summary.quarter)},
        series=[chart_name(each) for each in DRAWN],
        months=months,
        units=sorted(units, key=lambda each: (-sum(each[1]), each[0])),
        months_title=_("By month"),
        units_title=_("By unit, all products together"),
        others=pgettext("row", "Other units"),
        note=_("Period: %(period)s") % {"period": written_span(summary.quarter.span)},
        empty=_("Nothing was recorded"),
    )


def chart_name(measure: Measure) -> str:
    """Return what a figure is called where there is little room."""
    return {
        Measure.LETTERS: pgettext("chart", "Letters"),
        Measure.APPLIED: pgettext("chart", "Applications"),
        Measure.REUSED: pgettext("chart", "Direct use"),
        Measure.REPORTS: pgettext("chart", "Reports"),
    }.get(measure) or measure_name(measure)


def basis_of(summary: Summary, policy: Policy) -> str:
    """Return by which rules and which calendar the figures were reckoned; short, so that two papers can be compared."""
    said = _("%(clause)s; rules %(hash)s, working calendar no. %(calendar)d")
    return said % {
        "clause": _clause(policy),
        "hash": summary.policy_hash[:8],
        "calendar": summary.calendar_version,
    }


def _clause(policy: Policy) -> str:
    """Return the clause that asks for the summary; the pack's name where it names none."""
    clause = policy.clauses.get(policy.quarters.clause or "")
    return policy.citation(Source(document=clause.document, clause=clause.id)) if clause else policy.name


def _with_total(rows: Sequence[tuple[str, Figures]], summary: Summary) -> list[tuple[str, ...]]:
    return [*(row(name, figures) for name, figures in rows), row(pgettext("row", "Total"), summary.figures())]


def _problems(summary: Summary, setting: Setting) -> list[str]:
    names = summary.names.units
    return [
        _("%(label)s: %(value)s") % {"label": names.get(unit, unit), "value": said}
        for unit in setting.units
        for said in setting.problems.get(unit, ())
    ]
