"""Everybody on the list, as the coordinators keep it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.roles import CHANGES
from storage import handover
from storage.tables import Invite, Person, PersonState, Request, RequestState, Role, Unit


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody with their place.

    Args:
        person: The person.
        unit: Short name of the unit.
        open_entries: How many open entries are theirs.
    """

    person: Person
    unit: str
    open_entries: int


async def everybody(session: AsyncSession) -> Sequence[Seat]:
    """Return all people: those who wait to be let in first, then by unit; those who have left come last.

    Whoever left so long ago that their name is kept no longer is left out.
    """
    order = case((Person.state == PersonState.WAITING, 0), (Person.state == PersonState.LEFT, 2), else_=1)
    opened = (
        select(func.count())
        .where(Request.owner_id == Person.id, Request.state == RequestState.OPEN)
        .correlate(Person)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Person, Unit.short_name, opened)
        .join(Unit, Unit.id == Person.unit_id)
        .where(Person.telegram_id > 0)
        .order_by(order, Person.unit_id, Person.id)
    )
    return [Seat(person, unit, count) for person, unit, count in rows]


async def seat(session: AsyncSession, person_id: int) -> Seat | None:
    """Return one person with their place, as they stand in this transaction."""
    person = await session.get(Person, person_id, populate_existing=True)
    if person is None:
        return None
    unit = await session.get_one(Unit, person.unit_id)
    counted = select(func.count()).where(Request.owner_id == person.id, Request.state == RequestState.OPEN)
    return Seat(person, unit.short_name, await session.scalar(counted) or 0)


async def is_last_coordinator(session: AsyncSession, person: Person) -> bool:
    """Say whether nobody else could administer the bureau; the coordinators are locked until the transaction ends."""
    rows = await session.scalars(
        select(Person)
        .where(Person.role == Role.COORDINATOR, Person.state == PersonState.ACTIVE)
        .order_by(Person.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {each.id for each in rows} <= {person.id} and person.role is Role.COORDINATOR


async def out_of_reach(session: AsyncSession, today: dt.date) -> Sequence[Person]:
    """Return those who can be told nothing: active ones out of reach, and whoever stopped with something to be done."""
    stopped = Person.state.in_((PersonState.LEFT, PersonState.SUSPENDED))
    gone = or_(
        and_(Person.state == PersonState.ACTIVE, Person.reachable.is_(False)),
        and_(stopped, handover.has_estate(today)),
    )
    rows = await session.scalars(select(Person).where(Person.role.in_(CHANGES), gone).order_by(Person.id))
    return rows.all()


async def open_invites(session: AsyncSession, *, now: dt.datetime) -> Sequence[tuple[Invite, str]]:
    """Return the invitations that nobody has used yet, with the short name of their unit, the newest first."""
    rows = await session.execute(
        select(Invite, Unit.short_name)
        .join(Unit, Unit.id == Invite.unit_id)
        .where(Invite.used_at.is_(None), Invite.expires_at > now)
        .order_by(Invite.expires_at.desc(), Invite.hash)
    )
    return [(invite, unit) for invite, unit in rows]


async def head_count(session: AsyncSession) -> dict[int, int]:
    """Return how many active people each unit has, by the unit's key."""
    rows = await session.execute(
        select(Person.unit_id, func.count()).where(Person.state == PersonState.ACTIVE).group_by(Person.unit_id)
    )
    return {unit_id: count for unit_id, count in rows}


@dataclass(frozen=True, slots=True)
class Held:
    """What keeps a unit, or stays behind when it goes.

    Args:
        people: Those of it who have not left.
        invitations: Invitations to it that nobody has used yet.
        open_entries: Open entries in its ledger.
    """

    people: int
    invitations: int
    open_entries: int


async def held(session: AsyncSession, unit_id: int, *, now: dt.datetime) -> Held:
    """Return what a unit still holds."""
    there = select(func.count()).where(Person.unit_id == unit_id, Person.state != PersonState.LEFT)
    invited = select(func.count()).where(Invite.unit_id == unit_id, Invite.used_at.is_(None), Invite.expires_at > now)
    opened = select(func.count()).where(Request.unit_id == unit_id, Request.state == RequestState.OPEN)
    return Held(*[await session.scalar(counted) or 0 for counted in (there, invited, opened)])
