"""Leave cover: who is away, who stands in, and who is therefore in charge of an entry today."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import cover as rules
from bot.cover import Charge, Leave
from bot.roles import CHANGES, Reach, reaches
from storage import people
from storage.tables import Cover, Person, PersonState, Request


async def effective(session: AsyncSession, person: Person, on: dt.date) -> Person | None:
    """Return who does a person's work on a day: themselves, or whoever stands in for them that day.

    A person who has blocked the bot or left is absent at once. Source: features.md R16, N11.

    Args:
        session: The unit of work.
        person: Whose work it is.
        on: Local date.

    Returns:
        None where nobody does: the head of the unit is next.
    """
    leaves = await holding(session, on)
    last = rules.chain(person.id, leaves, on)[-1]
    gone = [] if at_work(found := await session.get_one(Person, last)) else [last]
    return found if rules.does_work_of(person.id, leaves, on, gone=gone) == last else None


async def in_charge(session: AsyncSession, work: Request | Charge, on: dt.date) -> Sequence[Person]:
    """Return who is in charge of an entry on a day: the owner or their stand-in, else the heads of its unit.

    Whoever is reminded of an entry may act on it, and the other way round: both ask here.

    Args:
        session: The unit of work.
        work: The entry, or whose work of which unit it is.
        on: Local date.

    Returns:
        Nobody where the unit has no head at work either; the coordinators are next.
    """
    owner = await session.get_one(Person, work.owner_id)
    found = await effective(session, owner, on)
    if found is not None:
        return [found]
    standing = [await effective(session, head, on) for head in await people.heads(session, work.unit_id)]
    return list({each.id: each for each in standing if each is not None}.values())


async def may_act(session: AsyncSession, person: Person, works: Iterable[Charge], on: dt.date) -> bool:
    """Say whether a person may act on one of several works: their own, one that they are in charge of, or any at all.

    Args:
        session: The unit of work.
        person: Who wants to.
        works: Whose work it is; whatever is the work of several may be answered by each of them.
        on: Local date, by which a stand-in is known.
    """
    if CHANGES.get(person.role) is Reach.BUREAU:
        return True
    for work in works:
        own = person.id == work.owner_id or person.id in {each.id for each in await in_charge(session, work, on)}
        if reaches(CHANGES, person.role, own=own, same_unit=False):
            return True
    return False


async def stood_in_for(session: AsyncSession, person: Person, on: dt.date) -> frozenset[int]:
    """Return the keys of those whose work a person does on a day besides their own."""
    leaves = await holding(session, on)
    away = {leave.person for leave in leaves} - {person.id}
    return frozenset(each for each in away if rules.does_work_of(each, leaves, on) == person.id)


async def present(session: AsyncSession, persons: Sequence[Person], on: dt.date) -> list[Person]:
    """Return those of several people who can be told something and are not on leave on a day."""
    away = {leave.person for leave in await holding(session, on)}
    return [person for person in persons if at_work(person) and person.id not in away]


def at_work(person: Person) -> bool:
    """Say whether a person may do an officer's work and can be told about it."""
    return person.state is PersonState.ACTIVE and person.reachable and person.role in CHANGES


async def holding(session: AsyncSession, on: dt.date) -> list[Leave]:
    """Return the leaves of everybody that hold on a day."""
    rows = await session.scalars(select(Cover).where(Cover.from_on <= on, *not_over_on(on)))
    return [leave_of(row) for row in rows]


async def not_over(session: AsyncSession, on: dt.date) -> list[Leave]:
    """Return the leaves of everybody that hold on a day or will."""
    rows = await session.scalars(select(Cover).where(*not_over_on(on)).order_by(Cover.id))
    return [leave_of(row) for row in rows]


async def standing(session: AsyncSession, persons: Collection[int], on: dt.date) -> Sequence[Cover]:
    """Return the covers that hold on a day or will, of whatever side one of several people is, the earliest first."""
    sides = or_(Cover.person_id.in_(persons), Cover.by_id.in_(persons))
    rows = await session.scalars(select(Cover).where(sides, *not_over_on(on)).order_by(Cover.from_on, Cover.id))
    return rows.all()


async def add(session: AsyncSession, proposed: Leave) -> Cover:
    """Record a cover."""
    row = Cover(person_id=proposed.person, by_id=proposed.by, from_on=proposed.from_on, to_on=proposed.to_on)
    session.add(row)
    await session.flush()
    return row


async def lock(session: AsyncSession, person_id: int) -> Person | None:
    """Return a person whose covers nobody else changes until this transaction ends."""
    return await session.get(Person, person_id, populate_existing=True, with_for_update=True)


async def by_id(session: AsyncSession, cover_id: int) -> Cover | None:
    """Return a cover as it stands in this transaction."""
    return await session.get(Cover, cover_id, populate_existing=True)


def is_over(row: Cover, on: dt.date) -> bool:
    """Say whether a cover was called off, or its last day is past."""
    return row.ended_at is not None or (row.to_on is not None and row.to_on < on)


def leave_of(row: Cover) -> Leave:
    """Return a cover as a value."""
    return Leave(row.id, row.person_id, row.by_id, row.from_on, row.to_on)


def not_over_on(on: dt.date) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a cover holds on a day or will."""
    return Cover.ended_at.is_(None), or_(Cover.to_on.is_(None), Cover.to_on >= on)
