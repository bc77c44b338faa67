"""Group chats that get a unit's digests: bound by its liaison, and followed when Telegram renumbers them."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.finding import entry_number
from bot.screens.groups import Standing
from storage import deadlines
from storage.tables import (
    ChatBinding,
    Item,
    Outbox,
    OutboxState,
    Person,
    Request,
    RequestState,
    Unit,
)

_OPEN: Final = Outbox.state.in_((OutboxState.DUE, OutboxState.UNKNOWN, OutboxState.CLAIMED))


async def standing(session: AsyncSession, unit: Unit, *, today: dt.date, ahead: dt.date) -> Standing:
    """Return how a unit's entries stand on a day, by their numbers.

    Args:
        session: The unit of work.
        unit: The unit.
        today: Local date.
        ahead: Local date up to which last days to submit are looked for.
    """
    on = deadlines.ON
    of_unit = (Request.unit_id == unit.id, Request.state == RequestState.OPEN)

    async def numbers(*which: ColumnElement[bool]) -> list[str]:
        rows = await session.execute(
            select(Request.year, Request.seq)
            .join(Item, Item.request_id == Request.id)
            .where(*of_unit, *which)
            .distinct()
            .order_by(Request.year, Request.seq)
        )
        return [entry_number(unit.short_name, year, seq) for year, seq in rows]

    return Standing(
        open=await session.scalar(select(func.count(Request.id)).where(*of_unit)) or 0,
        due_today=await numbers(deadlines.FEEDBACK, on == today),
        overdue=await numbers(deadlines.FEEDBACK, on < today),
        to_submit=await numbers(deadlines.SUBMISSION, on.between(today, ahead)),
        not_submitted=await numbers(deadlines.SUBMISSION, on < today),
    )


async def bound(session: AsyncSession) -> Sequence[ChatBinding]:
    """Return all bound groups, the oldest first."""
    return (await session.scalars(select(ChatBinding).order_by(ChatBinding.id))).all()


async def binding_of(session: AsyncSession, chat_id: int) -> ChatBinding | None:
    """Return a group's binding; None where it is bound to no unit."""
    return await session.scalar(select(ChatBinding).where(ChatBinding.chat_id == chat_id))


async def bind(session: AsyncSession, chat_id: int, unit: Unit, *, by: Person, now: dt.datetime) -> ChatBinding:
    """Bind a group to a unit; bound to another before, it is from now on this one's.

    Args:
        session: The unit of work.
        chat_id: Telegram's number of the group.
        unit: Whose digests it gets.
        by: The officer who binds it.
        now: Aware UTC time.
    """
    row = await binding_of(session, chat_id)
    if row is None:
        row = ChatBinding(chat_id=chat_id)
        session.add(row)
    row.unit_id, row.bound_by, row.bound_at = unit.id, by.id, now
    await session.flush()
    return row


async def unbind(session: AsyncSession, row: ChatBinding, *, reason: str) -> None:
    """End a binding; what has not left for the group is taken back with the reason."""
    await session.execute(
        update(Outbox)
        .where(Outbox.chat_id == row.chat_id, Outbox.state.in_((OutboxState.DUE, OutboxState.UNKNOWN)))
        .values(state=OutboxState.CANCELLED, reason=reason)
        .execution_options(synchronize_session="fetch")
    )
    await session.delete(row)
    await session.flush()


async def renumber(session: AsyncSession, old: int, new: int) -> None:
    """Follow a group that became a supergroup: its binding and all that is still to be sent take the new number.

    Args:
        session: The unit of work.
        old: The number that Telegram knows no more.
        new: The supergroup's.
    """
    row, there = await binding_of(session, old), await binding_of(session, new)
    if row is not None and there is not None:
        await session.delete(row)  # somebody has bound the supergroup already
    elif row is not None:
        row.chat_id = new
    await session.execute(
        update(Outbox)
        .where(Outbox.chat_id == old, _OPEN)
        .values(chat_id=new)
        .execution_options(synchronize_session="fetch")
    )
    await session.flush()
