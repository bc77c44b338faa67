"""Long work in short transactions: the writing connection and the event loop are the officers' too."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from storage.database import Database

SIZE: Final = 5  # of one transaction, which officers' updates wait for
BREATH: Final = 0.002  # seconds in which the event loop takes in what has arrived during a part


async def in_parts(
    database: Database, ids: Sequence[int], *, goes_on: Callable[[], bool]
) -> AsyncIterator[Sequence[int]]:
    """Yield a few at a time, each part to be done in a transaction of its own; whoever else is at work gets as long.

    What an officer presses takes several transactions; without a rest each of them would wait for a part. While nobody
    presses, nothing is waited for: what was found late leaves so much sooner.

    Args:
        database: Where the parts are done.
        ids: Of all that is to be done.
        goes_on: Asked before each part; a stop leaves the rest of them undone.
    """
    took = 0.0
    for first in range(0, len(ids), SIZE):
        if first:
            await asyncio.sleep(BREATH)
            if database.in_use:
                await asyncio.sleep(took)
        if not goes_on():
            return
        began = time.monotonic()
        yield ids[first : first + SIZE]
        took = time.monotonic() - began
