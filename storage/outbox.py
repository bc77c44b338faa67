"""The outbox: notifications that must arrive, each claimed, committed, sent, confirmed."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Attempt, Outbox, OutboxReminder, OutboxState, Person, Reminder, ReminderState
from storage.upsert import insert_new

MOST_COPIES: Final = 3  # copies of one notification whose arrival is unknown; then it is held and escalated
QUEUED: Final = "outbox.queued"  # set in session.info by a unit of work that has queued a notification
LEASE: Final = dt.timedelta(seconds=120)  # the longest upload takes 88 s: an older claim died with its process

_OPEN: Final = Outbox.state.in_((OutboxState.DUE, OutboxState.UNKNOWN))


async def enqueue(
    session: AsyncSession,
    person: Person,
    *,
    kind: str,
    params: dict[str, Any],
    dedupe: str,
    priority: int = 5,
    now: dt.datetime,
    reminder_ids: Sequence[int] = (),
) -> None:
    """Queue a notification; one with the same ``dedupe`` key stands once, and leaves again only if it was refused.

    Args:
        session: The unit of work of what causes it.
        person: Who is to be told; their private chat has their own number.
        kind: Which renderer makes the screen when it is sent.
        params: What the renderer needs; ids, not texts.
        dedupe: What makes it the same notification.
        priority: Smaller goes first: 1 deadline, 3 question, 5 notice.
        now: Aware UTC time.
        reminder_ids: The planned reminders that it carries.
    """
    await insert_new(
        session,
        Outbox,
        [
            {
                "person_id": person.id,
                "chat_id": person.telegram_id,
                "kind": kind,
                "params": params,
                "priority": priority,
                "not_before": now,
                "state": OutboxState.DUE,
                "copies": 0,
                "failures": 0,
                "dedupe": dedupe,
                "created_at": now,
            }
        ],
    )
    session.info[QUEUED] = True
    row = (await session.scalars(select(Outbox).where(Outbox.dedupe == dedupe))).one()
    if row.state in (OutboxState.REFUSED, OutboxState.CANCELLED):
        row.state, row.not_before, row.reason = OutboxState.DUE, now, None
    await insert_new(
        session, OutboxReminder, [{"outbox_id": row.id, "reminder_id": reminder} for reminder in reminder_ids]
    )


async def claim(session: AsyncSession, *, now: dt.datetime, limit: int, exclude_chats: Sequence[int]) -> list[Outbox]:
    """Claim what is to be sent now, most urgent first, at most one for each chat.

    The claim and its attempt are committed before a byte leaves, so that a death in between is known.
    """
    rank = func.row_number().over(partition_by=Outbox.chat_id, order_by=(Outbox.priority, Outbox.not_before, Outbox.id))
    waiting = (
        select(Outbox.id, rank.label("rank"))
        .where(_OPEN, Outbox.not_before <= now, Outbox.chat_id.not_in(exclude_chats))
        .subquery()
    )
    first = select(waiting.c.id).where(waiting.c.rank == 1)
    rows = await session.scalars(
        select(Outbox)
        .where(Outbox.id.in_(first), _OPEN)
        .order_by(Outbox.priority, Outbox.not_before, Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = list(rows)
    for row in claimed:
        row.state = OutboxState.CLAIMED
        row.lease_until = now + LEASE
        started = await session.scalar(select(func.count()).where(Attempt.outbox_id == row.id)) or 0
        session.add(Attempt(outbox_id=row.id, n=started + 1, started_at=now))
    await session.flush()
    return claimed


async def expire_leases(session: AsyncSession, *, now: dt.datetime) -> Sequence[Outbox]:
    """Return claims whose process died before the outcome was known; each may have arrived."""
    rows = await session.scalars(select(Outbox).where(Outbox.state == OutboxState.CLAIMED, Outbox.lease_until <= now))
    return rows.all()


async def close_attempt(
    session: AsyncSession, outbox_id: int, *, outcome: str, message_id: int | None = None, error: str | None = None
) -> None:
    """Write the outcome of the open attempt."""
    await session.execute(
        update(Attempt)
        .where(Attempt.outbox_id == outbox_id, Attempt.outcome.is_(None))
        .values(outcome=outcome, message_id=message_id, error=error)
        .execution_options(synchronize_session=False)
    )


async def settle_reminders(
    session: AsyncSession, outbox_id: int, state: ReminderState, *, reason: str | None = None
) -> None:
    """Move the reminders that a notification carried on with it."""
    carried = select(OutboxReminder.reminder_id).where(OutboxReminder.outbox_id == outbox_id)
    await session.execute(
        update(Reminder)
        .where(Reminder.id.in_(carried), Reminder.state == ReminderState.QUEUED)
        .values(state=state, reason=reason)
        .execution_options(synchronize_session=False)
    )


async def cancel_for_reminders(session: AsyncSession, reminder_ids: Sequence[int], *, reason: str) -> None:
    """Cancel notifications that carry nothing but these reminders and have not left yet."""
    carriers = select(OutboxReminder.outbox_id).where(OutboxReminder.reminder_id.in_(reminder_ids))
    await session.execute(
        update(Outbox)
        .where(Outbox.id.in_(carriers), or_(Outbox.state == OutboxState.DUE, Outbox.state == OutboxState.UNKNOWN))
        .values(state=OutboxState.CANCELLED, reason=reason)
        .execution_options(synchronize_session=False)
    )


async def next_due_at(session: AsyncSession) -> dt.datetime | None:
    """Return when the next notification may leave."""
    return await session.scalar(select(func.min(Outbox.not_before)).where(_OPEN))


async def is_busy(session: AsyncSession, *, now: dt.datetime) -> bool:
    """Say whether a notification is on its way or may leave now."""
    on_its_way = select(Outbox.id).where(or_(Outbox.state == OutboxState.CLAIMED, _OPEN & (Outbox.not_before <= now)))
    return await session.scalar(on_its_way.limit(1)) is not None
