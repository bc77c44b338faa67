"""What the quarter's screens are made of: a unit's return as it stands now, and the day until which it is due."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.figure_words import matter_name
from bot.figures import Cell, Figures, grouped, total
from bot.quarters import Quarter, QuarterDays, quarter_days
from bot.returns import PushState, ReturnState, UnitReturn
from handlers import feedback, figures, summary
from handlers.office import Office
from handlers.turn import Turn
from storage import issues
from storage import quarter_returns as stored
from storage.tables import QuarterReturn, Unit


async def unit_return(session: AsyncSession, office: Office, row: QuarterReturn, now: dt.datetime) -> UnitReturn:
    """Return a unit's return as a screen shows it.

    Until it is reported the figures are those of the moment; from then on those that were reported.
    """
    quarter, today = Quarter(row.year, row.quarter), office.today(now)
    unit = await session.get_one(Unit, row.unit_id)
    cells = await figures.cells(session, office, quarter.span, now=now, unit=unit.code)
    reported = row.figures if row.state.is_reported else None
    problems = [
        await feedback.problem_of(session, office, each) for each in await issues.of_quarter(session, quarter, unit.id)
    ]
    known = await summary.earlier(session, quarter)
    corrected = await summary.corrections(session, office, known, now=now, unit=unit.code)
    return UnitReturn(
        id=row.id,
        version=row.version,
        unit=unit.name,
        quarter=quarter,
        state=row.state,
        is_over=quarter.ends_on < today,
        waits_for_head=row.state is ReturnState.FILLING and row.filled_at is not None,
        is_locked=await is_locked(session, quarter),
        nil=row.nil,
        problems=row.problems,
        figures=Figures.from_json(reported) if reported is not None else total(cells),
        by_matter=await _by_matter(session, office, cells),
        gaps=await stored.gaps(session, unit.id, quarter, zone=office.zone, today=today),
        issues=problems,
        due=days_of(office, quarter).due,
        corrected={each.quarter: each.of(unit.code) for each in corrected},
    )


def days_of(office: Office, quarter: Quarter) -> QuarterDays:
    """Return what happens when around the end of a quarter."""
    return quarter_days(office.calendar, quarter, office.policy.quarters)


async def is_locked(session: AsyncSession, quarter: Quarter) -> bool:
    """Say whether a quarter's summary has been sent on, or is being: nothing of it changes any more."""
    push = await stored.push_of(session, quarter)
    return push is not None and push.state in (PushState.CONFIRMED, PushState.PUSHED)


def day(turn: Turn, on: dt.date) -> str:
    """Return a date as the office writes it."""
    return format_day(on, today=turn.today)


async def _by_matter(session: AsyncSession, office: Office, cells: tuple[Cell, ...]) -> list[tuple[str, Figures]]:
    names = await summary.names(session, office, cells)
    return [(matter_name(names, code), row) for code, row in grouped(cells, lambda cell: cell.matter).items()]
