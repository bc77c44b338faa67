"""Work that is done once for each day, quarter or other period: who takes it, when it was done, what it found."""

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import PeriodicRun
from storage.upsert import insert_new, insert_one


async def begins(session: AsyncSession, kind: str, period: str, scope: str = "", *, now: dt.datetime) -> bool:
    """Say whether a period's work is still to be done for a scope, and take it; of two who ask at once one gets it."""
    if await has_run(session, kind, period, scope):
        return False
    run = {"kind": kind, "period": period, "scope": scope, "ran_at": now}
    return await insert_one(session, PeriodicRun, run)


async def has_run(session: AsyncSession, kind: str, period: str, scope: str = "") -> bool:
    """Say whether a period's work was taken for a scope."""
    which = (PeriodicRun.kind == kind, PeriodicRun.period == period, PeriodicRun.scope == scope)
    return await session.scalar(select(PeriodicRun.id).where(*which)) is not None


async def note_down(session: AsyncSession, kind: str, period: str, *, note: str, now: dt.datetime) -> None:
    """Write down that a period's work was done and what it found; done again, the later finding stands."""
    await insert_new(session, PeriodicRun, [{"kind": kind, "period": period, "scope": "", "ran_at": now}])
    which = (PeriodicRun.kind == kind, PeriodicRun.period == period, PeriodicRun.scope == "")
    await session.execute(
        update(PeriodicRun).where(*which).values(note=note, ran_at=now).execution_options(synchronize_session=False)
    )


async def last(session: AsyncSession, kind: str) -> PeriodicRun | None:
    """Return the newest run of a periodic work."""
    rows = select(PeriodicRun).where(PeriodicRun.kind == kind).order_by(PeriodicRun.id.desc()).limit(1)
    return await session.scalar(rows)
