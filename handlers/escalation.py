"""What the bureau itself owes climbs by working days: the officer, the head, the coordinators.

Looked at once each working morning, from what is recorded; a morning that was missed costs nothing, and whatever has
been done meanwhile is said to nobody. Each rung is told once of each debt, in its digest, and the officer again until
it is done. Source: features.md N12.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot import owed as rules
from bot.cover import Charge
from bot.deadlines import due_at
from bot.owed import Debt, OwedNotice
from handlers import hours, receivers
from handlers.colleagues import named
from handlers.office import Office
from handlers.parts import in_parts
from storage import owed, periodic
from storage.database import Database
from storage.ledger import Opened, entry_of
from storage.tables import Person, Priority, Reminder, ReminderState, Request
from storage.upsert import insert_new

SUBJECT: Final = "owed"
RUN: Final = "escalation"


async def look(database: Database, office: Office, now: dt.datetime, *, goes_on: Callable[[], bool]) -> int:
    """Plan what each rung is to hear this morning, in short transactions; once on each working day.

    Args:
        database: Where the ledger is.
        office: Rules and calendar.
        now: Aware UTC time.
        goes_on: Asked between two transactions; after a stop the next start begins the look anew.

    Returns:
        How many entries something is owed in.
    """
    today = office.today(now)
    async with database.read() as session:
        if not hours.in_office_hours(office, now) or await periodic.has_run(session, RUN, today.isoformat()):
            return 0
        ids = await owed.candidates(session, today)
    count = 0
    async for part in in_parts(database, ids, goes_on=goes_on):
        async with database.write() as session:
            for request_id in part:
                count += await _plan(session, office, request_id, now)
    if not goes_on():
        return count
    async with database.write() as session:
        await periodic.begins(session, RUN, today.isoformat(), now=now)
    return count


async def _plan(session: AsyncSession, office: Office, request_id: int, now: dt.datetime) -> bool:
    opened = await entry_of(session, request_id)
    if opened is None:
        return False
    today = office.today(now)
    opening = due_at(today, hours.opens(office), office.zone)  # so that it joins the morning's digest
    rows = [
        {
            "subject_kind": SUBJECT,
            "subject_id": request_id,
            "kind": debt.kind,
            "stage": rules.stage_of(debt, time),
            "audience": rung,
            "basis_version": 0,
            "due_at": opening,
            "urgency": Priority.ESCALATION,
            "state": ReminderState.PLANNED,
        }
        for debt in await _debts(session, office, opened, today)
        for rung, time in await _rungs(session, office, opened, debt, today)
    ]
    await insert_new(session, Reminder, rows)
    return bool(rows)


async def _rungs(
    session: AsyncSession, office: Office, opened: Opened, debt: Debt, today: dt.date
) -> Sequence[tuple[str, int]]:
    known_on = office.today(await owed.recorded_at(session, opened, debt.kind))
    ends = due_at(known_on + dt.timedelta(days=1), dt.time(), office.zone)
    before = await owed.stages(session, (SUBJECT, opened.request.id), debt.kind, until=ends)
    told = rules.times(before, debt)
    return list(rules.rungs(debt, known_on, office.calendar, today, office.policy.escalation, told=told))


async def _debts(session: AsyncSession, office: Office, opened: Opened, today: dt.date) -> list[Debt]:
    return rules.debts(
        opened.entry,
        office.calendar,
        today,
        receipt_after=office.policy.reminders.receipt_after_working_days,
        asked_on=await _asked_on(session, office, opened.request),
        centre_delay=office.policy.escalation.centre_delay,
    )


async def _asked_on(session: AsyncSession, office: Office, request: Request) -> dt.date | None:
    """Return on which day the officer read, or will read, the last question about the centre's receipt."""
    asked = await owed.last_asked(session, request.id, "receipt")
    if asked is None:
        return None
    morning = await receivers.morning_of(session, office, [Charge(request.owner_id, request.unit_id)])
    return hours.first_day(office, asked, until=morning)


async def describe(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> OwedNotice | None:
    """Return what is owed as it stands now; None where it has been done, or its day has moved."""
    opened = await entry_of(session, reminder.subject_id)
    if opened is None:
        return None
    today = office.today(now)
    found = await _debts(session, office, opened, today)
    debt = next((each for each in found if each.kind == reminder.kind and rules.is_of(reminder.stage, each)), None)
    if debt is None:
        return None
    owner = await session.get_one(Person, opened.request.owner_id)
    return OwedNotice(
        reminder_id=reminder.id,
        kind=debt.kind,
        stage=reminder.stage,
        working_days=-office.calendar.between(debt.since, today),
        single=False,
        charges=(Charge(opened.request.owner_id, opened.request.unit_id),),
        entry=opened.entry,
        since=debt.since,
        owner=named(owner),
        audience=reminder.audience,
    )


async def told(
    session: AsyncSession, office: Office, reminder: Reminder, notice: OwedNotice, now: dt.datetime
) -> Sequence[Person]:
    """Return whom a debt climbs to: where there is no head at work, or the head is the officer, the coordinators."""
    [charge] = notice.charges
    if reminder.audience == rules.OWNER:
        return await receivers.of_charge(session, office, charge, now)
    if reminder.audience == rules.HEAD:
        request = await session.get_one(Request, reminder.subject_id)
        found = await receivers.heads(session, office, request.unit_id, now)
        if others := [person for person in found if person.id != charge.owner_id]:
            return others
    return await receivers.coordinators(session, office, now, of=charge)
