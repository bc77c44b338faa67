"""A file page at work: a real database and store, people, and what came in; the clock is the test's."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.screens.screen import File
from handlers.links import Links
from handlers.web.page.app import FilePage
from handlers.web.serving import listening
from storage.database import Database
from storage.files import FileStore
from storage.tables import Audit, Person, PersonState, Role, Unit
from tests.conftest import START
from tests.loopback import free_port

OFFICER, COLLEAGUE = 5_000_002, 5_000_003
NAME = '名单 "第1批"（虚构）.xlsx'
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CONTENT = bytes(range(256)) * 40


@dataclass
class Received:
    """What the flow got."""

    key: str
    name: str
    media_type: str
    size: int


class Counter:
    """The page's counter: links are handed out, files are kept and taken in."""

    def __init__(self, database: Database, clock: Any, folder: Path) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}/files"
        self.database = database
        self.clock = clock
        self.store = FileStore(folder / "files")
        self.links = Links(self.base)
        self.received: list[tuple[int, Received]] = []
        self.fails = False

    async def hand_in(self, telegram_id: int, **file: Any) -> None:
        if self.fails:
            raise RuntimeError("the database is away")
        self.received.append((telegram_id, Received(**file)))

    def page(self, base: str = "") -> FilePage:
        return FilePage(base or self.base, self.database, self.clock, self.store, self.hand_in)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Counter"]:
        async with self.database.write() as session:
            unit = Unit(code="air", short_name="大气", name="大气处（虚构）", kind="office")
            session.add(unit)
            await session.flush()
            for telegram_id in (OFFICER, COLLEAGUE):
                session.add(Person(telegram_id=telegram_id, unit_id=unit.id, role=Role.OFFICER, joined_at=START))
        async with listening(self.page().app(), "127.0.0.1", self.port):
            yield self

    def download(self, telegram_id: int = OFFICER, name: str = NAME) -> str:
        kept = self.store.put(CONTENT)
        return self.links.download(telegram_id, File(kept.key, name, SHEET), self.clock.now())

    def upload(self, telegram_id: int = OFFICER) -> str:
        return self.links.upload(telegram_id, self.clock.now())

    async def set_state(self, state: PersonState, telegram_id: int = OFFICER) -> None:
        async with self.database.write() as session:
            person = await session.scalar(select(Person).where(Person.telegram_id == telegram_id))
            person.state = state

    async def notes(self) -> list[tuple[str, str | None]]:
        """The audit's verbs and reasons, oldest first."""
        return [(row.verb, row.reason) for row in await self.audit()]

    async def audit(self) -> list[Audit]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Audit).order_by(Audit.id)))

    def kept(self) -> set[bytes]:
        folder = self.store.path("0" * 32).parent
        return {path.read_bytes() for path in folder.iterdir()} if folder.exists() else set()
