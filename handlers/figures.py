"""The figures of a period as the office asks for them: one call, whoever asks."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncSession

from bot.figures import Cell
from bot.quarters import Quarter, Span
from bot.statistics import Statistics
from handlers.office import Office
from storage import figures


async def statistics(
    session: AsyncSession, office: Office, span: Span, *, now: dt.datetime, unit: str | None = None
) -> Statistics:
    """Return everything that is counted of a period, with what falls due in the quarter after it.

    Args:
        session: A reading session.
        office: Rules, calendar and zone.
        span: The period.
        now: Aware UTC time.
        unit: Code of the one unit that is meant; None for the whole bureau.
    """
    rules = office.policy.settings
    return await figures.statistics(
        session,
        span,
        following=Quarter.of(span.ends_on).next.span,
        calendar=office.calendar,
        zone=office.zone,
        today=office.today(now),
        pauses_of=rules.feedback_working_days if rules.supplement == "pause" else None,
        unit=unit,
    )


async def cells(
    session: AsyncSession, office: Office, span: Span, *, now: dt.datetime, unit: str | None = None
) -> tuple[Cell, ...]:
    """Return the figures alone, which is all that a screen or a return needs; see ``statistics``."""
    return await figures.cells(session, span, zone=office.zone, today=office.today(now), unit=unit)
