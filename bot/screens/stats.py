"""The screens of the figures: a period at a glance, the entries behind each figure, and the way to other periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.figure_words import mean_days
from bot.figures import Figures, Measure
from bot.finding import PAGE
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.periods import Kind, Period, period_name, written_span
from bot.screens.ledger import Wording, phase_words
from bot.screens.screen import Button, File, Press, Screen, Style, bold, esc, lines
from bot.statistics import Statistics

_LABEL: Final = 40  # characters of a button
OPENED: Final = (
    Measure.LETTERS,
    Measure.APPLIED,
    Measure.REUSED,
    Measure.RETURNED,
    Measure.OVERDUE,
    Measure.ADVERSE,
    Measure.REPORTS,
    Measure.BREACHED,
    Measure.WITHDRAWN,
    Measure.CARRIED,
    Measure.OPEN,
    Measure.OPEN_OVERDUE,
)
"""The figures that a press opens, each as the list of its entries."""

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figures of which period.

    Args:
        period: The period.
        unit_id: The unit; 0 for the whole bureau.
        unit: Its name.
        sees_all: Whether this person may choose the unit.
    """

    period: Period
    unit_id: int
    unit: str
    sees_all: bool

    def press(self, verb: str, more: str = "", *, page: int = 0, period: Period | None = None) -> Press:
        """Return a press about the same unit."""
        arg = (period or self.period).code + (f",{more}" if more else "")
        return Press(verb, self.unit_id, page, arg)


def shown(asked: Asked, statistics: Statistics, *, until: str | None, frozen: bool) -> Screen:
    """A period at a glance; each figure is a button that opens its entries.

    Args:
        asked: Whose figures.
        statistics: The figures.
        until: The day up to which they reach, where the period is not over.
        frozen: Whether the quarter has been reported, so that later corrections stand in the next one.
    """
    figures = statistics.total()
    text = lines(
        bold(_("Figures: %(period)s, %(unit)s") % {"period": period_name(asked.period), "unit": asked.unit}),
        esc(_("Period: %(period)s") % {"period": written_span(asked.period.span)}),
        esc(_("The period is not over: as of %(day)s") % {"day": until}) if until else None,
        esc(_("This quarter has been summed up; what was corrected since counts for the next.")) if frozen else None,
        "",
        *(esc(line) for line in _said(figures, statistics)),
        esc(_("Nothing was recorded.")) if figures.is_nil else "\n" + esc(_("Press a figure to see its entries.")),
    )
    return Screen("stats", text, (*_figures(asked, figures), *_choices(asked, exports=not figures.is_nil)))


