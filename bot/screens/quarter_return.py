"""The screens of a unit's quarterly return (季度报表): the prompt, the return, its gaps, its figures by matter."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.dates import format_day
from bot.figures import Figures
from bot.language import _, ngettext, pgettext
from bot.quarters import format_quarter
from bot.returns import Gap, UnitReturn, gap_name, state_name
from bot.screens.paging import PAGE, page_line, paged, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled


def prompt(unit: UnitReturn, *, today: dt.date, chased: bool = False) -> Screen:
    """Ask for a unit's return, with its figures so far.

    Args:
        unit: The return.
        today: Local date.
        chased: Whether a coordinator asks for it (催报).
    """
    head = pgettext("return", "Quarterly return due") if chased else pgettext("return", "Quarterly summary")
    so_far = min(today, unit.quarter.ends_on)
    values = {"day": format_day(so_far, today=today), "figures": in_a_line(unit.figures)}
    text = lines(
        bold(_("[%(title)s] %(quarter)s, %(unit)s") % _head(unit, head)),
        esc(_("Up to %(day)s: %(figures)s") % values),
        esc(_missing(unit.gaps)) if unit.gaps else None,
        esc(_until(unit, today)),
        esc(_("Please write problems and suggestions in a sentence or two; where there are none, nothing need be."))
        if unit.problems is None
        else None,
    )
    return Screen("quarter_prompt", text, _rows(unit, opened=False), aside=True)


def shown(unit: UnitReturn, *, today: dt.date, may_fill: bool, may_confirm: bool, said: str | None = None) -> Screen:
    """A unit's return with its eight columns, what is incomplete, and what was written.

    Args:
        unit: The return.
        today: Local date.
        may_fill: Whether the reader answers for it.
        may_confirm: Whether the reader is its head, or a coordinator.
        said: A sentence that comes first, such as what was just done.
    """
    text = lines(
        esc(said) + "\n" if said else None,
        bold(_("[%(title)s] %(quarter)s, %(unit)s") % _head(unit, pgettext("return", "Quarterly return"))),
        labelled(pgettext("label", "State"), _state(unit)),
        *columns(unit.figures),
        labelled(pgettext("line", "Problems and suggestions"), unit.problems or pgettext("return", "none written")),
        *(esc(_("No. %(number)d") % {"number": each.id} + f" {each.text}") for each in unit.issues[:3]),
        esc(_("%(n)d problems of officers in all, see /feedback") % {"n": len(unit.issues)})
        if len(unit.issues) > 3
        else None,
        *_corrected(unit),
        esc(_missing(unit.gaps)) if unit.gaps else None,
        esc(_until(unit, today)) if unit.may_fill else None,
        esc(_("The quarter is sent on and locked; what is corrected later goes into the next one."))
        if unit.is_locked
        else None,
    )
    rows = _rows(unit, opened=True) if may_fill else ()
    return Screen("quarter_return", text, (*rows, *_deciding(unit, may_fill=may_fill, may_confirm=may_confirm)))


def by_matter(unit: UnitReturn, page: int) -> Screen:
    """The eight columns of a return matter by matter."""
    matters = unit.by_matter
    here, page, pages = paged(matters, page)
    text = lines(
        bold(_("[%(title)s] %(quarter)s, %(unit)s") % _head(unit, pgettext("return", "By matter"))),
        esc(_("No figures in this quarter.")) if not matters else None,
        page_line(page, pages),
        *(lines("", bold(name), esc(in_a_line(figures))) for name, figures in here),
    )
    turned = turning(page, pages, lambda to: Press("qmat", unit.id, arg=str(to)))
    back = Button(pgettext("button", "Back"), Press("qret", unit.id))
    return Screen("quarter_matters", text, (*turned, (back,)))


def gaps(unit: UnitReturn, reader_id: int, page: int, *, asked: int | None = None) -> Screen:
    """What is incomplete, and who can complete it.

    Args:
        unit: The return.
        reader_id: Who reads; their own entries open by a press, the others' owners are asked by one.
        page: The page, from 0.
        asked: How many officers were just asked.
    """
    here, page, pages = paged(unit.gaps, page)
    others = {gap.owner_id for gap in unit.gaps} - {reader_id}
    said = None
    if asked is not None:
        said = ngettext("%(n)d officer is asked.", "%(n)d officers are asked.", asked) % {"n": asked}
        if not asked:
            said = _("They were asked today already.")
    text = lines(
        esc(said) + "\n" if said else None,
        bold(_("[%(title)s] %(quarter)s, %(unit)s") % _head(unit, pgettext("return", "To be completed"))),
        page_line(page, pages),
        *(esc(_gap_line(gap)) for gap in here),
        esc(_("Nothing is missing any more.")) if not unit.gaps else None,
    )
    rows = list(gap_buttons([gap for gap in here if gap.owner_id == reader_id or not gap.owner_id]))
    if others and asked is None:
        label = pgettext("button", "Ask the officers (%(n)d)") % {"n": len(others)}
        rows.append((Button(label, Press("qask", unit.id, unit.version), Style.PRIMARY),))
    rows += turning(page, pages, lambda to: Press("qgap", unit.id, arg=str(to)))
    back = Button(pgettext("button", "Back"), Press("qret", unit.id))
    return Screen("quarter_gaps", text, (*rows, (back,)))


def asked_to_complete(unit: UnitReturn, mine: Sequence[Gap], *, today: dt.date) -> Screen:
    """Ask an officer to complete their entries for the unit's return."""
    text = lines(
        bold(_("[%(title)s] %(quarter)s, %(unit)s") % _head(unit, pgettext("return", "To be completed"))),
        *(esc(_gap_line(gap)) for gap in mine[:PAGE]),
        esc(_("Please complete them before the return; a press opens the entry.")),
        esc(_until(unit, today)),
    )
    return Screen("quarter_complete", text, gap_buttons(mine[:PAGE]), aside=True)


