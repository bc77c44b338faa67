"""What is on record about commitment letters."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commitments import CommitmentLine, CommitmentStage
from storage.tables import Commitment, CommitmentState, Item


async def rows(session: AsyncSession, item_ids: Collection[int]) -> Sequence[Commitment]:
    """Return the rows of commitments, to be changed."""
    found = await session.scalars(select(Commitment).where(Commitment.item_id.in_(item_ids)).order_by(Commitment.id))
    return found.all()


async def of_items(session: AsyncSession, subjects: Mapping[int, str]) -> dict[int, CommitmentLine]:
    """Return what is on record about commitments.

    Args:
        session: A session.
        subjects: Item id -> whom it is about, for the officer's eyes; items that are no commitments are left out.

    Returns:
        Item id -> its commitment, in the order of the entry.
    """
    return {row.item_id: _line(row, subjects[row.item_id]) for row in await rows(session, subjects)}


def _line(row: Commitment, subject: str) -> CommitmentLine:
    return CommitmentLine(
        item_id=row.item_id,
        subject=subject,
        letters=row.letters,
        in_form=row.in_form,
        stage=CommitmentStage(row.state.value),
        kind=row.kind,
        signed_on=row.signed_on,
        fulfil_by_on=row.fulfil_by_on,
        settled_on=row.settled_on,
        evidence=row.evidence,
        handling=row.handling,
    )


async def next_fulfilment(session: AsyncSession, request_id: int) -> dt.date | None:
    """Return the earliest day until which a commitment of an entry is to be fulfilled, None where none is open."""
    earliest: dt.date | None = await session.scalar(
        select(func.min(Commitment.fulfil_by_on))
        .join(Item, Item.id == Commitment.item_id)
        .where(
            Item.request_id == request_id,
            Commitment.state.in_((CommitmentState.SIGNED, CommitmentState.FULFILLING)),
        )
    )
    return earliest
