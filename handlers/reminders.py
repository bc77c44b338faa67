"""Reminders: what each has to say now, whatever it is about, and the message that says it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cover import Charge
from bot.deadlines import is_single
from bot.notices import DEADLINES, EntryNotice, Notice, OpinionNotice
from bot.policy.model import CounterpartKind
from bot.screens import reminders as screens
from bot.screens.ledger import Wording
from bot.screens.screen import Screen
from handlers import cover, expiry, hours, receivers, timeline
from handlers.office import Office
from handlers.rights import Renderer
from storage import carrying, credit_reports, outbox, reminders
from storage.expected import OUTLIVING
from storage.ledger import Opened, entry_of
from storage.tables import Person, Reminder, ReminderState


async def describe(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> Notice | None:
    """Return what a reminder has to say now, whatever its subject; None where it is outdated.

    Args:
        session: The unit of work.
        office: Rules and calendar.
        reminder: The reminder; its own state is not looked at.
        now: Aware UTC time.
    """
    notice = await _looked_at(session, office, reminder, now)
    return None if isinstance(notice, str) else notice


async def late_since(
    session: AsyncSession, office: Office, reminder: Reminder, notice: Notice, said_at: dt.datetime
) -> dt.date | None:
    """Return the local day on which a reminder should have been said, where it is said on a later one; else None.

    What falls due after closing or on a day off is not late on the next working day, nor is what was made due in the
    course of a day late in the next morning's list. Source: ``reliability.md`` §3.4.
    """
    until = None if notice.single else await receivers.morning_of(session, office, notice.charges)
    first = hours.first_day(office, reminder.due_at, until=until)
    return first if first < office.today(said_at) else None


async def outdated(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> str | None:
    """Return why a reminder has nothing to say any more, None while it has."""
    notice = await _looked_at(session, office, reminder, now)
    return notice if isinstance(notice, str) else None


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return a reminder's screen with the figures of this moment.

    None where it has nothing to say any more, or its reader has taken note of it. None also where the work is somebody
    else's since it was queued, for a night may lie between: it is planned again then, for whoever is in charge now.
    """
    reminder = await session.get(Reminder, params["reminder_id"], populate_existing=True)
    if reminder is None or reminder.state not in (ReminderState.PLANNED, *outbox.ALIVE):
        return None
    if reminder.state is ReminderState.ACKNOWLEDGED and reminder.reason == reminders.answered_by(person):
        return None  # of several who get it, one takes note for themselves alone
    notice = await describe(session, office, reminder, now)
    if notice is None:
        return None
    if person.id not in {each.id for each in await receivers.of_charges(session, office, notice.charges, now)}:
        carrying.pass_on(reminder, person)
        return None
    notice = replace(notice, late_since=await late_since(session, office, reminder, notice, now))
    notice = await for_person(session, notice, person, office.today(now))
    screen = screens.reminder(notice, words_for(office, notice, office.today(now)))
    owners = [charge.owner_id for charge in notice.charges]
    return await cover.on_behalf(session, screen, person, person.id if person.id in owners else owners[0])


async def for_person(session: AsyncSession, notice: Notice, person: Person, on: dt.date) -> Notice:
    """Return a reminder as one person may read it: of opinions and of what hangs on them what they may know of."""
    return await expiry.for_reader(session, notice, person, on) if isinstance(notice, OpinionNotice) else notice


def words_for(office: Office, notice: Notice, today: dt.date) -> Wording:
    """Return the words that a reminder is written with."""
    return timeline.wording(office, today, notice.entry.matter_code if isinstance(notice, EntryNotice) else None)


def notice_of(office: Office, reminder: Reminder, opened: Opened, now: dt.datetime) -> EntryNotice:
    """Return a reminder about an entry with the figures of this moment, be it outdated or not."""
    entry, today = opened.entry, office.today(now)
    until = {
        "submit_by": entry.submit_by_on,
        "fulfil": entry.fulfil_by_on,
        "decide": entry.decide_on,
        "hand_in": entry.decide_on,
        "use": entry.decide_on,
        "report": entry.decide_on,
    }.get(reminder.kind, entry.due_on)
    left = office.calendar.between(today, until) if until else 0
    matter = office.policy.matters.get(entry.matter_code or "")
    return EntryNotice(
        reminder_id=reminder.id,
        kind=reminder.kind,
        stage=reminder.stage,
        entry=entry,
        working_days=left if reminder.kind in DEADLINES else max(1, left),
        single=is_single(reminder.kind, reminder.stage) or reminders.comes_singly(reminder),
        charges=(Charge(opened.request.owner_id, opened.request.unit_id),),
        of_persons=matter is not None and CounterpartKind.NATURAL_PERSON in matter.kinds,
    )


async def _looked_at(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> Notice | str:
    """Return what a reminder has to say, or why it has nothing to say any more."""
    if reminder.subject_kind == reminders.OPINION:
        return await expiry.describe(session, office, reminder, now)
    opened = await entry_of(session, reminder.subject_id)
    why = "no such entry" if opened is None else await _why_outdated(session, reminder, opened)
    if opened is None or why is not None:
        return why or ""
    return notice_of(office, reminder, opened, now)


async def _why_outdated(session: AsyncSession, reminder: Reminder, opened: Opened) -> str | None:
    entry = opened.entry
    if not entry.open and (reminder.kind not in OUTLIVING or entry.withdrawn):
        return "the entry is no longer open"
    if reminder.basis_version != opened.request.basis_version:
        return "the entry has changed"
    fits = {
        "receipt": entry.submitted_on is not None and entry.received_on is None,
        "feedback": entry.received_on is not None and entry.due_on is not None,
        "submit_by": entry.submitted_on is None and entry.submit_by_on is not None,
        "decide": entry.applicant == "bureau" and entry.decide_on is not None,
        "hand_in": entry.applicant == "counterpart",
        "use": not entry.open and bool(opened.returned),
        "fulfil": entry.fulfil_by_on is not None,
        "report": reminder.kind == "report" and await credit_reports.is_lacking(session, opened.request.id),
    }
    return None if fits.get(reminder.kind, False) else "the entry has moved on"


NOTICES: Final[Mapping[str, Renderer]] = {"reminder": render}
