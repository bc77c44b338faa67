"""G3: a quarter of what is typed breaks a flow: it is kept aside under a number, and what follows is served."""

import asyncio
import datetime as dt
import io
from pathlib import Path
from typing import Any, Final

from handlers import finding
from storage.tables import Inbox, InboxState
from tests.drills.bureau import Bureau, enrolled, inbox
from tests.journeys.story import Story
from tests.officer import Officer

GOALS = ("G3",)
POISON: Final = "毒"
GOOD: Final = 3  # updates after each poisoned one


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Let everybody type what cannot be digested, and three things that can, again and again."""
    desks, rounds = (20, 250) if full else (3, 2)
    async with Bureau(folder, io.StringIO(), level="CRITICAL") as (story, server), server:
        officers = await enrolled(story, server.base, desks)
        g3 = await _poisoned(story, officers, rounds)
        await story.close()
    return [g3]


async def _poisoned(story: Story, officers: list[Officer], rounds: int) -> dict[str, Any]:
    """A quarter of what is typed no flow can digest: it is kept aside under a number, and what follows is served."""
    original, before = finding.read_words, await inbox(story, InboxState.SHOWN)

    def failing(text: str) -> Any:
        if POISON in text:
            raise ValueError("poisoned, on purpose")
        return original(text)

    finding.read_words = failing
    try:
        for done in range(1, rounds + 1):
            for me in officers:
                story.api.type(me.id, f"/find {POISON}")
                for word in range(GOOD):
                    story.api.type(me.id, f"/find 查无此名{done}之{word}")
            await _taken(story, done * len(officers))
    finally:
        finding.read_words = original
    await story.settle()
    sent = len(officers) * rounds
    incidents = {row.incident for row in await story.rows(Inbox, Inbox.state == InboxState.DEAD)}
    said = " ".join(str(call.params.get("text", "")) for call in story.api.calls)
    told = sum(incident in said for incident in incidents)
    served = await inbox(story, InboxState.SHOWN) - before
    answered = sum(f"查无此名{n}之{word}" in said for n in range(1, rounds + 1) for word in range(GOOD))
    ok = told == len(incidents) == sent and served == GOOD * sent and answered == GOOD * rounds
    lost = (GOOD + 1) * sent - served - told
    return {
        "goal": "G3",
        "n": (GOOD + 1) * sent,
        "poisoned": sent,
        "told": told,
        "served": served,
        "lost": lost,
        "ok": ok,
    }


async def _taken(story: Story, dead: int) -> None:
    """Wait until so many are kept aside and nothing waits, moving the office's clock over the pauses between tries."""
    async with asyncio.timeout(120):
        while await inbox(story, InboxState.DEAD) < dead or await inbox(story, InboxState.RECEIVED, InboxState.DONE):
            await asyncio.sleep(0.1)
            story.clock.move_to(story.clock.now() + dt.timedelta(seconds=5))
