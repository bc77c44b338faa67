"""The reminder table: the schedule itself. What is planned here is said, however late the process comes to it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import outbox
from storage.tables import Opinion, Person, Reminder, ReminderState, Request
from storage.types import literal

SUBJECT: Final = "request"
OPINION: Final = "opinion"
OWNER: Final = "owner"
FEEDBACK: Final = "feedback"

Subject = Request | Opinion
"""What is reminded of: each carries the basis of its plan."""

SAID_BEFORE: Final = "said before"
PUT_OFF: Final = "put off"
"""Why a stage is superseded for which something stands that was put off."""
PASSED_ON: Final = "for somebody else by now"
ANSWERED: Final = "answered by "
"""Before the number of whoever has taken note."""
ASK_AGAIN: Final = "not yet"
"""Why a question comes again that was answered: not on the officer's wish, so that it is a line of the list."""

_UNSENT: Final = Reminder.state.in_((ReminderState.PLANNED, ReminderState.QUEUED))
IS_PUT_OFF: Final = (Reminder.state == literal(ReminderState.PLANNED)) & Reminder.snoozed_to.is_not(None)
_COVERED: Final = (Reminder.state == ReminderState.SUPERSEDED) & (Reminder.reason == PUT_OFF)


async def snooze(
    session: AsyncSession, reminder: Reminder, to: dt.datetime, *, now: dt.datetime, reason: str | None = None
) -> None:
    """Put a reminder off: it comes again at that moment, and its further stages before that do not come.

    Of a kind one reminder at a time is put off: what was put off before counts as said, for the officer's last word
    holds.

    Args:
        session: The unit of work.
        reminder: The reminder; whatever carries it and has not left is taken back.
        to: Aware UTC time.
        now: Aware UTC time.
        reason: Why, where it was not the officer's own wish.
    """
    await outbox.cancel_for_reminders(session, [reminder.id], reason=PUT_OFF)
    await session.flush()
    before = await session.scalars(select(Reminder).where(*_others_of(reminder), IS_PUT_OFF))
    for row in before:
        row.state, row.reason, row.due_at = ReminderState.SENT, "put off anew", min(row.due_at, now)
    reminder.state, reminder.reason = ReminderState.PLANNED, reason
    reminder.due_at = reminder.snoozed_to = to
    await cover(session, reminder, now=now)


async def settle(
    session: AsyncSession, reminder: Reminder, state: ReminderState, *, reason: str, now: dt.datetime
) -> None:
    """Let a reminder be said or answered; if it was put off, its further stages come again as they were planned.

    Those of them whose moment has gone by meanwhile are said or answered with it.

    Args:
        session: The unit of work.
        reminder: The reminder.
        state: Sent or acknowledged.
        reason: Why, for whoever reads the table.
        now: Aware UTC time.
    """
    was_put_off = is_put_off(reminder)
    reminder.state, reminder.reason = state, reason
    if was_put_off:
        reminder.due_at = min(reminder.due_at, now)
    await session.flush()
    if not was_put_off:
        return
    await session.execute(
        update(Reminder)
        .where(*_others_of(reminder), _COVERED, Reminder.due_at <= now)
        .where(Reminder.basis_version == reminder.basis_version)
        .values(state=state, reason=reason)
        .execution_options(synchronize_session="fetch")
    )
    await cover(session, reminder, now=now)


async def cover(session: AsyncSession, reminder: Reminder, *, now: dt.datetime) -> None:
    """Let what is put off of a reminder's kind stand for the stages up to its moment, and for no others.

    It follows from the rows alone, so it is asked after every change to what is put off: a stage that nothing stands
    for any more is planned again, as long as it lies ahead.
    """
    await session.flush()
    rows = await session.scalars(
        select(Reminder)
        .where(*_of_kind(reminder), Reminder.basis_version == reminder.basis_version, or_(_UNSENT, _COVERED))
        .execution_options(populate_existing=True)
    )
    stages = rows.all()
    until = max((row.due_at for row in stages if is_put_off(row)), default=None)
    hidden = [row for row in stages if until is not None and row.due_at <= until and not is_put_off(row)]
    for row in stages:
        if row.state is ReminderState.SUPERSEDED and row not in hidden and row.due_at > now:
            row.state, row.reason = ReminderState.PLANNED, None
    await session.flush()
    await _close(session, Reminder.id.in_([row.id for row in hidden]), state=ReminderState.SUPERSEDED, reason=PUT_OFF)


