"""What was put off and comes again."""

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.reminders import IS_PUT_OFF, SUBJECT
from storage.tables import Reminder, Request


async def put_off(session: AsyncSession, *, owners: Collection[int] | None = None) -> Sequence[Reminder]:
    """Return what was put off, the next to come first.

    Args:
        session: The unit of work.
        owners: Of entries only those of these officers; None for all. Whose an opinion is, its reminder says only once
            it is described.
    """
    query = select(Reminder).where(IS_PUT_OFF).order_by(Reminder.due_at, Reminder.id)
    if owners is not None:
        theirs = select(Request.id).where(Request.owner_id.in_(owners))
        query = query.where(or_(Reminder.subject_kind != SUBJECT, Reminder.subject_id.in_(theirs)))
    return (await session.scalars(query)).all()
