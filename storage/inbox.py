"""The inbox: every update is here before Telegram may forget it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Inbox, InboxState
from storage.types import literal
from storage.upsert import insert_new

KEPT_FOR: Final = dt.timedelta(days=3)
"""Telegram keeps nothing longer than 24 h, and its ids may restart: finished rows go after three days."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """An update as fetched, already without ID numbers."""

    update_id: int
    lane: str
    raw: dict[str, Any]


# Statements of every batch are built once: building one costs several times its execution.
_OLDEST: Final = select(func.min(Inbox.id)).where(Inbox.state == literal(InboxState.RECEIVED)).group_by(Inbox.lane)
_NEXT: Final = (
    select(Inbox)
    .where(
        Inbox.id.in_(_OLDEST),
        Inbox.state == literal(InboxState.RECEIVED),
        or_(Inbox.not_before.is_(None), Inbox.not_before <= bindparam("now")),
    )
    .order_by(Inbox.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_NEXT_RUN: Final = select(func.min(func.coalesce(Inbox.not_before, Inbox.received_at))).where(
    Inbox.id.in_(_OLDEST), Inbox.state == literal(InboxState.RECEIVED)
)
_MARK_SHOWN: Final = (
    update(Inbox)
    .where(Inbox.id.in_(bindparam("ids", expanding=True)))
    .values(state=case((Inbox.state == InboxState.DONE, InboxState.SHOWN.value), else_=Inbox.state), reply=None)
    .execution_options(synchronize_session=False)
)


async def receive(session: AsyncSession, updates: Iterable[Incoming], *, now: dt.datetime) -> None:
    """Keep updates; one that is already known is left as it is."""
    await insert_new(
        session,
        Inbox,
        [
            {
                "update_id": update.update_id,
                "lane": update.lane,
                "raw": update.raw,
                "state": InboxState.RECEIVED,
                "attempts": 0,
                "received_at": now,
            }
            for update in updates
        ],
    )


async def next_batch(session: AsyncSession, *, now: dt.datetime, limit: int) -> Sequence[Inbox]:
    """Return the oldest waiting update of each lane, oldest first.

    A lane whose oldest update backs off waits whole, so that one officer's updates keep their order. On PostgreSQL the
    rows are locked and rows locked by another instance are skipped; as only a lane's oldest row is ever a candidate,
    that keeps the order over instances too.
    """
    rows = await session.scalars(_NEXT, {"now": now, "limit": limit})
    return rows.all()


async def next_run_at(session: AsyncSession) -> dt.datetime | None:
    """Return from when on ``next_batch`` finds something: a past moment, the end of a back-off, or None for nothing."""
    return await session.scalar(_NEXT_RUN)


async def unshown(session: AsyncSession) -> Sequence[Inbox]:
    """Return what was done but perhaps never shown, oldest first."""
    rows = await session.scalars(select(Inbox).where(Inbox.reply.is_not(None)).order_by(Inbox.id))
    return rows.all()


async def mark_shown(session: AsyncSession, ids: Sequence[int]) -> None:
    """Note that the screens of these rows were shown."""
    if ids:
        await session.execute(_MARK_SHOWN, {"ids": ids})


async def blame(session: AsyncSession, update_id: int) -> Inbox | None:
    """Count an attempt against the update that was running when the process died."""
    row = await session.scalar(
        select(Inbox).where(Inbox.update_id == update_id, Inbox.state == literal(InboxState.RECEIVED))
    )
    if row is not None:
        row.attempts += 1
    return row


async def prune(session: AsyncSession, *, now: dt.datetime) -> None:
    """Delete finished rows older than three days."""
    await session.execute(
        delete(Inbox).where(Inbox.state.in_((InboxState.SHOWN, InboxState.DEAD)), Inbox.received_at < now - KEPT_FOR)
    )
