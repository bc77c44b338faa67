"""What is on record about commitment letters."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commitments import CommitmentLine, CommitmentStage
from storage.tables import Commitment


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
