"""Asking for long work whose result comes into the chat: once while it waits, and a few at a time."""

from collections.abc import Mapping
from typing import Any, Final

from bot.errors import Refusal
from bot.language import _
from handlers.turn import Turn
from storage import work

MOST_WAITING: Final = 5  # jobs of one officer; whatever a press asks for can be asked for again


async def ask(turn: Turn, kind: str, params: Mapping[str, Any]) -> bool:
    """Record work that the officer has asked for by a press; what waits already is not recorded again.

    Work about a file that was sent is recorded by ``storage.work.add``: it waits its turn and is never refused.

    Args:
        turn: The turn.
        kind: What is to be done.
        params: What the worker needs besides the officer; JSON values.

    Returns:
        Whether it was recorded.

    Raises:
        Refusal: Too much of the officer's work waits.
    """
    wanted = {"person_id": turn.officer.id, **params}
    waiting = await work.waiting_of(turn.session, turn.officer.id)
    if (kind, wanted) in waiting:
        return False
    if len(waiting) >= MOST_WAITING:
        raise Refusal(
            _("%(n)d pieces of your work are still waiting. Please ask again once they are done.") % {"n": len(waiting)}
        )
    work.add(turn.session, kind, wanted, now=turn.now)
    return True
