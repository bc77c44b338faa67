"""The worker: does long work off the event loop and outside any transaction, then commits what came of it."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from handlers.clock import Clock
from storage import audit, backup, work
from storage.database import Database
from storage.tables import Work

log = structlog.get_logger()

Finish = Callable[[AsyncSession], Awaitable[None]]
Job = Callable[[Mapping[str, Any], dt.datetime], Awaitable[Finish]]

COPY: Final = "copy"
IDLE: Final = 30.0  # seconds between looks when nobody has called


class Worker:
    """Runs recorded jobs one after the other.

    Args:
        database: Where jobs are recorded.
        clock: The one clock.
        jobs: Kind -> what does it; it returns what is to be written in the transaction that closes the job.
    """

    def __init__(self, database: Database, clock: Clock, jobs: Mapping[str, Job]) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for a job now."""
        self._wake.set()

    async def run(self) -> None:
        """Work until cancelled; a job cut off is taken up again when its lease is over."""
        while True:
            try:
                busy = await self.run_once()
            except Exception:
                log.exception("the worker could not reach the database")
                busy = False
            if not busy:
                await self._rest()

    async def run_once(self) -> bool:
        """Do one job; False where there was none."""
        async with self._database.write() as session:
            row = await work.claim(session, now=self._clock.now())
        if row is None:
            return False
        try:
            finish = await self._jobs[row.kind](row.params, self._clock.now())
        except Exception as error:
            log.exception("a job failed", kind=row.kind, attempt=row.attempts)
            async with self._database.write() as session:
                work.fail(await session.get_one(Work, row.id), type(error).__name__)
            return True
        async with self._database.write() as session:
            await finish(session)
            work.finish(await session.get_one(Work, row.id))
        return True

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE)
        except TimeoutError:
            return
        finally:
            self._wake.clear()


def copying(path: Path, folder: Path) -> Job:
    """Return the job that makes the daily copy of an SQLite database.

    Args:
        path: The live database.
        folder: Where copies are kept.
    """

    async def job(params: Mapping[str, Any], now: dt.datetime) -> Finish:
        made = await asyncio.to_thread(backup.copy, path, folder, label=params["label"], at=now)

        async def finish(session: AsyncSession) -> None:
            audit.note(session, at=now, actor_id=None, verb="database.copy", subject=("copy", None), after=made.name)

        return finish

    return job
