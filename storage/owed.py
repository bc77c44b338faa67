"""Entries in which the bureau itself may owe something: the few that are looked at closely each morning."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.owed import OLDEST
from storage.reminders import SUBJECT
from storage.tables import (
    Applicant,
    Audit,
    Commitment,
    CommitmentState,
    Item,
    ItemState,
    Opinion,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)

_ENDED = (RequestState.UNDONE, RequestState.WITHDRAWN)
_CORRECTED: Final = "request.correct"
_RECORDED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "submit": ("request.decide",),
    "receipt": ("request.submitted",),
    "supplement": ("request.supplement",),
    "opinion": ("request.returned", "request.results"),
    "fulfil": ("commitment.letter",),
    "feedback": ("request.received", "request.resumed"),
}
"""What is owed -> the audit's words for the acts that write down, after the entry itself, the day it is owed from."""


async def candidates(session: AsyncSession, today: dt.date) -> Sequence[int]:
    """Return entries in which something may be owed on a day, by id; ``bot.owed`` decides."""
    oldest = today - OLDEST
    recorded = select(Opinion.id).where(Opinion.item_id == Item.id, Opinion.undone_at.is_(None))
    late = or_(
        (Item.state == ItemState.DRAFT) & (Request.submit_by_on < today) & (Request.submit_by_on >= oldest),
        (Item.state == ItemState.SUBMITTED) & (Item.submitted_on < today) & (Item.submitted_on >= oldest),
        (Item.state == ItemState.SUPPLEMENT) & (Item.supplement_on < today) & (Item.supplement_on >= oldest),
        (Item.state == ItemState.RECEIVED) & (Item.due_on < today) & (Item.due_on >= oldest),
        (Item.state == ItemState.RETURNED)
        & (Item.returned_on < today)
        & (Item.returned_on >= oldest)
        & ~recorded.exists(),
    )
    verifications = (
        select(Request.id)
        .join(Item, Item.request_id == Request.id)
        .where(Request.state.not_in(_ENDED), Item.applicant == Applicant.BUREAU, late)
    )
    promises = (
        select(Request.id)
        .join(Item, Item.request_id == Request.id)
        .join(Commitment, Commitment.item_id == Item.id)
        .where(
            Request.state.not_in(_ENDED),
            Commitment.state.in_((CommitmentState.SIGNED, CommitmentState.FULFILLING)),
            Commitment.fulfil_by_on < today,
            Commitment.fulfil_by_on >= oldest,
        )
    )
    both = verifications.union(promises).subquery()
    return (await session.scalars(select(both.c.id).order_by(both.c.id))).all()


async def recorded_at(session: AsyncSession, request: Request, kind: str) -> dt.datetime:
    """Return when the day from which something is owed was written down: with the entry, or later.

    Args:
        session: A session.
        request: The entry.
        kind: What is owed, as in ``bot.owed.Debt``.
    """
    last: dt.datetime | None = await session.scalar(
        select(func.max(Audit.at)).where(
            Audit.subject_kind == SUBJECT,
            Audit.subject_id == request.id,
            Audit.verb.in_((*_RECORDED_BY[kind], _CORRECTED)),
        )
    )
    return max(request.created_at, last or request.created_at)


async def last_asked(session: AsyncSession, request_id: int, kind: str) -> dt.datetime | None:
    """Return when a question about an entry was asked last, or is to be; None where it never was."""
    asked: dt.datetime | None = await session.scalar(
        select(func.max(Reminder.due_at)).where(
            Reminder.subject_kind == SUBJECT,
            Reminder.subject_id == request_id,
            Reminder.kind == kind,
            Reminder.state.not_in((ReminderState.CANCELLED, ReminderState.SUPERSEDED)),
        )
    )
    return asked
