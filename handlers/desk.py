"""/office: the coordinator's desk, with what waits for an answer and the ways to what the bureau keeps."""

from collections.abc import Mapping
from typing import Final

from bot.screens import people as screens
from bot.screens.screen import Screen
from handlers import drafts_aside, people
from handlers.turn import Flow, Turn
from storage import invites


async def on_office(turn: Turn) -> Screen:
    """/office: what waits, and what can be kept right."""
    if turn.draft is not None and turn.draft.purpose == people.PURPOSE:
        await drafts_aside.take_up(turn)
    waiting = await invites.waiting(turn.session)
    return screens.home(len(waiting), 0, ())


COMMANDS: Final[Mapping[str, Flow]] = {"office": on_office}
PRESSES: Final[Mapping[str, Flow]] = {"off": on_office}
