"""Colleagues to choose from: who works in the bureau, one's own unit first."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.roles import CHANGES
from storage import handover
from storage.tables import Person, PersonState, Unit


async def working(session: AsyncSession, *, unit_id: int, whole_bureau: bool) -> Sequence[tuple[Person, str]]:
    """Return active people who may do an officer's work, with their unit's short name.

    Args:
        session: The unit of work.
        unit_id: The unit that comes first, or alone.
        whole_bureau: Whether the other units follow.
    """
    rows = select(Person, Unit.short_name).join(Unit, Unit.id == Person.unit_id)
    rows = rows.where(Person.state == PersonState.ACTIVE, Person.role.in_(CHANGES))
    if not whole_bureau:
        rows = rows.where(Person.unit_id == unit_id)
    found = await session.execute(rows.order_by(Person.unit_id != unit_id, Person.unit_id, Person.id))
    return [(person, unit) for person, unit in found]


async def leavers(
    session: AsyncSession, *, unit_id: int, whole_bureau: bool, today: dt.date
) -> Sequence[tuple[Person, str]]:
    """Return the people whose work may be handed over: all who work, and those who left something behind.

    Args:
        session: The unit of work.
        unit_id: The unit that comes first, or alone.
        whole_bureau: Whether the other units follow.
        today: Local date.
    """
    works = and_(Person.role.in_(CHANGES), Person.state != PersonState.LEFT)
    rows = select(Person, Unit.short_name).join(Unit, Unit.id == Person.unit_id)
    rows = rows.where(or_(works, handover.has_estate(today)))
    if not whole_bureau:
        rows = rows.where(Person.unit_id == unit_id)
    found = await session.execute(rows.order_by(Person.unit_id != unit_id, Person.unit_id, Person.id))
    return [(person, unit) for person, unit in found]
