"""G9 and G10: reminders survive kills at random and at named places; what is repeated is bounded and says so.

Some of them should have been said while nobody was up: the coordinator hears of each.
"""

import asyncio
import datetime as dt
import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from bot.policy.loader import load, packaged
from bot.workdays import Calendar
from handlers import passed
from handlers.clock import Clock
from handlers.office import ZONE, Office
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import people
from storage.tables import Outbox, OutboxReminder, OutboxState, Person, Reminder, ReminderState, Role
from tests.bot_api_schema import check_call
from tests.drills import entries
from tests.drills.lives import Lives, database_of
from tests.drills.scene import COORDINATOR, FIRST_OFFICER, TOKEN, copies, is_labelled

GOALS = ("G9", "G10")
BETWEEN: Final = "queued"  # two portions of what is due: passed for as long as something is
PLACES: Final = (BETWEEN, "claimed", "sent", "confirmed")
IN_FLIGHT: Final = 8  # sends on their way at a kill, at most
COPIES: Final = 3
PER_SECOND: Final = 25.0  # the pace as it is set by default
SHARE_MISSED: Final = 10  # one in so many officers has an entry more, whose last day has gone by
MISSED_BY: Final = 2  # working days: on the first, too, nobody was up to say so
CALLS: Final = 12  # to Telegram after which a life is killed, at most
A_LIFE: Final = 20  # seconds by which the clock runs ahead from one life to the next: leases end, the day does not
AWHILE: Final = 1.5  # real seconds for that many calls, at most
AT_A_PLACE: Final = 10.0  # real seconds within which a named place should be passed
QUIET_WITHIN: Final = 90.0  # real seconds, beside what the pace takes


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Kill the bot a thousand times while 6,000 reminders leave, or nine times while 60 do."""
    drill = _Drill(random.Random(seed), folder, officers=6000 if full else 60)
    await drill.run(kills=1000 if full else 9, hits=3 if full else 1)
    found = await drill.audit()
    common = {"seed": seed, "n": found["n"], "kills": drill.lives.kills, "points": dict(drill.lives.deaths)}
    lost = {name: found[name] for name in ("lost", "held", "unsaid")}
    repeated = {name: found[name] for name in ("repeated", "unlabelled", "too_many_copies", "most_in_flight")}
    sound = not drill.calls_wrong and found["n"] > 0 and all(drill.lives.deaths[place] for place in PLACES)
    mean = 1 if full else 2  # per kill; a few kills are no mean
    bounded = found["repeated"] <= mean * drill.lives.kills and found["most_in_flight"] <= IN_FLIGHT
    labelled = not found["unlabelled"] and not found["too_many_copies"]
    return [
        {"goal": "G9", **common, **lost, "ok": sound and not found["lost"] and not found["unsaid"]},
        {"goal": "G10", **common, **repeated, "ok": sound and bounded and labelled},
    ]


class _Drill:
    def __init__(self, dice: random.Random, folder: Path, *, officers: int) -> None:
        self.dice, self.folder, self.officers = dice, folder, officers
        self.api = BotApi(TOKEN, Clock())
        self.calls_wrong: list[str] = []
        self.api.observers.append(lambda method, params: self.calls_wrong.extend(check_call(method, params)))
        self.api.add_user(COORDINATOR, "吴协调（虚构）").started = True
        self.day = Calendar().next_workday(dt.datetime.now(ZONE).date()).on
        self.ahead = (dt.datetime.combine(self.day, dt.time(9, 5), ZONE) - Clock().now()).total_seconds()
        self.missed: list[int] = []  # entries whose last day went by while nobody was up
        self.claimed: set[int] = set()
        self.most_in_flight = 0

    async def run(self, *, kills: int, hits: int) -> None:
        async with BotApiServer(self.api) as server:
            wish = {"token": TOKEN, "base": server.base, "admins": [COORDINATOR], "per_second": PER_SECOND}
            async with Lives(self.folder, wish) as self.lives:
                await self.lives.begin(ahead=self.ahead)
                await self.lives.until(lambda: self.lives.ask("SELECT 1 FROM person"), within=30, what="it serves")
                await self.lives.stop()
                await self._fill()
                for hit in range(1, hits + 1):
                    await self._life(f"{BETWEEN}:{hit}")
                places = [f"{name}:{hit}" for hit in range(1, hits + 1) for name in PLACES if name != BETWEEN]
                self.dice.shuffle(places)
                while self.lives.kills < kills or (places and self.lives.kills < 3 * kills):
                    crash = places[-1] if places and self.dice.random() < 0.5 else None
                    if await self._life(crash):
                        places.pop()
                await self._settle()

    async def _fill(self) -> None:
        """Put officers on the list, each with an application whose feedback is due today; of a few it is overdue."""
        database = database_of(self.folder)
        office = Office(load(packaged("zhengzhou")), Calendar(), Clock(dt.timedelta(seconds=self.ahead)))
        ids = [FIRST_OFFICER + number for number in range(self.officers)]
        async with database.write() as session:
            seat = await people.unit_by_code(session, "air")
            assert seat is not None
            joined = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
            session.add_all(
                Person(telegram_id=each, unit_id=seat.id, role=Role.OFFICER, name="虚构", joined_at=joined)
                for each in ids
            )
        within = office.policy.settings.feedback_working_days
        received_on = office.calendar.add(self.day, -within).on
        before = (self.day - office.calendar.add(self.day, -within - MISSED_BY).on).days
        for first in range(0, len(ids), 500):
            async with database.write() as session:
                await entries.make(session, office, ids[first : first + 500], received_on)
        earlier = replace(office, clock=Clock(dt.timedelta(seconds=self.ahead, days=-before)))
        async with database.write() as session:
            on = earlier.today(earlier.clock.now())
            self.missed = await entries.make(session, earlier, ids[: len(ids) // SHARE_MISSED], on)
        await database.close()
        for each in ids:
            self.api.add_user(each, "虚构").started = True

    async def _life(self, crash: str | None) -> bool:
        """Live once and die, after some calls or at a named place; say whether it died there."""
        self.ahead += A_LIFE
        await self.lives.begin(ahead=self.ahead, **({"crash": crash} if crash else {}))
        if crash is None:
            await self._some_calls()
            await self.lives.kill()
        else:
            try:
                await self.lives.ended(within=AT_A_PLACE)
            except TimeoutError:  # nothing was due in this life: again in another
                await self.lives.kill()
                crash = None
            else:
                self.lives.deaths[crash.partition(":")[0]] += 1
        now = {row[0] for row in self.lives.ask("SELECT id FROM outbox WHERE state = 'claimed'")}
        self.most_in_flight = max(self.most_in_flight, len(now - self.claimed))
        self.claimed = now
        return crash is not None

    async def _some_calls(self) -> None:
        enough = self.api.served + self.dice.randrange(1, CALLS)
        end = time.monotonic() + AWHILE
        while self.api.served < enough and time.monotonic() < end:
            await asyncio.sleep(0.002)

    async def _settle(self) -> None:
        """Let everything end: leases of dead processes, and the repetitions after them."""
        unfinished = "SELECT 1 FROM outbox WHERE state IN ('due', 'claimed', 'unknown') LIMIT 1"
        waiting = (
            "SELECT 1 FROM outbox WHERE state IN ('due', 'claimed', 'unknown') "
            "AND coalesce(lease_until, not_before) <= strftime('%Y-%m-%d %H:%M:%f', 'now', ?) "
            "UNION SELECT 1 FROM reminder WHERE state = 'planned' "
            "AND due_at <= strftime('%Y-%m-%d %H:%M:%f', 'now', ?) LIMIT 1"
        )
        within = QUIET_WITHIN + 2 * self.officers / PER_SECOND
        for _ in range(8):
            self.ahead += 300
            await self.lives.begin(ahead=self.ahead)
            ahead = f"+{int(self.ahead) - 60} seconds"
            await self.lives.until(
                lambda ahead=ahead: not self.lives.ask(waiting, ahead, ahead), within=within, what="all is sent"
            )
            ended = not self.lives.ask(unfinished)
            await self.lives.stop()
            if ended:
                return

    async def audit(self) -> dict[str, int]:
        """Compare the reminders with the chats."""
        database = database_of(self.folder)
        async with database.read() as session:
            rows = (await session.scalars(select(Reminder))).all()
            due = [each for each in rows if each.stage == ("overdue+1" if each.subject_id in self.missed else "t-0")]
            said = await session.scalars(
                select(Outbox).where(Outbox.kind == passed.KIND, Outbox.state.in_((OutboxState.SENT, OutboxState.HELD)))
            )
            told = {reminder for row in said for reminder in row.params["reminders"]}
            held = set(
                await session.scalars(
                    select(OutboxReminder.reminder_id)
                    .join(Outbox, Outbox.id == OutboxReminder.outbox_id)
                    .where(Outbox.state == OutboxState.HELD)
                )
            )
        await database.close()
        chats = [FIRST_OFFICER + number for number in range(self.officers)]
        heard = {reminder: messages for reminder, messages in copies(self.api, chats)}
        counts = Counter({reminder: len(messages) for reminder, messages in heard.items()})
        ends = (ReminderState.SENT, ReminderState.ACKNOWLEDGED)
        return {
            "n": len(due),
            "lost": sum(not counts[each.id] and each.id not in held for each in due)
            + sum(each.state not in ends for each in due),
            "held": len(held),
            "unsaid": len(set(self.missed) - {each.subject_id for each in due if each.id in told}),
            "repeated": sum(count - 1 for count in counts.values()),
            "unlabelled": sum(not is_labelled(each) for found in heard.values() for each in found[1:]),
            "too_many_copies": sum(count > COPIES for count in counts.values()),
            "most_in_flight": self.most_in_flight,
        }