def gap_buttons(found: Sequence[Gap]) -> tuple[tuple[Button, ...], ...]:
    """Return a button for each entry, two in a row."""
    buttons = [Button(gap.number, Press("req", gap.request_id)) for gap in found]
    return tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))


def to_confirm(unit: UnitReturn, *, today: dt.date) -> Screen:
    """Ask the head of a unit to confirm its return."""
    screen = shown(unit, today=today, may_fill=False, may_confirm=True)
    return replace(screen, name="quarter_to_confirm", aside=True)


def sent_back(unit: UnitReturn, *, today: dt.date) -> Screen:
    """Tell whoever filled a return in that it was sent back."""
    said = _("The return was sent back. Please correct it and report it again.")
    return replace(
        shown(unit, today=today, may_fill=True, may_confirm=False, said=said), name="quarter_sent_back", aside=True
    )


def ask_officer(quarter: str, until: str) -> Screen:
    """Ask an officer for problems, once, before the quarter ends."""
    text = lines(
        bold(_("[%(title)s] %(quarter)s") % {"title": _("Problems and suggestions"), "quarter": quarter}),
        esc(_("The quarter ends soon. What did not work with the credit products?")),
        esc(_("Please write it by %(day)s in a sentence or two; if there is nothing, no answer is needed.")
            % {"day": until}),
    )  # fmt: skip
    rows = ((Button(pgettext("button", "Feed back a problem"), Press("fbnew"), Style.PRIMARY),),)
    return Screen("quarter_ask", text, rows, aside=True)


def columns(figures: Figures) -> tuple[str, ...]:
    """Return the eight columns of the summary, each on a line, so that they add up for a reader.

    Source: domain.md §4.4.
    """
    said = {
        pgettext("column", "carried over from the last quarter"): _("%(n)d organisations") % {"n": figures.carried},
        pgettext("column", "commitments"): _("%(n)d letters") % {"n": figures.letters},
        pgettext("column", "applications for verification"): _("%(times)d times, %(n)d organisations")
        % {"times": figures.times, "n": figures.applied},
        pgettext("column", "valid opinions used"): _("%(n)d organisations") % {"n": figures.reused},
        pgettext("column", "feedback overdue, receipt confirmed"): _("%(n)d organisations") % {"n": figures.overdue},
        pgettext("column", "adverse information"): _("%(n)d organisations") % {"n": figures.adverse},
        pgettext("column", "credit reports"): _("%(n)d letters") % {"n": figures.reports},
        pgettext("column", "without feedback at the end"): _("%(n)d organisations") % {"n": figures.open},
    }
    return tuple(labelled(label, value) for label, value in said.items())


def in_a_line(figures: Figures) -> str:
    """Return the figures in a line; what is 0 is left out."""
    parts = [
        _("%(n)d carried over") % {"n": figures.carried} if figures.carried else "",
        _("%(n)d commitments") % {"n": figures.letters} if figures.letters else "",
        _("%(times)d applications for %(n)d organisations") % {"times": figures.times, "n": figures.applied}
        if figures.applied
        else "",
        _("valid opinions used for %(n)d") % {"n": figures.reused} if figures.reused else "",
        _("feedback overdue for %(n)d") % {"n": figures.overdue} if figures.overdue else "",
        _("adverse information on %(n)d") % {"n": figures.adverse} if figures.adverse else "",
        _("%(n)d credit reports") % {"n": figures.reports} if figures.reports else "",
        _("%(n)d without feedback") % {"n": figures.open} if figures.open else "",
    ]
    return pgettext("parts", "; ").join(part for part in parts if part) or _("all figures are 0")


