"""Days that people were told and that no row of theirs keeps: what becomes of them when the calendar changes.

That is the last day to apply anew, which a reminder of an opinion names, the day of a unit's return, and the day to
which somebody put a reminder off.
"""

import datetime as dt
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import due_at
from bot.quarters import Quarter
from bot.screens.moved_dates import APPLY_BY, RETURN_BY
from bot.snooze import working_day
from bot.workdays import Reckoned
from handlers import expiry, quarter_facts, quarter_prompts, receivers
from handlers.office import Office
from storage import expiring, notified, quarter_returns, reminders, snoozed
from storage.ledger import open_entry

Line = tuple[int | str, str, Reckoned | None, Reckoned | None]
"""What it is about, an entry or a quarter; which date of it; what that was and will be."""


async def lines(session: AsyncSession, old: Office, new: Office, now: dt.datetime) -> dict[int, list[Line]]:
    """Return what is to be said of such days, by person.

    Args:
        session: The unit of work of the change.
        old: Calendar and rules as they were.
        new: Calendar and rules as they will be.
        now: Aware UTC time.
    """
    found: dict[int, list[Line]] = {}
    for source in (_to_apply_anew(session, old, new, now), _returns(session, old, new, now)):
        async for person_id, line in source:
            if line not in found.setdefault(person_id, []):
                found[person_id].append(line)
    return found


async def keep(session: AsyncSession, office: Office, now: dt.datetime) -> None:
    """Let what was put off to a day that is worked no more come on the working day before it.

    Args:
        session: The unit of work of the change.
        office: The calendar as it will be.
        now: Aware UTC time.
    """
    today = office.today(now)
    for row in await snoozed.put_off(session):
        at = row.due_at.astimezone(office.zone)
        if at.date() <= today or office.calendar.is_workday(at.date()):
            continue
        day = working_day(office.calendar, at.date(), today)
        row.due_at = row.snoozed_to = due_at(day.on, at.time(), office.zone)
        await reminders.cover(session, row, now=now)


async def _to_apply_anew(
    session: AsyncSession, old: Office, new: Office, now: dt.datetime
) -> AsyncIterator[tuple[int, Line]]:
    """Yield the last day to apply anew for each matter that was named in a reminder of an opinion."""
    today = old.today(now)
    moving = {
        row.id: (was, will)
        for row in await expiring.deciding(session, today)
        if row.decide_on and (was := expiry.latest(old, row.decide_on)) != (will := expiry.latest(new, row.decide_on))
    }
    if not moving:
        return
    for each in await expiring.of_opinions(session, await expiring.told(session)):
        if each.silent_because is not None or not await expiring.not_renewed(session, each.together):
            continue
        for request in await expiring.deciding_after(session, each.together, today):
            if request.id not in moving or max(day.on for day in moving[request.id]) < today:
                continue
            charges = [expiring.charge_of(request), *([each.charge] if each.charge else [])]
            for person in await receivers.of_charges(session, new, charges, now):
                if await open_entry(session, person, request.id, on=today) is not None:
                    yield person.id, (request.id, APPLY_BY, *moving[request.id])


async def _returns(
    session: AsyncSession, old: Office, new: Office, now: dt.datetime
) -> AsyncIterator[tuple[int, Line]]:
    """Yield the last day of each return that was asked for and is not handed in."""
    today = old.today(now)
    running = Quarter.of(today)
    for quarter in (running.previous, running):
        was, will = (quarter_facts.days_of(office, quarter).due for office in (old, new))
        if was == will or max(was.on, will.on) < today:
            continue
        for row in (await quarter_returns.all_of(session, quarter)).values():
            if row.state.is_reported:
                continue
            asked = await notified.receivers_of(session, f"{quarter_prompts.PROMPT}:{row.id}:")
            for person in asked:
                if await quarter_returns.answers_for(session, person, row.unit_id, today):
                    yield person.id, (quarter.code, RETURN_BY, was, will)
