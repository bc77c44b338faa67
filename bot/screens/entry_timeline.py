"""The timeline of an entry: its newest lines on the entry's own screen, all of them on pages."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from bot.language import _, pgettext
from bot.ledger import Entry
from bot.plaintext import units
from bot.screens.screen import Button, Press, Screen, bold, esc, lines
from bot.screens.timeline import Event, event_words

MOST_EVENTS: Final = 12  # newest lines on the entry's screen, with their reasons cut
ON_A_PAGE: Final = 8  # lines with reasons of 200 characters


def newest(events: Sequence[Event], *, today: dt.date, room: int) -> tuple[list[str], bool]:
    """Return the newest lines of a timeline, and whether they are the whole of it, word for word.

    Args:
        events: The timeline.
        today: Local date.
        room: UTF-16 units that the rest of the screen leaves; it goes first.
    """
    said: list[str] = []
    is_whole = len(events) <= MOST_EVENTS
    for event in reversed(events[-MOST_EVENTS:]):
        line = event_words(event, today=today, brief=True)
        room -= units(line) + 1
        if room < 0:
            is_whole = False
            break
        is_whole = is_whole and line == event_words(event, today=today)
        said.append(esc(line))
    return said[::-1], is_whole


def timeline(entry: Entry, events: Sequence[Event], *, today: dt.date, page: int) -> Screen:
    """Return a page of an entry's whole timeline, the newest lines first."""
    latest = list(reversed(events))
    pages = max(1, -(-len(latest) // ON_A_PAGE))
    at = min(page, pages - 1)
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        bold(_("Timeline")),
        esc(_("Page %(page)d of %(pages)d") % {"page": at + 1, "pages": pages}) if pages > 1 else None,
        *(esc(event_words(event, today=today)) for event in latest[at * ON_A_PAGE : (at + 1) * ON_A_PAGE]),
    )
    turning = []
    if at > 0:
        turning.append(Button(pgettext("button", "Previous page"), Press("tline", entry.id, arg=str(at - 1))))
    if at + 1 < pages:
        turning.append(Button(pgettext("button", "Next page"), Press("tline", entry.id, arg=str(at + 1))))
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    return Screen("ledger_timeline", text, (tuple(turning), back) if turning else (back,), protect=entry.of_person)
