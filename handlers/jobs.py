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
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handlers import due
from handlers.clock import Clock
from handlers.office import Office
from handlers.worker import COPY
from storage import inbox, work
from storage.database import Database
from storage.tables import Heartbeat, PeriodicRun

log = structlog.get_logger()

TICK: Final = dt.timedelta(seconds=15)
HOUSEKEEPING: Final = dt.timedelta(minutes=10)


class Jobs:
    """Everything that happens because time passes.

    Args:
        database: The open database.
        office: The office; its clock decides what is due.
        on_queued: Called when notifications were queued.
        on_work: Called when long work was recorded.
    """

    def __init__(
        self,
        database: Database,
        office: Office,
        *,
        on_queued: Callable[[], None],
        on_work: Callable[[], None],
    ) -> None:
        self._database = database
        self._office = office
        self._on_queued = on_queued
        self._on_work = on_work
        self._scheduler = AsyncIOScheduler(timezone=dt.UTC)
        self._running: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to tick, with one look at once: whatever fell due while the process was down goes out now."""
        self._every(TICK, self.tick)
        self._every(HOUSEKEEPING, self.housekeeping)
        self._scheduler.start()
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=Clock().now())  # the scheduler's clock is the wall's, never the office's

    async def stop(self) -> None:
        """Stop ticking; what runs now ends first."""
        if self._scheduler.running:
            self._scheduler.remove_all_jobs()
            await asyncio.gather(*self._running, return_exceptions=True)
            self._scheduler.shutdown(wait=False)

    async def tick(self) -> int:
        """Turn due reminders into notifications; return how many."""
        now = self._office.clock.now()
        async with self._database.write() as session:
            queued = await due.tick(session, self._office, now)
            await _beat(session, "tick", now)
        if queued:
            self._on_queued()
        return queued

    async def housekeeping(self) -> None:
        """Once a day: a checked copy is asked for, and finished updates go."""
        now = self._office.clock.now()
        period = self._office.today(now).isoformat()
        async with self._database.write() as session:
            if not await _first(session, "daily", period, now):
                return
            await inbox.prune(session, now=now)
            if self._database.is_sqlite:  # PostgreSQL has its own tools
                work.add(session, COPY, {"label": "daily"}, now=now)
        self._on_work()

    async def _guarded(self, job: Callable[[], Awaitable[object]]) -> None:
        """Run a job so that its failure is logged and the next look finds the same work."""
        task = asyncio.create_task(_logged(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.shield(task)

    def _every(self, interval: dt.timedelta, job: Callable[[], Awaitable[object]]) -> None:
        self._scheduler.add_job(
            self._guarded,
            args=[job],
            trigger=IntervalTrigger(seconds=int(interval.total_seconds()), timezone=dt.UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )


async def _logged(job: Callable[[], Awaitable[object]]) -> None:
    try:
        await job()
    except Exception:
        log.exception("a look failed; the next one finds the same work")


async def _first(session: AsyncSession, kind: str, period: str, now: dt.datetime) -> bool:
    """Say whether this period's run is still to be done, and take it."""
    taken = select(PeriodicRun.id).where(PeriodicRun.kind == kind, PeriodicRun.period == period)
    if await session.scalar(taken) is not None:
        return False
    session.add(PeriodicRun(kind=kind, period=period, scope="", ran_at=now))
    return True


async def _beat(session: AsyncSession, part: str, now: dt.datetime) -> None:
    row = await session.get(Heartbeat, part)
    if row is None:
        session.add(Heartbeat(part=part, at=now))
    else:
        row.at = now
