"""Changing the office's calendar: what a notice or a rest day would do, and doing it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.calendar_year import Notice
from bot.errors import Refusal
from bot.language import _
from bot.screens.calendar import Reach
from bot.workdays import Calendar, Day, DayKind
from handlers.calendar_change import Shift, carry_out, foresee
from handlers.office import Office
from storage import audit, calendar
from storage.tables import CalendarDay


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes the calendar, and when.

    Args:
        now: Aware UTC time.
        actor_id: The coordinator; None on the command line.
        update_id: The update that caused it.
    """

    now: dt.datetime
    actor_id: int | None = None
    update_id: int | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a notice would change.

    Args:
        before: The calendar as it stands.
        in_force: Whether the year's notice is known already.
        different: Days that would turn from worked to off or back, as they are and as they would be.
        reach: The open entries that it concerns.
    """

    before: Calendar
    in_force: bool
    different: Sequence[tuple[Day, Day]]
    reach: Reach

    @property
    def changes_nothing(self) -> bool:
        """Whether the year is in force already with the same days."""
        return self.in_force and not self.different


async def preview(session: AsyncSession, office: Office, notice: Notice, now: dt.datetime) -> Preview:
    """Return what a notice would change, and change nothing.

    Raises:
        Refusal: The year is so far ahead that its notice cannot be out yet.
    """
    if notice.year > office.today(now).year + 1:
        raise Refusal(
            _("The notice for %(year)d cannot be out yet. Please check the year and send the text again.")
            % {"year": notice.year}
        )
    before = await calendar.load(session)
    days = await calendar.laid_over(session, notice)
    different = [
        (before.day(on), day) for on, day in sorted(days.items()) if before.day(on).is_workday != day.is_workday
    ]
    shifts = await foresee(session, office, before, before.with_days(days), now)
    return Preview(before, before.is_published(notice.year), different, reach_of(shifts))


async def bring_in(session: AsyncSession, office: Office, notice: Notice, act: Act) -> Reach:
    """Put a notice in force for its year, and reckon the ledger again; the calendar must be locked.

    Args:
        session: The unit of work.
        office: Rules.
        notice: The whole year.
        act: Who does it, and when.
    """
    before = await _as_reckoned(session)
    await calendar.replace_year(session, notice)
    after = {"notice": notice.number, "days": {on.isoformat(): kind.value for on, kind in notice.named.items()}}
    _note(session, act, "calendar.import", notice.year, after=after, reason=notice.number)
    return await _reckoned_again(session, office, before, notice.number, act)


async def reach_of_own(session: AsyncSession, office: Office, on: dt.date, now: dt.datetime, *, removes: bool) -> Reach:
    """Return what a rest day of the bureau would change if it were added or removed."""
    before = await calendar.load(session)
    kind = _worked(on) if removes else DayKind.HOLIDAY
    return reach_of(await foresee(session, office, before, before.with_days({on: Day(on, kind, "")}), now))


async def add_rest_day(session: AsyncSession, office: Office, on: dt.date, why: str, act: Act) -> Reach:
    """Make a working day a rest day of the bureau, and reckon the ledger again; the calendar must be locked."""
    before = await _as_reckoned(session)
    await calendar.add_local(session, on, why)
    _note(session, act, "calendar.add_day", on.year, after={"on": on.isoformat()}, reason=why)
    return await _reckoned_again(session, office, before, why, act)


async def remove_rest_day(session: AsyncSession, office: Office, row: CalendarDay, act: Act) -> Reach:
    """Make a rest day of the bureau a working day again, and reckon the ledger again; the calendar must be locked."""
    before, on, why = await _as_reckoned(session), row.date, row.notice or ""
    await calendar.remove_local(session, row)
    _note(session, act, "calendar.remove_day", on.year, after={"on": on.isoformat()}, reason=why)
    return await _reckoned_again(session, office, before, why, act)


def reach_of(shifts: Sequence[Shift]) -> Reach:
    """Count what a change concerns."""
    return Reach(sum(each.changes_dates for each in shifts), sum(each.replans for each in shifts))


async def _as_reckoned(session: AsyncSession) -> Calendar:
    """Return the calendar that the open entries were last reckoned with; the command line may be a newer release."""
    return await calendar.as_reckoned(session, await calendar.load(session))


async def _reckoned_again(session: AsyncSession, office: Office, before: Calendar, why: str, act: Act) -> Reach:
    after = await calendar.load(session)
    shifts = await carry_out(
        session, office, before, after, reason=why, now=act.now, actor_id=act.actor_id, update_id=act.update_id
    )
    return reach_of(shifts)


def _note(session: AsyncSession, act: Act, verb: str, year: int, *, after: object, reason: str) -> None:
    audit.note(session, at=act.now, actor_id=act.actor_id, verb=verb, subject=("calendar", year),
               update_id=act.update_id, after=after, reason=reason)  # fmt: skip


def _worked(on: dt.date) -> DayKind:
    return DayKind.WORKDAY if on.weekday() < 5 else DayKind.MAKEUP
