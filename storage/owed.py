"""Entries in which the bureau itself may owe something: the few that are looked at closely each morning."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.owed import OLDEST
from storage.tables import (
    Applicant,
    Commitment,
    CommitmentState,
    Item,
    ItemState,
    Opinion,
    Request,
    RequestState,
)

_ENDED = (RequestState.UNDONE, RequestState.WITHDRAWN)


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