def entries(
    asked: Asked, measure: Measure, listed: Sequence[Entry], wording: Wording, *, page: int, total: int, hidden: int
) -> Screen:
    """The entries behind a figure.

    Args:
        asked: Whose figures.
        measure: Which figure.
        listed: The entries of this page.
        wording: The words of the pack.
        page: From 0.
        total: How many entries this person may see.
        hidden: How many more there are, of colleagues.
    """
    last = max(1, -(-total // PAGE))
    text = lines(
        bold(_("Figures: %(period)s, %(unit)s") % {"period": period_name(asked.period), "unit": asked.unit}),
        esc(_("%(figure)s: %(n)d entries") % {"figure": figure_name(measure), "n": total}),
        esc(_("%(n)d more are kept by colleagues.") % {"n": hidden}) if hidden else None,
        esc(_("Page %(page)d of %(pages)d") % {"page": page + 1, "pages": last}) if last > 1 else None,
        *("\n" + lines(esc(f"{each.number} {each.matter}"), esc(phase_words(each, wording))) for each in listed),
    )
    rows = tuple((Button(f"{each.number} {each.matter}"[:_LABEL], Press("req", each.id)),) for each in listed)
    turning = []
    if page > 0:
        before = asked.press("stfig", measure.value, page=page - 1)
        turning.append(Button(pgettext("button", "Previous page"), before))
    if page + 1 < last:
        turning.append(Button(pgettext("button", "Next page"), asked.press("stfig", measure.value, page=page + 1)))
    back = (Button(pgettext("button", "Back"), asked.press("stat")),)
    return Screen("stats_entries", text, (*rows, *((tuple(turning),) if turning else ()), back))


def asking(asked: Asked) -> Screen:
    """Ask for a period."""
    text = lines(
        bold(_("Figures of any period")),
        esc(_("Please send a month, a quarter, a year, or two days.")),
        esc(_("For example: %(examples)s") % {"examples": "2026年第四季度、11月、2026-10-01至2026-11-15"}),
    )
    return Screen("stats_asking", text, ((Button(pgettext("button", "Back"), asked.press("stat")),),))


def units(asked: Asked, names: Mapping[int, str]) -> Screen:
    """The units, to be chosen."""
    every = {0: pgettext("figure", "Whole bureau"), **names}
    buttons = [
        Button(("● " if key == asked.unit_id else "") + name, Press("stat", key, 0, asked.period.code))
        for key, name in every.items()
    ]
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    text = lines(bold(_("Figures: choose the unit")), esc(period_name(asked.period)))
    return Screen("stats_units", text, (*rows, (Button(pgettext("button", "Back"), asked.press("stat")),)))


def exporting(asked: Asked) -> Screen:
    """The book is being made."""
    said = _("The sheet is being made and will be sent into this chat.")
    return Screen(
        "stats_exporting", esc(said), ((Button(pgettext("button", "Back"), asked.press("stat")),),), stays=True
    )


def exported(file: File, name: str, *, has_ledger: bool) -> Screen:
    """The book that was asked for.

    Args:
        file: The book.
        name: Period and unit.
        has_ledger: Whether the entries stand in it.
    """
    missing = _("The entries are too many for one sheet; please choose a shorter period or one unit to have them too.")
    text = lines(bold(_("Figures as a sheet")), esc(name), None if has_ledger else esc(missing))
    return Screen(
        "stats_exported", text, ((Button(pgettext("button", "Figures"), Press("stat")),),), stays=True, file=file
    )


def figure_name(measure: Measure) -> str:
    """Return what a figure is called on a button."""
    return {
        Measure.LETTERS: pgettext("button", "Letters"),
        Measure.APPLIED: pgettext("button", "Applications"),
        Measure.REUSED: pgettext("button", "Direct use"),
        Measure.RETURNED: pgettext("button", "Feedback"),
        Measure.OVERDUE: pgettext("button", "Late feedback"),
        Measure.ADVERSE: pgettext("button", "Adverse"),
        Measure.REPORTS: pgettext("button", "Reports"),
        Measure.BREACHED: pgettext("button", "Breached"),
        Measure.WITHDRAWN: pgettext("button", "Withdrawn"),
        Measure.CARRIED: pgettext("button", "Carried over"),
        Measure.OPEN: pgettext("button", "Without feedback"),
        Measure.OPEN_OVERDUE: pgettext("button", "Overdue now"),
    }[measure]


def _said(figures: Figures, statistics: Statistics) -> list[str]:
    """Return the figures in lines, those that are 0 left out; what is a part of another stands behind it."""
    values = {measure.value: figures[measure] for measure in Measure}
    said = [
        _("Commitments %(letters)d, of these %(in_form)d inside the application form") if figures.in_form
        else _("Commitments %(letters)d") if figures.letters else "",
        _("Applications %(times)d times for %(applied)d counterparts") if figures.applied else "",
        _("Valid opinions used directly for %(reused)d counterparts") if figures.reused else "",
        _("Feedback on %(returned)d: %(on_time)d in time, %(overdue)d late, %(unconfirmed)d without a period")
        if figures.returned else "",
        _("Adverse %(adverse)d, of these %(serious)d seriously dishonest") if figures.adverse else "",
        _("Credit reports %(reports)d") if figures.reports else "",
        _("Commitments breached %(breached)d") if figures.breached else "",
        _("Withdrawn %(withdrawn)d") if figures.withdrawn else "",
        _("Carried over %(carried)d, without feedback %(open)d, overdue %(open_overdue)d")
        if figures.carried or figures.open else "",
    ]  # fmt: skip
    lines_of = [each % values for each in said if each]
    if (wait := statistics.turnaround()) is not None:
        days = {"days": mean_days(wait.answers, wait.working_days), "longest": wait.longest}
        lines_of.insert(4, _("The centre took %(days)s working days on average, %(longest)d at most") % days)
    return lines_of


def _figures(asked: Asked, figures: Figures) -> Rows:
    buttons = [
        Button(f"{figure_name(each)} {figures[each]}", asked.press("stfig", each.value))
        for each in OPENED
        if figures[each]
    ]
    return tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))


def _choices(asked: Asked, *, exports: bool) -> Rows:
    """Return the buttons that lead to other periods and units."""
    near = (
        Button(pgettext("button", "Period before"), asked.press("stat", period=asked.period.before)),
        Button(pgettext("button", "Period after"), asked.press("stat", period=asked.period.after)),
    )
    kinds = tuple(
        Button(name, Press("stat", asked.unit_id, 0, each.value))
        for each, name in (
            (Kind.MONTH, pgettext("button", "This month")),
            (Kind.QUARTER, pgettext("button", "This quarter")),
            (Kind.YEAR, pgettext("button", "This year")),
        )
    )
    more = [Button(pgettext("button", "Other period"), asked.press("stask"))]
    if asked.sees_all:
        more.append(Button(pgettext("button", "Choose unit"), asked.press("stuni")))
    rows: Rows = (near, kinds, tuple(more))
    if not exports:
        return rows
    return (*rows, (Button(pgettext("button", "Export as a sheet"), asked.press("stexp"), Style.PRIMARY),))
