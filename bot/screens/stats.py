"""The screens of the figures: a period at a glance, the entries behind each figure, and the way to other periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.figure_words import mean_days
from bot.figures import Figures, Measure
from bot.finding import PAGE
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.periods import Kind, Period, period_name, written_span
from bot.screens.ledger import Wording, phase_words
from bot.screens.paging import UNITS, page_count, page_line, paged, turning
from bot.screens.screen import Button, File, Press, Screen, Style, bold, esc, lines
from bot.statistics import Statistics

_LABEL: Final = 40  # characters of a button
_OUTSIDE: Final = "-"  # in a button, for the matters outside the catalogue; no code begins with it
Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figures of which period.

    Args:
        period: The period.
        unit_id: The unit; 0 for the whole bureau.
        unit: Its name.
        sees_all: Whether this person may choose the unit.
        matter: Code of the one matter that is meant; None for all, empty for those outside the catalogue.
        matter_name: What it is called.
    """

    period: Period
    unit_id: int
    unit: str
    sees_all: bool
    matter: str | None = None
    matter_name: str = ""

    def press(self, verb: str, more: str = "", *, page: int = 0, period: str = "") -> Press:
        """Return a press about the same unit and matter, of the same period unless another one's code is given."""
        return self.of_matter(self.matter, verb, more, page=page, period=period)

    def of_matter(self, matter: str | None, verb: str, more: str = "", *, page: int = 0, period: str = "") -> Press:
        """Return a press about another matter."""
        parts = (period or self.period.code, more, "" if matter is None else matter or _OUTSIDE)
        return Press(verb, self.unit_id, page, ",".join(parts).rstrip(","))


def read(press: Press) -> tuple[str, str, str | None]:
    """Return the period's code, what more is said, and the matter's code of a press; see ``Asked.press``."""
    period, more, matter = [*press.arg.split(",", 2), "", ""][:3]
    return period, more, ("" if matter == _OUTSIDE else matter or None)


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
        *_heading(asked),
        esc(_("Period: %(period)s") % {"period": written_span(asked.period.span)}),
        esc(_("The period is not over: as of %(day)s") % {"day": until}) if until else None,
        esc(_("This quarter has been summed up; what was corrected since counts for the next.")) if frozen else None,
        "",
        *(esc(line) for line in _said(figures, statistics)),
        esc(_("Nothing was recorded.")) if figures.is_nil else "\n" + esc(_("Press a figure to see its entries.")),
    )
    return Screen("stats", text, (*_figures(asked, figures), *_choices(asked, is_nil=figures.is_nil)))


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
    pages = page_count(total, size=PAGE)
    text = lines(
        *_heading(asked),
        esc(_("%(figure)s: %(n)d entries") % {"figure": figure_name(measure), "n": total}),
        esc(_("%(n)d more are kept by colleagues.") % {"n": hidden}) if hidden else None,
        page_line(page, pages),
        *("\n" + lines(esc(f"{each.number} {each.matter}"), esc(phase_words(each, wording))) for each in listed),
    )
    rows = tuple((Button(f"{each.number} {each.matter}"[:_LABEL], Press("req", each.id)),) for each in listed)
    turned = turning(page, pages, lambda to: asked.press("stfig", measure.value, page=to))
    back = (Button(pgettext("button", "Back"), asked.press("stat")),)
    return Screen("stats_entries", text, (*rows, *turned, back))


def asking(asked: Asked) -> Screen:
    """Ask for a period."""
    text = lines(
        bold(_("Figures of any period")),
        esc(_("Please send a month, a quarter, a year, or two days.")),
        esc(_("For example: %(examples)s") % {"examples": "2026年第四季度、11月、2026-10-01至2026-11-15"}),
    )
    return Screen("stats_asking", text, ((Button(pgettext("button", "Back"), asked.press("stat")),),))


def units(asked: Asked, names: Mapping[int, str], page: int) -> Screen:
    """The units, to be chosen, page by page where there are many."""
    shown, page, pages = paged(list(names.items()), page, size=UNITS)
    every = {0: pgettext("figure", "Whole bureau"), **dict(shown)}
    buttons = [
        Button(_marked(name, chosen=key == asked.unit_id), replace(asked, unit_id=key).press("stat"))
        for key, name in every.items()
    ]
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    text = lines(bold(_("Figures: choose the unit")), esc(period_name(asked.period)), page_line(page, pages))
    pages_row = turning(page, pages, lambda at: asked.press("stuni", page=at))
    return Screen("stats_units", text, (*rows, *pages_row, _unchanged(asked)))


