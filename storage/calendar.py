"""The office's calendar as it is kept: days of imported notices, the bureau's own rest days, and what hangs on them.

A day has one row at most. The version grows with every change, so that each process knows when to read them again.
What the holiday library says is kept beside it: a release may bring one that knows another year, or one of them better.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import delete, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calendar_year import Notice
from bot.workdays import Calendar, Day, DayKind, Published
from storage.tables import (
    CalendarDay,
    Item,
    Request,
    Setting,
)
from storage.upsert import insert_new

NOTICE, LOCAL = "notice", "local"
"""Where a row comes from: a year's notice, or the bureau itself."""
STATE: Final = "calendar"  # the setting that carries the version, why it last grew, and what the library said
_PUBLISHED: Final = "published"
_YEARS_KEPT: Final = 2  # of the library: open entries hang on no older day


async def load(session: AsyncSession) -> Calendar:
    """Return the calendar as it stands in this transaction."""
    rows = await session.scalars(select(CalendarDay).execution_options(populate_existing=True))
    days = {row.date: Day(row.date, DayKind(row.kind), row.notice or row.source) for row in rows}
    return Calendar(days, version=await version(session))


async def version(session: AsyncSession) -> int:
    """Return how often the calendar has been changed."""
    value = await session.scalar(select(Setting.value).where(Setting.key == STATE))
    return int(value["version"]) if value else 0


async def reason(session: AsyncSession) -> str:
    """Return why the calendar was last changed: a notice's number, or the reason of a rest day."""
    value = await session.scalar(select(Setting.value).where(Setting.key == STATE))
    return str(value["reason"]) if value else ""


async def lock(session: AsyncSession) -> None:
    """Let no other transaction change the calendar before this one ends."""
    await insert_new(session, Setting, [{"key": STATE, "value": {"version": 0, "reason": ""}}])
    await session.scalar(select(Setting.key).where(Setting.key == STATE).with_for_update())


async def as_reckoned(session: AsyncSession, stands: Calendar) -> Calendar:
    """Return a calendar as it was when the open entries were last reckoned, by the library of that time.

    That the present library holds from now on is written down with it, silently where nothing was before: this
    transaction has to reckon the entries again from what is returned. A year that only a newer release knew, which was
    taken back, is no news.

    Args:
        session: The unit of work; the calendar is locked in it.
        stands: The calendar with the present library.
    """
    await lock(session)
    row = await session.get_one(Setting, STATE, populate_existing=True)
    said = row.value.get(_PUBLISHED)
    row.value = {**row.value, _PUBLISHED: _to_json(stands.published)}
    await session.flush()
    return stands if said is None else stands.with_published(_from_json(said, stands.published))


def _to_json(published: Published) -> dict[str, Any]:
    older = published.before(published.until - _YEARS_KEPT + 1)
    days = {on.isoformat(): kind.value for on, kind in sorted(published.named.items()) if on not in older}
    return {"until": published.until, "days": days}


def _from_json(said: Mapping[str, Any], present: Published) -> Published:
    """Return what the library said before, in the years that the present one knows too."""
    days = {dt.date.fromisoformat(on): DayKind(kind) for on, kind in said["days"].items()}
    named = present.before(said["until"] - _YEARS_KEPT + 1) | days
    until = min(said["until"], present.until)
    return Published({on: kind for on, kind in named.items() if on.year <= until}, until)


async def local_days(session: AsyncSession) -> Sequence[CalendarDay]:
    """Return the bureau's own rest days, in order."""
    rows = await session.scalars(select(CalendarDay).where(CalendarDay.source == LOCAL).order_by(CalendarDay.date))
    return rows.all()


async def laid_over(session: AsyncSession, notice: Notice) -> Mapping[dt.date, Day]:
    """Return the days that a notice brings; a rest day of the bureau stays where the notice has a working day."""
    days = notice.days()
    own = {row.date for row in await local_days(session)}
    return {on: day for on, day in days.items() if not (on in own and day.is_workday)}


async def replace_year(session: AsyncSession, notice: Notice) -> None:
    """Put a notice in the place of whatever stood for its year; the calendar must be locked.

    Args:
        session: The unit of work.
        notice: The whole year.
    """
    wanted = await laid_over(session, notice)
    replaced = [on for on in wanted if on.year != notice.year]
    kept = {on for on in notice.days() if on not in wanted}
    of_year = (CalendarDay.date >= dt.date(notice.year, 1, 1)) & (CalendarDay.date <= dt.date(notice.year, 12, 31))
    await session.execute(
        delete(CalendarDay).where((of_year & CalendarDay.date.not_in(kept)) | CalendarDay.date.in_(replaced))
    )
    session.add_all(_row(day, NOTICE, notice.number) for day in wanted.values())
    await _grow(session, notice.number)


async def add_local(session: AsyncSession, on: dt.date, why: str) -> None:
    """Make a day a rest day of the bureau's own; the calendar must be locked.

    Args:
        session: The unit of work.
        on: A working day.
        why: The reason, as the coordinator gave it.
    """
    await session.execute(delete(CalendarDay).where(CalendarDay.date == on))
    session.add(_row(Day(on, DayKind.HOLIDAY, why), LOCAL, why))
    await _grow(session, why)


async def remove_local(session: AsyncSession, row: CalendarDay) -> None:
    """Give a rest day of the bureau's own back: it is the working day again that it was; the calendar must be locked.

    Args:
        session: The unit of work.
        row: One of ``local_days``.
    """
    on, why = row.date, row.notice or ""
    of_year = await session.get(CalendarDay, dt.date(on.year, 1, 1))
    await session.execute(delete(CalendarDay).where(CalendarDay.date == on))
    if of_year is not None and of_year.source == NOTICE:
        kind = DayKind.WORKDAY if on.weekday() < 5 else DayKind.MAKEUP
        session.add(_row(Day(on, kind, ""), NOTICE, of_year.notice))
    await _grow(session, why)


_Row = TypeVar("_Row", Request, Item)


def copy_of(row: _Row) -> _Row:
    """Return a row's values as a row of no unit of work, on which dates can be tried."""
    columns = [each.key for each in inspect(type(row)).column_attrs]
    return type(row)(**{name: getattr(row, name) for name in columns})


def _row(day: Day, source: str, notice: str | None) -> CalendarDay:
    return CalendarDay(date=day.on, kind=day.kind.value, source=source, notice=notice)


async def _grow(session: AsyncSession, why: str) -> None:
    row = await session.get_one(Setting, STATE, populate_existing=True)
    row.value = {**row.value, "version": row.value["version"] + 1, "reason": why}
    await session.flush()
