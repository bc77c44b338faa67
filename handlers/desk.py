"""/office: the coordinator's desk, with what waits for an answer and the ways to what the bureau keeps."""

from collections.abc import Mapping
from typing import Final

from bot.screens import people as screens
from bot.screens.screen import Screen
from handlers import catalogue, drafts_aside, packs, people
from handlers.turn import Flow, Turn
from storage import invites, overlay


async def on_office(turn: Turn) -> Screen:
    """/office: what waits, and what can be kept right."""
    if turn.draft is not None and turn.draft.purpose in (people.PURPOSE, catalogue.PURPOSE):
        await drafts_aside.take_up(turn)
    waiting = await invites.waiting(turn.session)
    proposed = await overlay.proposed(turn.session)
    note = await packs.note_of(turn.session)
    return screens.home(len(waiting), proposed, (note,) if note else ())


COMMANDS: Final[Mapping[str, Flow]] = {"office": on_office}
PRESSES: Final[Mapping[str, Flow]] = {"off": on_office}
