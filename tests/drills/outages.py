"""G21: whatever fails, nothing is acknowledged that is not saved, and the bot recovers without a restart.

An officer enters one matter after another by the front door while the nth call to the database or to Telegram fails,
once or until it is mended; and while the disk is full, the database locked, or read-only.
"""

import asyncio
import contextlib
import gc
import random
import re
import sqlite3
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import SAWarning

from bot.screens.screen import Press
from handlers.office import ZONE
from handlers.web.botapi.faults import Fault, Faults, Kind
from handlers.web.botapi.model import Message, Wire
from storage.tables import Inbox, InboxState, Request
from tests.drills.failing import FailingDisk
from tests.drills.host import Host, on
from tests.drills.scene import Scene, at

GOALS = ("G21",)
MOST_CALLS: Final = 400  # to the database or to Telegram that one entry takes, at most
OUT_FOR: Final = 40.0  # seconds until what failed for good is mended
PATIENCE: Final = 120.0  # seconds after which an officer does the same once more: an answer may be given up after
TRIES: Final = 4  # three copies that nobody confirmed
WIRE: Final = (Kind.DROP_BEFORE, Kind.DROP_AFTER, Kind.GATEWAY, Kind.TOO_MANY, Kind.GARBAGE, Kind.HANG)
NUMBER: Final = re.compile(r"已登记台账：大气2026-(\d+)")
STEPS: Final = (
    "/new 排污许可证延续",
    "排污许可证延续",
    "虚构环保科技有限公司 91410100MA00000T42",
    "今天提交",
    "确认登记",
)


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Let every call fail in turn until an entry passes without a fault; or a few drawn ones."""
    host = Host(at("2026-03-02 09:30"))
    scene = Scene(host, folder)
    drill = _Drill(scene, random.Random(seed), full=full)
    with warnings.catch_warnings():
        for kind in (ResourceWarning, SAWarning):  # a connection that fails while it opens is left to the collector
            warnings.simplefilter("ignore", kind)
        found = await on(host, drill.story)
        gc.collect()
    bad = sum(found[name] for name in ("unsaved", "doubled", "lost", "unanswered"))
    return [{"goal": "G21", "seed": seed, **found, "ok": not bad and found["struck"] > 0 and not scene.calls_wrong}]


class _Nth(Faults):
    """Lets the nth call to Telegram fail, once or for good."""

    def order(self, at: int, kind: Kind, *, lasting: bool) -> None:
        self.calls, self.at, self.kind, self.lasting, self.strikes = 0, at, kind, lasting, 0

    def strike(self, method: str, params: Wire) -> Fault | None:
        self.calls += 1
        if self.at and (self.calls == self.at or (self.lasting and self.calls > self.at)):
            self.strikes += 1
            done = self.kind in (Kind.DROP_AFTER, Kind.GARBAGE, Kind.HANG)
            return Fault("*", self.kind, done=done, retry_after=3, seconds=30.0)
        return None

    def heal(self) -> None:
        self.at = 0


class _Drill:
    def __init__(self, scene: Scene, dice: random.Random, *, full: bool) -> None:
        self.scene, self.dice, self.full = scene, dice, full
        self.api = scene.api
        self.disk, self.wire = FailingDisk(), _Nth()
        self.wire.order(0, Kind.GATEWAY, lasting=False)
        self.api.faults = self.wire
        self.deeds = self.struck = 0
        self.situations: dict[str, int] = {}  # what was out -> whether it really hindered
        self.fault = "none"  # what the present deed is done under
        self.silent: list[str] = []  # the steps that never had an answer, each with its fault and time
        self.asked_again: Counter[str] = Counter()  # the steps done once more -> how often
        self._numbers_known: set[str] = set()  # of former deeds' entries: an answer may come once more, later
        self._since = 0  # the newest message before the present deed

    async def story(self) -> dict[str, Any]:
        async with self.scene.open():
            await self.scene.begin()
            [self.me] = await self.scene.enrol(1)
            with self.disk.installed():
                await self._deed()
                await self._database_calls()
                await self._wire_calls()
            await self._situations()
            await self._deed()
            await self.scene.end()
            await self.scene.begin()
            found = await self._audit()
            await self.scene.end()
        return found

    async def _database_calls(self) -> None:
        for lasting, done in ((False, False), (False, True), (True, False)):
            for number in self._numbers(2):
                self.disk.order(number, lasting=lasting, done=done)
                self.fault = f"database {number} {lasting=} {done=}"
                async with self._mended(self.disk.heal):
                    await self._deed()
                self.struck += self.disk.struck
                if not self.disk.struck and self.full:
                    break

    async def _wire_calls(self) -> None:
        for kind in WIRE if self.full else self.dice.sample(WIRE, 2):
            for lasting in (False, True):
                for number in self._numbers(1):
                    self.wire.order(number if self.full else number % 12 + 1, kind, lasting=lasting)
                    self.fault = f"wire {kind} {self.wire.at} {lasting=}"
                    async with self._mended(self.wire.heal):
                        await self._deed()
                    self.struck += self.wire.strikes
                    if not self.wire.strikes and self.full:
                        break

    def _numbers(self, few: int) -> list[int]:
        return list(range(1, MOST_CALLS)) if self.full else sorted(self.dice.sample(range(1, 150), few))

    async def _situations(self) -> None:
        """The disk is full, the database read-only, and locked by somebody else for half a minute."""
        for name, begin, end in (
            ("full", self._limited, "PRAGMA max_page_count=1073741823"),
            ("read_only", lambda: self._pragma("PRAGMA query_only=ON"), "PRAGMA query_only=OFF"),
        ):
            await begin()
            self.fault = f"database {name}"
            deed = asyncio.create_task(self._deed())
            await asyncio.sleep(OUT_FOR)
            self.situations[name] = int(not deed.done())
            await self._pragma(end)
            await deed
        await self._locked(30.0 if self.full else 1.0)

    async def _limited(self) -> None:
        """Fill the disk: no page may be added; free ones inside the file are used up by a wide row."""
        await self._pragma("CREATE TABLE ballast (wide BLOB)")
        await self._pragma("VACUUM")
        pages = int(await self._pragma("PRAGMA page_count"))
        await self._pragma(f"PRAGMA max_page_count={pages}")

    async def _pragma(self, statement: str) -> Any:
        """Say something to the writing connection itself."""
        database = self.scene.database
        async with database._writing, database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            assert raw.driver_connection is not None
            if raw.driver_connection.in_transaction:
                await raw.driver_connection.rollback()
            rows = await raw.driver_connection.execute_fetchall(statement)
        return next(iter(rows), (0,))[0]

    async def _locked(self, seconds: float) -> None:
        """Let another process hold the lock, in real time, longer than the bot's patience with it."""
        patience = await self._pragma("PRAGMA busy_timeout")
        await self._pragma(f"PRAGMA busy_timeout={5000 if self.full else 100}")
        path = self.scene.database.path
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.fault = "database locked"
            deed = asyncio.create_task(self._deed())
            held = asyncio.get_running_loop().run_in_executor(None, _really_sleep, seconds)
            self.scene.host.loop.at_work -= 1  # the bot lives on meanwhile
            await held
            self.scene.host.loop.at_work += 1
            self.situations["locked"] = int(not deed.done())
            other.execute("ROLLBACK")
            await deed
        await self._pragma(f"PRAGMA busy_timeout={patience}")

    @contextlib.asynccontextmanager
    async def _mended(self, heal: Callable[[], None]) -> AsyncIterator[None]:
        """Mend what fails for good after a while; whatever happens, all is well at the end."""
        mending = asyncio.get_running_loop().call_later(OUT_FOR, heal)
        try:
            yield
        finally:
            mending.cancel()
            heal()

    async def _deed(self) -> None:
        """Enter a matter, step by step, each after the answer to the one before."""
        self.deeds += 1
        self._since = max((each.id for each in self._spoken()), default=0)
        self._numbers_known = self._numbers_told(self._spoken())
        for step in STEPS:
            told = f"{self.fault}, {self.scene.host.wall().astimezone(ZONE):%d %H:%M}, {step}"
            if not await self._step(step, told):
                self.silent.append(told)
                return

    async def _step(self, step: str, told: str) -> bool:
        """Type a line or press a button, again where nothing comes; return whether an answer came in the end."""
        for number in range(TRIES):
            found = self._buttons(step)
            if not found:
                self.api.type(self.me, step)
            else:  # where the newest does not answer, people try the one above it
                message, data = found[number % len(found)]
                self.api.press(self.me, message.id, data)
            if number:
                self.asked_again[told] += 1
            if await self._until(lambda: self._awaits(step)):
                return True
        return False

    def _awaits(self, step: str) -> bool:
        """Whether what follows is there: the next step's button or question, or the number of the entry.

        It need not stand in the newest message: a copy of a former answer may have come after it.
        """
        number = STEPS.index(step) + 1
        if number == len(STEPS):
            return bool(self._numbers_told(self._lately()) - self._numbers_known)
        following = STEPS[number]
        if following.startswith("虚构"):  # the step that is typed
            return any("统一社会信用代码" in each.text for each in self._lately())
        return bool(self._buttons(following))

    def _numbers_told(self, messages: list[Message]) -> set[str]:
        return {each for said in messages for each in NUMBER.findall(said.text)}

    def _buttons(self, label: str) -> list[tuple[Message, str]]:
        """Find the buttons of a name as people do, the newest first; below it there may be copies of older screens."""
        return [
            (message, each["callback_data"])
            for message in reversed(self._lately())
            for each in (each for row in message.buttons for each in row)
            if label in each["text"] and Press.decode(each.get("callback_data", "")) is not None
        ]

    def _lately(self) -> list[Message]:
        return [each for each in self._spoken() if each.id > self._since]

    def _spoken(self) -> list[Message]:
        return [each for each in self.api.messages(self.me) if each.from_bot]

    async def _until(self, met: Callable[[], bool]) -> bool:
        end = self.scene.host.uptime + PATIENCE
        while not met():
            if self.scene.host.uptime > end:
                return False
            await asyncio.sleep(0.1)
        return True

    async def _audit(self) -> dict[str, Any]:
        """Compare what the officer was told with what is there."""
        told = {int(each) for each in self._numbers_told(self._spoken())}
        there = {row.seq for row in await self.scene.rows(Request)}
        left = await self.scene.rows(Inbox, Inbox.state.in_((InboxState.RECEIVED, InboxState.DEAD)))
        return {
            "n": self.deeds,
            "struck": self.struck,
            "hindered": self.situations,
            "unsaved": len(told - there),
            "doubled": max(0, len(there) - self.deeds),
            "lost": len(left) + max(0, self.deeds - len(self.silent) - len(there)),
            "unanswered": len(self.silent),
            "silent": self.silent,
            "repeated": self.asked_again.total(),
            "asked_again": dict(self.asked_again),
        }


def _really_sleep(seconds: float) -> None:
    import time

    time.sleep(seconds)
