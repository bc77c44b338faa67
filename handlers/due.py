"""What is due goes out: a few urgent reminders as messages of their own, all others in one digest for each officer.

Nothing is queued outside office hours: what fell due in the meantime, or while the bot was down, is found on the next
working morning, the most urgent first. Source: features.md N6, N7, N9.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import due_at
from bot.notices import Notice
from handlers import escalation, hours, passed, planning, receivers, saying
from handlers.office import Office
from handlers.parts import in_parts
from storage import audit, notified, outbox, reminders
from storage.crashpoints import crash_point
from storage.database import Database
from storage.tables import Outbox, Person, Priority, Reminder, ReminderState

SINGLE, DIGEST = "reminder", "digest"
MOST_SINGLES: Final = 5  # messages of its own that an officer gets on a day; what is urgent beyond it leads the digest


@dataclass(slots=True)
class Look:
    """One look at what is due.

    Args:
        now: Aware UTC time of it.
        held_until: When what is held leaves although the look has not ended; put off as long as it goes on.
        queued: How many reminders went into notifications.
        ready: Whether one of these may leave at once.
        held: Notifications that gather lines until the end of the look, so that each is one -> its reader's hour. Where
            that is still to come, the first look after it lets it go: much is due at that very moment.
        passed: Reminders of this transaction whose deadline went by before anybody was told.
    """

    now: dt.datetime
    held_until: dt.datetime
    queued: int = 0
    ready: bool = False
    held: dict[int, dt.datetime] = field(default_factory=dict)
    passed: list[int] = field(default_factory=list)


async def remind(
    database: Database, office: Office, now: dt.datetime, *, on_queued: Callable[[], None], goes_on: Callable[[], bool]
) -> int:
    """Turn all that is due into notifications, in short transactions; more of it in a second than may leave in one.

    Args:
        database: Where the schedule is.
        office: Rules and calendar.
        now: Aware UTC time.
        on_queued: Called after each transaction that queued something which may leave at once.
        goes_on: Asked between two of them; a stop leaves the rest for the next look.

    Returns:
        How many reminders were queued.
    """
    if not hours.in_office_hours(office, now):
        return 0
    async with database.read() as session:
        ids, look = await _begin(session, now)
    async for part in in_parts(database, ids, goes_on=goes_on):
        async with database.write() as session:
            await _go_on_holding(session, look, office.clock.now())
            await _queue_all(session, office, part, look)
        crash_point("queued")
        if look.ready:
            on_queued()
            look.ready = False
    if look.held:
        async with database.write() as session:
            await _end(session, look)
        on_queued()
    return look.queued


async def tick(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Turn all that is due into notifications in one transaction; return how many reminders were queued."""
    if not hours.in_office_hours(office, now):
        return 0
    ids, look = await _begin(session, now)
    await _queue_all(session, office, ids, look)
    await _end(session, look)
    return look.queued


async def _begin(session: AsyncSession, now: dt.datetime) -> tuple[Sequence[int], Look]:
    """Return what is due, and the look at it; it holds the lists whose hour has come."""
    until = now + hours.GATHERING
    gathering = await notified.gathering(session, DIGEST, after=now, until=until)
    return await reminders.due_ids(session, now=now), Look(now, until, held=dict.fromkeys(gathering, now))


async def _go_on_holding(session: AsyncSession, look: Look, now: dt.datetime) -> None:
    """Hold for as long as the look takes: a list that left meanwhile would be followed by another."""
    if look.held_until - now < hours.GATHERING / 2:
        look.held_until = now + hours.GATHERING
        come = [row_id for row_id, hour in look.held.items() if hour <= now]
        await notified.move(session, come, to=look.held_until)


async def _queue_all(session: AsyncSession, office: Office, ids: Sequence[int], look: Look) -> None:
    for reminder_id in ids:
        # Locked, lest another instance that looks at the same moment queue it again behind the first one's back.
        reminder = await session.get_one(Reminder, reminder_id, populate_existing=True, with_for_update=True)
        if reminder.state is ReminderState.PLANNED and reminder.due_at <= look.now:
            await _queue(session, office, reminder, look)
    # In the same transaction: once a reminder is queued, no later look finds it again.
    for row in await passed.tell(session, office, look.passed, look.now, not_before=look.held_until):
        look.held[row.id] = look.now
    look.passed.clear()


async def _end(session: AsyncSession, look: Look) -> None:
    """Let go what has gathered the lines of a look, if its hour has come."""
    await notified.move(session, [row_id for row_id, hour in look.held.items() if hour <= look.now], to=look.now)


