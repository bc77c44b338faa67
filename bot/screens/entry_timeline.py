"""The timeline of an entry: its newest lines on the entry's own screen, all of them on pages."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from bot.language import _, pgettext
from bot.ledger import Entry
from bot.plaintext import units
from bot.screens.paging import page_line, turning
from bot.screens.screen import Button, Press, Screen, bold, esc, lines
from bot.screens.timeline import Event, event_words

MOST_EVENTS: Final = 12  # newest lines on the entry's screen, with their reasons cut
ON_A_PAGE: Final = 8  # lines with reasons of 200 characters


def newest(events: Sequence[Event], *, today: dt.date, room: int) -> tuple[list[str], bool]:
    """Return the newest lines of a timeline, and whether all of them stand there word for word.

    Args:
        events: Its newest ``MOST_EVENTS`` lines, oldest first.
        today: Local date.
        room: UTF-16 units that the rest of the screen leaves; it goes first.
    """
    said: list[str] = []
    is_whole = True
    for event in reversed(events):
        line = event_words(event, today=today, brief=True)
        room -= units(line) + 1
        if room < 0:
            is_whole = False
            break
        is_whole = is_whole and line == event_words(event, today=today)
        said.append(esc(line))
    return said[::-1], is_whole


def timeline(entry: Entry, events: Sequence[Event], *, today: dt.date, page: int, pages: int) -> Screen:
    """Return a page of an entry's whole timeline, the newest lines first.

    Args:
        entry: The entry.
        events: The lines of the page, oldest first.
        today: The office's day.
        page: The page shown, from 0.
        pages: How many there are.
    """
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        bold(_("Timeline")),
        page_line(page, pages),
        *(esc(event_words(event, today=today)) for event in reversed(events)),
    )
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    turns = turning(page, pages, lambda to: Press("tline", entry.id, arg=str(to)))
    return Screen("ledger_timeline", text, (*turns, back), protect=entry.of_person)
