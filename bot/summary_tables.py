"""The quarterly summary as tables: one page for the desk, and everything finer behind it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from bot.documents.tables import Table
from bot.figure_words import (
    balance,
    carried_row,
    columns,
    matter_name,
    mean_days,
    measure_name,
    month_name,
    open_row,
    row,
    side_task,
)
from bot.figures import STOCKS, Figures, Measure, grouped
from bot.language import _, pgettext
from bot.policy.model import CounterpartKind
from bot.quarters import format_quarter
from bot.scope import kind_name
from bot.statistics import Statistics
from bot.summary import Names, Summary

Problems = Mapping[str, Sequence[str]]
"""Unit -> what it wrote under 存在问题与建议."""
Groups = Sequence[tuple[str, Figures]]
"""Rows by what they are called: two may bear one name, such as a unit that was dissolved and founded anew."""

_FLOWS: Final = tuple(each for each in Measure if each not in STOCKS)
_OF_ITEMS: Final = tuple(each for each in _FLOWS if each is not Measure.TIMES)


def summary_rows(summary: Summary, unit: str | None, problems: Iterable[str] = ()) -> list[tuple[str, ...]]:
    """Return the rows of the table of eight columns: each matter, their sum, and what makes the figures add up.

    Args:
        summary: The quarter.
        unit: The one unit that is meant; None for all.
        problems: What was written under 存在问题与建议.
    """
    cells = [cell for cell in summary.statistics.cells if unit in (None, cell.unit)]
    by_matter = grouped(cells, lambda cell: cell.matter)
    named = [(matter_name(summary.names, code), figures) for code, figures in by_matter.items() if _shown(figures)]
    total = summary.figures(unit)
    rows = [row(name, figures) for name, figures in sorted(named, key=_largest_first)]
    rows.append(row(pgettext("row", "Total"), total, "\n".join(problems)))
    for each in summary.corrections:
        if (change := each.of(unit)) != Figures():
            said = pgettext("row", "Correction of %(quarter)s") % {"quarter": format_quarter(each.quarter)}
            rows.append(row(said, change))
    return [*rows, carried_row(total), open_row(total)]


def workbook_tables(
    summary: Summary,
    units: Sequence[str],
    *,
    problems: Problems,
    ledger: Table | None = None,
    about: Sequence[tuple[str, str]] = (),
) -> list[Table]:
    """Return all sheets of a quarter's workbook.

    Args:
        summary: The quarter.
        units: The units, in the bureau's order; those without figures are listed with 0.
        problems: What the units wrote.
        ledger: The entries behind the figures, for those who may see them.
        about: How the figures came about, as pairs of lines.
    """
    every = [
        _("%(label)s: %(value)s") % {"label": _unit(summary, unit), "value": said}
        for unit in units
        for said in problems.get(unit, ())
    ]
    sheets = [
        Table(pgettext("sheet", "Summary"), columns(), _with_balance(summary, None, every)),
        *finer_tables(summary.statistics, summary.names, units),
        Table(pgettext("sheet", "Comparison"), _comparison_columns(), comparison_rows(summary)),
        further_table(summary.statistics, summary.names),
    ]
    active = summary.statistics.by_unit()
    for unit in units:
        if unit in active or problems.get(unit):
            sheets.append(Table(_unit(summary, unit), columns(), _with_balance(summary, unit, problems.get(unit, ()))))
    if ledger is not None:
        sheets.append(ledger)
    return [*sheets, about_table(about)]


def finer_tables(statistics: Statistics, names: Names, units: Sequence[str]) -> list[Table]:
    """Return every figure of a period, grouped in each way; each sheet ends with the sum of the whole period.

    Args:
        statistics: The figures.
        names: What the codes are called.
        units: The units, in the bureau's order; those without figures are listed with 0.
    """
    by_kind = [
        (_kind(code), figures)
        for code, figures in statistics.by_kind().items()
        if any(figures[measure] for measure in _OF_ITEMS)
    ]
    by_product = [
        (names.products.get(code, code), figures) for code, figures in statistics.by_product().items() if code
    ]
    outside = pgettext("figure", "Outside the catalogue")
    by_category = [(name or outside, figures) for name, figures in statistics.by_category(names.categories).items()]
    by_month = [(month_name(code, statistics.span), figures) for code, figures in statistics.by_month().items()]
    by_matter = [(matter_name(names, code), figures) for code, figures in statistics.by_matter().items()]
    active = statistics.by_unit()
    by_unit = [(names.units.get(code, code), active.get(code, Figures())) for code in units]
    total = statistics.total()
    return [
        _by(total, pgettext("sheet", "By unit"), by_unit),
        _by(total, pgettext("sheet", "By month"), by_month, _FLOWS),
        _by(total, pgettext("sheet", "By product"), by_product, _OF_ITEMS),
        _by(total, pgettext("sheet", "By matter"), by_matter),
        _by(total, pgettext("sheet", "By category"), by_category),
        _by(total, pgettext("sheet", "By kind of counterpart"), by_kind, _OF_ITEMS),
    ]


def about_table(about: Sequence[tuple[str, str]]) -> Table:
    """Return how the figures came about, as pairs of lines."""
    return Table(pgettext("sheet", "About"), (_("Line"), _("Says")), list(about))


def comparison_rows(summary: Summary, unit: str | None = None) -> list[tuple[str, ...]]:
    """Return each figure beside that of the quarter before and of a year ago; "—" where nothing is known."""
    now, before, a_year_ago = summary.figures(unit), summary.before(unit), summary.a_year_ago(unit)
    return [
        (
            measure_name(each),
            str(now[each]),
            "—" if before is None else str(before[each]),
            "—" if before is None else change(now[each] - before[each]),
            "—" if a_year_ago is None else str(a_year_ago[each]),
            "—" if a_year_ago is None else change(now[each] - a_year_ago[each]),
        )
        for each in Measure
    ]


def further_table(statistics: Statistics, names: Names) -> Table:
    """Return what no column holds: the centre's time, agencies, side tasks, opinions used again, what comes next."""
    found: list[tuple[str, str, str]] = []
    if (wait := statistics.turnaround()) is not None:
        found.append((_("Mean working days at the credit centre"), "", mean_days(wait.answers, wait.working_days)))
        found.append((_("Longest time, in working days"), "", str(wait.longest)))
        found.append((_("Feedback that was timed (counterparts)"), "", str(wait.answers)))
    found.append((_("Different opinions used again"), "", str(statistics.opinions_in_all)))
    for agency, count in statistics.reports_by_agency().items():
        said = _("Credit reports of %(agency)s") % {"agency": agency or pgettext("agency", "no agency noted")}
        found.append((said, "", str(count)))
    for state, count in statistics.follow_up_states().items():
        found.append((_("Adverse findings: %(state)s") % {"state": side_task(state)}, "", str(count)))
    for each in statistics.ahead:
        unit = names.units.get(each.unit, each.unit)
        found.append((_("Opinions that end next quarter"), unit, str(each.opinions)))
        found.append((_("Feedback due next quarter (counterparts)"), unit, str(each.feedback)))
        found.append((_("Commitments to be fulfilled next quarter"), unit, str(each.commitments)))
        found.append((_("Decisions planned for next quarter"), unit, str(each.decisions)))
    return Table(pgettext("sheet", "Further figures"), (_("Line"), _("Unit"), _("Figure")), found)


