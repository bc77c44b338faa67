"""What people were told, and what waits for them: questions about the outbox that are no part of sending."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.outbox import ALIVE, OPEN, QUEUED
from storage.reminders import FEEDBACK, SUBJECT
from storage.tables import Attempt, Outbox, OutboxReminder, OutboxState, Person, Reminder

OUT_OF_REACH: Final = "the receiver cannot be reached"
NOT_ACTIVE: Final = "the receiver is not active"
"""Why a notification was cancelled that ``revive`` lets go."""


async def is_queued(session: AsyncSession, dedupe: str) -> bool:
    """Say whether a notification was queued, whatever became of it."""
    return await session.scalar(select(Outbox.id).where(Outbox.dedupe == dedupe)) is not None


async def receivers_of(session: AsyncSession, prefix: str) -> Sequence[Person]:
    """Return whom the notifications went to whose ``dedupe`` begins like this."""
    rows = await session.scalars(
        select(Person)
        .join(Outbox, Outbox.person_id == Person.id)
        .where(Outbox.dedupe.startswith(prefix, autoescape=True), Outbox.state == OutboxState.SENT)
        .order_by(Person.id)
    )
    return rows.all()


async def revive(session: AsyncSession, person: Person, *, since: dt.datetime, now: dt.datetime) -> None:
    """Let what was refused or cancelled while a person was out of reach, or suspended, go out anew.

    Reminders have gone to others meanwhile. Of several that say the same, as a weekly question does, the newest goes.

    Args:
        session: The unit of work.
        person: Who can be told again.
        since: Since when they could not be; what was tried up to a day before counts, whenever it was queued: over a
            festival a notification waits for longer than that.
        now: Aware UTC time.
    """
    cancelled = and_(Outbox.state == OutboxState.CANCELLED, Outbox.reason.in_((OUT_OF_REACH, NOT_ACTIVE)))
    rows = await session.scalars(
        select(Outbox)
        .where(
            Outbox.person_id == person.id,
            or_(Outbox.state == OutboxState.REFUSED, cancelled),
            exists().where(Attempt.outbox_id == Outbox.id, Attempt.started_at >= since - dt.timedelta(days=1)),
            Outbox.id.not_in(select(OutboxReminder.outbox_id)),
        )
        .order_by(Outbox.id)
        .execution_options(populate_existing=True)
    )
    newest: dict[tuple[str, str], Outbox] = {}
    for row in rows:
        says = (row.kind, json.dumps(row.params, sort_keys=True))
        if (older := newest.get(says)) is not None:
            older.state, older.reason = OutboxState.CANCELLED, "a newer one says the same"
        newest[says] = row
    for row in newest.values():
        row.state, row.not_before, row.reason = OutboxState.DUE, now, None
    await session.flush()
    session.info[QUEUED] = True


async def told(session: AsyncSession, reminder_id: int, *, since: dt.datetime) -> frozenset[int]:
    """Return the people who have been told of a reminder, or will be, by a notification that leaves after a moment.

    When it was queued does not matter: a list may have been begun before what it carries fell due.
    """
    return await _receivers(session, OutboxReminder.reminder_id == reminder_id, Outbox.not_before >= since)


async def told_alike(session: AsyncSession, reminder: Reminder) -> frozenset[int]:
    """Return the people who have been told, or will be, of the same thing in whatever slot: by kind and stage."""
    return await _receivers(
        session,
        OutboxReminder.reminder_id == Reminder.id,
        Reminder.subject_kind == reminder.subject_kind,
        Reminder.subject_id == reminder.subject_id,
        Reminder.kind == reminder.kind,
        Reminder.stage == reminder.stage,
    )


async def _receivers(session: AsyncSession, *carrying: ColumnElement[bool]) -> frozenset[int]:
    rows = await session.scalars(
        select(Outbox.person_id)
        .join(OutboxReminder, OutboxReminder.outbox_id == Outbox.id)
        .where(*carrying, Outbox.state.not_in((OutboxState.REFUSED, OutboxState.CANCELLED)))
    )
    return frozenset(person_id for person_id in rows if person_id is not None)


async def of_kind(session: AsyncSession, person: Person, kind: str, *, since: dt.datetime) -> Sequence[Outbox]:
    """Return the notifications of a kind, queued since a moment, that have reached a person or still may."""
    rows = await session.scalars(
        select(Outbox)
        .where(
            Outbox.person_id == person.id,
            Outbox.created_at >= since,
            Outbox.kind == kind,
            Outbox.state.not_in((OutboxState.REFUSED, OutboxState.CANCELLED)),
        )
        .order_by(Outbox.id)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def is_warned_of_feedback(session: AsyncSession, request_id: int, *, since: dt.datetime) -> bool:
    """Say whether a reminder of an entry's feedback has left, or is on its way, that came due since a moment."""
    warned = select(Reminder.id).where(
        Reminder.subject_kind == SUBJECT,
        Reminder.subject_id == request_id,
        Reminder.kind == FEEDBACK,
        Reminder.state.in_(ALIVE),
        Reminder.due_at >= since,
    )
    return await session.scalar(warned.limit(1)) is not None


