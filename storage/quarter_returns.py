"""The units' returns of a quarter, what is still incomplete in one, and who answers for it."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.finding import entry_number
from bot.quarters import Quarter
from bot.returns import Gap, GapKind, ReturnState
from bot.roles import HANDS_OVER, Reach
from storage import cover
from storage.tables import (
    Applicant,
    CreditReport,
    Item,
    ItemState,
    Opinion,
    Person,
    PersonState,
    QuarterPush,
    QuarterReturn,
    Request,
    RequestState,
    Role,
    Unit,
)
from storage.upsert import insert_new

ANSWERS_FOR: Final = (Role.LIAISON, Role.HEAD)


async def ensure(session: AsyncSession, unit_id: int, quarter: Quarter) -> QuarterReturn:
    """Return a unit's return, which stands as not begun where nobody has touched it yet."""
    row = {
        "unit_id": unit_id,
        "year": quarter.year,
        "quarter": quarter.number,
        "state": ReturnState.NOT_STARTED,
        "nil": False,
        "version": 1,
    }
    found = await of(session, unit_id, quarter)
    if found is not None:
        return found
    await insert_new(session, QuarterReturn, [row])
    return (await session.scalars(_of(quarter).where(QuarterReturn.unit_id == unit_id))).one()


async def of(session: AsyncSession, unit_id: int, quarter: Quarter) -> QuarterReturn | None:
    """Return a unit's return; None where nobody has touched it yet."""
    return await session.scalar(_of(quarter).where(QuarterReturn.unit_id == unit_id))


async def by_id(session: AsyncSession, return_id: int) -> QuarterReturn | None:
    """Return a return as it stands in this transaction."""
    return await session.get(QuarterReturn, return_id, populate_existing=True)


async def all_of(session: AsyncSession, quarter: Quarter) -> dict[int, QuarterReturn]:
    """Return the returns of a quarter by unit."""
    return {row.unit_id: row for row in await session.scalars(_of(quarter))}


async def push_of(session: AsyncSession, quarter: Quarter) -> QuarterPush | None:
    """Return the bureau's summary of a quarter; None where it is not drafted yet."""
    which = (QuarterPush.year == quarter.year, QuarterPush.quarter == quarter.number)
    return await session.scalar(select(QuarterPush).where(*which).execution_options(populate_existing=True))


async def begun_at(session: AsyncSession) -> dt.datetime | None:
    """Return since when the office has used the bot: the day on which the first person came."""
    return await session.scalar(select(func.min(Person.joined_at)))


async def of_role(session: AsyncSession, unit_id: int, role: Role, on: dt.date) -> list[Person]:
    """Return those of a role in a unit who can be told something on a day, each by whoever stands in for them."""
    rows = await session.scalars(
        select(Person)
        .where(Person.unit_id == unit_id, Person.role == role, Person.state == PersonState.ACTIVE)
        .order_by(Person.id)
    )
    standing = [await cover.effective(session, person, on) for person in rows.all()]
    return list({person.id: person for person in standing if person is not None}.values())


async def answering(session: AsyncSession, unit_id: int, on: dt.date) -> list[Person]:
    """Return who answers for a unit's return: its liaisons, else its heads, else coordinators in it, else nobody.

    Whoever is on leave is told through their stand-in.
    """
    for role in (Role.LIAISON, Role.HEAD, Role.COORDINATOR):
        if found := await of_role(session, unit_id, role, on):
            return found
    return []


async def answers_for(
    session: AsyncSession, person: Person, unit_id: int, on: dt.date, *, roles: Collection[Role] = ANSWERS_FOR
) -> bool:
    """Say whether somebody answers for a unit's return: in such a role, standing in for one, or as coordinator.

    Args:
        session: The unit of work.
        person: Who wants to.
        unit_id: The unit.
        on: Local date, by which stand-ins are known.
        roles: The roles in the unit that do.
    """
    if HANDS_OVER.get(person.role) is Reach.BUREAU or (person.unit_id == unit_id and person.role in roles):
        return True
    for person_id in await cover.stood_in_for(session, person, on):
        away = await session.get_one(Person, person_id)
        if away.unit_id == unit_id and away.role in roles:
            return True
    return False


async def officers(session: AsyncSession) -> Sequence[Person]:
    """Return the handling officers who can be asked something."""
    rows = await session.scalars(
        select(Person)
        .where(Person.role == Role.OFFICER, Person.state == PersonState.ACTIVE, Person.reachable)
        .order_by(Person.id)
    )
    return rows.all()


async def gaps(session: AsyncSession, unit_id: int, quarter: Quarter, *, zone: ZoneInfo, today: dt.date) -> list[Gap]:
    """Return the entries of a unit that somebody still has to complete for the quarter's figures, by number.

    Args:
        session: A session that reads.
        unit_id: The unit.
        quarter: The quarter; older entries that are still incomplete count too.
        zone: Of the local dates.
        today: Local date; what is expected today or later is not missing yet.
    """
    until, (_begins_at, ends_at) = quarter.ends_on, quarter.span.moments(zone)
    written = select(Opinion.id).where(Opinion.item_id == Item.id, Opinion.undone_at.is_(None)).exists()
    unwritten = select(CreditReport.id).where(CreditReport.item_id == Item.id, CreditReport.agency.is_(None)).exists()
    lacking = {
        GapKind.OPINION: (Item.state == ItemState.RETURNED, Item.returned_on <= until, ~written),
        GapKind.RECEIPT: (
            Item.state == ItemState.SUBMITTED,
            Item.applicant == Applicant.BUREAU,
            Item.submitted_on <= until,
            Item.due_on < today,
        ),
        GapKind.REPORT: (Item.state == ItemState.RECORDED, Request.created_at < ends_at, unwritten),
    }
    found: dict[int, Gap] = {}
    for kind, which in lacking.items():
        rows = await session.execute(
            select(Request, Unit.short_name, Person)
            .join(Unit, Unit.id == Request.unit_id)
            .join(Person, Person.id == Request.owner_id)
            .where(
                Request.unit_id == unit_id,
                Request.state != RequestState.UNDONE,
                select(Item.id).where(Item.request_id == Request.id, *which).exists(),
            )
        )
        for request, unit, person in rows:
            number = entry_number(unit, request.year, request.seq)
            found.setdefault(request.id, Gap(request.id, number, person.id, person.name or "", kind))
    return sorted(found.values(), key=lambda gap: gap.request_id)


def _of(quarter: Quarter) -> Select[QuarterReturn]:
    which = (QuarterReturn.year == quarter.year, QuarterReturn.quarter == quarter.number)
    return select(QuarterReturn).where(*which).execution_options(populate_existing=True)
