"""Colleagues to choose from: who works in the bureau, one's own unit first."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Person, PersonState, Request, RequestState, Role, Unit


async def working(session: AsyncSession, *, unit_id: int, whole_bureau: bool) -> Sequence[tuple[Person, str]]:
    """Return active people who may do an officer's work, with their unit's short name.

    Args:
        session: The unit of work.
        unit_id: The unit that comes first, or alone.
        whole_bureau: Whether the other units follow.
    """
    rows = select(Person, Unit.short_name).join(Unit, Unit.id == Person.unit_id)
    rows = rows.where(Person.state == PersonState.ACTIVE, Person.role != Role.AUDITOR)
    if not whole_bureau:
        rows = rows.where(Person.unit_id == unit_id)
    found = await session.execute(rows.order_by(Person.unit_id != unit_id, Person.unit_id, Person.id))
    return [(person, unit) for person, unit in found]


async def leavers(session: AsyncSession, *, unit_id: int, whole_bureau: bool) -> Sequence[tuple[Person, str]]:
    """Return the people whose work may be handed over: all who have not left, and those who left something open.

    Args:
        session: The unit of work.
        unit_id: The unit that comes first, or alone.
        whole_bureau: Whether the other units follow.
    """
    left_open = select(Request.owner_id).where(Request.state == RequestState.OPEN)
    rows = select(Person, Unit.short_name).join(Unit, Unit.id == Person.unit_id)
    rows = rows.where(Person.role != Role.AUDITOR, or_(Person.state != PersonState.LEFT, Person.id.in_(left_open)))
    if not whole_bureau:
        rows = rows.where(Person.unit_id == unit_id)
    found = await session.execute(rows.order_by(Person.unit_id != unit_id, Person.unit_id, Person.id))
    return [(person, unit) for person, unit in found]