def change(difference: int) -> str:
    """Return a difference with its sign."""
    return f"+{difference}" if difference > 0 else str(difference)


def _by(total: Figures, title: str, groups: Groups, measures: Sequence[Measure] = tuple(Measure)) -> Table:
    """Return groups with every figure, and their sum."""
    rows = [(name, *(str(each[measure]) for measure in measures)) for name, each in groups]
    rows.append((pgettext("row", "Total"), *(str(total[measure]) for measure in measures)))
    return Table(title, (pgettext("column", "Group"), *(measure_name(each) for each in measures)), rows)


def _with_balance(summary: Summary, unit: str | None, problems: Iterable[str]) -> list[tuple[str, ...]]:
    said = balance(summary.figures(unit))
    return [*summary_rows(summary, unit, problems), (pgettext("row", "Check"), "", "", "", "", "", "", said)]


def _comparison_columns() -> tuple[str, ...]:
    return (
        pgettext("column", "Figure"),
        pgettext("column", "This quarter"),
        pgettext("column", "Quarter before"),
        pgettext("column", "Change on the quarter before"),
        pgettext("column", "Same quarter a year ago"),
        pgettext("column", "Change on a year ago"),
    )


def _kind(code: str | None) -> str:
    return pgettext("figure", "A list kept elsewhere") if code is None else kind_name(CounterpartKind(code))


def _unit(summary: Summary, code: str) -> str:
    return summary.names.units.get(code, code)


def _shown(figures: Figures) -> bool:
    return any(figures[each] for each in _FLOWS)


def _largest_first(named: tuple[str, Figures]) -> tuple[int, str]:
    name, figures = named
    return -(figures.letters + figures.applied + figures.reused + figures.reports), name
