"""The screens on which a coordinator keeps the list of people and units."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.screens.frame import home_row
from bot.screens.paging import UNITS, page_line, paged, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import in_brackets, labelled

_LONGEST: Final = 14  # characters of a name on a button


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the list.

    Args:
        id: Their key.
        name: As they are called.
        telegram_id: Their account number.
        unit: Short name of their unit.
        role: Their role, in words.
        state: How they stand, in words; None for somebody at work.
        open_entries: How many open entries are theirs.
        joined_on: Local date on which they came.
    """

    id: int
    name: str
    telegram_id: int
    unit: str
    role: str
    state: str | None
    open_entries: int
    joined_on: dt.date


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done with a person: the argument of its button, and its label."""

    arg: str
    label: str
    style: Style | None = None


def home(waiting: int, proposals: int, notes: Sequence[str]) -> Screen:
    """The coordinator's desk: what waits, and what can be kept right.

    Args:
        waiting: Applications to be answered.
        proposals: Proposed matters to be answered.
        notes: Other lines, such as a pack that waits to be put in force.
    """
    people = ngettext("%(n)d application waits", "%(n)d applications wait", waiting) % {"n": waiting}
    matters = ngettext("%(n)d proposed matter waits", "%(n)d proposed matters wait", proposals) % {"n": proposals}
    text = lines(
        bold(_("[The bureau]")),
        esc(people) if waiting else None,
        esc(matters) if proposals else None,
        *(esc(note) for note in notes),
        esc(_("Nothing waits for you")) if not (waiting or proposals or notes) else None,
    )
    rows = (
        (
            Button(pgettext("button", "People"), Press("men"), Style.PRIMARY),
            Button(pgettext("button", "Units"), Press("uni")),
        ),
        (
            Button(pgettext("button", "Invite"), Press("inv")),
            Button(pgettext("button", "Open invitations"), Press("invs")),
        ),
        (
            Button(pgettext("button", "Catalogue"), Press("mats")),
            Button(pgettext("button", "Settings of the bureau"), Press("sets")),
        ),
        *(((Button(pgettext("button", "Installed pack"), Press("pack"), Style.PRIMARY),),) if notes else ()),
        home_row(),
    )
    return Screen("office", text, rows)


def members(people: Sequence[Member], *, page: int, query: str) -> Screen:
    """The list of people, page by page; those who wait come first."""
    shown, page, pages = paged(people, page)
    text = lines(
        bold(_("[People]")),
        esc(_("Found by: %(query)s") % {"query": query}) if query else None,
        esc(_("Nobody of that name is on the list")) if not shown else None,
        page_line(page, pages),
        esc(_("Part of a name can be typed too")),
    )
    rows = [(Button(_label(each), Press("man", each.id)),) for each in shown]
    last = [Button(pgettext("button", "Everybody"), Press("men", arg="p0"))] if query else []
    last.append(Button(pgettext("button", "Back"), Press("off")))
    pages_row = turning(page, pages, lambda at: Press("men", arg=f"p{at}"))
    return Screen("members", text, (*rows, *pages_row, tuple(last)), protect=True)


def member(each: Member, acts: Sequence[Act], *, today: dt.date, toast: str | None = None) -> Screen:
    """One person, with what a coordinator may do."""
    text = lines(
        bold(_("[Person] %(name)s") % {"name": each.name}),
        *_card(each, today),
    )
    return Screen("member", text, _acts(each, acts, Press("men")), toast=toast, protect=True)


def ask(each: Member, said: Sequence[str], acts: Sequence[Act], *, today: dt.date) -> Screen:
    """Ask once more, or which unit or role; every button says the whole of what will be done."""
    text = lines(bold(_("[Person] %(name)s") % {"name": each.name}), *_card(each, today), "", *(esc(s) for s in said))
    return Screen("member_ask", text, _acts(each, acts, Press("man", each.id)), protect=True)


def units(rows: Sequence[tuple[str, str, int, dt.date | None]], *, page: int, today: dt.date) -> Screen:
    """The units with how many people each has, page by page where there are many.

    Args:
        rows: Name, short name, how many active people, and since when the unit is dissolved.
        page: From 0.
        today: Local date.
    """
    said = []
    shown, page, pages = paged(rows, page, size=UNITS)
    for name, short, n, gone in shown:
        there = ngettext("%(n)d person", "%(n)d persons", n) % {"n": n}
        over = gone and _("dissolved on %(day)s") % {"day": format_day(gone, today=today)}
        said.append(esc(f"{name}{in_brackets(short)} {over or there}"))
    text = lines(bold(_("[Units]")), page_line(page, pages), *said, esc(_("A press on a unit renames or dissolves it")))
    buttons = [Button(row[1], Press("uset", place)) for place, row in enumerate(shown, page * UNITS)]
    paired = tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))
    last = (
        Button(pgettext("button", "Add a unit"), Press("uadd")),
        Button(pgettext("button", "Back"), Press("off")),
    )
    return Screen("units", text, (*paired, *turning(page, pages, lambda at: Press("uni", arg=str(at))), last))


def invitations(rows: Sequence[tuple[str, str, str, dt.datetime]], *, page: int, toast: str | None) -> Screen:
    """The invitations that nobody has used yet, page by page; a press takes one back.

    Args:
        rows: Beginning of the hash, unit, role, and the local time at which it ends.
        page: From 0.
        toast: What has just happened.
    """
    shown, page, pages = paged(rows, page)
    text = lines(
        bold(_("[Open invitations]")),
        page_line(page, pages),
        esc(_("Nobody has used these yet. A press takes one back.") if rows else _("There are none")),
    )
    buttons = tuple(
        (Button(_("%(unit)s %(role)s, until %(day)s %(time)s")
                % {"unit": unit, "role": role, "day": f"{ends.month}.{ends.day}", "time": f"{ends:%H:%M}"},
                Press("invs", arg=f"{key},{page}")),)
        for key, unit, role, ends in shown
    )  # fmt: skip
    pages_row = turning(page, pages, lambda at: Press("invs", arg=f",{at}"))
    back = (Button(pgettext("button", "Back"), Press("off")),)
    return Screen("invitations", text, (*buttons, *pages_row, back), toast=toast)


def changed(unit: str, role: str) -> Screen:
    """Tell somebody what they are from now on."""
    text = lines(
        bold(_("Your place here has changed")),
        esc(f"{unit} · {role}"),
        esc(_("It holds from now on; /help lists your commands")),
    )
    return Screen("place_changed", text, (home_row(),), stays=True)


def _card(each: Member, today: dt.date) -> tuple[str | None, ...]:
    return (
        esc(f"{each.unit} · {each.role}"),
        labelled(_("Account number"), str(each.telegram_id)),
        labelled(_("State"), each.state or _("at work")),
        labelled(_("Here since"), format_day(each.joined_on, today=today)),
        esc(ngettext("%(n)d open entry", "%(n)d open entries", n) % {"n": n}) if (n := each.open_entries) else None,
    )


def _acts(each: Member, acts: Sequence[Act], back: Press) -> tuple[tuple[Button, ...], ...]:
    buttons = [Button(act.label, Press("mset", each.id, arg=act.arg), act.style) for act in acts]
    rows = tuple(tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2))
    return (*rows, (Button(pgettext("button", "Back"), back),))


def _label(each: Member) -> str:
    return f"{each.name[:_LONGEST]} {each.unit}" + (f" {each.state}" if each.state else "")
