"""The figures of a period, added up by the database: a few queries whatever the number of entries."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.figures import Cell, Figures, Measure
from bot.opinions import Finding
from bot.quarters import Span
from bot.statistics import Statistics
from bot.workdays import Calendar
from storage import figures_aside
from storage.database import MAY_LAST
from storage.streams import ADVERSE, APPLICATIONS, STREAMS, WEIGHT, Stream, open_at, open_overdue
from storage.tables import Counterpart, FollowUp, Item, Opinion, Request, Unit

_PORTION: Final = 500  # rows held at once
_ONE_DAY: Final = dt.timedelta(days=1)
_Key = tuple[int, str | None, str | None, str | None, str]
_Counts = dict[_Key, dict[str, int]]


async def statistics(
    session: AsyncSession,
    span: Span,
    *,
    following: Span | None,
    calendar: Calendar,
    zone: ZoneInfo,
    today: dt.date,
    pauses_of: int | None = None,
    unit: str | None = None,
) -> Statistics:
    """Return everything that is counted of a period.

    Args:
        session: A reading session; nothing is changed.
        span: The period, by local dates.
        following: The period of which it is said what falls due; None where nothing lies ahead.
        calendar: For the centre's working days.
        zone: Of the local dates.
        today: Local date; only what is past is overdue.
        pauses_of: The centre's working days where its period pauses while it waits for papers; None where it restarts.
        unit: Code of the one unit that is meant; None for all.
    """
    units = await _units(session)
    only = None if unit is None else next((key for key, code in units.items() if code == unit), 0)
    found, follow_ups = await _counted(session, span, zone=zone, today=today, unit_id=only)
    aside = figures_aside.Scope(session, span, units=units, unit_id=only)
    return Statistics(
        span=span,
        cells=_cells(found, units),
        waits=await figures_aside.waits(aside, calendar, pauses_of=pauses_of),
        agencies=await figures_aside.agencies(aside, zone),
        follow_ups=tuple(sorted((units[key], state, count) for (key, state), count in follow_ups.items())),
        ahead=await figures_aside.ahead(aside, following) if following else (),
        opinions=await figures_aside.opinions_used(aside),
        opinions_in_all=await figures_aside.opinions_in_all(aside),
    )


async def cells(
    session: AsyncSession, span: Span, *, zone: ZoneInfo, today: dt.date, unit: str | None = None
) -> tuple[Cell, ...]:
    """Return the figures alone, for a screen that shows no more; see ``statistics``."""
    units = await _units(session)
    only = None if unit is None else next((key for key, code in units.items() if code == unit), 0)
    found, _follow_ups = await _counted(session, span, zone=zone, today=today, unit_id=only)
    return _cells(found, units)


async def _units(session: AsyncSession) -> dict[int, str]:
    return {key: code for key, code in await session.execute(select(Unit.id, Unit.code))}


async def _counted(
    session: AsyncSession, span: Span, *, zone: ZoneInfo, today: dt.date, unit_id: int | None
) -> tuple[_Counts, dict[tuple[int, str], int]]:
    found: _Counts = defaultdict(lambda: defaultdict(int))
    for stream in STREAMS:
        measures = tuple(each.value for each in stream.counts)
        await _add(session, _of_unit(_stream(stream, span, zone), unit_id), measures, found)
    await _add(session, _of_unit(_times(span, zone), unit_id), (Measure.TIMES.value,), found)
    for query, measures in _stocks(span, today):
        await _add(session, _of_unit(query, unit_id), measures, found)
    return found, await _adverse(session, span, zone, unit_id, found)


def _stream(stream: Stream, span: Span, zone: ZoneInfo) -> Select[Any]:
    month = stream.month(span, zone).label("month_of")
    counts = [func.sum(each).label(measure.value) for measure, each in stream.counts.items()]
    return (
        stream.select(span, zone, *_GROUP, month, *counts)
        .outerjoin(Counterpart, Counterpart.id == Item.counterpart_id)
        .group_by(*_GROUP, "month_of")
    )


def _times(span: Span, zone: ZoneInfo) -> Select[Any]:
    """Return how often an entry's application went out; one that went out on two days went out twice."""
    columns = Request.id, Request.unit_id, Request.matter_code, APPLICATIONS.month(span, zone).label("month_of")
    days = APPLICATIONS.select(span, zone, *columns, Item.submitted_on).distinct().subquery()
    own = (days.c.unit_id, days.c.matter_code)
    nothing = literal(None)
    counted = select(*own, nothing, nothing, days.c.month_of, func.count()).prefix_with(MAY_LAST)
    return counted.group_by(*own, days.c.month_of)


def _stocks(span: Span, today: dt.date) -> tuple[tuple[Select[Any], tuple[str, ...]], ...]:
    late = func.sum(func.coalesce(Item.head_count, 1)).filter(open_overdue(span, today))
    return (
        (_standing(open_at(span.begins_on), func.sum(WEIGHT)), (Measure.CARRIED.value,)),
        (
            _standing(open_at(span.ends_on + _ONE_DAY), func.sum(WEIGHT), late),
            (Measure.OPEN.value, Measure.OPEN_OVERDUE.value),
        ),
    )


def _standing(condition: ColumnElement[bool], *counts: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*_GROUP, literal("").label("month_of"), *counts)
        .prefix_with(MAY_LAST)
        .select_from(Item)
        .join(Request, Request.id == Item.request_id)
        .outerjoin(Counterpart, Counterpart.id == Item.counterpart_id)
        .where(condition)
        .group_by(*_GROUP)
    )


async def _add(session: AsyncSession, query: Select[Any], measures: Sequence[str], found: _Counts) -> None:
    for row in await session.execute(query):
        key, counts = tuple(row[:5]), row[5:]
        for measure, count in zip(measures, counts, strict=True):
            if count:
                found[key][measure] += int(count)


async def _adverse(
    session: AsyncSession, span: Span, zone: ZoneInfo, unit_id: int | None, found: _Counts
) -> dict[tuple[int, str], int]:
    """Add the adverse findings, read one by one because they are encrypted; return them by their side tasks."""
    follow_ups: dict[tuple[int, str], int] = defaultdict(int)
    columns = (*_GROUP, ADVERSE.month(span, zone), Opinion.result, FollowUp.state)
    query = ADVERSE.select(span, zone, *columns).outerjoin(Counterpart, Counterpart.id == Item.counterpart_id)
    rows = await session.stream(_of_unit(query, unit_id).execution_options(yield_per=_PORTION))
    async for row in rows:
        key, finding = tuple(row[:5]), Finding(str(row[5]))
        if finding.is_adverse:
            found[key][Measure.ADVERSE.value] += 1
            found[key][Measure.SERIOUS.value] += finding is Finding.SERIOUS
            follow_ups[(key[0], row[6].value)] += 1
    return follow_ups


def _of_unit(query: Select[Any], unit_id: int | None) -> Select[Any]:
    if unit_id is None:
        return query
    column = query.selected_columns["unit_id"]
    return query.where(column == unit_id)


def _cells(found: _Counts, units: Mapping[int, str]) -> tuple[Cell, ...]:
    made = [Cell(units[key[0]], *key[1:], Figures(**counts)) for key, counts in found.items() if any(counts.values())]
    return tuple(sorted(made, key=lambda cell: tuple(part or "" for part in cell.to_json()[:5])))


_GROUP: Final = (Request.unit_id, Request.matter_code, Item.product_code, Counterpart.kind)
