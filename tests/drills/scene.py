"""A bureau on a drill's machine: the whole service, the served Bot API, and entries whose reminders fall due."""

import asyncio
import contextlib
import datetime as dt
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from bot.policy.loader import load, packaged
from bot.policy.model import Policy
from bot.screens.screen import Press
from handlers import hours, logs
from handlers.app import Service
from handlers.clock import Clock
from handlers.office import ZONE, Office
from handlers.settings import Settings
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.model import Message, Wire
from handlers.web.botapi.server import BotApiServer
from storage import outbox, people
from storage.database import Database
from storage.tables import (
    Outbox,
    OutboxReminder,
    Person,
    Reminder,
    ReminderState,
    Role,
)
from tests.bot_api_schema import check_call
from tests.drills import entries
from tests.drills.host import Host

TOKEN = "100000001:fictitious-token-of-the-drills-0000000"
COORDINATOR = 5_000_001
FIRST_OFFICER = 5_100_000
LABELS = ("可能重复", "repetition")
ENTRIES_AT_ONCE = 500
SOON = dt.timedelta(hours=1)  # what waits longer waits for the morning, and not for another try


def at(moment: str) -> dt.datetime:
    """Return a local time such as ``2026-03-02 09:00`` as an aware time."""
    return dt.datetime.fromisoformat(moment).replace(tzinfo=ZONE)


@dataclass(slots=True)
class Sent:
    """One call that would show something: when it came in, and what became of it at Telegram."""

    at: float  # the machine's uptime
    wall: dt.datetime
    method: str
    chat: int
    params: Wire
    status: int = 0  # 0: no answer was given
    retry_after: int | None = None


