"""The quarterly summary: reckoned from the register, frozen once, read again for ever."""

import datetime as dt
from collections.abc import Mapping

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.figures import Cell, Figures, grouped
from bot.quarters import Quarter
from bot.summary import LOOKING_BACK, Correction, Names, Summary, coarse, correction, digest, summary_to_json
from handlers import figures
from handlers.office import Office
from storage import audit, policies, summaries

log = structlog.get_logger()
FREEZE = "summary.freeze"


async def reckon(session: AsyncSession, office: Office, quarter: Quarter, *, now: dt.datetime) -> Summary:
    """Return a quarter's summary by the register of this moment; nothing is written.

    Args:
        session: A reading session, so that nobody waits while the database adds up.
        office: Rules, calendar and zone.
        quarter: The quarter.
        now: Aware UTC time.
    """
    statistics = await figures.statistics(session, office, quarter.span, now=now)
    known = await earlier(session, quarter)
    return Summary(
        quarter=quarter,
        statistics=statistics,
        corrections=await corrections(session, office, known, now=now),
        previous=await _reported(session, office, quarter.previous, known.get(quarter.previous), now),
        year_before=await _reported(session, office, quarter.year_before, known.get(quarter.year_before), now),
        names=await names(session, office, statistics.cells),
        policy_hash=office.policy.hash,
        calendar_version=office.calendar.version,
    )


async def earlier(session: AsyncSession, quarter: Quarter) -> dict[Quarter, Summary]:
    """Return the frozen summaries of the quarters before one, as far as it still corrects them, oldest first."""
    first = quarter
    for _quarter in range(LOOKING_BACK):
        first = first.previous
    return await summaries.between(session, first, quarter.previous)


async def corrections(
    session: AsyncSession,
    office: Office,
    known: Mapping[Quarter, Summary],
    *,
    now: dt.datetime,
    unit: str | None = None,
) -> tuple[Correction, ...]:
    """Return what the register says otherwise of earlier quarters than their summaries, oldest first.

    What a later summary has noted already is not said again.

    Args:
        session: A reading session.
        office: Rules, calendar and zone.
        known: Their summaries; see ``earlier``.
        now: Aware UTC time.
        unit: Code of the one unit that is meant; None for the whole bureau.
    """
    found = []
    for quarter, reported in known.items():
        statistics = reported.statistics if unit is None else reported.statistics.of(unit)
        noted = [each.only(unit) for other in known.values() for each in other.corrections if each.quarter == quarter]
        cells = await figures.cells(session, office, quarter.span, now=now, unit=unit)
        found.append(correction(quarter, now=coarse(cells), reported=coarse(statistics.cells), noted=noted))
    return tuple(each for each in found if each is not None)


async def freeze(session: AsyncSession, office: Office, summary: Summary, *, now: dt.datetime) -> Summary:
    """Freeze a summary, unless its quarter was frozen meanwhile; return the one that stands.

    Args:
        session: The unit of work.
        office: The rules; their snapshot is kept beside the figures.
        summary: What ``reckon`` returned.
        now: Aware UTC time.
    """
    await policies.ensure_snapshot(session, office.policy, now)
    is_first = await summaries.keep(session, summary, now=now)
    if is_first:
        said = {"quarter": summary.quarter.code, "digest": digest(summary_to_json(summary)), "empty": summary.is_empty}
        audit.note(session, at=now, actor_id=None, verb=FREEZE, subject=("quarter", None), after=said)
        log.info("a quarter was frozen", quarter=summary.quarter.code, empty=summary.is_empty)
    return await summaries.load(session, summary.quarter) or summary


async def standing(session: AsyncSession, office: Office, quarter: Quarter, *, now: dt.datetime) -> Summary:
    """Return a quarter's summary as it was frozen, or by the register of this moment where it is not yet."""
    return await summaries.load(session, quarter) or await reckon(session, office, quarter, now=now)


async def names(session: AsyncSession, office: Office, cells: tuple[Cell, ...]) -> Names:
    """Return what the codes in figures are called today."""
    policy = office.policy
    shelves = {category.id: category.name for category in policy.categories}
    codes = {cell.matter for cell in cells if cell.matter is not None}
    known = {code: policy.matters[code].name for code in codes if code in policy.matters}
    return Names(
        units=await summaries.unit_names(session),
        matters=known | await summaries.matter_names(session, codes - known.keys()),
        products={each.id: each.short_name for each in policy.products.values()},
        categories={code: shelves[policy.matters[code].category] for code in known},
    )


async def _reported(
    session: AsyncSession, office: Office, quarter: Quarter, known: Summary | None, now: dt.datetime
) -> dict[str, Figures] | None:
    """Return what is known of a quarter by unit: what was reported, else what the register says; None for nothing."""
    if known is not None:
        return known.statistics.by_unit()
    cells = await figures.cells(session, office, quarter.span, now=now)
    return grouped(cells, lambda cell: cell.unit) or None