async def cover_all(session: AsyncSession, subject: Subject, *, now: dt.datetime) -> None:
    """Let all that is put off of an entry or an opinion stand for the stages up to its moment."""
    await session.flush()
    for row in (await session.scalars(select(Reminder).where(of(subject), IS_PUT_OFF))).all():
        await cover(session, row, now=now)


def answered_by(person: Person) -> str:
    """Return the reason of a reminder that somebody has taken note of; for others who get it, it stands."""
    return f"{ANSWERED}{person.id}"


def is_put_off(row: Reminder) -> bool:
    """Say whether a reminder is put off and still to come."""
    return row.state is ReminderState.PLANNED and row.snoozed_to is not None


def comes_singly(row: Reminder) -> bool:
    """Say whether a reminder was put off, and comes again in a message of its own."""
    return row.snoozed_to is not None and row.reason != ASK_AGAIN


def lies_ahead(row: Reminder, now: dt.datetime) -> bool:
    """Say whether a reminder comes by itself on a day that has not come yet."""
    return row.state is ReminderState.PLANNED and row.snoozed_to is None and row.due_at > now


def silenced(rows: Sequence[Reminder], moments: Mapping[str, dt.datetime], now: dt.datetime) -> list[Reminder]:
    """Return stages that lie ahead and would never be said: closed, and nothing that is put off stands for them.

    Args:
        rows: The reminders of one kind and basis.
        moments: When each stage that is planned should come.
        now: Aware UTC time.
    """
    until = max((row.due_at for row in rows if is_put_off(row)), default=now)
    closed = [row for row in rows if row.state in (ReminderState.CANCELLED, ReminderState.SUPERSEDED)]
    return [row for row in closed if row.stage in moments and moments[row.stage] > until]


def moved(rows: Sequence[Reminder], moments: Mapping[str, dt.datetime], now: dt.datetime) -> list[Reminder]:
    """Return planned stages that would come at another moment than they should, such as an old calendar's.

    What is due by now is said with the next look; what was put off comes when the officer wants it.

    Args:
        rows: The reminders of one kind and basis.
        moments: When each stage that is planned should come.
        now: Aware UTC time.
    """
    waiting = [row for row in rows if row.state is ReminderState.PLANNED and row.snoozed_to is None]
    return [row for row in waiting if row.stage in moments and now < row.due_at != moments[row.stage]]


async def stages(session: AsyncSession, subject: Subject, kind: str, *, audience: str = OWNER) -> Sequence[Reminder]:
    """Return all stages of a kind on the present basis of an entry or an opinion, whatever became of them."""
    rows = await session.scalars(
        select(Reminder)
        .where(of(subject), Reminder.kind == kind, Reminder.audience == audience)
        .where(Reminder.basis_version == subject.basis_version)
    )
    return rows.all()


async def basis_of(session: AsyncSession, reminder: Reminder) -> int | None:
    """Return the present basis of what a reminder is about, None where there is no such thing."""
    column = {SUBJECT: Request.basis_version, OPINION: Opinion.basis_version}.get(reminder.subject_kind)
    key = Request.id if reminder.subject_kind == SUBJECT else Opinion.id
    if column is None:
        return None
    found: int | None = await session.scalar(select(column).where(key == reminder.subject_id))
    return found


async def in_place_of(session: AsyncSession, reminder: Reminder, basis_version: int) -> Reminder:
    """Return the same stage on the present basis of what it is about; the reminder itself where there is none."""
    if reminder.basis_version == basis_version:
        return reminder
    same = (*_others_of(reminder), Reminder.stage == reminder.stage, Reminder.basis_version == basis_version)
    found: Reminder | None = await session.scalar(
        select(Reminder).where(*same).execution_options(populate_existing=True)
    )
    return found or reminder


