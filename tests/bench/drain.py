"""``python -m tests.bench.drain``: reminders that fall due at once, and what the officers at work feel of it.

The real bot in a process of its own, on a Bot API that is no limit. Twenty officers press through the guide at a steady
rate, first in quiet, then while the reminders leave; the pace and the chats' rest are measured where Telegram would.
"""

import argparse
import asyncio
import datetime as dt
import itertools
import json
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from sqlalchemy import update

from bot.policy.loader import load, packaged
from bot.workdays import Calendar
from handlers.clock import Clock
from handlers.office import ZONE, Office
from storage import keys, people
from storage.database import Database
from storage.tables import Person, Reminder, ReminderState, Role
from tests.bench.crowd import Crowd, through_the_guide
from tests.bench.wire import Connection, Wire
from tests.drills import entries
from tests.drills.lives import Lives
from tests.drills.scene import COORDINATOR, TOKEN

DAY: Final = dt.date(2026, 3, 11)  # a Wednesday on which the bot does nothing else: no quarter, no missing calendar
FIRST_RECEIVER: Final = 920_000_001
EACH: Final = 5  # reminders of an officer: as many as leave singly on a day
AT_WORK: Final = 20
PRESSES: Final = 20.0  # a second
WARM_UP: Final = 5.0  # seconds of the first presses after a start: what is imported only once it is needed
QUIET: Final = 20.0  # seconds before the hour of the reminders
PER_SECOND: Final = 25.0
PATIENCE: Final = 60.0  # seconds without a reminder after which no more will come


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.drain", description=__doc__)
    parser.add_argument("--reminders", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinxuan-drain-") as folder:
        print(json.dumps(asyncio.run(_Drain(Path(folder), asked.reminders).run())))


class _Drain:
    def __init__(self, folder: Path, reminders: int) -> None:
        self.folder, self.receivers = folder, reminders // EACH
        self.crowd = Crowd(through_the_guide, AT_WORK, closed=False)
        self.wire = self.crowd.wire = Wire(self._on_screen)
        self.arrived: list[tuple[float, int]] = []  # (monotonic seconds, chat)
        self.warm_at = 0.0
        self.opening = dt.datetime.combine(DAY, dt.time(9), ZONE)

    def _on_screen(self, chat: int, message: int, keyboard: str) -> None:
        if chat in self.crowd.officers:
            self.crowd.on_screen(chat, message, keyboard)
        elif chat >= FIRST_RECEIVER:
            self.arrived.append((time.monotonic(), chat))

    async def run(self) -> dict[str, Any]:
        server = await asyncio.get_running_loop().create_server(lambda: Connection(self.wire), "127.0.0.1", 0)
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        wish = {"token": TOKEN, "base": base, "admins": [COORDINATOR], "per_second": PER_SECOND}
        async with Lives(self.folder, wish) as lives:
            await lives.begin()
            await lives.until(lambda: lives.ask("SELECT 1 FROM person"), within=30, what="it serves")
            await lives.stop()
            await self._fill()
            found = await self._measured(lives)
            await lives.stop()
        server.close()
        return found

    async def _measured(self, lives: Lives) -> dict[str, Any]:
        early = self.opening - dt.timedelta(seconds=WARM_UP + QUIET + 15)
        await lives.begin(ahead=(early - Clock().now()).total_seconds())
        opens_at = time.monotonic() + WARM_UP + QUIET + 15
        self.crowd.begin()
        await lives.until(lambda: self.crowd.seated, within=15, what="everybody is seated")
        self.crowd.pressing, self.warm_at = True, time.monotonic() + WARM_UP
        pressing = asyncio.create_task(self.crowd.at_a_rate(PRESSES, 100_000))
        while not self.arrived or time.monotonic() - self.arrived[-1][0] < 5.0:
            await asyncio.sleep(0.2)
            if time.monotonic() - opens_at > PATIENCE and not self.arrived:
                raise RuntimeError("no reminder has come")
        pressing.cancel()
        if self.crowd.faults:
            raise RuntimeError(self.crowd.faults[0])
        return self._figures()

    def _figures(self) -> dict[str, Any]:
        times = [moment for moment, _chat in self.arrived]
        chats: dict[int, list[float]] = defaultdict(list)
        for moment, chat in self.arrived:
            chats[chat].append(moment)
        quiet = _p99([waited for seen, waited in self.crowd.waits if self.warm_at <= seen < times[0] - 1])
        busy = _p99([waited for seen, waited in self.crowd.waits if times[0] <= seen <= times[-1]])
        rate = (len(times) - 1) / (times[-1] - times[0])
        most = int(PER_SECOND) + 5  # Telegram's thirty
        return {
            "reminders": len(times),
            "per_second": round(rate, 2),
            "of_the_pace": round(rate / PER_SECOND, 3),
            "seconds_above_30": sum(times[n] - times[n - most] < 1.0 for n in range(most, len(times))),
            "chats_hurried": sum(b - a < 0.95 for each in chats.values() for a, b in itertools.pairwise(each)),
            "p99_quiet_ms": round(quiet * 1000, 1),
            "p99_busy_ms": round(busy * 1000, 1),
            "p99_ratio": round(busy / quiet, 2),
            "presses": len(self.crowd.waits),
        }

    async def _fill(self) -> None:
        keys.use((self.folder / "key").read_text("ascii").split())
        database = Database(f"sqlite:///{self.folder / 'xinxuan.db'}")
        before = (self.opening - dt.timedelta(hours=12) - Clock().now()).total_seconds()
        office = Office(load(packaged("zhengzhou")), Calendar(), Clock(dt.timedelta(seconds=before)))
        receivers = [FIRST_RECEIVER + number for number in range(self.receivers)]
        joined = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
        async with database.write() as session:
            seat = await people.unit_by_code(session, "air")
            assert seat is not None
            session.add_all(
                Person(telegram_id=each, unit_id=seat.id, role=Role.OFFICER, name="虚构", joined_at=joined)
                for each in [*self.crowd.officers, *receivers]
            )
        on = office.calendar.add(DAY, -office.policy.settings.feedback_working_days).on
        owners = [each for each in receivers for _ in range(EACH)]
        for first in range(0, len(owners), 500):
            async with database.write() as session:
                await entries.make(session, office, owners[first : first + 500], on)
        async with database.write() as session:  # as on a morning before which the bot was at work
            older = update(Reminder).where(Reminder.due_at < self.opening)
            await session.execute(older.values(state=ReminderState.SUPERSEDED, reason="told the day before"))
        await database.close()


def _p99(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=100, method="inclusive")[98]


if __name__ == "__main__":
    main()
