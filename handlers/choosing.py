"""Which of an entry's lines a press means: the only one, the one chosen, or all of them alike."""

from collections.abc import Sequence
from typing import Final

from bot.ledger import Entry
from bot.screens.choosing import which_line
from bot.screens.screen import Screen, is_number
from handlers import acts
from handlers.turn import Stale, Turn
from storage.ledger import Opened

ALL: Final = 0
_EVERY: Final = "all"


async def fresh(turn: Turn) -> Opened:
    """Return the entry of a press that was made from its present state, for somebody who may change it.

    It is looked at whatever comes next: be it the question which of its lines is meant.

    Raises:
        Refusal: They may not.
        Stale: The entry has changed since, or was withdrawn.
    """
    opened = await acts.changeable(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version or opened.entry.withdrawn:
        raise Stale
    turn.looked("request", opened.request.id)
    return opened


def chosen(
    entry: Entry, choices: Sequence[tuple[int, str]], said: str, *, verb: str, all_label: str | None, prefix: str = ""
) -> int | Screen:
    """Return the line that a press means, ``ALL``, or the screen that asks for it.

    Args:
        entry: The entry.
        choices: Item id and whom it is about.
        said: The press's argument, without the prefix.
        verb: The verb of the buttons that choose.
        all_label: The label of the button for all; None where each is on its own.
        prefix: What stands before each argument.

    Raises:
        Stale: There is nothing to choose from, or not what was chosen.
    """
    if not choices:
        raise Stale
    if len(choices) == 1:
        return choices[0][0]
    if all_label is not None and said == _EVERY:
        return ALL
    page = said.removeprefix("p")
    if said and not (page != said and is_number(page)):
        return _one_of(choices, said)
    return which_line(entry, choices, page=int(page or 0), verb=verb, all_label=all_label, prefix=prefix)


def _one_of(choices: Sequence[tuple[int, str]], said: str) -> int:
    if not is_number(said) or int(said) not in {item_id for item_id, _name in choices}:
        raise Stale
    return int(said)
