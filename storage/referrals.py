"""Cases for study (转政法处研究): who asked, and which of them wait for their answer."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from bot.roles import SEES_ALL
from storage.tables import Person, Referral, ReferralState


def _seen_by(person: Person) -> ColumnElement[bool]:
    return true() if person.role in SEES_ALL else Referral.person_id == person.id


async def listed(session: AsyncSession, person: Person, *, limit: int, offset: int) -> Sequence[Referral]:
    """Return the cases that a person sees: those that wait, the oldest first, then the others, the newest first.

    Officers see their own; coordinators, who answer them, and auditors see all.
    """
    waits = Referral.state == ReferralState.OPEN
    rows = await session.scalars(
        select(Referral)
        .where(_seen_by(person))
        .order_by(case((waits, 0), else_=1), case((waits, Referral.id), else_=-Referral.id))
        .limit(limit)
        .offset(offset)
    )
    return rows.all()


async def counted(session: AsyncSession, person: Person) -> tuple[int, int]:
    """Return how many of the cases that a person sees wait for an answer, and how many there are in all."""
    waits = case((Referral.state == ReferralState.OPEN, 1))
    row = await session.execute(select(func.count(waits), func.count()).where(_seen_by(person)))
    waiting, total = row.one()
    return waiting, total


async def look(session: AsyncSession, person: Person, referral_id: int, *, to_change: bool = False) -> Referral | None:
    """Return a case if this person may see it.

    Args:
        session: The unit of work.
        person: Who looks.
        referral_id: The case.
        to_change: Whether it is about to be changed: of two who answer at once the second sees the first's answer.
    """
    wanted = select(Referral).where(Referral.id == referral_id, _seen_by(person))
    if to_change:
        wanted = wanted.with_for_update()
    row: Referral | None = await session.scalar(wanted.execution_options(populate_existing=True))
    return row
