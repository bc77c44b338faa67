"""Going on: how a flow lets another one answer the turn, by what the draft is for or by the verb of a button.

The table of all flows imports every flow, so that no flow can import the table. ``handlers.frame`` lays the table
down here once; a flow that ends in the middle of another one's work asks here for it.
"""

from collections.abc import Mapping
from typing import Final

from bot.errors import Refusal
from bot.screens import frame as screens
from bot.screens.screen import Press, Screen
from handlers import drafts_aside, meanwhile, rights
from handlers.turn import Flow, NoRight, Stale, Turn
from storage.tables import Draft

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


async def doing(turn: Turn, *, told: str = "") -> Screen | None:
    """Return what the officer was doing; None where there is nothing, or it is theirs no more and was given up.

    The matrix is asked here, because no button leads to such a screen: any stale one brings it back. Where something
    was entered that can go on no more, the screen says why and gives back what the officer had typed.

    Args:
        turn: The turn.
        told: The sentence that stands above already, and need not be said twice.
    """
    if turn.draft is None:
        return None
    if not rights.may_answer(turn.officer, turn.draft.purpose):
        await drafts_aside.give_up(turn)
        return None
    flow = _PRESENT.get(turn.draft.purpose)
    try:
        return await flow(turn) if flow else None
    except NoRight:
        await drafts_aside.take_up(turn)
        return None
    except Refusal as refusal:  # such as a question about an entry that is somebody else's by now
        return await _dropped(turn, turn.draft, "" if refusal.message == told else refusal.message)
    except Stale:
        return await _dropped(turn, turn.draft, await meanwhile.overtaken(turn, None, 0))


async def _dropped(turn: Turn, draft: Draft, why: str) -> Screen | None:
    words, protect = drafts_aside.words(draft), bool(draft.answers.get("protect"))
    await drafts_aside.take_up(turn)
    return None if words is None else screens.dropped(why, words, protect=protect)


async def back(turn: Turn) -> Screen:
    """End a question in between, and return what the officer was doing before, else their entries."""
    await drafts_aside.take_up(turn)
    return await doing(turn) or await _PRESSES["my"](turn)
