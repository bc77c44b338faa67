"""What any reminder has to say now, in what words and to whom: those of the schedule and those that have climbed."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import due_at
from bot.notices import EntryNotice, Notice
from bot.owed import OWNER, OwedNotice
from bot.screens import owed as owed_screens
from bot.screens import reminders as screens
from bot.screens.ledger import Wording
from handlers import escalation, receivers, reminders, timeline
from handlers.office import Office
from storage import carrying, notified
from storage.reminders import OPINION, PASSED_ON
from storage.tables import Person, Reminder


async def describe(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> Notice | None:
    """Return what a reminder has to say now; None where it is outdated."""
    if reminder.subject_kind == escalation.SUBJECT:
        return await escalation.describe(session, office, reminder, now)
    return await reminders.describe(session, office, reminder, now)


async def late_since(
    session: AsyncSession, office: Office, reminder: Reminder, said: Notice, said_at: dt.datetime
) -> dt.date | None:
    """Return on which earlier day a reminder should have been said; None where it is in time, as a debt always is."""
    if isinstance(said, OwedNotice):
        return None
    return await reminders.late_since(session, office, reminder, said, said_at)


async def outdated(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> str | None:
    """Return why a reminder has nothing to say any more."""
    if reminder.subject_kind == escalation.SUBJECT:
        return "no longer owed"
    return await reminders.outdated(session, office, reminder, now)


async def receivers_of(
    session: AsyncSession, office: Office, reminder: Reminder, said: Notice, now: dt.datetime
) -> Sequence[Person]:
    """Return whom a reminder goes to on this day: for each whose work it is whoever is to be told."""
    if isinstance(said, OwedNotice):
        return await escalation.told(session, office, reminder, said, now)
    return await receivers.of_charges(session, office, said.charges, now)


async def is_for(
    session: AsyncSession, office: Office, reminder: Reminder, said: Notice, person: Person, now: dt.datetime
) -> bool:
    """Say whether somebody is one of those whom a reminder goes to on this day."""
    return person.id in {each.id for each in await receivers_of(session, office, reminder, said, now)}


async def is_said_with_feedback(
    session: AsyncSession, office: Office, reminder: Reminder, said: Notice, now: dt.datetime
) -> bool:
    """Say whether a decision's nearness needs no word of its own: a warning of the feedback on this day says enough.

    That is one that really goes out, which is queued before it; not one that was put off, nor one of what is overdue.
    """
    if reminder.kind != "decide" or reminder.snoozed_to is not None or not isinstance(said, EntryNotice):
        return False
    today = office.today(now)
    if said.entry.due_on is None or said.entry.due_on < today:
        return False
    midnight = due_at(today, dt.time(), office.zone)
    return await notified.is_warned_of_feedback(session, reminder.subject_id, since=midnight)


async def told(session: AsyncSession, reminder: Reminder) -> frozenset[int]:
    """Return who has been told of a reminder, or will be, or has noted it wherever they read of it.

    Of a debt it is told on whatever rung, as each is told of it once. So of an opinion's end that is passed on, on
    whatever basis: for a new owner's hour it may be planned anew.
    """
    noted = carrying.noted_by(reminder)
    passed_on = reminder.subject_kind == OPINION and reminder.reason == PASSED_ON
    if reminder.subject_kind == escalation.SUBJECT or passed_on:
        return noted | await notified.told_alike(session, reminder)
    return noted | await notified.told(session, reminder.id, since=reminder.due_at)


def words(office: Office, said: Notice, now: dt.datetime) -> Wording:
    """Return the words that a reminder is written with."""
    if isinstance(said, OwedNotice):
        return timeline.wording(office, office.today(now), said.entry.matter_code)
    return reminders.words_for(office, said, office.today(now))


def line(said: Notice, wording: Wording) -> str:
    """Return a reminder as one line of a digest."""
    return owed_screens.line(said, wording) if isinstance(said, OwedNotice) else screens.line(said, wording)


def owner_of(said: Notice, person: Person) -> int:
    """Return whose work it is: the reader's own where they are one of several, or where they only look after it."""
    if isinstance(said, OwedNotice) and said.audience != OWNER:
        return person.id
    owners = [charge.owner_id for charge in said.charges]
    return person.id if person.id in owners else owners[0]
