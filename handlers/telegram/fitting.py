"""The last guard before Telegram's limits: what is too long is cut and says so.

Telegram refuses such a message whole: the officer would see nothing of an act that stands, and a notification would
never arrive. A screen that can grow keeps itself short by its own means; one that comes here cut is a defect of ours,
and the log says which.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from bot.language import _
from bot.plaintext import units
from bot.screens.screen import MAX_TEXT_UNITS, Button, Screen, esc, lines

log = structlog.get_logger()

MAX_BUTTONS: Final = 100  # Bot API server, InlineKeyboardMarkup: "reply markup is too long"

_TAG: Final = re.compile(r"</?\w[^<>]*>")
_TOKEN: Final = re.compile(rf"(?P<tag>{_TAG.pattern})|&#?\w+;|.", re.DOTALL)

Rows = Sequence[tuple[Button, ...]]


def bare(text: str) -> str:
    """Return a screen's text as it is read: without markup."""
    return html.unescape(_TAG.sub("", text))


def fitted(screen: Screen, *, label: str = "") -> Screen:
    """Return a screen that Telegram takes: as it is, or cut and with a line that says so.

    Args:
        screen: The screen.
        label: What a repetition of it would begin with; room is left for it, so that a repetition is cut up like the
            first copy.
    """
    most = MAX_TEXT_UNITS - (units(bare(label)) + 1 if label else 0)
    size, buttons = units(bare(screen.text)), sum(map(len, screen.rows))
    if size <= most and buttons <= MAX_BUTTONS:
        return screen
    log.error("a screen was too long for one message and is cut", screen=screen.name, units=size, buttons=buttons)
    note = esc(_("This is long; not all of it is shown."))
    text = lines(beginning(screen.text, most - units(bare(note)) - 1), note)
    return replace(screen, text=text, rows=_first(screen.rows))


def beginning(text: str, most: int) -> str:
    """Return as much of a screen's text as fits, in whole lines where that keeps half of it, with its tags closed.

    Args:
        text: HTML of Telegram's subset.
        most: UTF-16 units that may be read.
    """
    used, end, opened = 0, len(text), list[str]()
    line_end, line_used, line_opened = 0, 0, list[str]()
    for token in _TOKEN.finditer(text):
        if token["tag"] is not None:
            _nest(opened, token["tag"])
            continue
        if token[0] == "\n":
            line_end, line_used, line_opened = token.start(), used, list(opened)
        used += units(html.unescape(token[0]))
        if used > most:
            end = token.start()
            break
    else:
        return text
    if line_used * 2 >= most:
        end, opened = line_end, line_opened
    return text[:end].rstrip() + "".join(f"</{name}>" for name in reversed(opened))


def _nest(opened: list[str], tag: str) -> None:
    """Note that a tag opens or closes."""
    if not tag.startswith("</"):
        opened.append(tag.strip("<>").split()[0])
    elif opened:
        opened.pop()


def _first(rows: Rows) -> tuple[tuple[Button, ...], ...]:
    """Return the first rows, as many as fit before the last one, which leads back."""
    if sum(map(len, rows)) <= MAX_BUTTONS:
        return tuple(rows)
    kept, room = list[tuple[Button, ...]](), MAX_BUTTONS - len(rows[-1])
    for row in rows[:-1]:
        room -= len(row)
        if room < 0:
            break
        kept.append(row)
    return (*kept, rows[-1])
