"""What is on record about third-party credit reports."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.credit_reports import MISSING, ReportLine
from storage.tables import CreditReport, Item


async def rows(session: AsyncSession, item_ids: Collection[int]) -> Sequence[CreditReport]:
    """Return the rows of reports, to be changed."""
    found = await session.scalars(
        select(CreditReport).where(CreditReport.item_id.in_(item_ids)).order_by(CreditReport.id)
    )
    return found.all()


async def of_items(session: AsyncSession, subjects: Mapping[int, str]) -> dict[int, ReportLine]:
    """Return what is on record about reports.

    Args:
        session: A session.
        subjects: Item id -> whom it is about, for the officer's eyes; items that are no reports are left out.

    Returns:
        Item id -> its report, in the order of the entry.
    """
    return {row.item_id: _line(row, subjects[row.item_id]) for row in await rows(session, subjects)}


async def is_lacking(session: AsyncSession, request_id: int) -> bool:
    """Say whether a report belongs to an entry of which nothing has been written down."""
    blank = select(CreditReport.id).join(Item, Item.id == CreditReport.item_id)
    blank = blank.where(Item.request_id == request_id, CreditReport.agency.is_(None))
    return await session.scalar(blank.limit(1)) is not None


def _line(row: CreditReport, subject: str) -> ReportLine:
    missing = None if row.blocks is None else tuple(key for key, said in row.blocks.items() if said == MISSING)
    return ReportLine(
        item_id=row.item_id,
        subject=subject,
        agency=row.agency,
        number=row.number,
        on=row.on,
        grade=row.grade,
        missing=missing,
        matches=row.matches,
    )
