"""Going on: how a flow lets another one answer the turn, by what the draft is for or by the verb of a button.

The table of all flows imports every flow, so that no flow can import the table. ``handlers.frame`` lays the table
down here once; a flow that ends in the middle of another one's work asks here for it.
"""

from collections.abc import Mapping
from typing import Final

from bot.errors import Refusal
from bot.screens.screen import Press, Screen
from handlers import drafts_aside, rights
from handlers.turn import Flow, Stale, Turn

_PRESSES: Final[dict[str, Flow]] = {}
_PRESENT: Final[dict[str, Flow]] = {}


def lay_down(presses: Mapping[str, Flow], present: Mapping[str, Flow]) -> None:
    """Lay down the table of all flows.

    Args:
        presses: Verb of a button -> the flow that answers it.
        present: Purpose of a draft -> the flow that shows how far it has come.
    """
    _PRESSES.update(presses)
    _PRESENT.update(present)


async def press(turn: Turn, button: Press) -> Screen:
    """Answer the turn as if a button of another flow had been pressed."""
    turn.press = button
    return await _PRESSES[button.verb](turn)


async def doing(turn: Turn) -> Screen | None:
    """Return what the officer was doing; None where there is nothing, or it is theirs no more and was given up.

    The matrix is asked here, because no button leads to such a screen: any stale one brings it back.
    """
    if turn.draft is None:
        return None
    if not rights.may_answer(turn.officer, turn.draft.purpose):
        await drafts_aside.give_up(turn)
        return None
    flow = _PRESENT.get(turn.draft.purpose)
    try:
        return await flow(turn) if flow else None
    except (Refusal, Stale):  # such as a question about an entry that is somebody else's by now
        await drafts_aside.take_up(turn)
        return None


async def back(turn: Turn) -> Screen:
    """End a question in between, and return what the officer was doing before, else their entries."""
    await drafts_aside.take_up(turn)
    return await doing(turn) or await _PRESSES["my"](turn)