async def due_ids(session: AsyncSession, *, now: dt.datetime) -> Sequence[int]:
    """Return the unfinished reminders whose time has come, the most urgent first.

    There is no lower time bound: whatever an outage delayed is found by the next tick. Of several stages of a kind
    the newest stands for all.
    """
    kind = (Reminder.subject_kind, Reminder.subject_id, Reminder.kind, Reminder.audience)
    rank = func.row_number().over(partition_by=kind, order_by=(Reminder.due_at.desc(), Reminder.id.desc()))
    waiting = (
        select(Reminder.id, Reminder.urgency, Reminder.due_at, rank.label("rank"))
        .where(Reminder.state == literal(ReminderState.PLANNED), Reminder.due_at <= now)
        .subquery()
    )
    newest = select(waiting.c.id).where(waiting.c.rank == 1)
    rows = await session.scalars(newest.order_by(waiting.c.urgency, waiting.c.due_at, waiting.c.id))
    return rows.all()


async def next_due_at(session: AsyncSession) -> dt.datetime | None:
    """Return when the next planned reminder is due."""
    rows = select(Reminder.due_at).where(Reminder.state == literal(ReminderState.PLANNED))
    return await session.scalar(rows.order_by(Reminder.due_at).limit(1))


async def supersede_older(session: AsyncSession, reminder: Reminder) -> Sequence[Reminder]:
    """Take back the older stages of the same kind that have not been sent: the newer one says it all.

    Returns:
        Those of them that nobody has heard of; what was put off had been heard before.
    """
    older = (*_others_of(reminder), Reminder.due_at < reminder.due_at)
    found = (await session.scalars(select(Reminder).where(*older, _UNSENT))).all()
    unheard = [row for row in found if row.snoozed_to is None]
    await _end(session, [row.id for row in found], state=ReminderState.SUPERSEDED, reason="newer stage")
    return unheard


def _of_kind(reminder: Reminder) -> tuple[Any, ...]:
    """Return the conditions of all stages of a reminder's kind."""
    return (
        Reminder.subject_kind == reminder.subject_kind,
        Reminder.subject_id == reminder.subject_id,
        Reminder.kind == reminder.kind,
        Reminder.audience == reminder.audience,
    )


def _others_of(reminder: Reminder) -> tuple[Any, ...]:
    """Return the conditions of the other stages of a reminder's kind."""
    return (*_of_kind(reminder), Reminder.id != reminder.id)


async def cancel(session: AsyncSession, subject: Subject, *, reason: str) -> None:
    """Cancel everything unsent about an entry or an opinion, with its notifications."""
    await _close(session, of(subject), state=ReminderState.CANCELLED, reason=reason)


async def cancel_older(session: AsyncSession, subject: Subject) -> None:
    """Cancel what an older basis planned and has not sent, with its notifications."""
    older = Reminder.basis_version < subject.basis_version
    await _close(session, of(subject), older, state=ReminderState.CANCELLED, reason="replanned")


def kind_of(subject: Subject) -> str:
    """Return under which kind of subject a row is reminded of."""
    return SUBJECT if isinstance(subject, Request) else OPINION


def of(subject: Subject) -> Any:
    """Return the condition of all reminders about an entry or an opinion."""
    return (Reminder.subject_kind == kind_of(subject)) & (Reminder.subject_id == subject.id)


async def _close(session: AsyncSession, *which: Any, state: ReminderState, reason: str) -> None:
    ids = (await session.scalars(select(Reminder.id).where(*which, _UNSENT))).all()
    await _end(session, ids, state=state, reason=reason)


async def _end(session: AsyncSession, ids: Sequence[int], *, state: ReminderState, reason: str) -> None:
    if not ids:
        return
    await session.execute(
        update(Reminder)
        .where(Reminder.id.in_(ids))
        .values(state=state, reason=reason)
        .execution_options(synchronize_session="fetch")
    )
    await outbox.cancel_for_reminders(session, ids, reason=reason)