async def count_since(session: AsyncSession, person: Person, kind: str, since: dt.datetime) -> int:
    """Count the notifications of a kind that were queued for a person since a moment."""
    counted = select(func.count(Outbox.id)).where(
        Outbox.person_id == person.id, Outbox.created_at >= since, Outbox.kind == kind
    )
    return await session.scalar(counted) or 0


async def waiting(
    session: AsyncSession, person: Person, kind: str, *, until: dt.datetime | None = None
) -> Outbox | None:
    """Return a notification of a kind that waits for a person, may leave by a moment, and is still untouched.

    It is locked: what it takes up now must not come after it has been written and has left.
    """
    soon = () if until is None else (Outbox.not_before <= until,)
    rows = await session.scalars(
        select(Outbox)
        .where(
            Outbox.person_id == person.id,
            Outbox.kind == kind,
            Outbox.state == OutboxState.DUE,
            Outbox.copies == 0,
            *soon,
        )
        .order_by(Outbox.id)
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.one_or_none()


async def gathering(session: AsyncSession, kind: str, *, after: dt.datetime, until: dt.datetime) -> Sequence[int]:
    """Return the notifications of a kind that wait for a moment within a span and have not been tried yet."""
    rows = await session.scalars(
        select(Outbox.id).where(
            OPEN,
            Outbox.state == OutboxState.DUE,
            Outbox.not_before > after,
            Outbox.not_before <= until,
            Outbox.kind == kind,
            Outbox.copies == 0,
            Outbox.failures == 0,
        )
    )
    return rows.all()


async def move(session: AsyncSession, outbox_ids: Sequence[int], *, to: dt.datetime) -> None:
    """Let notifications leave at another moment, where no copy of them can have arrived."""
    await session.execute(
        update(Outbox)
        .where(Outbox.id.in_(outbox_ids), Outbox.state == OutboxState.DUE, Outbox.copies == 0)
        .values(not_before=to)
        .execution_options(synchronize_session=False)
    )


async def left_at(session: AsyncSession, outbox_id: int) -> dt.datetime | None:
    """Return when a notification left last; None where it has not yet."""
    begun: dt.datetime | None = await session.scalar(
        select(func.max(Attempt.started_at)).where(Attempt.outbox_id == outbox_id)
    )
    return begun


async def carried(session: AsyncSession, outbox_id: int) -> Sequence[Reminder]:
    """Return the reminders that a notification carries, the most urgent first."""
    rows = await session.scalars(
        select(Reminder)
        .join(OutboxReminder, OutboxReminder.reminder_id == Reminder.id)
        .where(OutboxReminder.outbox_id == outbox_id)
        .order_by(Reminder.urgency, Reminder.due_at, Reminder.id)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def take_out(session: AsyncSession, outbox_id: int, reminder: Reminder) -> None:
    """Let a notification carry a reminder no more: its receiver has not been told of it, nor will be."""
    await session.execute(
        delete(OutboxReminder)
        .where(OutboxReminder.outbox_id == outbox_id, OutboxReminder.reminder_id == reminder.id)
        .execution_options(synchronize_session=False)
    )
