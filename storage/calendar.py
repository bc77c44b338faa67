"""The office's calendar as it is kept: days of imported notices, the bureau's own rest days, and what hangs on them.

A day has one row at most. The version grows with every change, so that each process knows when to read them again.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import delete, func, inspect, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.calendar_year import Notice
from bot.policy.model import ProductKind
from bot.workdays import Calendar, Day, DayKind
from storage import reminders
from storage.ledger import WAITING
from storage.tables import (
    CalendarDay,
    Commitment,
    CommitmentState,
    Item,
    Reminder,
    ReminderState,
    Request,
    RequestState,
    Setting,
    Unit,
)
from storage.upsert import insert_new

NOTICE, LOCAL = "notice", "local"
"""Where a row comes from: a year's notice, or the bureau itself."""
STATE: Final = "calendar"  # the setting that carries the version and why it last grew
_SAID: Final = (ReminderState.SENT, ReminderState.ACKNOWLEDGED)
_OVERDUE: Final = "overdue+"


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry that something is still expected of.

    Args:
        request: The entry's row.
        waiting: Its verifications that are waited for, by id; only of an open entry.
        fulfil_by_on: Local date of the earliest of its commitments that is still to be fulfilled.
        overdue_said: How many overdue stages have been said already.
    """

    request: Request
    waiting: Sequence[Item]
    fulfil_by_on: dt.date | None
    overdue_said: int


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


async def standing(session: AsyncSession) -> Sequence[Standing]:
    """Return every entry of which a verification or the fulfilment of a commitment is still expected, by id."""
    fulfil = await _fulfilments(session)
    followed = or_(Request.state == RequestState.OPEN, Request.id.in_(fulfil.keys()))
    requests = await session.scalars(select(Request).where(followed).order_by(Request.id))
    items = await session.scalars(
        select(Item)
        .join(Request, Request.id == Item.request_id)
        .where(Request.state == RequestState.OPEN)
        .where(Item.product_kind == ProductKind.VERIFICATION, Item.state.in_(WAITING))
        .order_by(Item.id)
    )
    waiting: dict[int, list[Item]] = {}
    for item in items:
        waiting.setdefault(item.request_id, []).append(item)
    said = await _overdue_said(session)
    return [
        Standing(request, waiting.get(request.id, ()), fulfil.get(request.id), said.get(request.id, 0))
        for request in requests.all()
        if request.id in waiting or request.id in fulfil
    ]


async def numbers(session: AsyncSession, request_ids: Collection[int]) -> Mapping[int, str]:
    """Return the entries' numbers as people say them (大气2026-17)."""
    rows = await session.execute(
        select(Request.id, Unit.short_name, Request.year, Request.seq)
        .join(Unit, Unit.id == Request.unit_id)
        .where(Request.id.in_(request_ids))
    )
    return {request_id: f"{unit}{year}-{seq}" for request_id, unit, year, seq in rows}


_Row = TypeVar("_Row", Request, Item)


def copy_of(row: _Row) -> _Row:
    """Return a row's values as a row of no unit of work, on which dates can be tried."""
    columns = [each.key for each in inspect(type(row)).column_attrs]
    return type(row)(**{name: getattr(row, name) for name in columns})


async def hush_said(session: AsyncSession, request: Request, *, now: dt.datetime) -> None:
    """Of an entry's reminders planned just now, let those be silent whose moment is past and that were said before."""
    rows = await session.scalars(
        select(Reminder).where(Reminder.subject_kind == reminders.SUBJECT, Reminder.subject_id == request.id)
    )
    known = rows.all()
    said = {(row.kind, row.stage, row.audience) for row in known if row.state in _SAID}
    for row in known:
        is_new = row.basis_version == request.basis_version and row.state is ReminderState.PLANNED
        if is_new and row.due_at <= now and (row.kind, row.stage, row.audience) in said:
            row.state, row.reason = ReminderState.SUPERSEDED, "said before the calendar changed"
    await session.flush()


async def _fulfilments(session: AsyncSession) -> Mapping[int, dt.date]:
    """Return the earliest day until which a commitment of each entry is to be fulfilled, where one is open."""
    rows = await session.execute(
        select(Item.request_id, func.min(Commitment.fulfil_by_on))
        .join(Commitment, Commitment.item_id == Item.id)
        .where(Commitment.state.in_((CommitmentState.SIGNED, CommitmentState.FULFILLING)))
        .where(Commitment.fulfil_by_on.is_not(None))
        .group_by(Item.request_id)
    )
    return {request_id: on for request_id, on in rows if on is not None}


async def _overdue_said(session: AsyncSession) -> Mapping[int, int]:
    rows = await session.execute(
        select(Reminder.subject_id, Reminder.stage).where(
            Reminder.subject_kind == reminders.SUBJECT,
            Reminder.stage.startswith(_OVERDUE, autoescape=True),
            Reminder.state.in_(_SAID),
        )
    )
    said: dict[int, int] = {}
    for request_id, stage in rows:
        said[request_id] = max(said.get(request_id, 0), int(stage.removeprefix(_OVERDUE)))
    return said


def _row(day: Day, source: str, notice: str | None) -> CalendarDay:
    return CalendarDay(date=day.on, kind=day.kind.value, source=source, notice=notice)


async def _grow(session: AsyncSession, why: str) -> None:
    row = await session.get_one(Setting, STATE, populate_existing=True)
    row.value = {"version": row.value["version"] + 1, "reason": why}
    await session.flush()
