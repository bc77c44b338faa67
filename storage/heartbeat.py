"""The heartbeat: each part of the way through the bot proves that it lives, by rows that only a commit can write."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Heartbeat, PeriodicRun
from storage.upsert import insert_new

POLL, DISPATCH, PLAN, SEND = "poll", "dispatch", "plan", "send"
PARTS: Final = (POLL, DISPATCH, PLAN, SEND)
"""The way of an update and of what is said about it: fetched, handled, planned, sent; each row is a commit."""
EVERY: Final = dt.timedelta(minutes=1)
OUTAGE: Final = "outage"
KEPT_BY_TELEGRAM: Final = dt.timedelta(hours=24)  # undelivered updates live no longer


class Pulse:
    """The beats of this process, noted in memory and written once a minute by a transaction that is open anyway.

    A part that has no transaction of its own while nothing happens (the poll) is written by the next part that has.
    """

    def __init__(self) -> None:
        self._beats: dict[str, dt.datetime] = {}
        self._written: dict[str, dt.datetime] = {}
        self._resumes = True  # whether the next answered poll ends an outage, at a start or after failures
        self._resumed: dt.datetime | None = None  # when it ended, until that is written

    def beat(self, part: str, now: dt.datetime) -> None:
        """Note that a part has just done its work.

        Args:
            part: One of ``PARTS``.
            now: Aware UTC time.
        """
        self._beats[part] = now

    def polled(self, asked_at: dt.datetime, now: dt.datetime) -> None:
        """Note that a poll was answered; the first that is ends an outage at the moment when it was asked.

        Args:
            asked_at: When it was sent; Telegram may have kept it waiting for something to tell.
            now: When the answer came; both aware UTC times.
        """
        if self._resumes:
            self._resumes, self._resumed = False, asked_at
        self.beat(POLL, now)

    def resume(self) -> None:
        """Note that the poll works again after it had failed: the time since its last beat was an outage."""
        self._resumes = True

    @property
    def beats(self) -> Mapping[str, dt.datetime]:
        """When each part of this process last did its work, written or not."""
        return dict(self._beats)

    async def record(self, session: AsyncSession, part: str, now: dt.datetime) -> None:
        """Write what is to be written, and beat for a part once its open transaction is committed.

        A full disk or a lost database ends the transaction otherwise; the part has then done nothing.
        """
        event.listen(session.sync_session, "after_commit", lambda _session: self.beat(part, now), once=True)
        await self._write(session, self._beats | {part: now})

    async def _write(self, session: AsyncSession, beats: Mapping[str, dt.datetime]) -> None:
        """Write the beats whose row is a minute old, in a transaction that is committed for another reason.

        A clock that was set back is as good a reason to write as one that went on.
        """
        rows = sorted(beats.items())  # in one order always, lest two instances wait for each other
        due = [(part, at) for part, at in rows if part not in self._written or abs(at - self._written[part]) >= EVERY]
        if not due:
            return
        resumed = self._resumed if POLL in dict(due) else None
        if resumed:
            await _note_outage(session, resumed)
        for part, at in due:
            await insert_new(session, Heartbeat, [{"part": part, "at": at}])
            await session.execute(
                update(Heartbeat)
                .where(Heartbeat.part == part)
                .values(at=at)
                .execution_options(synchronize_session=False)
            )

        def committed(_session: object) -> None:
            self._written |= dict(due)
            if self._resumed == resumed:
                self._resumed = None

        event.listen(session.sync_session, "after_commit", committed, once=True)


async def _note_outage(session: AsyncSession, at: dt.datetime) -> None:
    """Write down the gap from the last written beat of the poll to ``at``, where Telegram has dropped something."""
    before = await session.scalar(select(Heartbeat.at).where(Heartbeat.part == POLL))
    if before is not None and at - before > KEPT_BY_TELEGRAM:
        run = {"kind": OUTAGE, "period": before.isoformat(), "scope": "", "note": at.isoformat(), "ran_at": at}
        await insert_new(session, PeriodicRun, [run])


async def beats(session: AsyncSession) -> Mapping[str, dt.datetime]:
    """Return when each part last beat; a part that never did is missing."""
    return {part: at for part, at in await session.execute(select(Heartbeat.part, Heartbeat.at))}
