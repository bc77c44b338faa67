"""A story: people, the bot and the office's days, at the speed of a test."""

import asyncio
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.policy.model import Policy
from handlers import watching
from handlers.app import Service
from handlers.clock import Clock
from handlers.office import ZONE
from handlers.settings import Settings
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.model import Call
from storage import outbox, people, work
from storage.database import Database
from storage.tables import Inbox, InboxState, Person, Role
from tests.conftest import OFFICER, START
from tests.officer import Officer

OUTSIDER = 5_000_005  # an officer of another unit
FIRM = "虚构环保科技有限公司 91410100MA00000T42"
QUIET_WITHIN = 60.0  # seconds until what fell due must have been delivered


@dataclass
class Story:
    """A bureau whose day can be moved on, and whose bot can be stopped and started again."""

    settings: Settings
    policy: Policy
    api: BotApi
    clock: Clock
    service: Service = field(init=False)
    folder: Path | None = None  # where the pack is installed, to be looked at

    @property
    def database(self) -> Database:
        return self.service.database

    async def open(self) -> None:
        service = Service(self.settings, self.policy, clock=self.clock, per_second=1000.0, folder=self.folder)
        self.service = await service.__aenter__()

    async def close(self) -> None:
        """Stop the bot, with nothing in the data that must not be true."""
        try:
            await self.service.jobs.tick()  # a clock that was moved a moment ago has made things due
            async with self.database.read() as session:
                assert await watching.broken(session, self.service.office, self.clock.now()) == []
        finally:
            await self.service.__aexit__(None, None, None)

    async def restart(self) -> None:
        await self.close()
        await self.open()

    async def enrol(self, user_id: int, name: str, role: Role, unit: str) -> None:
        async with self.database.write() as session:
            seat = await people.unit_by_code(session, unit)
            assert seat is not None
            session.add(Person(telegram_id=user_id, unit_id=seat.id, role=role, name=name, joined_at=START))
        if user_id not in self.api.users:
            self.api.add_user(user_id, name)
        self.api.users[user_id].started = True

    def person(self, user_id: int = OFFICER) -> Officer:
        return Officer(self.api, user_id, busy=lambda: bool(self.service.screens.in_flight))

    async def at(self, moment: str) -> None:
        """Move the clock to a local time, such as ``2026-11-24 09:00``, and let what is due be delivered."""
        await self.settle()
        self.pass_time(moment)
        await self.settle()

    def pass_time(self, moment: str) -> None:
        """Move the clock to a local time, whether or not the bot is up."""
        goal = dt.datetime.fromisoformat(moment).replace(tzinfo=ZONE)
        assert goal > self.clock.now(), f"{moment} is past"
        self.clock.move_to(goal)

    async def settle(self) -> None:
        async with asyncio.timeout(QUIET_WITHIN):
            while await self._is_busy() or await self.service.jobs.tick() or await self._is_busy():
                await self.api.changed.wait(self.api.changed.count, 0.02)

    async def _is_busy(self) -> bool:
        if self.api.updates.pending() or self.service.screens.in_flight:
            return True  # what nobody has taken in yet is on its way too
        unfinished = select(Inbox.id).where(Inbox.state.in_((InboxState.RECEIVED, InboxState.DONE)))
        async with self.database.read() as session:
            if await session.scalar(unfinished.limit(1)) is not None:
                return True
            return await work.is_busy(session) or await outbox.is_busy(session, now=self.clock.now())

    def hold_back(self, *telegram_ids: int) -> None:
        """Let notices to some people wait, as they do behind a long morning's."""
        self.service.sender.pace.chats.update(dict.fromkeys(telegram_ids, float("inf")))

    def let_go(self, *telegram_ids: int) -> None:
        """Let the notices leave that were held back, to all or to some people, without waiting for the next look."""
        chats = self.service.sender.pace.chats
        for each in telegram_ids or [*chats]:
            chats.pop(each, None)
        self.service.sender.wake()

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.database.read() as session:
            key = next(iter(table.__table__.primary_key.columns))
            return list(await session.scalars(select(table).where(*where).order_by(key)))

    async def count(self, table: Any) -> int:
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0


def only(rows: list[Any]) -> Any:
    """Return the one row that there must be."""
    (row,) = rows
    return row


async def register(
    me: Officer,
    matter: str = "排污许可证延续",
    subject: str = FIRM,
    submit: str = "今天提交",
    decide: str | None = None,
) -> str:
    """Make an entry the shortest way, its decision planned or not, and return the screen that names its number."""
    await me.type(f"/new {matter}")
    await me.press(matter)
    await me.type(subject)
    await me.press(submit)
    if decide is not None:
        await me.press("拟决定")
        await me.type(decide)
    return await me.press("确认登记")


@dataclass(frozen=True, slots=True)
class Naming:
    """A message as it named a natural person.

    Args:
        text: What it said.
        protected: Whether the messenger forbids forwarding it.
    """

    text: str
    protected: bool

    @property
    def title(self) -> str:
        """What stands in brackets in its first line, or that line."""
        return self.text.partition("\n")[0].partition("】")[0].rpartition("【")[2]


def naming(calls: Iterable[Call]) -> list[Naming]:
    """Return each time that a message named a natural person, in its text or on a button.

    Left out is an entry opened on a reminder's own message, of which SECURITY.md promises nothing.
    """
    protected, reminders, found = set(), set(), []
    for call in calls:
        shown = (call.result or {}).get("result")
        if not isinstance(shown, dict) or "message_id" not in shown:
            continue
        message, keyboard = (shown["chat"]["id"], shown["message_id"]), str(shown.get("reply_markup", ""))
        text = shown.get("text", shown.get("caption", ""))
        if call.params.get("protect_content"):
            protected.add(message)
        if "1:nopen:" in keyboard:
            reminders.add(message)
        is_left_out = message in reminders and "【台账】" in text
        if "某 " in text + keyboard and not is_left_out:
            found.append(Naming(text, message in protected))
    return found
