"""Problems and suggestions: who fed back what, how far each has come, and which belong to a quarter."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.issues import IssueState
from bot.quarters import Quarter
from storage.tables import Issue


async def by_id(session: AsyncSession, issue_id: int) -> Issue | None:
    """Return a problem as it stands in this transaction."""
    return await session.get(Issue, issue_id, populate_existing=True)


async def page(session: AsyncSession, person_id: int | None, *, limit: int, offset: int) -> Sequence[Issue]:
    """Return problems, the open ones first and then the newest.

    Args:
        session: A session that reads.
        person_id: Whose; None for everybody's.
        limit: The most of them.
        offset: How many come before.
    """
    rows = select(Issue).where(*_of(person_id)).order_by(Issue.state == IssueState.CLOSED, Issue.id.desc())
    return (await session.scalars(rows.limit(limit).offset(offset))).all()


async def count(session: AsyncSession, person_id: int | None) -> int:
    """Count somebody's problems, or everybody's."""
    return await session.scalar(select(func.count(Issue.id)).where(*_of(person_id))) or 0


async def of_quarter(session: AsyncSession, quarter: Quarter, unit_id: int | None = None) -> Sequence[Issue]:
    """Return the problems of a quarter: those fed back in it, and older ones that are still open, the oldest first.

    Args:
        session: A session that reads.
        quarter: The quarter.
        unit_id: Of one unit; None for the whole bureau.
    """
    before = or_(Issue.year < quarter.year, and_(Issue.year == quarter.year, Issue.quarter < quarter.number))
    within = and_(Issue.year == quarter.year, Issue.quarter == quarter.number)
    rows = select(Issue).where(or_(within, and_(before, Issue.state != IssueState.CLOSED)))
    if unit_id is not None:
        rows = rows.where(Issue.unit_id == unit_id)
    return (await session.scalars(rows.order_by(Issue.id))).all()


def _of(person_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if person_id is None else (Issue.person_id == person_id,)
