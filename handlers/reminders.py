"""Reminders: what each has to say now, whatever it is about, and the message that says it."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cover import Charge
from bot.deadlines import is_single
from bot.notices import EntryNotice
from bot.policy.model import CounterpartKind
from bot.screens import reminders as screens
from bot.screens.screen import Screen
from handlers import cover, timeline
from handlers.office import Office
from storage.ledger import Opened, entry_of
from storage.tables import Person, Reminder, ReminderState

LATE: Final = dt.timedelta(days=1)

Renderer = Callable[[AsyncSession, Office, Person, Mapping[str, Any], dt.datetime], Awaitable[Screen | None]]


async def describe(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> EntryNotice | None:
    """Return what a reminder has to say now, whatever its subject; None where it is outdated.

    Args:
        session: The unit of work.
        office: Rules and calendar.
        reminder: The reminder; its own state is not looked at.
        now: Aware UTC time.
    """
    opened = await entry_of(session, reminder.subject_id)
    if opened is None or _why_outdated(reminder, opened) is not None:
        return None
    notice = notice_of(office, reminder, opened, now)
    is_late = now - reminder.due_at > LATE
    return replace(notice, late_since=office.today(reminder.due_at) if is_late else None)


async def outdated(session: AsyncSession, reminder: Reminder) -> str | None:
    """Return why a reminder has nothing to say any more, None while it has."""
    opened = await entry_of(session, reminder.subject_id)
    return "no such entry" if opened is None else _why_outdated(reminder, opened)


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return a reminder's screen with the figures of this moment; None where it has nothing to say any more."""
    reminder = await session.get(Reminder, params["reminder_id"], populate_existing=True)
    if reminder is None or reminder.state not in (ReminderState.PLANNED, ReminderState.QUEUED, ReminderState.SENT):
        return None
    notice = await describe(session, office, reminder, now)
    if notice is None:
        return None
    screen = screens.reminder(notice, timeline.wording(office, office.today(now), notice.entry.matter_code))
    return await cover.on_behalf(session, screen, person, notice.charges[0].owner_id)


def notice_of(office: Office, reminder: Reminder, opened: Opened, now: dt.datetime) -> EntryNotice:
    """Return a reminder about an entry with the figures of this moment, be it outdated or not."""
    entry, today = opened.entry, office.today(now)
    until = {"submit_by": entry.submit_by_on, "fulfil": entry.fulfil_by_on}.get(reminder.kind, entry.due_on)
    matter = office.policy.matters.get(entry.matter_code or "")
    return EntryNotice(
        reminder_id=reminder.id,
        kind=reminder.kind,
        stage=reminder.stage,
        entry=entry,
        working_days=office.calendar.between(today, until) if until else 0,
        single=is_single(reminder.kind, reminder.stage) or reminder.snoozed_to is not None,
        charges=(Charge(opened.request.owner_id, opened.request.unit_id),),
        of_persons=matter is not None and CounterpartKind.NATURAL_PERSON in matter.kinds,
    )


def _why_outdated(reminder: Reminder, opened: Opened) -> str | None:
    entry = opened.entry
    if not entry.open and (reminder.kind != "fulfil" or entry.withdrawn):
        return "the entry is no longer open"
    if reminder.basis_version != opened.request.basis_version:
        return "the entry has changed"
    fits = {
        "receipt": entry.submitted_on is not None and entry.received_on is None,
        "feedback": entry.received_on is not None and entry.due_on is not None,
        "submit_by": entry.submitted_on is None and entry.submit_by_on is not None,
        "fulfil": entry.fulfil_by_on is not None,
    }
    return None if fits.get(reminder.kind, False) else "the entry has moved on"


NOTICES: Final[Mapping[str, Renderer]] = {"reminder": render}
