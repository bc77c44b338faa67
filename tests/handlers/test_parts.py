"""Long work leaves room for what officers press, waits for nobody else, and stops where it is told to."""

import asyncio
import contextlib
import time
from types import SimpleNamespace

import pytest

from handlers import parts
from handlers.parts import SIZE, in_parts
from storage.database import Database

PART = 0.05  # seconds


async def pauses(database: Database, count: int) -> list[float]:
    """Work in parts, each of some length; return the seconds between every two of them."""
    found: list[float] = []
    ended = 0.0
    async for _part in in_parts(database, range(count * SIZE), goes_on=lambda: True):
        if ended:
            found.append(time.monotonic() - ended)
        async with database.write():
            await asyncio.sleep(PART)
        ended = time.monotonic()
    return found


async def test_all_of_it_comes_in_its_order(sqlite: Database):
    ids = list(range(3 * SIZE + 2))
    found = [part async for part in in_parts(sqlite, ids, goes_on=lambda: True)]
    assert [each for part in found for each in part] == ids
    assert {len(part) for part in found} == {SIZE, 2}


@pytest.mark.parametrize("verb", ["read", "write"])
async def test_whoever_is_at_work_gets_as_long_as_a_part_took(sqlite: Database, verb: str):
    async def press() -> None:
        while True:
            async with getattr(sqlite, verb)():
                await asyncio.sleep(0.2 * PART)

    pressing = asyncio.create_task(press())
    try:
        assert min(await pauses(sqlite, 4)) >= PART
    finally:
        pressing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pressing


async def test_where_nobody_is_at_work_nothing_is_waited_for(sqlite: Database, monkeypatch: pytest.MonkeyPatch):
    rests: list[float] = []

    async def noted(seconds: float) -> None:
        rests.append(seconds)

    monkeypatch.setattr(parts, "asyncio", SimpleNamespace(sleep=noted))
    async for _part in in_parts(sqlite, range(3 * SIZE), goes_on=lambda: True):
        async with sqlite.write():
            await asyncio.sleep(PART)
    assert rests == [parts.BREATH] * 2


async def test_a_stop_leaves_the_rest_undone(sqlite: Database):
    found: list[int] = []
    async for part in in_parts(sqlite, range(3 * SIZE), goes_on=lambda: not found):
        found.extend(part)
    assert found == list(range(SIZE))
