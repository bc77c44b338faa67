"""Clock ticks. APScheduler lives only here and only says "look now"; what is due stands in tables.

Its jobs are in memory and hold nothing: a moment missed while the process was down costs nothing, because the next tick
finds whatever is due.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from handlers import (
    absence,
    access,
    auditing,
    calendar_watch,
    doctor,
    due,
    escalation,
    groups,
    outage,
    proposals,
    quarter_draft,
    quarter_prompts,
    rotation,
    watching,
)
from handlers.attachment_work import SWEEP
from handlers.calendar_watch import CalendarWatch
from handlers.clock import Clock
from handlers.office import Office
from handlers.retention import RETAIN
from handlers.rulekeeping import Rulekeeper
from handlers.wall import REPORTED, Wall
from handlers.worker import COPY
from storage import heartbeat, inbox, outbox, periodic, seals, work
from storage.database import Database

log = structlog.get_logger()

TICK: Final = dt.timedelta(seconds=15)
HOUSEKEEPING: Final = dt.timedelta(minutes=10)
PACK: Final = dt.timedelta(minutes=1)
KEYS: Final = dt.timedelta(minutes=1)
SETTLING: Final = dt.timedelta(seconds=10)  # after a start, what officers wait for comes before the look at the data


class Jobs:
    """Everything that happens because time passes.

    Args:
        database: The open database.
        office: The office; its clock decides what is due.
        rules: Keeps the office to the rules in force.
        wall: The machine's clock; while it is not to be believed, nothing is done because time has passed.
        on_queued: Called when notifications were queued.
        on_work: Called when long work was recorded.
    """

    def __init__(
        self,
        database: Database,
        office: Office,
        rules: Rulekeeper,
        wall: Wall,
        *,
        on_queued: Callable[[], None],
        on_work: Callable[[], None],
    ) -> None:
        self._database = database
        self._office = office
        self._rules = rules
        self._wall = wall
        self._on_queued = on_queued
        self._on_work = on_work
        self._watch = CalendarWatch(office)
        self._has_looked = False
        self._stopping = False
        self._scheduler = AsyncIOScheduler(timezone=dt.UTC)
        self._running: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None]
        self._step: int | None = None  # seconds of the wall clock's last step, until it is written down

    def start(self) -> None:
        """Begin to tick, with one look at once: whatever fell due while the process was down goes out now."""
        self._every(TICK, self.tick)
        self._every(HOUSEKEEPING, self.housekeeping)
        self._every(KEYS, self.look_at_keys)
        self._every(PACK, self.look_at_pack)
        self._scheduler.start()
        self._at_once()
        self._every(HOUSEKEEPING, self.look, after=Clock().now() + SETTLING)
        self._watching = asyncio.create_task(self._wall.watch(self._on_step))

    def _at_once(self) -> None:
        """Let every job run now, whatever its next moment was: at the start, and when the wall clock was set."""
        now = Clock().now()  # the scheduler's clock is the wall's, never the office's
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=now)

    def _on_step(self, seconds: int) -> None:
        if abs(seconds) >= REPORTED:
            self._step = seconds
        self._at_once()

    async def stop(self) -> None:
        """Stop ticking; what runs now ends first, between two of its transactions."""
        self._stopping = True
        if self._scheduler.running:
            self._watching.cancel()
            self._scheduler.remove_all_jobs()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._scheduler.shutdown(wait=False)

    async def tick(self) -> int:
        """Turn due reminders into notifications; return how many. By a clock that is not believed nothing is due."""
        if not self._wall.is_believed():
            self._office.pulse.beat(heartbeat.PLAN, self._office.clock.now())  # it is held back, not stuck
            return 0
        now = self._office.clock.now()
        async with self._database.write() as session:
            await self._watch.look(session, now)
            await self._rules.follow(session, now)
        self._watch.settled()
        await escalation.look(self._database, self._office, now, goes_on=self._goes_on)
        queued = await due.remind(self._database, self._office, now, on_queued=self._on_queued, goes_on=self._goes_on)
        async with self._database.write() as session:
            if (step := self._step) is not None:
                await periodic.note_down(session, doctor.STEP, now.isoformat(), note=str(step), now=now)
            queued += await calendar_watch.ask_for_missing(session, self._office, now)
            queued += await quarter_prompts.tick(session, self._office, now)
            queued += await quarter_draft.tick(session, self._office, now)
            queued += await proposals.list_each_quarter(session, self._office, now)
            queued += await absence.tell(session, self._office, now)
            queued += await outage.tell(session, self._office, now)
            queued += await groups.tell(session, self._office, now)
            queued += await watching.morning(session, self._office, now)
            queued += await auditing.post_head(session, self._office, now)
            await self._office.pulse.record(session, heartbeat.PLAN, self._office.clock.now())
        if self._step == step:
            self._step = None
        if queued or session.info.get(outbox.QUEUED):
            self._on_queued()
        if session.info.get(work.RECORDED):
            self._on_work()
        await self.seal()
        return queued

    async def seal(self) -> None:
        """Seal the audit's newest lines each minute; what stops this stops nothing else, and the hourly look tells."""
        now = self._office.clock.now()
        try:
            async with self._database.read() as session:
                if not await seals.is_due(session, now):
                    return
            while True:
                async with self._database.write() as session:
                    made = await seals.seal(session, now)
                if made is None:
                    return
        except (seals.NoSealKey, seals.CutOff):
            log.exception("the audit cannot be sealed")

    async def look_at_keys(self) -> None:
        """Take up a new key that the maintainer has put into the key file, and carry the change through."""
        await rotation.look(self._database, self._office.clock)

    async def look_at_pack(self) -> None:
        """See whether another pack was installed; it waits for a coordinator's press."""
        await self._rules.look(self._database, self._office.clock.now())
        self._on_queued()

    def _goes_on(self) -> bool:
        """Say whether a long tick may begin its next transaction; the last one was a beat."""
        self._office.pulse.beat(heartbeat.PLAN, self._office.clock.now())
        return not self._stopping

    async def housekeeping(self) -> None:
        """Once a day: a checked copy is asked for, and finished updates go."""
        if not self._wall.is_believed():
            return
        now = self._office.clock.now()
        period = self._office.today(now).isoformat()
        async with self._database.write() as session:
            if not await periodic.begins(session, "daily", period, now=now):
                return
            await inbox.prune(session, now=now)
            work.add(session, SWEEP, {}, now=now)
            work.add(session, RETAIN, {}, now=now)
            work.add(session, access.MENUS, {}, now=now)
            if self._database.is_sqlite:  # PostgreSQL has its own tools
                work.add(session, COPY, {"label": "daily"}, now=now)
        self._on_work()

    async def look(self) -> None:
        """Once an hour, and soon after each start: the reminders are put right and the data is checked."""
        if not self._wall.is_believed():
            return
        async with self._database.read() as session:
            done = await watching.looked(session, self._office.clock.now())
        if done and self._has_looked:
            return
        await watching.look(self._database, self._office)
        self._has_looked = True

    async def _guarded(self, job: Callable[[], Awaitable[object]]) -> None:
        """Run a job so that its failure is logged and the next look finds the same work; none begins during a stop.

        The scheduler may have handed one over just before: nobody would wait for it, and the database closes.
        """
        if self._stopping:
            return
        task = asyncio.create_task(_logged(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.shield(task)

    def _every(
        self, interval: dt.timedelta, job: Callable[[], Awaitable[object]], *, after: dt.datetime | None = None
    ) -> None:
        self._scheduler.add_job(
            self._guarded,
            args=[job],
            trigger=IntervalTrigger(seconds=int(interval.total_seconds()), start_date=after, timezone=dt.UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )


async def _logged(job: Callable[[], Awaitable[object]]) -> None:
    try:
        await job()
    except Exception:
        log.exception("a look failed; the next one finds the same work")
