"""A bureau of many desks on loopback, for the drills of one life: its log in memory, its calls all kept."""

import io
import logging
from collections import deque
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from sqlalchemy import func, select

from bot.policy.loader import load, packaged
from handlers import logs
from handlers.clock import Clock
from handlers.settings import Settings
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage.tables import Audit, Inbox, InboxState, Role
from tests.conftest import COORDINATOR, START
from tests.journeys.story import Story
from tests.officer import Officer

TOKEN: Final = "100000001:canary-token-of-the-drills-000000000"
FIRST: Final = 5_200_000
NAMES: Final = "欧阳甲乙"
"""What every officer's name begins with: four characters that stand nowhere else."""
LOOKS: Final = ("request.look", "find.search", "guide.result")


class Bureau:
    """The service on loopback, with its log in memory.

    Args:
        folder: Where everything is kept.
        heard: What is written to the log.
        level: From which level on.
    """

    def __init__(self, folder: Path, heard: io.StringIO, *, level: str = "DEBUG") -> None:
        self._folder, self._heard, self._level = folder, heard, level

    story: Story

    async def __aenter__(self) -> tuple[Story, BotApiServer]:
        clock = Clock(START - Clock().now())
        api = BotApi(TOKEN, clock)
        api.calls = deque()  # all of them
        server = BotApiServer(api)
        logs.configure(self._level, stream=self._heard, secrets=[TOKEN])
        policy = load(packaged("zhengzhou"))
        settings = Settings(
            _env_file=None,
            token=SecretStr(TOKEN),
            api_base="http://127.0.0.1:1",
            database_url=f"sqlite:///{self._folder / 'xinxuan.db'}",
            key_file=self._folder / "key",
            admin_ids=(COORDINATOR,),
            maintainer_ids=(),
            per_minute=0,
        )
        self.story = Story(settings, policy, api, clock)
        return self.story, server

    async def __aexit__(self, failed: object, *_exc: object) -> None:
        if failed is not None and hasattr(self.story, "service"):
            await self.story.service.__aexit__(None, None, None)  # or it works on for ever
        logging.getLogger().handlers.clear()
        logs.configure("WARNING")


async def enrolled(story: Story, base: str, number: int) -> list[Officer]:
    """Open the office with a coordinator and this many officers of one unit."""
    story.settings = story.settings.model_copy(update={"api_base": base})
    story.api.add_user(COORDINATOR, "吴协调（虚构）").started = True
    await story.open()
    for n in range(number):
        await story.enrol(FIRST + n, f"{NAMES}{n}", Role.OFFICER, "air")
    return [story.person(FIRST + n) for n in range(number)]


async def effects(story: Story) -> int:
    """Count what people have brought about; looks are none."""
    async with story.database.read() as session:
        query = select(func.count(Audit.id)).where(Audit.verb.not_in(LOOKS), Audit.actor_id.is_not(None))
        return await session.scalar(query) or 0


async def inbox(story: Story, *states: InboxState) -> int:
    """Count updates in these states."""
    async with story.database.read() as session:
        return await session.scalar(select(func.count(Inbox.id)).where(Inbox.state.in_(states))) or 0
