"""What is due goes out: reminders become notifications, in office hours only."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import due_at
from bot.notices import Notice
from handlers import planning, receivers
from handlers.office import Office
from handlers.reminders import describe, outdated
from storage import audit, outbox, reminders
from storage.tables import Person, Reminder, ReminderState

CLOSING: Final = dt.time(18)  # local; a reminder that falls due later waits for the next working morning
MOST_PER_TICK: Final = 200


async def tick(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Turn the reminders that are due into notifications.

    Nothing is queued outside office hours: what fell due in the meantime is found on the next working morning. The
    rows of one transaction; a reminder that no longer fits is cancelled with its reason.

    Args:
        session: The unit of work.
        office: Rules and calendar.
        now: Aware UTC time.

    Returns:
        How many notifications were queued.
    """
    if not in_office_hours(office, now):
        return 0
    queued = 0
    newest: dict[tuple[int, str, str], Reminder] = {}
    for reminder in await reminders.due(session, now=now, limit=MOST_PER_TICK):
        newest[reminder.subject_id, reminder.kind, reminder.audience] = reminder  # the later stage says it all
    for reminder in newest.values():
        queued += await _queue(session, office, reminder, now)
    return queued


def in_office_hours(office: Office, now: dt.datetime) -> bool:
    """Say whether reminders may leave: from the pack's hour to closing time on a working day."""
    local = now.astimezone(office.zone)
    return planning.hour(office) <= local.time() < CLOSING and office.calendar.is_workday(local.date())


def next_opening(office: Office, now: dt.datetime) -> dt.datetime:
    """Return the next moment after ``now``, aware UTC, at which office hours begin."""
    hour, today = planning.hour(office), office.today(now)
    if office.calendar.is_workday(today) and (opening := due_at(today, hour, office.zone)) > now:
        return opening
    return due_at(office.calendar.next_workday(today).on, hour, office.zone)


async def _queue(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> int:
    notice = await describe(session, office, reminder, now)
    if notice is None:
        reminder.state, reminder.reason = ReminderState.CANCELLED, await outdated(session, office, reminder, now)
        await session.flush()
        return 0
    told = await _receivers(session, office, notice, now)
    if not told:
        return 0  # nobody can be told yet: it stays due and is found again
    await reminders.supersede_older(session, reminder)
    for person in told:
        await outbox.enqueue(
            session,
            person,
            kind="reminder",
            params={"reminder_id": reminder.id},
            dedupe=dedupe(reminder, person),
            priority=reminder.urgency,
            now=now,
            reminder_ids=[reminder.id],
        )
    reminder.state = ReminderState.QUEUED
    await session.flush()
    await planning.plan_next(session, office, reminder, now)
    _note_queued(session, reminder, now)
    return len(told)


def dedupe(reminder: Reminder, person: Person) -> str:
    """Return what makes a notification the same: put off to a later moment, a reminder leaves again."""
    return f"reminder:{reminder.id}:{reminder.due_at:%Y%m%dT%H%M%S}:{person.id}"


async def _receivers(session: AsyncSession, office: Office, notice: Notice, now: dt.datetime) -> Sequence[Person]:
    """Return whom a reminder goes to on this day: for each whose work it is whoever is to be told."""
    told: dict[int, Person] = {}
    for charge in notice.charges:
        told |= {person.id: person for person in await receivers.of_charge(session, office, charge, now)}
    return list(told.values())


def _note_queued(session: AsyncSession, reminder: Reminder, now: dt.datetime) -> None:
    audit.note(
        session,
        at=now,
        actor_id=None,
        verb="reminder.queue",
        subject=(reminder.subject_kind, reminder.subject_id),
        after={"reminder": reminder.id, "kind": reminder.kind, "stage": reminder.stage},
    )
