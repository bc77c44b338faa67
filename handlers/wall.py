"""The wall clock is set, or the machine was asleep: noticed, because monotonic time goes its own way."""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Final

import structlog

from handlers.clock import Clock

log = structlog.get_logger()

LOOK_EVERY: Final = 15.0  # seconds of monotonic time
NOTICED: Final = 5.0  # seconds of difference from which on it is a step; the rest is the clock being slewed
REPORTED: Final = 60.0  # seconds from which on the maintainer reads of it


async def watch(on_step: Callable[[int], None]) -> None:
    """Compare wall and monotonic time until cancelled.

    The scheduler goes by the wall: a clock set back ten days would leave it asleep for ten days.

    Args:
        on_step: Called after each step with its seconds, so that everything is looked at now.

    Source: ``reliability.md`` §3.6.
    """
    loop, wall = asyncio.get_running_loop(), Clock()
    before = wall.now() - dt.timedelta(seconds=loop.time())
    while True:
        await asyncio.sleep(LOOK_EVERY)
        after = wall.now() - dt.timedelta(seconds=loop.time())
        step = (after - before).total_seconds()
        before = after
        if abs(step) < NOTICED:
            continue
        if abs(step) >= REPORTED:
            log.error("the machine's clock was set, or the machine was asleep", seconds=round(step))
        on_step(round(step))
