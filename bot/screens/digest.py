"""The morning digest: what an officer should know today, one line each, each with a button that opens it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import _, ngettext, pgettext
from bot.screens.paging import PAGE, paged, turning
from bot.screens.screen import Button, Press, Screen, bold, esc, lines
from bot.screens.words import and_more, in_brackets

_ROW: Final = 4  # buttons beside each other


@dataclass(frozen=True, slots=True)
class Line:
    """One reminder of a digest.

    Args:
        reminder_id: Its key.
        said: What it says, in one line.
        on_behalf_of: For whom the reader stands in; None where it is their own.
        meant_for: The day it was meant for, where it comes late.
        noted: Whether it was answered.
    """

    reminder_id: int
    said: str
    on_behalf_of: str | None = None
    meant_for: str | None = None
    noted: bool = False


def digest(digest_id: int, on: str, found: Sequence[Line], *, page: int, done: int, gone: int, silent: bool) -> Screen:
    """Return the digest.

    Args:
        digest_id: Its key.
        on: Its day, as the office writes it.
        found: What is still to be said, the most urgent first.
        page: Which page is shown, from 0.
        done: How many of its reminders have settled themselves since.
        gone: How many of them are in somebody else's hands since.
        silent: Whether it comes without a sound.
    """
    here, page, pages = paged(found, page, size=PAGE)
    shown = list(enumerate(here, page * PAGE + 1))
    rest = len(found) - page * PAGE - len(here)
    count = ngettext("%(n)d in all", "%(n)d in all", len(found)) % {"n": len(found)}
    text = lines(
        bold(_("Reminders of the day")),
        esc(pgettext("list", ", ").join((on, count))),
        *(esc(f"{number}. {_said(line)}") for number, line in shown),
        esc(ngettext("%(n)d more on the next page", "%(n)d more on the next page", rest) % {"n": rest})
        if rest
        else None,
        esc(ngettext("%(n)d is settled", "%(n)d are settled", done) % {"n": done}) if done else None,
        esc(
            ngettext("%(n)d is in somebody else's hands now", "%(n)d are in somebody else's hands now", gone)
            % {"n": gone}
        )
        if gone
        else None,
        esc(_("Press a number to open it")) if shown else None,
    )
    buttons = [Button(str(number), Press("dgopn", line.reminder_id, arg=str(digest_id))) for number, line in shown]
    rows = [tuple(buttons[at : at + _ROW]) for at in range(0, len(buttons), _ROW)]
    rows += turning(page, pages, lambda to: Press("dgpg", digest_id, arg=str(to)))
    foot = []
    if any(not line.noted for line in found):
        foot.append(Button(pgettext("button", "All noted"), Press("dgack", digest_id, arg=str(page))))
    foot.append(Button(pgettext("button", "Look again"), Press("dgpg", digest_id, arg=str(page))))
    rows.append(tuple(foot))
    return Screen("digest", text, tuple(rows), aside=True, silent=silent)


def nothing_left(on: str, *, gone: bool) -> Screen:
    """A digest of which nothing is left to its reader.

    Args:
        on: Its day, as the office writes it.
        gone: Whether any of its reminders is in somebody else's hands since; all others are settled.
    """
    said = _("Everything in it is settled or in somebody else's hands") if gone else _("Everything in it is settled")
    return Screen("digest", lines(bold(_("Reminders of the day")), esc(on), esc(said)), aside=True)


def _said(line: Line) -> str:
    said = line.said
    if line.on_behalf_of is not None:
        said += in_brackets(_("for %(name)s") % {"name": line.on_behalf_of})
    if line.meant_for is not None:
        said += in_brackets(_("delayed, meant for %(day)s") % {"day": line.meant_for})
    return ("✓ " if line.noted else "") + said


def passed(found: Sequence[str], more: int, on: str) -> Screen:
    """Deadlines that went by before anybody was told, for the coordinators.

    Args:
        found: A line each: the entry, what it says, whose it is.
        more: How many there are beyond those.
        on: The day, as the office writes it.
    """
    count = len(found) + more
    text = lines(
        bold(_("Deadlines passed without a reminder in time")),
        esc(on),
        esc(
            ngettext(
                "%(n)d entry; its officer is told with this message",
                "%(n)d entries; their officers are told with this message",
                count,
            )
            % {"n": count}
        ),
        *(esc(f"· {each}") for each in found),
        and_more(more),
    )
    return Screen("passed", text, stays=True)
