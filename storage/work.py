"""Long work: recorded where it is wanted, done outside any transaction, its result committed at the end."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Work, WorkState

LEASE: Final = dt.timedelta(minutes=10)  # work that has run longer died with its process
MOST_ATTEMPTS: Final = 3


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


def fail(row: Work, error: str) -> None:
    """Put a job back, or give it up after three tries."""
    row.error, row.lease_until = error, None
    row.state = WorkState.FAILED if row.attempts >= MOST_ATTEMPTS else WorkState.WAITING


def finish(row: Work) -> None:
    """Close a job, in the transaction that commits its result."""
    row.state, row.lease_until, row.error = WorkState.DONE, None, None
