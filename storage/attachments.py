"""The files kept with entries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.attachments import AttachmentLine, Purpose, ordinals
from bot.policy.model import COUNTERPART, CounterpartKind
from storage.tables import Attachment, Counterpart, Decision, Item, Request


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is kept: its row, the entry that it belongs to, and whom its line is about."""

    row: Attachment
    request_id: int


async def of_items(session: AsyncSession, subjects: Mapping[int, str]) -> list[AttachmentLine]:
    """Return the files that are kept for an entry's lines, oldest first; their times are in UTC.

    Args:
        session: A session.
        subjects: Item id -> whom it is about, for the officer's eyes: all lines of one entry.
    """
    rows = await session.scalars(select(Attachment).where(Attachment.item_id.in_(subjects)).order_by(Attachment.id))
    every = rows.all()
    places = ordinals([row.purpose for row in every])
    return [
        AttachmentLine(
            id=row.id,
            item_id=row.item_id,
            subject=subjects[row.item_id],
            purpose=Purpose(row.purpose),
            media_type=row.media_type,
            added_at=row.added_at,
            ordinal=place,
        )
        for row, place in zip(every, places, strict=True)
        if row.removed_at is None
    ]


async def kept(session: AsyncSession, attachment_id: int) -> KeptFile | None:
    """Return a file that is kept; who may see it is for the entry to say."""
    found = await session.execute(
        select(Attachment, Item.request_id)
        .join(Item, Item.id == Attachment.item_id)
        .where(Attachment.id == attachment_id, Attachment.removed_at.is_(None))
    )
    row = found.one_or_none()
    return None if row is None else KeptFile(*row)


async def holds(session: AsyncSession, item_id: int, sha256: str) -> bool:
    """Say whether the same file is kept for the line already."""
    same = select(Attachment.id).where(
        Attachment.item_id == item_id, Attachment.sha256 == sha256, Attachment.removed_at.is_(None)
    )
    return await session.scalar(same.limit(1)) is not None


async def count(session: AsyncSession, request_id: int) -> int:
    """Return how many files are kept with an entry."""
    kept_with = (
        select(func.count(Attachment.id))
        .join(Item, Item.id == Attachment.item_id)
        .where(Item.request_id == request_id, Attachment.removed_at.is_(None))
    )
    return await session.scalar(kept_with) or 0


async def requests_of(session: AsyncSession, attachment_ids: Collection[int]) -> Mapping[int, int]:
    """Return the entry that each file belongs to, also of those that were taken away."""
    rows = await session.execute(
        select(Attachment.id, Item.request_id)
        .join(Item, Item.id == Attachment.item_id)
        .where(Attachment.id.in_(attachment_ids))
    )
    return {key: request_id for key, request_id in rows}


async def request_of(session: AsyncSession, item_id: int) -> int | None:
    """Return the entry that a line belongs to."""
    found: int | None = await session.scalar(select(Item.request_id).where(Item.id == item_id))
    return found


async def may_name_person(
    session: AsyncSession, request: Request, item: Item, kinds: Collection[CounterpartKind]
) -> bool:
    """Say whether a file of a line could name a natural person.

    A list kept elsewhere counts as one of persons wherever the matter concerns persons, because its papers name them.

    Args:
        session: A session.
        request: The entry.
        item: The line.
        kinds: Whom the matter concerns.
    """
    if item.counterpart_id is not None:
        counterpart = await session.get_one(Counterpart, item.counterpart_id)
        return counterpart.kind == CounterpartKind.NATURAL_PERSON
    decision = await session.get_one(Decision, request.decision_id)
    answered = decision.answers.get(COUNTERPART)
    return CounterpartKind.NATURAL_PERSON in (answered if answered else kinds)
