"""Long work: recorded where it is wanted, done outside any transaction, its result committed at the end."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Work, WorkState

LEASE: Final = dt.timedelta(minutes=10)  # work that has run longer died with its process
MOST_ATTEMPTS: Final = 3
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
    """Take the oldest job that waits, or whose worker died; attempts rise before it runs, so that a killer is known."""
    row = await session.scalar(
        select(Work)
        .where(
            or_(
                Work.state == WorkState.WAITING,
                (Work.state == WorkState.RUNNING) & (Work.lease_until <= now),
            )
        )
        .order_by(Work.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    row.state, row.attempts, row.lease_until = WorkState.RUNNING, row.attempts + 1, now + LEASE
    return row


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
    """Close a job, in the transaction that commits its result."""
    row.state, row.lease_until, row.error = WorkState.DONE, None, None


async def is_busy(session: AsyncSession) -> bool:
    """Say whether a job waits or runs."""
    unfinished = select(Work.id).where(Work.state.in_((WorkState.WAITING, WorkState.RUNNING)))
    return await session.scalar(unfinished.limit(1)) is not None
