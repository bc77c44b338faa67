"""Choosing a colleague: one's own unit first, page by page, or by a typed name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.language import _, pgettext
from bot.screens.keys import Keys
from bot.screens.paging import page_line, paged, turning
from bot.screens.screen import Button, Screen, bold, esc, lines

_LONGEST_NAME: Final = 14


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody to choose.

    Args:
        id: Their key.
        name: As they are called.
        unit: Short name of their unit.
    """

    id: int
    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of colleagues.

    Args:
        title: The head of the screen.
        question: What is asked.
        colleagues: Who may be chosen.
        page: The page shown, from 0; one that does not exist shows the last.
        query: The name that was typed; empty for everybody.
        verb: The verb of the buttons.
        line: What stands before each argument; ``<line>,<key>`` chooses, ``page,<n>`` turns.
        cancel: The verb that gives up.
        context: Lines that say what it is about.
    """

    title: str
    question: str
    colleagues: Sequence[Colleague]
    page: int
    query: str
    verb: str
    line: str
    cancel: str
    context: tuple[str, ...] = ()


def choose(choice: Choice, keys: Keys) -> Screen:
    """Ask which colleague is meant; eight to a page, two to a row."""
    shown, page, pages = paged(choice.colleagues, choice.page)
    text = lines(
        bold(choice.title),
        *(esc(line) for line in choice.context),
        "" if choice.context else None,
        esc(choice.question),
        esc(_("Found by: %(query)s") % {"query": choice.query}) if choice.query else None,
        esc(_("There is no colleague to choose.")) if not shown else None,
        page_line(page, pages),
        esc(_("Part of a name can be typed too")),
    )
    buttons = [keys.button(_label(each), choice.verb, f"{choice.line},{each.id}") for each in shown]
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    rows += turning(page, pages, lambda to: keys.press(choice.verb, f"page,{to}"))
    last: list[Button] = []
    if choice.query:
        last.append(keys.button(pgettext("button", "All colleagues"), choice.verb, "all,"))
    last.append(keys.button(pgettext("button", "Cancel"), choice.cancel))
    return Screen("colleagues", text, (*rows, tuple(last)))


def _label(colleague: Colleague) -> str:
    return f"{colleague.name[:_LONGEST_NAME]} {colleague.unit}"