def _head(unit: UnitReturn, title: str) -> dict[str, str]:
    return {"title": title, "quarter": format_quarter(unit.quarter), "unit": unit.unit}


def _state(unit: UnitReturn) -> str:
    said = state_name(unit.state, waits_for_head=unit.waits_for_head)
    return said + pgettext("return", " (nil return)") if unit.nil and unit.state.is_reported else said


def _until(unit: UnitReturn, today: dt.date) -> str:
    values = {"day": format_day(unit.due.on, today=today, provisional=unit.due.provisional)}
    if not unit.is_over:
        return _("Please check it after the end of the quarter and report it by %(day)s.") % values
    if unit.due.on < today:
        return _("It was due on %(day)s. Please report it now.") % values
    return _("Please check it and report it by %(day)s.") % values


def _missing(found: Sequence[Gap]) -> str:
    who = Counter(gap.owner or _("Officer") for gap in found)
    names = pgettext("names", ", ").join(
        _("%(name)s with %(n)d") % {"name": name, "n": n} for name, n in who.most_common(4)
    )  # fmt: skip
    return _("%(n)d entries are incomplete (%(names)s)") % {"n": len(found), "names": names}


def _gap_line(gap: Gap) -> str:
    return _("%(number)s, %(name)s: %(gap)s") % {
        "number": gap.number,
        "name": gap.owner or _("Officer"),
        "gap": gap_name(gap.kind),
    }


def _corrected(unit: UnitReturn) -> tuple[str, ...]:
    """Return a line for each earlier quarter whose figures have changed since it was sent on."""
    said = _("Corrected since %(quarter)s was sent on: %(changes)s")
    each = [{"quarter": format_quarter(quarter), "changes": _changes(row)} for quarter, row in unit.corrected.items()]
    return tuple(esc(said % values) for values in each if values["changes"])


def _changes(figures: Figures) -> str:
    changes = {
        pgettext("column", "commitments"): figures.letters,
        pgettext("column", "applications for verification"): figures.applied,
        pgettext("column", "valid opinions used"): figures.reused,
        pgettext("column", "feedback overdue, receipt confirmed"): figures.overdue,
        pgettext("column", "adverse information"): figures.adverse,
        pgettext("column", "credit reports"): figures.reports,
    }
    return pgettext("parts", "; ").join(f"{label}{change:+d}" for label, change in changes.items() if change)


def _rows(unit: UnitReturn, *, opened: bool) -> tuple[tuple[Button, ...], ...]:
    """Return what whoever answers for the return may do; nothing once it is reported."""
    if not unit.may_fill:
        return () if opened else ((_open(unit),),)
    rows: list[tuple[Button, ...]] = []
    if unit.gaps:
        label = pgettext("button", "Complete %(n)d") % {"n": len(unit.gaps)}
        rows.append((Button(label, Press("qgap", unit.id)),))
    problems = Button(pgettext("button", "Write problems"), Press("qprb", unit.id, unit.version))
    if unit.may_report_nil:
        rows.append((Button(pgettext("button", "Nil return"), Press("qnil", unit.id, unit.version), Style.PRIMARY),))
    elif opened and unit.may_report:
        plain = pgettext("button", "Report, no problems") if unit.problems is None else pgettext("button", "Report")
        rows.append((Button(plain, Press("qrep", unit.id, unit.version), Style.PRIMARY),))
    rows.append((problems,) if opened else (problems, _open(unit)))
    return tuple(rows)


def _open(unit: UnitReturn) -> Button:
    label = pgettext("button", "Check and report") if unit.may_report else pgettext("button", "Look at the return")
    return Button(label, Press("qret", unit.id))


def _deciding(unit: UnitReturn, *, may_fill: bool, may_confirm: bool) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    if may_confirm and unit.waits_for_head and unit.may_fill:
        rows.append((
            Button(pgettext("button", "Confirm and report"), Press("qcnf", unit.id, unit.version), Style.PRIMARY),
            Button(pgettext("button", "Send back"), Press("qbck", unit.id, unit.version)),
        ))  # fmt: skip
    if may_fill and unit.state.is_reported and not unit.is_locked:
        rows.append((Button(pgettext("button", "Take the return back"), Press("qbck", unit.id, unit.version)),))
    rows.append((Button(pgettext("button", "By matter"), Press("qmat", unit.id)),))
    return tuple(rows)