def matters(asked: Asked, names: Mapping[str, str], page: int) -> Screen:
    """The matters that have figures, to be chosen.

    Args:
        asked: Whose figures.
        names: The matters' names by code, the empty one for those outside the catalogue.
        page: From 0.
    """
    here, page, pages = paged(list(names.items()), page, size=PAGE)
    every: list[tuple[str | None, str]] = [(None, pgettext("figure", "All matters")), *here]
    rows = [
        (Button(_marked(name, chosen=code == asked.matter)[:_LABEL], asked.of_matter(code, "stat")),)
        for code, name in every
    ]
    turned = turning(page, pages, lambda to: asked.press("stmat", "", page=to))
    said = esc(f"{period_name(asked.period)} {asked.unit}")
    text = lines(bold(_("Figures: choose the matter")), said, page_line(page, pages))
    return Screen("stats_matters", text, (*rows, *turned, _unchanged(asked)))


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
        Measure.IN_FORM: pgettext("button", "Inside the form"),
        Measure.TIMES: pgettext("button", "Times applied"),
        Measure.APPLIED: pgettext("button", "Applications"),
        Measure.BY_COUNTERPART: pgettext("button", "By the counterpart"),
        Measure.REUSED: pgettext("button", "Direct use"),
        Measure.RETURNED: pgettext("button", "Feedback"),
        Measure.ON_TIME: pgettext("button", "Feedback in time"),
        Measure.OVERDUE: pgettext("button", "Late feedback"),
        Measure.UNCONFIRMED: pgettext("button", "Without a period"),
        Measure.WITHDRAWN: pgettext("button", "Withdrawn"),
        Measure.ADVERSE: pgettext("button", "Adverse"),
        Measure.SERIOUS: pgettext("button", "Seriously dishonest"),
        Measure.REPORTS: pgettext("button", "Reports"),
        Measure.FULFILLED: pgettext("button", "Fulfilled"),
        Measure.BREACHED: pgettext("button", "Breached"),
        Measure.CARRIED: pgettext("button", "Carried over"),
        Measure.OPEN: pgettext("button", "Without feedback"),
        Measure.OPEN_OVERDUE: pgettext("button", "Overdue now"),
    }[measure]


def _heading(asked: Asked) -> tuple[str, ...]:
    head = bold(_("Figures: %(period)s, %(unit)s") % {"period": period_name(asked.period), "unit": asked.unit})
    if asked.matter is None:
        return (head,)
    return head, esc(_("Matter: %(matter)s") % {"matter": asked.matter_name})


def _unchanged(asked: Asked) -> tuple[Button, ...]:
    """Return the way back from a choice; it says more than the button of what is chosen now, to be told from it."""
    return (Button(pgettext("button", "Back"), asked.press("stat", "back")),)


def _marked(name: str, *, chosen: bool) -> str:
    return ("● " if chosen else "") + name


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
        for each in Measure
        if figures[each]
    ]
    return tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))


def _choices(asked: Asked, *, is_nil: bool) -> Rows:
    """Return the buttons that lead to other periods, units and matters, and to the book of all of them."""
    near = (
        Button(pgettext("button", "Period before"), asked.press("stat", period=asked.period.before.code)),
        Button(pgettext("button", "Period after"), asked.press("stat", period=asked.period.after.code)),
    )
    kinds = tuple(
        Button(name, asked.press("stat", period=each.value))
        for each, name in (
            (Kind.MONTH, pgettext("button", "This month")),
            (Kind.QUARTER, pgettext("button", "This quarter")),
            (Kind.YEAR, pgettext("button", "This year")),
        )
    )
    more = [Button(pgettext("button", "Other period"), asked.press("stask"))]
    if asked.sees_all:
        more.append(Button(pgettext("button", "Choose unit"), asked.press("stuni")))
    if not is_nil or asked.matter is not None:
        more.append(Button(pgettext("button", "Choose matter"), asked.press("stmat")))
    rows: Rows = (near, kinds, tuple(more))
    if is_nil or asked.matter is not None:
        return rows
    return (*rows, (Button(pgettext("button", "Export as a sheet"), asked.press("stexp"), Style.PRIMARY),))
