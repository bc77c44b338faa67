"""The bureau's view of a quarter (季度汇总): who has reported, who has not, and how far the summary is."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.quarters import Quarter, format_quarter
from bot.returns import Delivery, PushState
from bot.screens.paging import page_line, paged, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import and_more
from bot.workdays import Reckoned

_MOST_NAMED: Final = 20  # units of a group; all of them stand on the pages of the returns


@dataclass(frozen=True, slots=True)
class Bureau:
    """A quarter as the coordinators see it.

    Args:
        quarter: The quarter.
        due: Until when units report.
        drafted: When the summary drafts itself.
        reported: Units that have reported figures.
        nil: Units that have reported nil.
        waiting: Units whose return waits for the head.
        silent: Units that have not reported.
        nobody: Those of them with nobody who could be asked.
        may_chase: Whether the silent ones may be asked now.
        push_id: The summary's key; 0 where there is none yet.
        push: How far the summary is.
        delivery: What became of its copies.
    """

    quarter: Quarter
    due: Reckoned
    drafted: Reckoned
    reported: Sequence[str]
    nil: Sequence[str]
    waiting: Sequence[str]
    silent: Sequence[str]
    nobody: Sequence[str]
    may_chase: bool
    push_id: int = 0
    push: PushState | None = None
    delivery: Delivery = field(default_factory=Delivery)


def overview(bureau: Bureau, *, today: dt.date, said: str | None = None, acts: bool = True) -> Screen:
    """Who has reported, who has not, and how far the summary is.

    Args:
        bureau: The quarter.
        today: Local date.
        said: A sentence that comes first, such as how many units were asked.
        acts: Whether the reader acts; an auditor only reads.
    """
    due, drafted = (
        format_day(day.on, today=today, provisional=day.provisional) for day in (bureau.due, bureau.drafted)
    )
    text = lines(
        esc(said) + "\n" if said else None,
        bold(_title(bureau.quarter)),
        esc(_("Returns are due by %(day)s") % {"day": due}),
        _group(pgettext("return", "Reported"), bureau.reported),
        _group(pgettext("return", "Nil returns"), bureau.nil),
        _group(pgettext("return", "Waiting for the head"), bureau.waiting),
        _group(pgettext("return", "Not reported"), bureau.silent),
        _group(pgettext("return", "Without liaison or head"), bureau.nobody),
        esc(_all_in(bureau)) if not bureau.silent and not bureau.waiting else None,
        esc(push_line(bureau.push, bureau.delivery, drafted)),
    )
    return Screen("quarter", text, _rows(bureau, acts=acts))


def units(quarter: Quarter, names: Sequence[tuple[int, str]], page: int) -> Screen:
    """The units, each with a button that opens its return.

    Args:
        quarter: The quarter.
        names: The units' keys and names.
        page: The page, from 0.
    """
    here, page, pages = paged(names, page)
    buttons = [Button(name, Press("qopn", key, 0, quarter.code)) for key, name in here]
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    rows += turning(page, pages, lambda to: Press("quni", arg=f"{quarter.code},{to}"))
    rows.append((Button(pgettext("button", "Back"), Press("qq", arg=quarter.code)),))
    return Screen("quarter_units", lines(bold(_title(quarter)), page_line(page, pages)), tuple(rows))


def nobody(quarter: Quarter, names: Sequence[str]) -> Screen:
    """Tell a coordinator which units have nobody who could be asked for the return."""
    text = lines(
        bold(_title(quarter)),
        _group(pgettext("return", "Without liaison or head"), names),
        esc(_("Nobody could be asked for their returns. Please invite a liaison with /invite, or ask them yourself.")),
    )
    return Screen("quarter_nobody", text, (), aside=True)


def push_line(state: PushState | None, delivery: Delivery, day: str) -> str:
    """Return how far a summary is, in a line."""
    if state is None:
        return _("The summary is drafted on %(day)s by itself") % {"day": day}
    if state is not PushState.PUSHED:
        return {
            PushState.DRAFTING: _("The summary is being drafted"),
            PushState.DRAFTED: _("The summary is drafted and waits for your confirmation"),
            PushState.CONFIRMED: _("The summary is confirmed and is being sent"),
        }[state]
    said = _("The summary is sent on: %(n)d delivered, %(k)d unconfirmed") % {
        "n": delivery.delivered,
        "k": delivery.unconfirmed,
    }
    if delivery.waiting:
        said += _(", %(n)d on their way") % {"n": delivery.waiting}
    if delivery.refused:
        said += _(", %(n)d not delivered") % {"n": delivery.refused}
    return said


def _title(quarter: Quarter) -> str:
    values = {"title": pgettext("return", "Quarterly summary"), "quarter": format_quarter(quarter)}
    return _("[%(title)s] %(quarter)s") % values


def _group(label: str, names: Sequence[str]) -> str | None:
    if not names:
        return None
    counted = ngettext("%(label)s, %(n)d unit: %(names)s", "%(label)s, %(n)d units: %(names)s", len(names))
    more = and_more(len(names) - _MOST_NAMED)
    named = [*names[:_MOST_NAMED], *([more] if more else [])]
    return esc(counted % {"label": label, "n": len(names), "names": pgettext("names", ", ").join(named)})


def _all_in(bureau: Bureau) -> str:
    return _("All %(n)d units have reported") % {"n": len(bureau.reported) + len(bureau.nil)}


def _rows(bureau: Bureau, *, acts: bool) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    code = bureau.quarter.code
    asked = len(bureau.silent) - len(bureau.nobody)
    if acts and bureau.may_chase and asked:
        label = pgettext("button", "Ask for %(n)d returns") % {"n": asked}
        rows.append((Button(label, Press("qcha", arg=code), Style.PRIMARY),))
    if acts and bureau.push_id:
        rows.append((Button(pgettext("button", "The summary"), Press("qsum", bureau.push_id)),))
    rows.append((
        Button(pgettext("button", "Returns of the units"), Press("quni", arg=f"{code},0")),
        Button(pgettext("button", "Last quarter"), Press("qq", arg=bureau.quarter.previous.code)),
    ))  # fmt: skip
    return tuple(rows)
