"""The pace: together, notices and pinned lists keep below what Telegram permits."""

import asyncio
import datetime as dt

from handlers.telegram.pace import Pace


async def test_a_chat_rests_whoever_writes_to_it():
    """A pinned list and a reminder to one officer do not leave in the same second; others do not wait for them."""
    pace, loop = Pace(1000.0), asyncio.get_running_loop()
    began = loop.time()
    assert await pace.place(1) is None
    assert await pace.place(2) is None
    assert loop.time() - began < 0.9
    assert await pace.place(1) is None
    assert loop.time() - began >= 0.99


async def test_a_wait_too_long_for_a_claim_is_said_instead_of_slept():
    pace = Pace(1000.0)
    pace.pause(dt.timedelta(seconds=60))
    wait = await pace.place(1)
    assert wait is not None and wait > dt.timedelta(seconds=59)


async def test_a_timer_that_rings_late_costs_no_place_and_no_burst_follows_a_lull(monkeypatch):
    pace, loop = Pace(25.0), asyncio.get_running_loop()
    now, rings_late = loop.time(), 0.015
    moments: list[float] = []

    async def slept(seconds: float) -> None:
        nonlocal now
        now += seconds + rings_late

    monkeypatch.setattr(loop, "time", lambda: now)
    monkeypatch.setattr(asyncio, "sleep", slept)
    for chat in range(100):
        assert await pace.place(chat) is None
        moments.append(now)
        if chat == 25:
            now += 3.0
    assert all(len([each for each in moments if first <= each < first + 1.0]) <= 26 for first in moments)
    assert moments[24] - moments[0] < 24 * 0.04 + 2 * rings_late
