"""Long work in short transactions: the writing connection and the event loop are the officers' too."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

SIZE: Final = 5  # of one transaction, which officers' updates wait for


async def in_parts(ids: Sequence[int], *, goes_on: Callable[[], bool]) -> AsyncIterator[Sequence[int]]:
    """Yield a few at a time, each part to be done in a transaction of its own, with as long a rest after it as it took.

    What an officer presses takes several transactions; without the rest each of them would wait for a part.

    Args:
        ids: Of all that is to be done.
        goes_on: Asked before each part; a stop leaves the rest of them undone.
    """
    took = 0.0
    for first in range(0, len(ids), SIZE):
        await asyncio.sleep(took)
        if not goes_on():
            return
        began = time.monotonic()
        yield ids[first : first + SIZE]
        took = time.monotonic() - began