@dataclass
class Scene:
    """The bureau.

    Args:
        host: The machine.
        folder: An empty folder.
        per_second: The pace of the outbox.
    """

    host: Host
    folder: Path
    per_second: float = 25.0
    policy: Policy = field(default_factory=lambda: load(packaged("zhengzhou")))
    sent: list[Sent] = field(default_factory=list)
    calls_wrong: list[str] = field(default_factory=list)
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        self.api = BotApi(TOKEN, Clock())
        self.api._monotonic = lambda: self.host.uptime
        self.api.wall = self.host
        self.api.calls = deque()  # all of them, instead of the newest
        self.api.observers.append(self._came_in)
        self._record, self.api._record = self.api._record, self._went_out
        self._on_the_way: dict[int, Sent] = {}

    @contextlib.asynccontextmanager
    async def open(self) -> Any:
        """Serve the Bot API for as long as the block lasts; the service is begun and ended inside it."""
        logs.configure("CRITICAL", secrets=[TOKEN])
        logging.disable(logging.CRITICAL)  # whatever goes wrong here does so on purpose
        mask = os.umask(0o077)
        try:
            async with BotApiServer(self.api) as server:
                self.settings = Settings(
                    _env_file=None,
                    token=SecretStr(TOKEN),
                    api_base=server.base,
                    database_url=f"sqlite:///{self.folder / 'xinxuan.db'}",
                    key_file=self.folder / "key",
                    admin_ids=(COORDINATOR,),
                    maintainer_ids=(),
                )
                self.api.add_user(COORDINATOR, "吴协调（虚构）").started = True
                yield self
        finally:
            os.umask(mask)
            logging.disable(logging.NOTSET)

    async def begin(self) -> None:
        """Start the bot."""
        service = Service(self.settings, self.policy, clock=Clock(), per_second=self.per_second)
        self.service = await service.__aenter__()
        self._hold_time_on_the_wire()

    def _hold_time_on_the_wire(self) -> None:
        """Let no time pass while a call is on its way, unless Telegram itself lets it wait."""
        session, loop = self.service.bot._request[1]._session, self.host.loop
        original = session.request

        async def held(method: str, url: str, **more: Any) -> Any:
            if url.lower().endswith("getupdates"):  # waits at Telegram
                return await original(method, url, **more)
            loop.calls += 1
            try:
                response = await original(method, url, **more)
                if method == "POST":
                    await response.read()  # kept; the bot reads it once more
            except TimeoutError:
                if loop.waiting:  # given up while Telegram let it wait
                    loop.waiting, loop.given_up = loop.waiting - 1, loop.given_up + 1
                raise
            else:
                return response
            finally:
                loop.calls -= 1

        session.request = held
        self._hold_what_waits()

    def _hold_what_waits(self) -> None:
        """Count the calls that Telegram itself lets wait: time goes on for them."""
        loop = self.host.loop

        async def waits(seconds: float) -> None:
            loop.waiting += 1
            try:
                await BotApi._hang(self.api, seconds)
            finally:
                if loop.given_up:
                    loop.given_up -= 1
                else:
                    loop.waiting -= 1

        self.api._hang = waits

    async def end(self) -> None:
        """Stop the bot."""
        await self.service.__aexit__(None, None, None)

    @property
    def office(self) -> Office:
        return self.service.office

    @property
    def database(self) -> Database:
        return self.service.database

    async def enrol(self, number: int, *, unit: str = "air") -> list[int]:
        """Put officers on the list and let them know the bot; return their Telegram ids."""
        taken = sum(each >= FIRST_OFFICER for each in self.api.users)
        ids = [FIRST_OFFICER + taken + n for n in range(number)]
        async with self.database.write() as session:
            seat = await people.unit_by_code(session, unit)
            assert seat is not None
            session.add_all(
                Person(telegram_id=each, unit_id=seat.id, role=Role.OFFICER, name=f"虚构{each % 10000}", joined_at=NOON)
                for each in ids
            )
        for each in ids:
            self.api.add_user(each, f"虚构{each % 10000}").started = True
        return ids

    async def received(self, owners: Iterable[int], *, on: dt.date) -> list[int]:
        """Let each of these officers have an entry that the centre received on a day; return the entries' ids."""
        wanted, made = list(owners), []
        for first in range(0, len(wanted), ENTRIES_AT_ONCE):
            async with self.database.write() as session:
                made += await entries.make(session, self.office, wanted[first : first + ENTRIES_AT_ONCE], on)
        return made

    async def planned(self, owners: Iterable[int], decision: Callable[[], dt.date]) -> None:
        """Let each of these officers have an entry that is not submitted yet, to be decided on a day of the future."""
        async with self.database.write() as session:
            await entries.make(session, self.office, list(owners), self.office.today(self.office.clock.now()), decision)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def sleep_until(self, moment: dt.datetime) -> None:
        """Let time pass while the bot is up."""
        await asyncio.sleep(max(0.0, (moment - self.host.wall()).total_seconds()))

    async def drained(self, *, within: float) -> float | None:
        """Wait until nothing is due, on its way or to be tried again; return how long that took, None if longer."""
        began = self.host.uptime
        while await self.is_busy():
            if self.host.uptime - began > within:
                return None
            await asyncio.sleep(1.0)
        return self.host.uptime - began

    async def is_busy(self) -> bool:
        now = self.office.clock.now()
        soon = now + SOON
        open_rows = select(Outbox.id).where(Outbox.state.in_(("due", "claimed", "unknown")), Outbox.not_before <= soon)
        overdue = select(Reminder.id).where(Reminder.state == ReminderState.PLANNED, Reminder.due_at <= now).limit(1)
        async with self.database.read() as session:
            if await session.scalar(open_rows.limit(1)) is not None or await outbox.is_busy(session, now=now):
                return True
            return hours.in_office_hours(self.office, now) and await session.scalar(overdue) is not None

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.database.read() as session:
            key = next(iter(table.__table__.primary_key.columns))
            return list(await session.scalars(select(table).where(*where).order_by(key)))

    async def carried(self) -> list[tuple[Reminder, Outbox]]:
        """Return each reminder with each notification that carried it."""
        query = select(Reminder, Outbox).select_from(OutboxReminder)
        query = query.join(Reminder, Reminder.id == OutboxReminder.reminder_id)
        query = query.join(Outbox, Outbox.id == OutboxReminder.outbox_id).order_by(Outbox.id)
        async with self.database.read() as session:
            return [(reminder, row) for reminder, row in await session.execute(query)]

    def _came_in(self, method: str, params: Wire) -> None:
        self.calls_wrong += check_call(method, params)
        if method.startswith(("send", "edit")):
            sent = Sent(self.host.uptime, self.host.wall(), method, int(params["chat_id"]), params)
            self.sent.append(sent)
            self._on_the_way[_key(params)] = sent

    def _went_out(self, method: str, params: Wire, status: int, result: Wire | None) -> None:
        self._record(method, params, status, result)
        sent = self._on_the_way.pop(_key(params), None)
        if sent is not None:
            sent.status = status
            sent.retry_after = ((result or {}).get("parameters") or {}).get("retry_after")


NOON = at("2026-01-05 12:00")


def _key(params: Wire) -> int:
    """The same call on its way in and out: ids do not repeat while both are alive."""
    return hash(tuple(sorted((name, str(value)) for name, value in params.items())))


def reminders_of(message: Message) -> set[int]:
    """Return the reminders that a message's own buttons answer."""
    presses = [Press.decode(each.get("callback_data", "")) for row in message.buttons for each in row]
    return {press.id for press in presses if press is not None and press.verb.startswith("n")}


def is_labelled(message: Message) -> bool:
    return any(label in message.text for label in LABELS)


def copies(api: BotApi, chats: Iterable[int]) -> Iterator[tuple[int, list[Message]]]:
    """Yield for each chat and reminder the messages that carry it, in the order of their arrival."""
    for chat in chats:
        found: dict[int, list[Message]] = {}
        for message in api.messages(chat):
            if message.from_bot:
                for each in reminders_of(message):
                    found.setdefault(each, []).append(message)
        yield from found.items()