async def _queue(session: AsyncSession, office: Office, reminder: Reminder, look: Look) -> None:
    notice = await saying.describe(session, office, reminder, look.now)
    if notice is None or await saying.is_said_with_feedback(session, office, reminder, notice, look.now):
        await _end_unsaid(session, office, reminder, notice, look)
        return
    told = await saying.receivers_of(session, office, reminder, notice, look.now)
    if not told:
        return  # nobody can be told yet: it stays due and is found again
    unheard = [reminder, *await reminders.supersede_older(session, reminder)]
    already = await saying.told(session, reminder)
    reminder.state = ReminderState.SENT if already.issuperset(person.id for person in told) else ReminderState.QUEUED
    for person in told:
        if person.id not in already:
            await _to(session, office, person, reminder, notice, look)
    await session.flush()
    look.queued += 1
    if notice.has_passed and not already:
        late = [await saying.late_since(session, office, each, notice, look.now) for each in unheard]
        if any(late):  # the day after may be said in time although the day itself never was
            look.passed.append(reminder.id)
    if reminder.subject_kind != escalation.SUBJECT:
        await planning.plan_next(session, office, reminder, look.now)
    _note_queued(session, reminder, look.now)


async def _end_unsaid(
    session: AsyncSession, office: Office, reminder: Reminder, notice: Notice | None, look: Look
) -> None:
    """Let a reminder go that has nothing to say any more, or count it as said where another one says enough."""
    if notice is None:
        outdated = await saying.outdated(session, office, reminder, look.now)
        reminder.state, reminder.reason = ReminderState.CANCELLED, outdated
    else:
        await reminders.supersede_older(session, reminder)
        reminder.state, reminder.reason = ReminderState.SENT, "said with the feedback"
    await session.flush()


async def _to(
    session: AsyncSession, office: Office, person: Person, reminder: Reminder, notice: Notice, look: Look
) -> None:
    """Let somebody have a reminder: as a message of its own, or as a line of their digest."""
    midnight = due_at(office.today(look.now), dt.time(), office.zone)
    singly = reminders.comes_singly(reminder) or (
        notice.single and await notified.count_since(session, person, SINGLE, midnight) < MOST_SINGLES
    )
    if not singly:
        until = max(await receivers.morning_of(session, office, notice.charges), hours.of_person(office, person))
        is_of_today = notice.single or hours.first_day(office, reminder.due_at, until=until) <= office.today(look.now)
        row = await _digest(session, office, person, look, is_of_today=is_of_today)
        await outbox.carry(session, row, [reminder.id])
        return
    await outbox.enqueue(
        session,
        person,
        kind=SINGLE,
        params={"reminder_id": reminder.id},
        dedupe=dedupe(reminder, person),
        priority=Priority(reminder.urgency),
        now=look.now,
        reminder_ids=[reminder.id],
    )
    look.ready = True


async def _digest(session: AsyncSession, office: Office, person: Person, look: Look, *, is_of_today: bool) -> Outbox:
    """Return the officer's digest that a reminder joins: today's, or another where that has left.

    What an officer has made due by their own entry in the course of the day they know already, unless it is urgent:
    it waits for the next working morning.
    """
    on = office.today(look.now)
    begins = due_at(on, hours.of_person(office, person), office.zone)
    if is_of_today:
        row = await notified.waiting(session, person, DIGEST, until=max(look.held_until, begins + hours.GATHERING))
        if row is not None:  # also an older one that was held up takes up today's lines
            row.not_before = max(row.not_before, look.now)
            look.held.setdefault(row.id, max(look.now, begins))
            return row
        row = await _open_digest(session, person, look, on, begins)
        while not outbox.is_untouched(row):
            row = await _open_digest(session, person, look, on, begins, after=row)
        return row
    morning = hours.next_opening(office, max(look.now, begins), hour=hours.of_person(office, person))
    return await _open_digest(session, person, look, office.today(morning), morning)


async def _open_digest(
    session: AsyncSession,
    person: Person,
    look: Look,
    on: dt.date,
    begins: dt.datetime,
    *,
    after: Outbox | None = None,
) -> Outbox:
    """Return the digest of a day, made where there is none; ``after`` asks for another, because that one has left."""
    name = f"{DIGEST}:{person.id}:{on.isoformat()}" + (f":{after.id}" if after else "")
    leaves = max(look.now, begins)
    row = await outbox.enqueue(
        session,
        person,
        kind=DIGEST,
        params={},
        dedupe=name,
        priority=Priority.DIGEST,
        now=look.now,
        not_before=max(leaves + hours.GATHERING, look.held_until),
    )
    if not row.params:
        params: dict[str, Any] = {"outbox": row.id}
        row.params, look.held[row.id] = params, leaves
    return row


def dedupe(reminder: Reminder, person: Person) -> str:
    """Return what makes a notification the same: put off to a later moment, a reminder leaves again."""
    return f"{SINGLE}:{reminder.id}:{reminder.due_at:%Y%m%dT%H%M%S}:{person.id}"


def _note_queued(session: AsyncSession, reminder: Reminder, now: dt.datetime) -> None:
    audit.note(
        session,
        at=now,
        actor_id=None,
        verb="reminder.queue",
        subject=(reminder.subject_kind, reminder.subject_id),
        after={"reminder": reminder.id, "kind": reminder.kind, "stage": reminder.stage},
    )


QUIET: Final = dict.fromkeys((SINGLE, DIGEST))
