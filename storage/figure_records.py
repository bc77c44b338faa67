"""The entries behind a figure: what is counted by ``storage.streams`` is found by it too."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from bot.figures import STOCKS, Figures, Measure
from bot.ledger import Entry
from bot.ledger_sheet import Line
from bot.opinions import Finding
from bot.quarters import Span
from storage import sheets_out
from storage.database import MAY_LAST
from storage.entry_values import entries_of
from storage.sight import Sight, visible_to
from storage.streams import ADVERSE, APPLICATIONS, STREAMS, WEIGHT, Stream, open_at, open_overdue
from storage.tables import Item, Opinion, Request, Unit

MOST: Final = sheets_out.MOST
MOST_HAPPENINGS: Final = 3 * MOST  # an item is applied for, comes back, is found adverse ...
_PORTION: Final = 500
_ONE_DAY: Final = dt.timedelta(days=1)
_Found = dict[int, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures are opened.

    Args:
        span: The period.
        zone: Of its local dates.
        today: Local date.
        unit: Code of the one unit that is meant; None for all.
        matter: Code of the one matter that is meant; None for all, empty for those outside the catalogue.
    """

    span: Span
    zone: ZoneInfo
    today: dt.date
    unit: str | None = None
    matter: str | None = None


async def entries(
    session: AsyncSession, asked: Asked, measure: Measure, *, sight: Sight, limit: int, offset: int
) -> tuple[list[Entry], int, int]:
    """Return the entries that a figure counts, the oldest first, as far as somebody may see them.

    Returns:
        The entries of one page; how many there are that may be seen; how many there are in all.
    """
    every = await _request_ids(session, asked, measure)
    seen = every if sight.sees_all else every & set(await session.scalars(select(Request.id).where(visible_to(sight))))
    chosen = sorted(seen)[offset : offset + limit]
    rows = await session.scalars(select(Request).where(Request.id.in_(chosen)).order_by(Request.id))
    return await entries_of(session, rows.all()), len(seen), len(every)


async def lines(session: AsyncSession, asked: Asked) -> tuple[list[tuple[Line, Figures]], bool]:
    """Return every line of the ledger that any figure counts, with what it adds to each; their sums are the figures.

    Returns:
        At most ``MOST`` lines in the order of their entries, and whether there were more.
    """
    counted = await contributions(session, asked)
    requests = await _requests_of(session, sorted(counted))
    found: list[tuple[Line, Figures]] = []
    for start in range(0, len(requests), _PORTION):
        rows = await session.scalars(
            select(Request).where(Request.id.in_(requests[start : start + _PORTION])).order_by(Request.id)
        )
        made = await sheets_out.of_entries(session, await entries_of(session, rows.all()), sight=None)
        found += [(line, counted[line.item_id]) for line in made if line.item_id in counted]
        if len(found) > MOST:
            return found[:MOST], True
    return found, False


async def contributions(session: AsyncSession, asked: Asked) -> dict[int, Figures]:
    """Return what each item adds to the figures of a period; an application counts once as 次, at its first item."""
    found: _Found = defaultdict(lambda: defaultdict(int))
    for stream in STREAMS:
        names = [measure.value for measure in stream.counts]
        for key, *counts in await _rows(session, asked, stream, Item.id, *stream.counts.values()):
            for name, count in zip(names, counts, strict=True):
                found[key][name] += int(count or 0)
    await _add_times(session, asked, found)
    for key, result in await _rows(session, asked, ADVERSE, Item.id, Opinion.result):
        finding = Finding(str(result))
        found[key][Measure.ADVERSE.value] += finding.is_adverse
        found[key][Measure.SERIOUS.value] += finding is Finding.SERIOUS
    for measure in STOCKS:
        for key, weight in await session.execute(_stock(asked, measure, Item.id, WEIGHT)):
            found[key][measure.value] += int(weight)
    return {key: Figures(**counts) for key, counts in found.items() if any(counts.values())}


async def is_too_long(session: AsyncSession, asked: Asked) -> bool:
    """Say whether a period has more behind it than one sheet takes, before any of it is read."""
    happenings = 0
    for stream in STREAMS:
        happenings += (await _rows(session, asked, stream, func.count()))[0][0]
    return happenings > MOST_HAPPENINGS


async def _add_times(session: AsyncSession, asked: Asked, found: _Found) -> None:
    rows = await _rows(session, asked, APPLICATIONS, Request.id, Item.submitted_on, func.min(Item.id), group=True)
    for _request_id, _on, first in rows:
        found[first][Measure.TIMES.value] += 1


async def _request_ids(session: AsyncSession, asked: Asked, measure: Measure) -> set[int]:
    if measure in STOCKS:
        return set(await session.scalars(_stock(asked, measure, Request.id).distinct()))
    if measure in ADVERSE.counts:
        rows = await _rows(session, asked, ADVERSE, Request.id, Opinion.result)
        only = {Finding.SERIOUS} if measure is Measure.SERIOUS else {Finding.ADVERSE, Finding.SERIOUS}
        return {key for key, result in rows if Finding(str(result)) in only}
    counted = Measure.APPLIED if measure is Measure.TIMES else measure
    queries = [
        _narrowed(each.select(asked.span, asked.zone, Request.id).where(each.counts[counted] > 0), asked)
        for each in STREAMS
        if counted in each.counts
    ]
    return set(await session.scalars(union(*queries) if len(queries) > 1 else queries[0].distinct()))


async def _rows(session: AsyncSession, asked: Asked, stream: Stream, *columns: Any, group: bool = False) -> list[Any]:
    query = _narrowed(stream.select(asked.span, asked.zone, *columns), asked)
    return list(await session.execute(query.group_by(*columns[:-1]) if group else query))


def _stock(asked: Asked, measure: Measure, *columns: Any) -> Select[Any]:
    begins = measure is Measure.CARRIED
    query = select(*columns).prefix_with(MAY_LAST).select_from(Item).join(Request, Request.id == Item.request_id)
    query = query.where(open_at(asked.span.begins_on if begins else asked.span.ends_on + _ONE_DAY))
    if measure is Measure.OPEN_OVERDUE:
        query = query.where(open_overdue(asked.span, asked.today))
    return _narrowed(query, asked)


def _narrowed(query: Select[Any], asked: Asked) -> Select[Any]:
    if asked.unit is not None:
        query = query.where(Request.unit_id == select(Unit.id).where(Unit.code == asked.unit).scalar_subquery())
    if asked.matter is not None:
        query = query.where(Request.matter_code == asked.matter if asked.matter else Request.matter_code.is_(None))
    return query


async def _requests_of(session: AsyncSession, item_ids: Sequence[int]) -> list[int]:
    found: set[int] = set()
    for start in range(0, len(item_ids), _PORTION):
        portion = item_ids[start : start + _PORTION]
        found |= set(await session.scalars(select(Item.request_id).where(Item.id.in_(portion)).distinct()))
    return sorted(found)
