"""The screens of leave cover (请假代办): the list, the questions, the confirmation, and what both sides are told."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.cover import OPEN_ENDED
from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.ledger import Entry
from bot.screens.keys import Keys
from bot.screens.ledger import PAGE, Wording, next_date, phase_words
from bot.screens.paging import page_line, paged, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled


@dataclass(frozen=True, slots=True)
class Covered:
    """A cover as people read it.

    Args:
        id: Its key; 0 for one that is still being entered.
        person: Who is away.
        by: Who stands in.
        from_on: First day, local.
        to_on: Last day, local; None until further notice.
        begun: Whether it holds already.
        may_end: Whether the reader may call it off.
        stands_in: Whether it is the reader who stands in.
    """

    id: int
    person: str
    by: str
    from_on: dt.date
    to_on: dt.date | None
    begun: bool = False
    may_end: bool = False
    stands_in: bool = False

    def days(self, today: dt.date) -> str:
        """Return the days in words."""
        first = format_day(self.from_on, today=today)
        if self.to_on is None:
            return _("from %(first)s until further notice") % {"first": first}
        if self.to_on == self.from_on:
            return first
        return _("%(first)s to %(last)s") % {"first": first, "last": format_day(self.to_on, today=today)}


def overview(covers: Sequence[Covered], *, page: int = 0, today: dt.date, for_others: bool) -> Screen:
    """The covers that hold or will, page by page: one's own, those that one gives, and those that one looks after.

    Args:
        covers: The covers.
        page: From 0.
        today: Local date.
        for_others: Whether the reader may enter one for a colleague.
    """
    shown, page, pages = paged(covers, page)
    text = lines(
        bold(_("Leave cover")),
        page_line(page, pages),
        *(esc(_said(each, today)) for each in shown),
        esc(_("No cover is entered.")) if not covers else None,
        "",
        esc(_("While it holds, your stand-in gets your reminders and may act on your entries; so may you.")),
    )
    rows: list[tuple[Button, ...]] = []
    for each in shown:
        row = []
        if each.stands_in and each.begun:
            label = pgettext("button", "Entries of %(name)s") % {"name": each.person[:6]}
            row.append(Button(label, Press("cvls", each.id)))
        if each.may_end:
            label = pgettext("button", "End early: %(name)s") % {"name": each.person[:6]}
            row.append(Button(label, Press("cvend", each.id, arg=str(page)), Style.DANGER))
        if row:
            rows.append(tuple(row))
    new = [Button(pgettext("button", "Enter my leave"), Press("cvnew"), Style.PRIMARY)]
    if for_others:
        new.append(Button(pgettext("button", "Enter for a colleague"), Press("cvnew", arg="others")))
    rows += turning(page, pages, lambda at: Press("cover", arg=str(at)))
    return Screen("cover", text, (*rows, tuple(new), (Button(pgettext("button", "My ledger"), Press("my")),)))


def _said(covered: Covered, today: dt.date) -> str:
    return _("%(name)s is on leave %(days)s, covered by %(by)s") % {
        "name": covered.person,
        "days": covered.days(today),
        "by": covered.by,
    }


def which_day(line: str, context: Sequence[str], days: Sequence[tuple[str, dt.date]], keys: Keys) -> Screen:
    """Ask for the first or the last day of a leave.

    Args:
        line: ``from`` or ``to``.
        context: What has been chosen already.
        days: Days worth a button, with their labels.
        keys: The keyboard of the draft.
    """
    question = _("From which day?") if line == "from" else _("Up to and including which day?")
    example = f"{days[-1][1].month}月{days[-1][1].day}日"
    text = lines(
        bold(_("Leave cover")),
        *(esc(each) for each in context),
        "",
        esc(question),
        esc(_("For another day send the date, such as %(example)s.") % {"example": example}),
    )
    rows = [(keys.button(label, "cvset", f"{line},{on.isoformat()}"),) for label, on in days]
    if line == "to":
        rows.append((keys.button(pgettext("button", "Until further notice"), "cvset", f"to,{OPEN_ENDED}"),))
    return Screen("cover_day", text, (*rows, (keys.button(pgettext("button", "Cancel"), "cvoff"),)))


def last_days(days: Sequence[tuple[int, dt.date]]) -> list[tuple[str, dt.date]]:
    """Return last days with their labels, each with how many working days the leave then has."""
    return [
        (
            ngettext("%(n)d working day, to %(day)s", "%(n)d working days, to %(day)s", n)
            % {"n": n, "day": f"{on.month}月{on.day}日"},
            on,
        )
        for n, on in days
    ]


def confirm(
    covered: Covered, handed_on: Sequence[str], keys: Keys, *, today: dt.date, others: bool, coordinates: bool
) -> Screen:
    """Show a leave before it is recorded; each line can be changed again.

    Args:
        covered: What was chosen.
        handed_on: Everybody the work passes through on the first day, where the stand-in is away then.
        keys: The keyboard of the draft.
        today: Local date.
        others: Whether it is entered for a colleague, who can then be changed too.
        coordinates: Whether a coordinator is away whose stand-in is none: a cover hands over work and no role.
    """
    role = _("The coordinator's duties are not covered: while no coordinator is at work, they still go to %(name)s.")
    last = format_day(covered.to_on, today=today) if covered.to_on else _("until further notice")
    text = lines(
        bold(_("Leave cover: please confirm")),
        labelled(_("On leave"), covered.person),
        labelled(_("Stand-in"), covered.by),
        labelled(_("First day"), format_day(covered.from_on, today=today)),
        labelled(_("Last day"), last),
        labelled(_("On the first day it goes to"), " → ".join(handed_on)) if handed_on else None,
        "",
        esc(role % {"name": covered.person}) if coordinates else None,
        esc(_("Both are told at once.")),
    )
    edits = [
        keys.button(pgettext("button", "Change the stand-in"), "cvask", "by"),
        keys.button(pgettext("button", "Change the first day"), "cvask", "from"),
        keys.button(pgettext("button", "Change the last day"), "cvask", "to"),
    ]
    if others:
        edits.insert(0, keys.button(pgettext("button", "Change who is away"), "cvask", "who"))
    pairs = tuple(tuple(edits[at : at + 2]) for at in range(0, len(edits), 2))
    ok = keys.button(pgettext("button", "Confirm the cover"), "cvok", style=Style.PRIMARY)
    return Screen("cover_confirm", text, ((ok,), *pairs, (keys.button(pgettext("button", "Cancel"), "cvoff"),)))


def begins(covered: Covered, *, today: dt.date, to_stand_in: bool) -> Screen:
    """Tell one of both sides that a cover was entered."""
    facts = {"name": covered.person, "by": covered.by, "days": covered.days(today)}
    if to_stand_in:
        said = _("%(name)s is on leave %(days)s; you stand in. Reminders of that time come to you.") % facts
    else:
        said = _("Your leave %(days)s is entered; %(by)s stands in for you.") % facts
    return Screen("cover_begins", lines(bold(_("Leave cover")), esc(said)), (_to_overview(),))


def ends(covered: Covered, *, today: dt.date, to_stand_in: bool) -> Screen:
    """Tell one of both sides that a cover was called off."""
    facts = {"name": covered.person, "by": covered.by, "days": covered.days(today)}
    if to_stand_in:
        said = _("The leave of %(name)s (%(days)s) has ended early; you need not stand in any more.") % facts
    else:
        said = _("%(by)s stands in for you no more (%(days)s). Please choose a stand-in anew if you need one.") % facts
    return Screen("cover_ends", lines(bold(_("Leave cover")), esc(said)), (_to_overview(),))


def entries(cover_id: int, name: str, found: Sequence[Entry], *, page: int, total: int, wording: Wording) -> Screen:
    """The open entries of a colleague for whom one stands in, eight to a page."""
    pages = max(1, -(-total // PAGE))
    count = ngettext("%(n)d open entry", "%(n)d open entries", total) % {"n": total}
    text = lines(
        bold(_("On behalf of %(name)s") % {"name": name}),
        esc(count if total else _("No open entries.")),
        page_line(page, pages),
        *("\n" + _entry(each, wording) for each in found),
    )
    rows = [(Button(f"{each.number} {each.matter}"[:40], Press("req", each.id)),) for each in found]
    pages_row = turning(page, pages, lambda at: Press("cvls", cover_id, arg=str(at)))
    return Screen("cover_entries", text, (*rows, *pages_row, _to_overview()))


def on_behalf(screen: Screen, name: str | None) -> Screen:
    """Mark a screen of an entry that somebody else looks after (代××办理); None leaves it as it is."""
    if name is None:
        return screen
    said = _("On behalf of %(name)s") % {"name": name or _("the handling officer")}
    return replace(screen, text=lines(bold(said), screen.text))


def _entry(entry: Entry, wording: Wording) -> str:
    parts = [phase_words(entry, wording), next_date(entry, wording)]
    said = pgettext("list", ", ").join(part for part in parts if part)
    return lines(esc(f"{entry.number} {entry.matter}"), esc(said))


def _to_overview() -> tuple[Button, ...]:
    return (Button(pgettext("button", "Leave cover"), Press("cover")),)
