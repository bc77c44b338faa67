"""Long work: recorded where it is wanted, done outside any transaction, its result committed at the end."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Work, WorkState

LEASE: Final = dt.timedelta(minutes=10)  # work that has run longer died with its process
MOST_ATTEMPTS: Final = 3
_LOOKED_AT: Final = 200  # jobs among which turns are taken; reading one takes some ten microseconds
TIDY: Final = "batch.tidy"
RECORDED: Final = "work.recorded"  # set in session.info by a unit of work that has recorded a job


def add(
    session: AsyncSession, kind: str, params: dict[str, Any], *, now: dt.datetime, inbox_id: int | None = None
) -> None:
    """Record a job.

    Args:
        session: The unit of work that wants it; if that rolls back, the job was never wanted.
        kind: What is to be done.
        params: What the worker needs; JSON values.
        now: Aware UTC time.
        inbox_id: The update that asked for it, where somebody waits for the answer.
    """
    session.add(Work(kind=kind, params=params, created_at=now, inbox_id=inbox_id))
    session.info[RECORDED] = True


def tidy(session: AsyncSession, keys: Sequence[str], *, now: dt.datetime) -> None:
    """Have kept files removed once the transaction that no longer needs them is committed."""
    if keys:
        add(session, TIDY, {"keys": list(keys)}, now=now)


async def claim(session: AsyncSession, *, now: dt.datetime) -> Work | None:
    """Take a job that waits, or whose worker died; attempts rise before it runs, so that a killer is known.

    Persons take turns: the one whose work was taken up longest ago comes first, with the oldest of their jobs. What
    nobody asked for takes its turn like a person's.
    """
    for job_id in await _in_turn(session, now):
        row = await session.scalar(
            select(Work).where(Work.id == job_id, _free(now)).with_for_update(skip_locked=True)
        )  # on PostgreSQL another instance may have been faster
        if row is not None:
            row.state, row.attempts, row.lease_until = WorkState.RUNNING, row.attempts + 1, now + LEASE
            return row
    return None


async def waiting_of(session: AsyncSession, person_id: int) -> Sequence[tuple[str, Any]]:
    """Return the jobs of one person that nobody has taken up yet: the kind and the parameters of each."""
    rows = await session.execute(select(Work.kind, Work.params).where(Work.state == WorkState.WAITING))
    return [(kind, params) for kind, params in rows if params.get("person_id") == person_id]


async def release(session: AsyncSession) -> None:
    """Free what runs from its lease, at the start of the only instance: whoever ran it is dead."""
    await session.execute(
        update(Work)
        .where(Work.state == WorkState.RUNNING)
        .values(state=WorkState.WAITING, lease_until=None)
        .execution_options(synchronize_session=False)
    )


async def still_ours(session: AsyncSession, claimed: Work) -> Work | None:
    """Return the job for its result to be committed; None where the lease ran out and somebody else took it up."""
    row = await session.get_one(Work, claimed.id, with_for_update=True)
    return row if row.state is WorkState.RUNNING and row.attempts == claimed.attempts else None


def fail(row: Work, error: str) -> bool:
    """Put a job back, or give it up after three tries; say whether it was given up."""
    row.error, row.lease_until = error, None
    row.state = WorkState.FAILED if row.attempts >= MOST_ATTEMPTS else WorkState.WAITING
    return row.state is WorkState.FAILED


def finish(row: Work) -> None:
    """Close a job, in the transaction that commits its result; its lease stays and tells when it was taken up."""
    row.state, row.error = WorkState.DONE, None


async def is_busy(session: AsyncSession) -> bool:
    """Say whether a job waits or runs."""
    unfinished = select(Work.id).where(Work.state.in_((WorkState.WAITING, WorkState.RUNNING)))
    return await session.scalar(unfinished.limit(1)) is not None


def _free(now: dt.datetime) -> ColumnElement[bool]:
    died = (Work.state == WorkState.RUNNING) & (Work.lease_until <= now)
    return or_(Work.state == WorkState.WAITING, died)


async def _in_turn(session: AsyncSession, now: dt.datetime) -> Sequence[int]:
    """Return the jobs that may be taken up, in the order in which they are to be.

    Whose a job is stands in its encrypted parameters, so the database cannot sort by it.
    """
    rows = await session.execute(select(Work.id, Work.params).where(_free(now)).order_by(Work.id).limit(_LOOKED_AT))
    whose = {job_id: params.get("person_id") for job_id, params in rows}
    if len(set(whose.values())) < 2:
        return list(whose)
    taken = await session.execute(
        select(Work.params, Work.lease_until).where(Work.id >= min(whose) - _LOOKED_AT, Work.lease_until.is_not(None))
    )
    last: dict[int | None, dt.datetime] = {}
    for params, lease in taken:
        person = params.get("person_id")
        last[person] = max(last.get(person, lease), lease)
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(whose, key=lambda job_id: (last.get(whose[job_id], never), job_id))
