"""The worker: does long work off the event loop and outside any transaction, then commits what came of it.

What an officer asked for speaks their language, and they hear of it whatever happens: the result, the refusal, or the
number under which a failure was kept aside.
"""

import asyncio
import datetime as dt
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.language import DEFAULT_LANGUAGE, speaking
from bot.screens import frame as screens
from bot.screens.screen import Screen
from handlers.office import Office
from storage import audit, backup, batch, outbox, people, work
from storage.crashpoints import crash_point
from storage.database import Database, is_away
from storage.files import FileStore, handed_in
from storage.tables import Person, Priority, Work

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tools:
    """What a chore works with.

    Args:
        database: The open database.
        office: What may be looked up.
        store: Where files are kept; its calls block.
        fetch: Returns the bytes behind ``Incoming.ref``, at most 20 MB; a Refusal where they are not to be had.
        progress: Shows an officer, by Telegram's number, how far it has come; never waits and never fails.
    """

    database: Database
    office: Office
    store: FileStore
    fetch: Callable[[str], Awaitable[bytes]]
    progress: Callable[[int, Screen], None]


Finish = Callable[[AsyncSession], Awaitable[None]]
"""Writes what came of a chore, in the transaction that closes it."""
Chore = Callable[[Tools, Mapping[str, Any], dt.datetime], Awaitable[Finish]]
"""Does one kind of long work; it may run again after a death, so all its effects are in what it returns.

The parameters of one that an officer asked for carry ``person_id``. A Refusal is its answer, not a failure.
"""

COPY: Final = "copy"
REFUSED: Final = "chore.refused"
FAILED: Final = "chore.failed"
IDLE: Final = 30.0  # seconds between looks when nobody has called


class Worker:
    """Runs recorded jobs one after the other.

    Args:
        tools: What chores work with.
        chores: Kind -> what does it.
        on_queued: Called when a job's result has queued notifications, so that they leave at once.
    """

    def __init__(self, tools: Tools, chores: Mapping[str, Chore], *, on_queued: Callable[[], None]) -> None:
        self._tools = tools
        self._chores = chores
        self._on_queued = on_queued
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for a job now."""
        self._wake.set()

    async def recover(self) -> None:
        """After a start: what the last process left half done is taken up at once.

        On SQLite nobody else can be at work; on PostgreSQL another instance may be, and only an ended lease tells.
        """
        if self._tools.database.is_sqlite:
            async with self._tools.database.write() as session:
                await work.release(session)

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
        now = self._tools.office.clock.now()
        async with self._tools.database.write() as session:
            row = await work.claim(session, now=now)
            person = await _wanted_by(session, row) if row is not None else None
        if row is None:
            return False
        crash_point("work_claimed")
        try:
            with speaking(person.language if person else DEFAULT_LANGUAGE):
                await self._do(row, person, now)
        except Exception as error:
            if is_away(error):
                raise  # its lease brings it back
            await self._failed(row, person, error)
        return True

    async def _do(self, row: Work, person: Person | None, now: dt.datetime) -> None:
        if row.attempts > work.MOST_ATTEMPTS:
            raise RuntimeError("the process died each time it ran")
        try:
            finish = await self._chores[row.kind](self._tools, row.params, now)
            crash_point("work_done")
            await self._close(row, finish)
        except Refusal as refusal:
            if person is None:
                raise
            # The sentence is already in the officer's language, hence a text where otherwise ids would stand.
            telling = _telling(row, person, REFUSED, {"said": refusal.message}, now)

            async def finish(session: AsyncSession) -> None:
                await let_go(session, row, now)
                await telling(session)

            await self._close(row, finish)

    async def _close(self, row: Work, finish: Finish) -> None:
        """Commit a result with the job's end, once: whoever comes late has lost the job to another."""
        async with self._tools.database.write() as session:
            kept = await work.still_ours(session, row)
            if kept is None:
                log.warning("a job's result came too late", kind=row.kind)
                return
            await finish(session)
            work.finish(kept)
        if session.info.get(outbox.QUEUED):
            self._on_queued()

    async def _failed(self, row: Work, person: Person | None, error: Exception) -> None:
        """Count a failure; once the job is given up, its officer gets the number under which it is in the log.

        Of a job that nobody asked for, such as the quarter's draft, the coordinators do.
        """
        incident, now = secrets.token_hex(3).upper(), self._tools.office.clock.now()
        log.error("a job failed", kind=row.kind, attempt=row.attempts, incident=incident, exc_info=error)
        async with self._tools.database.write() as session:
            kept = await work.still_ours(session, row)
            given_up = kept is not None and work.fail(kept, f"{type(error).__name__} {incident}")
            if given_up:
                await let_go(session, row, now)
                params = {"incident": incident} if person else {"incident": incident, "job": row.kind}
                for each in [person] if person else await people.coordinators(session):
                    await _telling(row, each, FAILED, params, now)(session)
        if session.info.get(outbox.QUEUED):
            self._on_queued()

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE)
        except TimeoutError:
            return
        finally:
            self._wake.clear()


async def _wanted_by(session: AsyncSession, row: Work) -> Person | None:
    person_id = row.params.get("person_id")
    return None if person_id is None else await session.get(Person, person_id)


async def let_go(session: AsyncSession, row: Work, now: dt.datetime) -> None:
    """Close the list that a job could not read, and have the file removed that was handed in for it.

    It may name anybody, and whoever sent it sends another.
    """
    keys = handed_in(row.params.get("ref", ""))
    if "sheet_id" in row.params:
        keys += await batch.close_unread(session, row.params["sheet_id"], now=now)
    work.tidy(session, keys, now=now)


def _telling(row: Work, person: Person, kind: str, params: dict[str, Any], now: dt.datetime) -> Finish:
    async def finish(session: AsyncSession) -> None:
        dedupe = f"{kind}:{row.id}:{person.id}"
        await outbox.enqueue(
            session, person, kind=kind, params=params, dedupe=dedupe, priority=Priority.QUESTION, now=now
        )

    return finish


async def render_refused(
    _session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Return the sentence with which long work was refused."""
    return screens.sentence(params["said"])


async def render_failed(
    _session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Return the number under which long work was given up."""
    if "job" in params:
        return screens.job_failed(params["job"], params["incident"])
    return screens.incident(params["incident"])


def copying(path: Path, folder: Path) -> Chore:
    """Return the job that makes the daily copy of an SQLite database.

    Args:
        path: The live database.
        folder: Where copies are kept.
    """

    async def job(_tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
        made = await asyncio.to_thread(backup.copy, path, folder, label=params["label"], at=now)

        async def finish(session: AsyncSession) -> None:
            audit.note(session, at=now, actor_id=None, verb="database.copy", subject=("copy", None), after=made.name)

        return finish

    return job


NOTICES: Final = {REFUSED: render_refused, FAILED: render_failed}
