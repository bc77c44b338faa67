"""What the service manager hears: over a real socket, from a real process, and only while the parts do their work."""

import asyncio
import contextlib
import datetime as dt
import signal
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from handlers.office import Office
from handlers.watchdog import PARTS, Watchdog
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import heartbeat
from tests.conftest import COORDINATOR
from tests.handlers import test_cli
from tests.handlers.test_cli import WITHIN, Start, _wish
from tests.officer import Officer

api, xinxuan = test_cli.api, test_cli.xinxuan  # its fixtures
OFTEN = "100000"  # microseconds: the manager wants a word each tenth of a second


async def nobody(_stuck: Sequence[str]) -> bool:
    return True


class Manager:
    """The service manager's end of the socket."""

    def __init__(self, path: Path) -> None:
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": OFTEN}
        self.way = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.way.setblocking(False)
        self.way.bind(str(path))

    def heard(self) -> list[str]:
        """Return what came since the last look."""
        words = []
        with contextlib.suppress(BlockingIOError):
            while True:
                words.append(self.way.recv(200).decode())
        return words

    async def hears(self, word: str) -> None:
        async with asyncio.timeout(WITHIN):
            while word not in self.heard():
                await asyncio.sleep(0.02)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.way.close()


async def test_a_running_bot_says_that_it_is_up_that_it_lives_and_that_it_stops(
    xinxuan: Start, server: BotApiServer, api: BotApi, manager: Manager
):
    running = await xinxuan("run", **_wish(server), **manager.environment)
    await manager.hears("READY=1")
    await manager.hears("WATCHDOG=1")
    coordinator = Officer(api, COORDINATOR, patience=WITHIN)
    await coordinator.type("/settings")
    await manager.hears("WATCHDOG=1")
    running.process.send_signal(signal.SIGTERM)
    await manager.hears("STOPPING=1")
    assert (await running.end())[0] == 0


@pytest.mark.parametrize("silent", PARTS)
async def test_while_a_part_is_stuck_the_manager_is_not_told_that_the_bot_lives(
    office: Office, manager: Manager, silent: str
):
    watchdog = Watchdog(office, nobody, manager.environment)
    telling = asyncio.create_task(watchdog.run())
    try:
        await manager.hears("WATCHDOG=1")
        office.clock.move_to(office.clock.now() + dt.timedelta(minutes=6))
        for part in {*heartbeat.PARTS} - {silent}:
            office.pulse.beat(part, office.clock.now())
        await asyncio.sleep(0.12)  # a word may have been on its way
        manager.heard()
        await asyncio.sleep(0.3)
        assert (watchdog.stuck(), manager.heard()) == ([silent], [])
        office.pulse.beat(silent, office.clock.now())
        await manager.hears("WATCHDOG=1")
    finally:
        telling.cancel()


async def test_without_telegram_the_bot_is_not_stuck(office: Office, manager: Manager):
    """A restart would not bring Telegram back; /doctor tells that the poll is silent."""
    watchdog = Watchdog(office, nobody, manager.environment)
    office.clock.move_to(office.clock.now() + dt.timedelta(days=3))
    for part in {*heartbeat.PARTS} - {heartbeat.POLL}:
        office.pulse.beat(part, office.clock.now())
    assert watchdog.stuck() == []


async def test_a_manager_that_went_away_or_never_was_harms_nobody(office: Office, manager: Manager):
    manager.way.close()
    Watchdog(office, nobody, manager.environment).stop()
    alone = Watchdog(office, nobody, {})
    await alone.look()
    alone.stop()


async def test_an_alarm_that_reached_nobody_is_raised_again_until_it_does(office: Office):
    raised: list[tuple[str, ...]] = []

    async def nobody_reached_at_first(stuck: Sequence[str]) -> bool:
        raised.append(tuple(stuck))
        return len(raised) > 1

    watchdog = Watchdog(office, nobody_reached_at_first, {})
    await watchdog.look()
    office.clock.move_to(office.clock.now() + dt.timedelta(minutes=6))
    for _look in range(4):
        await watchdog.look()
    for part in PARTS:
        office.pulse.beat(part, office.clock.now())
    for _look in range(2):
        await watchdog.look()
    assert raised == [PARTS, PARTS, ()]
