"""The pinned summaries: what stands in each officer's chat, and what ought to."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.roles import CHANGES
from storage import deadlines
from storage.tables import Item, Person, PersonState, Request, RequestState, Summary


@dataclass(frozen=True, slots=True)
class Figures:
    """An officer's open entries in numbers.

    Args:
        person_id: Whose.
        telegram_id: Their private chat.
        language: Theirs.
        open: How many are open.
        this_week: How many of them have a deadline from today to the end of this week.
        overdue: How many of them have a deadline that is past.
    """

    person_id: int
    telegram_id: int
    language: str
    open: int
    this_week: int
    overdue: int


async def figures(session: AsyncSession, *, today: dt.date) -> Sequence[Figures]:
    """Return the figures of all who want a summary, with one query whatever their number.

    Args:
        session: A session that reads.
        today: Local date; its week ends on Sunday.
    """
    ends = today + dt.timedelta(days=6 - today.weekday())
    dates = (
        select(Request.id, Request.owner_id, func.min(deadlines.ON).label("next_on"))
        .outerjoin(Item, Item.request_id == Request.id)
        .where(Request.state == RequestState.OPEN)
        .group_by(Request.id, Request.owner_id)
        .subquery()
    )
    coming = (dates.c.next_on >= today) & (dates.c.next_on <= ends)
    rows = await session.execute(
        select(
            Person.id,
            Person.telegram_id,
            Person.language,
            func.count(dates.c.id),
            func.coalesce(func.sum(case((coming, 1), else_=0)), 0),
            func.coalesce(func.sum(case((dates.c.next_on < today, 1), else_=0)), 0),
        )
        .outerjoin(dates, dates.c.owner_id == Person.id)
        .outerjoin(Summary, Summary.person_id == Person.id)
        .where(
            Person.state == PersonState.ACTIVE,
            Person.reachable,
            Person.role.in_(CHANGES),
            or_(Summary.wanted.is_(None), Summary.wanted),
        )
        .group_by(Person.id, Person.telegram_id, Person.language)
        .order_by(Person.id)
    )
    return [Figures(*row) for row in rows]


async def shown(session: AsyncSession) -> dict[int, Summary]:
    """Return what stands in the chats, by person."""
    return {row.person_id: row for row in await session.scalars(select(Summary))}


async def of(session: AsyncSession, person_id: int) -> Summary:
    """Return a person's row, made where there is none."""
    row = await session.get(Summary, person_id, populate_existing=True)
    if row is None:
        row = Summary(person_id=person_id, wanted=True)
        session.add(row)
        await session.flush()
    return row
