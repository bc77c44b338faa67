"""G19: the wall clock steps, the machine is suspended, or stands in another time zone: nothing lost, nothing early."""

import datetime as dt
import os
import random
import time
from pathlib import Path
from typing import Any, Final

from storage.tables import Reminder, ReminderState
from tests.drills.host import Host, on
from tests.drills.scene import Scene, at, copies

GOALS = ("G19",)
RECEIVED: Final = dt.date(2026, 3, 2)
BEFORE_DUE: Final = "2026-03-09 08:58"  # two minutes before the reminders of the centre's last day
EARLY: Final = dt.timedelta(seconds=60)
STEPS: Final = (1, -1, 30, -30, 90, -90, 3600, -3600, 86_400, -86_400, 864_000, -864_000)  # seconds
SUSPENDED: Final = 8 * 3600.0
ZONES: Final = ("Asia/Shanghai", "UTC", "America/Los_Angeles", "Pacific/Kiritimati", "Europe/Berlin", "Asia/Kolkata")


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Run 500 drawn days with a step each; or four, one of them far back and one far ahead."""
    dice = random.Random(seed)
    found = {"n": 0, "steps": 0, "lost": 0, "early": 0, "late": 0, "doubled": 0}
    wrong: list[str] = []
    steps = [dice.choice(STEPS) for _ in range(500)] if full else [-864_000, 864_000, dice.choice(STEPS[4:10]), 0]
    before = os.environ.get("TZ")
    try:
        for number, step in enumerate(steps):
            os.environ["TZ"] = dice.choice(ZONES)
            time.tzset()
            own = folder / str(number)
            own.mkdir()
            wrong += await _day(own, step, found)
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()
    bad = found["lost"] + found["early"] + found["late"] + found["doubled"] + len(wrong)
    return [{"goal": "G19", "seed": seed, **found, "ok": not bad and found["n"] > 0}]


async def _day(folder: Path, step: float, found: dict[str, int]) -> list[str]:
    host = Host(at("2026-03-02 10:00"))
    scene = Scene(host, folder)
    await on(host, lambda: _Day(scene, step, found).story())
    return scene.calls_wrong


class _Day:
    """One day: a step (0 stands for eight hours of suspension) shortly before the reminders are due.

    A clock that was set is set right again after a while, as its owner would; the reminders must leave once, at the
    earliest when the wall says so, and within a minute after that.
    """

    def __init__(self, scene: Scene, step: float, found: dict[str, int]) -> None:
        self.scene, self.host, self.step, self.found = scene, scene.host, step, found

    async def story(self) -> None:
        async with self.scene.open():
            await self.scene.begin()
            self.ids = await self.scene.enrol(3)
            await self.scene.received(self.ids, on=RECEIVED)
            await self.scene.end()
            self.host.wait_until(at(BEFORE_DUE))
            await self.scene.begin()
            await self.scene.sleep(30)
            await self._step()
            await self._until_nine()
            assert await self.scene.drained(within=120) is not None
            await self._audit()
            await self.scene.end()

    async def _step(self) -> None:
        self.found["steps"] += 1
        if not self.step:
            self.host.suspend(SUSPENDED)
            await self.scene.sleep(20)
            return
        self.host.step(dt.timedelta(seconds=self.step))
        await self.scene.sleep(45)
        self.host.step(dt.timedelta(seconds=-self.step))
        await self.scene.sleep(20)

    async def _until_nine(self) -> None:
        await self.scene.sleep_until(at("2026-03-09 09:00") + dt.timedelta(seconds=75))

    async def _audit(self) -> None:
        """Every reminder that the wall says is due was said once, and none before."""
        due = await self.scene.rows(Reminder, Reminder.due_at <= self.host.wall())
        moments = {each.id: each.due_at for each in due}
        self.found["n"] += len(due)
        unsaid = (ReminderState.PLANNED, ReminderState.QUEUED)
        self.found["late"] += sum(each.state in unsaid for each in due)
        heard = {reminder: messages for reminder, messages in copies(self.scene.api, self.ids)}
        for reminder in due:
            messages = heard.get(reminder.id, [])
            self.found["lost"] += reminder.stage == "t-0" and not messages
            self.found["doubled"] += len(messages) > 1
            self.found["early"] += any(each.at < moments[reminder.id] - EARLY for each in messages)
