"""Whom something is said to on a day: whoever is in charge, then the unit's head, then the coordinators."""

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cover import Charge
from handlers import hours
from handlers.office import Office
from storage import cover, ledger, people
from storage.tables import Person


async def of_charge(session: AsyncSession, office: Office, charge: Charge, now: dt.datetime) -> Sequence[Person]:
    """Return whom somebody's work concerns on this day.

    The owner or their stand-in; where nobody does their work, the head of the unit; then the coordinators of the legal
    division, then all of them, those who are not on leave first. Where there is nobody else, the owner on leave.
    Source: features.md N11, R16.
    """
    if found := await cover.in_charge(session, charge, office.today(now)):
        return found
    if found := await coordinators(session, office, now):
        return found
    owner = await session.get_one(Person, charge.owner_id)
    return [owner] if cover.at_work(owner) else []


async def of_charges(
    session: AsyncSession, office: Office, charges: Iterable[Charge], now: dt.datetime
) -> Sequence[Person]:
    """Return whom the work of several concerns on this day, each once."""
    return distinct([person for charge in charges for person in await of_charge(session, office, charge, now)])


async def morning_of(session: AsyncSession, office: Office, charges: Iterable[Charge]) -> dt.time:
    """Return the local time until which what is due was planned for the morning: the latest hour of those it concerns.

    What becomes due later on a day was made so by an act of that day.
    """
    owners = [await session.get_one(Person, charge.owner_id) for charge in charges]
    return max([hours.of_office(office), *(hours.of_person(office, each) for each in owners)])


async def heads(session: AsyncSession, office: Office, unit_id: int, now: dt.datetime) -> Sequence[Person]:
    """Return the heads of a unit who can be told something on this day, or their stand-ins; nobody where none can."""
    on = office.today(now)
    standing = [await cover.effective(session, head, on) for head in await people.heads(session, unit_id)]
    return distinct(each for each in standing if each is not None)


async def coordinators(
    session: AsyncSession, office: Office, now: dt.datetime, *, of: Charge | None = None
) -> Sequence[Person]:
    """Return the coordinators of the legal division, or all where it has none; those at their desk first of all.

    Where all are on leave they are told all the same; of what is only to be known, their stand-ins with them, as far
    as these may look at it. A reminder is for whoever may answer it: a cover gives no coordinator's right.

    Args:
        session: The unit of work.
        office: Which division is the legal one.
        now: Aware UTC time.
        of: Whose work it is that they are to know of; None where no stand-in is told.
    """
    on = office.today(now)
    found = [person for person in await people.coordinators(session) if cover.at_work(person)]
    found = await cover.present(session, found, on) or found
    unit = await people.unit_by_code(session, office.policy.legal_division(on=on).code)
    of_division = [person for person in found if unit is not None and person.unit_id == unit.id]
    standing = await stand_ins(session, office, now) if of is not None else []
    may_look = [person for person in standing if of is not None and await ledger.may_read(session, person, of, on)]
    return distinct([*(of_division or found), *may_look])


async def stand_ins(session: AsyncSession, office: Office, now: dt.datetime) -> Sequence[Person]:
    """Return who stands in for the coordinators on a day on which none of them is present; nobody on any other day.

    A cover hands over a colleague's work and not their role: what of other people's work a stand-in may be told is
    for the caller to ask.
    """
    on, everybody = office.today(now), await people.coordinators(session)
    if await cover.present(session, everybody, on):
        return []
    standing = [await cover.effective(session, each, on) for each in everybody]
    return distinct(each for each in standing if each is not None)


async def above(session: AsyncSession, office: Office, person: Person, now: dt.datetime) -> Sequence[Person]:
    """Return who looks after a person's work where they cannot be told: their head, else the coordinators."""
    found = [each for each in await heads(session, office, person.unit_id, now) if each.id != person.id]
    return found or [each for each in await coordinators(session, office, now) if each.id != person.id]


def distinct(persons: Iterable[Person]) -> list[Person]:
    """Return each person once, in the order given."""
    return list({person.id: person for person in persons}.values())
