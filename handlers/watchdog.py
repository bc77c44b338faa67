"""The service manager's watchdog: told that the bot lives only while its parts do their work, it restarts a stuck one.

A process can be up, fetch updates and confirm them while nothing handles them any more. Therefore each word to the
manager stands on the beats of the parts (``storage/heartbeat.py``), and a beat is noted by a transaction alone. Whether
Telegram can be reached does not count: a restart would not help, and /doctor tells it.

Source: sd_notify(3), systemd.service(5), ``reliability.md`` §3.8.
"""

import asyncio
import contextlib
import datetime as dt
import os
import socket
from collections.abc import Mapping
from typing import Final

import structlog

from bot.screens.doctor import PATIENCE
from handlers.office import Office
from storage import heartbeat

log = structlog.get_logger()

PARTS: Final = (heartbeat.DISPATCH, heartbeat.PLAN, heartbeat.SEND)
LONGEST_SILENCE: Final = dt.timedelta(minutes=PATIENCE)


class Watchdog:
    """What is said to the service manager; where there is none, nothing.

    Args:
        office: The office; its clock and the beats of this process.
        environment: Where the manager names its socket and how long it waits: ``NOTIFY_SOCKET``, ``WATCHDOG_USEC``.
    """

    def __init__(self, office: Office, environment: Mapping[str, str] = os.environ) -> None:
        self._office = office
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self._every = int(environment.get("WATCHDOG_USEC", "0")) / 2_000_000  # seconds: twice within its patience
        self._began = office.clock.now()

    async def run(self) -> None:
        """Say that the bot is up, and from then on that it lives, for as long as it does."""
        self._began = self._office.clock.now()
        self._say("READY=1")
        while self._address and self._every:
            if stuck := self.stuck():
                log.error("the service manager is not told that the bot lives", silent=stuck)
            else:
                self._say("WATCHDOG=1")
            await asyncio.sleep(self._every)

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
