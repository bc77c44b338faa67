"""The front door without the street: raw updates run through the gate, the routing and the flows, on a real database.

What Telegram would carry is left out, so that a drill can knock a hundred thousand times; what decides is all there.
"""

import contextlib
import datetime as dt
import hashlib
import itertools
import os
import warnings
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("PTB_TIMEDELTA", "1")

from cryptography.fernet import Fernet
from sqlalchemy import literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import User
from telegram.ext import ExtBot

from bot.language import speaking
from bot.policy.loader import load, packaged
from bot.screens.screen import Screen
from bot.workdays import Calendar
from handlers.clock import Clock
from handlers.office import Office
from handlers.telegram import turns
from handlers.telegram.routing import App, application
from handlers.turn import Turn
from storage import keys, migrate, people
from storage.database import Database
from storage.tables import Base, Inbox, InboxState, Person, PersonState, Role

TOKEN = "100000001:fictitious-token-of-the-drills-0000000"
ME = {"id": 100000001, "is_bot": True, "first_name": "信选", "username": "xinxuan_trial_bot"}
START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
AIR_FIRM, WATER_FIRM = "虚构甲金丝雀有限公司 91410100MA00000T42", "虚构乙金丝雀监测站 12410100MB0000T3XJ"
CANARIES = ("金丝雀", "91410100MA00000T42", "12410100MB0000T3XJ")
BATCH = 200  # knocks in one transaction


@dataclass
class Door:
    """A bureau behind its gate."""

    database: Database
    office: Office
    app: App
    now: dt.datetime = START
    numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))
    errors: list[BaseException] = field(default_factory=list)

    async def enrol(
        self, telegram_id: int, role: Role, unit: str, *, state: PersonState = PersonState.ACTIVE
    ) -> Person:
        """Put somebody on the list."""
        async with self.database.write() as session:
            seat = await people.unit_by_code(session, unit)
            assert seat is not None
            person = Person(telegram_id=telegram_id, unit_id=seat.id, role=role, state=state,
                            name=f"虚构{telegram_id % 1000}", joined_at=self.now)  # fmt: skip
            session.add(person)
        return person

    async def knock(self, updates: Sequence[dict[str, Any]]) -> list[Turn]:
        """Run raw updates, each in a savepoint of its own, and return their turns."""
        done: list[Turn] = []
        for at in range(0, len(updates), BATCH):
            async with self.database.write() as session:
                for raw in updates[at : at + BATCH]:
                    done.append(await self._run(session, raw))
        return done

    async def _run(self, session: AsyncSession, raw: dict[str, Any]) -> Turn:
        row = Inbox(update_id=next(iter(self.numbers)), lane="0", state=InboxState.RECEIVED, received_at=self.now)
        row.raw = {"update_id": row.update_id, **raw}
        sender, _place = turns.read(row.raw)
        officers, drafts = await people.at_work(session, [sender.telegram_id])
        turn, _place = turns.opened(self.office, session, row, people=officers, drafts=drafts, now=self.now)
        with speaking("zh_CN"):
            failure = await turns.run(self.app, turn, row, lambda screen, _who, _now: screen)
        if failure is not None:
            self.errors.append(failure)
        return turn

    async def say(self, user_id: int, words: str) -> Screen:
        """Type something as an officer and return the screen."""
        return _screen((await self.knock([message(user_id, text=words)]))[0])

    async def tap(self, user_id: int, screen: Screen, label: str) -> Screen:
        """Press a button that is really there."""
        data = next(data for shown, data in payloads(screen) if label in shown)
        return _screen((await self.knock([press(user_id, data)]))[0])

    async def digest(self, *leave_out: str) -> str:
        """Return a fingerprint of all tables but some."""
        found = hashlib.sha256()
        async with self.database.read() as session:
            for table in Base.metadata.sorted_tables:
                if table.name not in leave_out:
                    rows = await session.execute(select(literal_column("*")).select_from(table).order_by(text("1, 2")))
                    found.update(repr([tuple(row) for row in rows]).encode())
        return found.hexdigest()

    async def register(self, user_id: int, firm: str) -> None:
        """Make an entry."""
        screen = await self.say(user_id, "/new 排污许可证延续")
        screen = await self.tap(user_id, screen, "排污许可证延续")
        screen = await self.say(user_id, firm)
        screen = await self.tap(user_id, screen, "今天提交")
        await self.tap(user_id, screen, "确认登记")


@contextlib.asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Door]:
    """Open a bureau in an empty folder: two units, an entry in each, and nobody else yet."""
    keys.use([Fernet.generate_key().decode()])
    database = Database(f"sqlite:///{folder / 'door.db'}")
    await migrate.upgrade(database)
    policy = load(packaged("zhengzhou"))
    bot: ExtBot[None] = ExtBot(TOKEN)
    bot._bot_user = User(**ME)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = application(bot)
    app._initialized = True
    async with database.write() as session:
        await people.sync_units(session, policy)
    door = Door(database, Office(policy, Calendar(), Clock(START - Clock().now())), app)
    try:
        yield door
    finally:
        await database.close()


def shown(turn: Turn) -> str:
    """Return everything that a turn would show."""
    screen = turn.screen
    if screen is None:
        return ""
    return "\n".join((screen.text, screen.toast or "", *(label for label, _data in payloads(screen))))


def payloads(screen: Screen) -> list[tuple[str, str]]:
    """Return the labels and data of a screen's buttons."""
    return [(each.text, each.press.encode()) for row in screen.rows for each in row if each.press is not None]


def message(user_id: int, **more: Any) -> dict[str, Any]:
    """Return a message of somebody's private chat as Telegram sends it."""
    return {"message": body(user_id, **_entities(more))}


def press(user_id: int, data: str) -> dict[str, Any]:
    """Return a press as Telegram sends it."""
    pressed = body(user_id) | {"from": ME, "text": "x"}
    query = {"id": "1", "from": person(user_id), "chat_instance": "1", "data": data, "message": pressed}
    return {"callback_query": query}


def body(user_id: int, **more: Any) -> dict[str, Any]:
    """Return the parts that every message has."""
    chat = {"id": user_id, "type": "private", "first_name": "虚构"}
    return {"message_id": 5, "date": 1, "from": person(user_id), "chat": chat} | more


def person(user_id: int) -> dict[str, Any]:
    """Return somebody as Telegram describes them."""
    return {"id": user_id, "is_bot": False, "first_name": "虚构"}


def _entities(more: dict[str, Any]) -> dict[str, Any]:
    words = more.get("text", "")
    if not words.startswith("/"):
        return more
    command = words.split(" ")[0]
    return more | {"entities": [{"type": "bot_command", "offset": 0, "length": len(command)}]}


def _screen(turn: Turn) -> Screen:
    assert turn.screen is not None
    return turn.screen


async def rows_of(door: Door, table: Any) -> list[Any]:
    """Return all rows of a table."""
    async with door.database.read() as session:
        return list(await session.scalars(select(table)))
