"""The outbox: notifications that must arrive, each claimed, committed, sent, confirmed."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import (
    Attempt,
    Outbox,
    OutboxReminder,
    OutboxState,
    Person,
    Priority,
    Reminder,
    ReminderState,
    Setting,
)
from storage.types import literal
from storage.upsert import insert_new

MOST_COPIES: Final = 3  # copies of one notification whose arrival is unknown; then it is held and escalated
ON_THEIR_WAY: Final = (OutboxState.DUE, OutboxState.CLAIMED, OutboxState.UNKNOWN)
ALIVE: Final = (ReminderState.QUEUED, ReminderState.SENT, ReminderState.ACKNOWLEDGED)  # a digest shows a line of it
QUEUED: Final = "outbox.queued"  # set in session.info by a unit of work that has queued a notification
LEASE: Final = dt.timedelta(seconds=120)  # the longest upload takes 88 s: an older claim died with its process

_WAIT: Final = "outbox.wait_until"  # Telegram's own wait, kept over a restart

_CLAIMED: Final = Outbox.state == literal(OutboxState.CLAIMED)
ON_ITS_WAY: Final = Outbox.state.in_([literal(each) for each in ON_THEIR_WAY])
"""In the words of the partial index, without which each look would read all that was ever sent."""
OPEN: Final = and_(ON_ITS_WAY, ~_CLAIMED)
_URGENCY: Final = (Outbox.priority, Outbox.not_before, Outbox.id)
_PORTION: Final = 100


async def enqueue(
    session: AsyncSession,
    person: Person,
    *,
    kind: str,
    params: dict[str, Any],
    dedupe: str,
    priority: Priority = Priority.NOTICE,
    now: dt.datetime,
    not_before: dt.datetime | None = None,
    reminder_ids: Sequence[int] = (),
) -> Outbox:
    """Queue a notification; one with the same ``dedupe`` key stands once, and leaves again only if it was refused.

    Args:
        session: The unit of work of what causes it.
        person: Who is to be told; their private chat has their own number.
        kind: Which renderer makes the screen when it is sent.
        params: What the renderer needs; ids, not texts.
        dedupe: What makes it the same notification.
        priority: What it gives way to, and what gives way to it.
        now: Aware UTC time.
        not_before: When it may leave; at once unless given.
        reminder_ids: The planned reminders that it carries.

    Returns:
        The notification, new or as it stands.
    """
    receiver = {"person_id": person.id, "chat_id": person.telegram_id}
    content = {"kind": kind, "params": params, "priority": priority, "dedupe": dedupe}
    row = await _queue(session, receiver | content, now=now, not_before=not_before or now)
    await carry(session, row, reminder_ids)
    return row


async def enqueue_for_chat(
    session: AsyncSession,
    chat_id: int,
    *,
    kind: str,
    params: dict[str, Any],
    dedupe: str,
    priority: Priority = Priority.GROUP,
    now: dt.datetime,
) -> Outbox:
    """Queue a notification to a bound group; its renderer is one of ``GROUP_NOTICES`` and is given no person.

    Args:
        session: The unit of work of what causes it.
        chat_id: Telegram's number of the group; nothing is sent once it is bound no more.
        kind: Which renderer makes the screen when it is sent.
        params: What the renderer needs; ids, not texts.
        dedupe: What makes it the same notification.
        priority: What it gives way to; a group comes after the officers.
        now: Aware UTC time.

    Returns:
        The notification, new or as it stands.
    """
    receiver = {"person_id": None, "chat_id": chat_id}
    content = {"kind": kind, "params": params, "priority": priority, "dedupe": dedupe}
    return await _queue(session, receiver | content, now=now, not_before=now)


async def enqueue_all(
    session: AsyncSession,
    persons: Sequence[Person],
    *,
    kind: str,
    params: dict[str, Any],
    dedupe: str,
    priority: Priority = Priority.NOTICE,
    now: dt.datetime,
) -> None:
    """Queue the same notification to many people, with one statement whatever their number.

    Args:
        session: The unit of work of what causes it.
        persons: Who is to be told.
        kind: Which renderer makes the screen when it is sent.
        params: What the renderer needs; ids, not texts.
        dedupe: What makes it the same notification, before each person's key.
        priority: What they give way to, and what gives way to them.
        now: Aware UTC time.
    """
    common = {"kind": kind, "params": params, "priority": priority, "not_before": now, "created_at": now}
    fresh = common | {"state": OutboxState.DUE, "copies": 0, "failures": 0}
    rows = [
        fresh | {"person_id": each.id, "chat_id": each.telegram_id, "dedupe": f"{dedupe}:{each.id}"} for each in persons
    ]
    await insert_new(session, Outbox, rows)
    session.info[QUEUED] = True


async def carry(session: AsyncSession, row: Outbox, reminder_ids: Sequence[int]) -> None:
    """Let a notification carry planned reminders, besides those that it carries."""
    await insert_new(
        session, OutboxReminder, [{"outbox_id": row.id, "reminder_id": reminder} for reminder in reminder_ids]
    )


async def _queue(session: AsyncSession, values: dict[str, Any], *, now: dt.datetime, not_before: dt.datetime) -> Outbox:
    fresh = {"state": OutboxState.DUE, "copies": 0, "failures": 0, "created_at": now, "not_before": not_before}
    await insert_new(session, Outbox, [values | fresh])
    session.info[QUEUED] = True
    row = (await session.scalars(select(Outbox).where(Outbox.dedupe == values["dedupe"]))).one()
    if row.state in (OutboxState.REFUSED, OutboxState.CANCELLED):
        row.state, row.not_before, row.reason = OutboxState.DUE, not_before, None
    return row


async def claim(session: AsyncSession, *, now: dt.datetime, limit: int, exclude_chats: Sequence[int]) -> list[Outbox]:
    """Claim what is to be sent now, most urgent first, at most one for each chat.

    The claim and its attempt are committed before a byte leaves, so that a death in between is known.
    """
    first = await _first_of_chats(session, now=now, limit=limit, exclude_chats=exclude_chats)
    rows = await session.scalars(
        select(Outbox).where(Outbox.id.in_(first), OPEN).order_by(*_URGENCY).with_for_update(skip_locked=True)
    )
    taken = list(rows)
    for row in taken:
        row.state = OutboxState.CLAIMED
        row.lease_until = now + LEASE
        started = await session.scalar(select(func.count()).where(Attempt.outbox_id == row.id)) or 0
        session.add(Attempt(outbox_id=row.id, n=started + 1, started_at=now))
    await session.flush()
    return taken


async def _first_of_chats(
    session: AsyncSession, *, now: dt.datetime, limit: int, exclude_chats: Sequence[int]
) -> list[int]:
    """Return the most urgent notification of each chat, of as many chats as may be served now.

    They are read in the order of urgency, some at a time: however many wait behind them, a look costs the same.
    """
    first: dict[int, int] = {}  # chat -> notification
    while len(first) < limit:
        passed = {*exclude_chats, *first}
        rows = await session.execute(
            select(Outbox.chat_id, Outbox.id)
            .where(OPEN, Outbox.not_before <= now, Outbox.chat_id.not_in(passed))
            .order_by(*_URGENCY)
            .limit(_PORTION)
        )
        found = rows.all()
        for chat_id, row_id in found:
            if len(first) < limit:
                first.setdefault(chat_id, row_id)
        if len(found) < _PORTION:
            break
    return list(first.values())


async def expire_leases(session: AsyncSession, *, now: dt.datetime) -> Sequence[Outbox]:
    """Return claims whose process died; each may have arrived. One that another instance is settling is passed over."""
    late = select(Outbox).where(_CLAIMED, Outbox.lease_until <= now).with_for_update(skip_locked=True)
    return (await session.scalars(late)).all()


async def claimed(session: AsyncSession, outbox_id: int) -> Outbox | None:
    """Return a claimed notification, to be settled by this unit of work alone; None where it is settled already."""
    row = await session.get(Outbox, outbox_id, populate_existing=True, with_for_update=True)
    return row if row is not None and row.state is OutboxState.CLAIMED else None


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


async def cancel_for_reminders(session: AsyncSession, reminder_ids: Sequence[int], *, reason: str) -> None:
    """Cancel notifications that carry nothing but these reminders and have not left yet; a digest keeps the others."""
    carriers = select(OutboxReminder.outbox_id).where(OutboxReminder.reminder_id.in_(reminder_ids))
    carries_another = exists().where(  # of this notification alone: a morning's whole queue may wait beside it
        OutboxReminder.outbox_id == Outbox.id,
        Reminder.id == OutboxReminder.reminder_id,
        Reminder.state.in_(ALIVE),  # also one that another of its receivers has already
        Reminder.id.not_in(reminder_ids),
    )
    await session.execute(
        update(Outbox)
        .where(Outbox.id.in_(carriers), ~carries_another, OPEN)
        .values(state=OutboxState.CANCELLED, reason=reason)
        .execution_options(synchronize_session=False)
    )


def is_untouched(row: Outbox) -> bool:
    """Say whether a notification may still take up something more: no copy of it can have arrived."""
    return row.state is OutboxState.DUE and row.copies == 0


async def next_due_at(session: AsyncSession, *, exclude_chats: Sequence[int] = ()) -> dt.datetime | None:
    """Return when the next notification may leave, other than to some chats."""
    return await session.scalar(select(func.min(Outbox.not_before)).where(OPEN, Outbox.chat_id.not_in(exclude_chats)))


async def wait_until(session: AsyncSession, moment: dt.datetime) -> None:
    """Keep until when Telegram asked to wait; a shorter wait changes nothing."""
    row = await session.get(Setting, _WAIT, populate_existing=True)
    if row is None:
        session.add(Setting(key=_WAIT, value=moment.isoformat()))
    elif dt.datetime.fromisoformat(row.value) < moment:
        row.value = moment.isoformat()
    await session.flush()


async def waits_until(session: AsyncSession) -> dt.datetime | None:
    """Return until when Telegram asked to wait, past or to come; None where it never did."""
    value = await session.scalar(select(Setting.value).where(Setting.key == _WAIT))
    return None if value is None else dt.datetime.fromisoformat(value)


async def is_busy(session: AsyncSession, *, now: dt.datetime) -> bool:
    """Say whether a notification is on its way or may leave now."""
    on_its_way = select(Outbox.id).where(ON_ITS_WAY, or_(_CLAIMED, Outbox.not_before <= now))
    return await session.scalar(on_its_way.limit(1)) is not None
