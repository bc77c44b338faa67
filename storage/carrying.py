"""Reminders and the notifications that carry them: what becomes of the one with the other."""

from typing import Final

from sqlalchemy import ColumnElement, and_, case, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.outbox import ON_ITS_WAY
from storage.reminders import ANSWERED, PASSED_ON, answered_by
from storage.tables import Outbox, OutboxReminder, Person, Reminder, ReminderState

_UNANSWERED: Final = (ReminderState.QUEUED, ReminderState.SENT)
_NOTED: Final = Reminder.reason.startswith(ANSWERED)


async def settle(session: AsyncSession, outbox_id: int, state: ReminderState, *, reason: str | None = None) -> None:
    """Move the reminders that a notification carried on with it; what its receiver has answered stays as it is.

    One reminder may go to several people. For want of one of them it is planned again also where another has it, or
    has taken note of it (the next look spares those), and nothing ends it while another notification still brings it
    to somebody.
    """
    moving: ColumnElement[bool] = Reminder.state == ReminderState.QUEUED
    why: ColumnElement[str | None] | str | None = case((_NOTED, Reminder.reason), else_=reason)
    if state is ReminderState.PLANNED:
        moving = or_(Reminder.state.in_(_UNANSWERED), await _noted_by_another(session, outbox_id))
    elif state is ReminderState.CANCELLED:
        moving, why = and_(moving, ~_brought_by_another(outbox_id)), reason
    await session.flush()
    await session.execute(
        update(Reminder)
        .where(moving, Reminder.id.in_(select(OutboxReminder.reminder_id).where(OutboxReminder.outbox_id == outbox_id)))
        .values(state=state, reason=why)
        .execution_options(synchronize_session=False)
    )


def pass_on(reminder: Reminder, person: Person) -> None:
    """Plan a reminder again whose notification was for somebody who is not to be told of it any more.

    The next tick tells whoever is, also where others have it, or have taken note of it, already: it spares those.

    Args:
        reminder: The reminder.
        person: Who is not to be told of it; what they have taken note of themselves is at its end.
    """
    noted = noted_by(reminder)
    by_another = reminder.state is ReminderState.ACKNOWLEDGED and bool(noted) and person.id not in noted
    if by_another or reminder.state in _UNANSWERED:
        reminder.state, reminder.reason = ReminderState.PLANNED, reminder.reason if noted else PASSED_ON


def noted_by(reminder: Reminder) -> frozenset[int]:
    """Return who has taken note of a reminder, also where it is planned again for want of another receiver."""
    before, answered, person_id = (reminder.reason or "").partition(ANSWERED)
    return frozenset({int(person_id)}) if answered and not before else frozenset()


async def _noted_by_another(session: AsyncSession, outbox_id: int) -> ColumnElement[bool]:
    receiver = await session.scalar(
        select(Person).join(Outbox, Outbox.person_id == Person.id).where(Outbox.id == outbox_id)
    )
    by_another = and_(Reminder.state == ReminderState.ACKNOWLEDGED, _NOTED)
    return by_another if receiver is None else and_(by_another, Reminder.reason != answered_by(receiver))


def _brought_by_another(outbox_id: int) -> ColumnElement[bool]:
    return exists().where(
        OutboxReminder.reminder_id == Reminder.id,
        OutboxReminder.outbox_id == Outbox.id,
        Outbox.id != outbox_id,
        ON_ITS_WAY,
    )
