"""The wall clock is set, or the machine was asleep: noticed, because monotonic time goes its own way.

A clock that jumps is believed only once Telegram has the same time; until then nothing is planned and no notification
leaves, for a wrong date would call overdue what is not, and a reminder that its moment has passed would never be said.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from handlers.clock import Clock

log = structlog.get_logger()

LOOK_EVERY: Final = 15.0  # seconds of monotonic time
NOTICED: Final = 5.0  # seconds of difference from which on it is a step; the rest is the clock being slewed
REPORTED: Final = 60.0  # seconds from which on the maintainer reads of it, and the clock is doubted
LONGEST_DOUBT: Final = 3600.0  # seconds of monotonic time: dates held back for ever would be worse than early ones


class Wall:
    """The wall clock, and whether it can be believed.

    Args:
        their_time: Asks Telegram what time it is there, aware UTC; None where it cannot be learnt.
        on_wrong: Called with the seconds by which the clock is wrong, when Telegram says that it is.
    """

    def __init__(
        self, their_time: Callable[[], Awaitable[dt.datetime | None]], on_wrong: Callable[[int], Awaitable[object]]
    ) -> None:
        self._their_time = their_time
        self._on_wrong = on_wrong
        self._clock = Clock()
        self._believed: dt.datetime | None = None  # the wall's time when monotonic time was nought; None: not begun
        self._doubted_since: float | None = None
        self._is_wrong = False

    def begin(self, theirs: dt.datetime | None) -> None:
        """Begin with the clock as it is, doubted where Telegram's greeting had another time.

        Args:
            theirs: What time it is there, aware UTC; None where that is not known.
        """
        self._believed = self._origin() - dt.timedelta(seconds=self._ahead_of(theirs) or 0)

    def is_believed(self) -> bool:
        """Say whether dates may be counted by the clock now; asked each time before they are."""
        return self._believed is None or abs(self._ahead(self._believed)) < REPORTED

    async def watch(self, on_step: Callable[[int], None]) -> None:
        """Compare wall and monotonic time until cancelled.

        The scheduler goes by the wall: a clock set back ten days would leave it asleep for ten days.

        Args:
            on_step: Called after each step with its seconds, so that everything is looked at now.

        Source: ``reliability.md`` §3.6.
        """
        seen = self._believed or self._origin()
        while True:
            await self._judge()
            await asyncio.sleep(LOOK_EVERY)
            step, seen = round(self._ahead(seen)), self._origin()
            if abs(step) < NOTICED:
                continue
            if abs(step) >= REPORTED:
                log.error("the machine's clock was set, or the machine was asleep", seconds=step)
                await self._judge()
            on_step(step)

    async def _judge(self) -> None:
        """Believe the clock where it went on as ever, or where Telegram has the same time."""
        if not self.is_believed() and not await self._may_be_believed():
            return
        if self._is_wrong:
            log.error("the machine's clock is believed again")
        self._believed, self._doubted_since, self._is_wrong = self._origin(), None, False

    async def _may_be_believed(self) -> bool:
        now = asyncio.get_running_loop().time()
        wrong = self._ahead_of(await self._their_time())
        if wrong == 0:
            return True
        if self._doubted_since is None:
            self._doubted_since = now
        if wrong and not self._is_wrong:
            self._is_wrong = True
            log.error("the machine's clock is wrong; notifications are held back", seconds=wrong)
            await self._on_wrong(wrong)
        return now - self._doubted_since >= LONGEST_DOUBT

    def _ahead_of(self, theirs: dt.datetime | None) -> int | None:
        """Return the seconds by which the clock is ahead of Telegram's, 0 for a difference that does not matter."""
        if theirs is None:
            return None
        ahead = (self._clock.now() - theirs).total_seconds()
        return round(ahead) if abs(ahead) >= REPORTED else 0

    def _origin(self) -> dt.datetime:
        return self._clock.now() - dt.timedelta(seconds=asyncio.get_running_loop().time())

    def _ahead(self, origin: dt.datetime) -> float:
        return (self._origin() - origin).total_seconds()
