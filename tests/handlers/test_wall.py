"""The wall clock: doubted after a jump and at a start, believed again, and never doubted for ever."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator

import pytest

from handlers import wall
from handlers.clock import Clock
from handlers.wall import Wall

HOUR = dt.timedelta(hours=1)


class Machine:
    """A machine's clock, Telegram's, and what the maintainers are told."""

    def __init__(self) -> None:
        self.clock, self.theirs = Clock(), Clock()
        self.is_away = False
        self.told: list[int] = []
        self.steps: list[int] = []
        self.wall = Wall(self._ask, self._tell)
        self.wall._clock = self.clock

    async def _ask(self) -> dt.datetime | None:
        return None if self.is_away else self.theirs.now()

    async def _tell(self, seconds: int) -> None:
        self.told.append(round(seconds / 60))

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        watching = asyncio.create_task(self.wall.watch(self.steps.append))
        try:
            yield
        finally:
            watching.cancel()

    async def comes_to(self, believed: bool) -> None:
        async with asyncio.timeout(20):
            while self.wall.is_believed() is not believed:
                await asyncio.sleep(0.005)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(wall, "LOOK_EVERY", 0.01)
    return Machine()


async def test_a_clock_that_is_wrong_at_the_start_is_doubted_until_it_is_right(machine: Machine):
    machine.clock.offset = 240 * HOUR
    machine.wall.begin(machine.theirs.now())
    assert not machine.wall.is_believed()
    async with machine.watched():
        await asyncio.sleep(0.1)
        assert (machine.wall.is_believed(), machine.told) == (False, [14_400])
        machine.clock.offset = dt.timedelta()
        await machine.comes_to(True)


async def test_a_right_clock_is_believed_and_so_is_one_where_telegram_does_not_say(machine: Machine):
    for theirs in (machine.theirs.now(), None):
        machine.wall.begin(theirs)
        async with machine.watched():
            await asyncio.sleep(0.05)
            assert machine.wall.is_believed()
    assert machine.told == []


async def test_without_telegram_a_jump_is_doubted_and_judged_once_it_is_back(machine: Machine):
    machine.wall.begin(machine.theirs.now())
    machine.is_away = True
    async with machine.watched():
        machine.clock.offset = machine.theirs.offset = 8 * HOUR
        await asyncio.sleep(0.1)
        assert (machine.wall.is_believed(), machine.told) == (False, [])
        machine.is_away = False
        await machine.comes_to(True)
    assert 28_800 in machine.steps


async def test_no_clock_is_doubted_for_ever(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wall, "LONGEST_DOUBT", 0.2)
    machine.wall.begin(machine.theirs.now())
    async with machine.watched():
        machine.clock.offset = -2 * HOUR
        assert not machine.wall.is_believed()
        await machine.comes_to(True)
    assert machine.told == [-120]
