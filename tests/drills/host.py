"""A machine whose time is the drill's: days pass in seconds, its wall clock may step, and it may be suspended.

The event loop is a real one, with real sockets and real database threads, but its clock stands still while anything is
at work and jumps to the next timer when nothing is. The wall's time (``handlers.clock.Clock``, and the scheduler's own)
is the loop's time plus what the machine's owner has set it to. So the whole service, its pauses, time-outs and the
served Bot API live in one and the same time.
"""

import asyncio
import contextlib
import datetime as dt
import selectors
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import aiosqlite
from apscheduler.schedulers import base as scheduler
from apscheduler.triggers import interval

from handlers.clock import Clock

T = TypeVar("T")

GRACE = 0.0004  # real seconds of silence on all sockets after which nothing more is on its way
INSTANT = 1e-8  # seconds, above the resolution of the loop's clock
STEP = 0.02  # real seconds to wait for a database thread before looking again


class _Patient(selectors.DefaultSelector):
    """Waits for what is at work; where nothing is, lets the loop's time jump instead of waiting."""

    loop: "Loop"

    def select(self, timeout: float | None = None) -> list[Any]:
        self.loop.jump(INSTANT)  # who asks again and again whether a moment has come must see it come
        if timeout is not None and timeout <= 0:
            return super().select(0)
        while not (events := super().select(STEP if self.loop.is_busy else GRACE)):
            if self.loop.is_busy or timeout is None:
                continue
            self.loop.jump(timeout)
            return []
        return events


class Loop(asyncio.SelectorEventLoop):
    """An event loop in the drill's time."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.at_work = 0  # calls that a thread is working on
        self.calls = self.waiting = self.given_up = (
            0  # to Telegram; those that it lets wait; of these, whose caller left
        )
        selector = _Patient()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """Return the seconds since this machine was switched on."""
        return self.elapsed

    @property
    def is_busy(self) -> bool:
        """Whether something is being done that takes no time here."""
        return self.at_work > 0 or self.calls > self.waiting

    def jump(self, seconds: float) -> None:
        """Let time pass in which nothing happens."""
        self.elapsed += seconds

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Run in a thread, during which time stands still."""
        future = super().run_in_executor(executor, func, *args)
        self.at_work += 1
        future.add_done_callback(self._came_back)
        return future

    def _came_back(self, _future: Any) -> None:
        self.at_work -= 1


class Host:
    """The machine.

    Args:
        wall: What its wall clock says when it is switched on, aware.
    """

    def __init__(self, wall: dt.datetime) -> None:
        self._set = self._true = wall
        self.loop = Loop()

    @property
    def uptime(self) -> float:
        """Seconds since it was switched on."""
        return self.loop.elapsed

    def wall(self) -> dt.datetime:
        """Return the wall's time, aware UTC."""
        return (self._set + dt.timedelta(seconds=self.loop.elapsed)).astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        """Return the true time, aware UTC: what everybody else's clock says, Telegram's for one."""
        return (self._true + dt.timedelta(seconds=self.loop.elapsed)).astimezone(dt.UTC)

    def step(self, by: dt.timedelta) -> None:
        """Set the wall clock forward or back; nothing else notices."""
        self._set += by

    def suspend(self, seconds: float) -> None:
        """Let the machine sleep: the wall goes on, the process's own time does not."""
        self._set += dt.timedelta(seconds=seconds)
        self._true += dt.timedelta(seconds=seconds)

    def wait_until(self, moment: dt.datetime) -> None:
        """Let time pass while the bot is down."""
        self.loop.jump(max(0.0, (moment - self.wall()).total_seconds()))

    def run(self, story: Callable[[], Awaitable[T]]) -> T:
        """Run a story on this machine; to be called outside any event loop."""
        with self._installed(), asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            return runner.run(_awaited(story))

    @contextlib.contextmanager
    def _installed(self) -> Iterator[None]:
        """Let everything that asks for the time ask this machine."""
        host, now, execute = self, Clock.now, aiosqlite.Connection._execute

        class Wall(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
                return host.wall().astimezone(tz)

        async def counted(self: aiosqlite.Connection, fn: Any, *args: Any, **kwargs: Any) -> Any:
            host.loop.at_work += 1
            try:
                return await execute(self, fn, *args, **kwargs)
            finally:
                host.loop.at_work -= 1

        Clock.now = lambda clock: host.wall() + clock.offset
        aiosqlite.Connection._execute = counted
        scheduler.datetime = interval.datetime = Wall
        try:
            yield
        finally:
            Clock.now, aiosqlite.Connection._execute = now, execute
            scheduler.datetime = interval.datetime = dt.datetime


async def _awaited(story: Callable[[], Awaitable[T]]) -> T:
    return await story()


async def on(host: Host, story: Callable[[], Awaitable[T]]) -> T:
    """Run a story on a machine, aside of the running event loop."""
    return await asyncio.to_thread(host.run, story)
