"""Frozen summaries: kept once for each quarter, never changed."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.quarters import Quarter
from bot.summary import SCHEMA_VERSION, Summary, digest, summary_from_json, summary_to_json
from storage.tables import QuarterSummary, Request, Unit
from storage.upsert import insert_new


async def load(session: AsyncSession, quarter: Quarter) -> Summary | None:
    """Return a quarter's summary as it was frozen; None where it is not yet."""
    row = await frozen(session, quarter)
    return None if row is None else _summary(row)


async def frozen(session: AsyncSession, quarter: Quarter) -> QuarterSummary | None:
    """Return the row of a frozen summary."""
    wanted = select(QuarterSummary).where(QuarterSummary.year == quarter.year, QuarterSummary.quarter == quarter.number)
    row: QuarterSummary | None = await session.scalar(wanted)
    return row


async def between(session: AsyncSession, first: Quarter, last: Quarter) -> dict[Quarter, Summary]:
    """Return the frozen summaries of some quarters in a row, both ends included, oldest first."""
    position = QuarterSummary.year * 4 + QuarterSummary.quarter
    rows = await session.scalars(
        select(QuarterSummary)
        .where(position.between(first.year * 4 + first.number, last.year * 4 + last.number))
        .order_by(position)
    )
    return {Quarter(row.year, row.quarter): _summary(row) for row in rows}


async def keep(session: AsyncSession, summary: Summary, *, now: dt.datetime) -> bool:
    """Freeze a summary; False where the quarter was frozen before, and then nothing is changed.

    Args:
        session: The unit of work; the pack's snapshot must be there already.
        summary: What was reckoned.
        now: Aware UTC time.
    """
    content: dict[str, Any] = summary_to_json(summary)
    row = {
        "year": summary.quarter.year,
        "quarter": summary.quarter.number,
        "policy_hash": summary.policy_hash,
        "calendar_version": summary.calendar_version,
        "schema_version": SCHEMA_VERSION,
        "content": content,
        "digest": digest(content),
        "frozen_at": now,
    }
    before = await frozen(session, summary.quarter)
    await insert_new(session, QuarterSummary, [row])
    return before is None


async def unit_names(session: AsyncSession) -> dict[str, str]:
    """Return the name of each unit by its code, also of those that a newer pack has dropped."""
    return {code: name for code, name in await session.execute(select(Unit.code, Unit.name).order_by(Unit.id))}


async def matter_names(session: AsyncSession, codes: Collection[str]) -> dict[str, str]:
    """Return what matters were called in the entries; for those that the pack does not know any more."""
    if not codes:
        return {}
    query = select(Request.matter_code, func.max(Request.matter_name)).where(Request.matter_code.in_(codes))
    return {str(code): name for code, name in await session.execute(query.group_by(Request.matter_code))}


def _summary(row: QuarterSummary) -> Summary:
    return summary_from_json(row.content, policy_hash=row.policy_hash, calendar_version=row.calendar_version)
