"""The screens of proposed matters: what waits, one proposal with its effect, and what officers are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import _, ngettext, pgettext
from bot.screens.paging import page_line, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled

PAGE: Final = 8  # proposals named on one screen


@dataclass(frozen=True, slots=True)
class Proposed:
    """A matter that an officer proposed.

    Args:
        id: Its key.
        name: As it would be called.
        by: Who proposed it, with the unit and the day.
    """

    id: int
    name: str
    by: str


@dataclass(frozen=True, slots=True)
class Proposal(Proposed):
    """A proposed matter with what taking it up would do.

    Args:
        category: Its shelf.
        covers: What it covers, in the words of the guide.
        why: The officer's reason.
        would_be: What taking it up would change, line by line: which products the matter asks for.
        outside: Open entries outside the catalogue that were decided alike.
        stamp: Which rules it would make; 0 where it would make none.
    """

    category: str
    covers: str
    why: str | None
    would_be: Sequence[str]
    outside: int
    stamp: int


def listed(found: Sequence[Proposed], *, page: int, pages: int, toast: str | None = None) -> Screen:
    """The proposed matters that wait, oldest first; each opens with what taking it up would do.

    Args:
        found: Those of the page.
        page: The page shown, from 0.
        pages: How many there are.
        toast: What has become of the press.
    """
    text = lines(
        bold(_("[Proposed matters]")),
        page_line(page, pages),
        *(line for n, each in enumerate(found, start=1) for line in (bold(f"{n}. {each.name}"), esc(each.by))),
        esc(_("Please choose one to see what it would change")) if found else esc(_("No proposal waits")),
    )
    rows = [(Button(f"{n}. {each.name}", Press("pview", each.id)),) for n, each in enumerate(found, start=1)]
    back = (Button(pgettext("button", "Back"), Press("mats")),)
    turns = turning(page, pages, lambda to: Press("pros", arg=f"p{to}"))
    return Screen("proposals", text, (*rows, *turns, back), toast=toast)


def proposal(each: Proposal, *, alone: bool, toast: str | None = None) -> Screen:
    """One proposed matter with its effect, taken up or not by one press.

    Args:
        each: The proposal.
        alone: Whether no other waits.
        toast: What has become of the press.
    """
    outside = ngettext(
        "%(n)d open entry outside the catalogue was decided alike",
        "%(n)d open entries outside the catalogue were decided alike",
        each.outside,
    )
    text = lines(
        bold(_("[Proposed matters]")),
        bold(each.name),
        esc(f"{each.category} · {each.covers}"),
        labelled(_("Proposed by"), each.by),
        labelled(_("Reason"), each.why) if each.why else None,
        *(esc(line) for line in each.would_be),
        esc(outside % {"n": each.outside}),
    )
    rows = (
        (
            Button(pgettext("button", "Take up"), Press("pyes", each.id, each.stamp), Style.SUCCESS),
            Button(pgettext("button", "Do not take up"), Press("pno", each.id)),
        ),
        (Button(pgettext("button", "Back"), Press("mats") if alone else Press("pros")),),
    )
    return Screen("proposal", text, rows, toast=toast)


def answered(name: str, *, taken_up: bool, why: str | None) -> Screen:
    """Tell an officer what has become of their proposal."""
    said = _("It is in the catalogue from now on") if taken_up else _("It is not taken up")
    text = lines(
        bold(_("[Your proposal] %(name)s") % {"name": name}), esc(said), labelled(_("Reason"), why) if why else None
    )
    return Screen("proposal_answered", text, stays=True)


def proposed(name: str) -> Screen:
    """Say that a proposal has gone to the coordinators."""
    said = _("“%(name)s” is proposed. You will be told what becomes of it.") % {"name": name}
    return Screen("proposed", esc(said), ((Button(pgettext("button", "Find products"), Press("guide")),),), stays=True)
