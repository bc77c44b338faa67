"""The watchdog: while a part of the bot is stuck, it tells the maintainers, and the service manager that restarts it.

A process can be up, fetch updates and confirm them while nothing handles them any more. Therefore each word stands on
the beats of the parts (``storage/heartbeat.py``), and a part beats when a transaction of its own was committed. Whether
Telegram can be reached does not count: a restart would not help, and /doctor tells it.

Source: sd_notify(3), systemd.service(5), ``reliability.md`` §3.6 and §3.8.
"""

import asyncio
import contextlib
import datetime as dt
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import structlog

from bot.screens.doctor import PATIENCE
from handlers.office import Office
from storage import heartbeat

log = structlog.get_logger()

PARTS: Final = (heartbeat.DISPATCH, heartbeat.PLAN, heartbeat.SEND)
LONGEST_SILENCE: Final = dt.timedelta(minutes=PATIENCE)
LOOK_EVERY: Final = 30.0  # seconds, where the service manager does not want to hear more often


class Watchdog:
    """The look at the beats, and who hears of it.

    Args:
        office: The office; its clock and the beats of this process.
        on_change: Called with the parts that are stuck when there are any, and with none when they are at work again;
            answers whether anybody could be told, else it is called again at the next look.
        environment: Where the manager names its socket and how long it waits: ``NOTIFY_SOCKET``, ``WATCHDOG_USEC``;
            without them no manager is told anything.
    """

    def __init__(
        self,
        office: Office,
        on_change: Callable[[Sequence[str]], Awaitable[bool]],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._office = office
        self._on_change = on_change
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        patience = int(environment.get("WATCHDOG_USEC", "0")) / 1_000_000  # seconds
        self._every = min(patience / 2 or LOOK_EVERY, LOOK_EVERY)
        self._began = office.clock.now()
        self._is_stuck = False

    async def run(self) -> None:
        """Say that the bot is up, and from then on that it lives, for as long as it does."""
        self._began = self._office.clock.now()
        self._say("READY=1")
        while True:
            await self.look()
            await asyncio.sleep(self._every)

    async def look(self) -> None:
        """Look once, and say what there is to say."""
        stuck = self.stuck()
        if not stuck:
            self._say("WATCHDOG=1")
        if bool(stuck) != self._is_stuck:
            log.error("the bot is stuck" if stuck else "the bot is at work again", silent=stuck)
            if await self._on_change(stuck):
                self._is_stuck = bool(stuck)

    def stop(self) -> None:
        """Say that the bot stops because it was asked to."""
        self._say("STOPPING=1")

    def stuck(self) -> list[str]:
        """Return the parts of this process that have been silent for too long; the start counts as a beat."""
        now, beats = self._office.clock.now(), self._office.pulse.beats
        return [part for part in PARTS if now - beats.get(part, self._began) > LONGEST_SILENCE]

    def _say(self, word: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.setblocking(False)
            way.sendto(word.encode(), self._address)
