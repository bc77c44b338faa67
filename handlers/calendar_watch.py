"""Keeping up with the calendar: a change made elsewhere is taken over, and a year that is missing is asked for."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import _, speaking
from bot.screens import calendar as screens
from bot.screens.screen import Screen
from handlers import hours
from handlers.calendar_change import carry_out
from handlers.office import Office
from storage import calendar, outbox, people, periodic
from storage.tables import Person

MISSING: Final = "calendar.missing"
FROM_MONTH: Final = 11  # the State Council publishes the next year's notice in November or December (domain.md §5)


class CalendarWatch:
    """Brings this process up to the calendar that is kept, and the ledger up to the library of this release.

    An entry that was made with the old calendar while another transaction changed it is found here and reckoned again,
    so that no such entry keeps a date that nobody would correct. A year that the library has learnt with a new release
    is carried out at its first look, as a notice is.

    Args:
        office: The office; its calendar is replaced.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._settled = office.calendar  # what every entry is known to have been reckoned with
        self._settling = office.calendar
        self._has_looked = False

    async def look(self, session: AsyncSession, now: dt.datetime) -> None:
        """Take over a changed calendar, and reckon again what was made with the old one meanwhile."""
        if await calendar.version(session) != self._office.calendar.version:
            self._office.calendar = await calendar.load(session)
        self._settling = self._office.calendar
        if not self._has_looked:
            self._settled = await calendar.as_reckoned(session, self._settled)
        if not self._settling.is_like(self._settled):
            why, again = await self._why(session), self._settling.version != self._settled.version
            await carry_out(session, self._office, self._settled, self._settling, reason=why, now=now, again=again)

    def settled(self) -> None:
        """Remember, after the commit, that everything agrees with the calendar."""
        self._settled, self._has_looked = self._settling, True

    async def _why(self, session: AsyncSession) -> str:
        """Return the reason that officers are told and that the record keeps, in the bureau's language."""
        if self._settling.version != self._settled.version:
            return await calendar.reason(session)
        with speaking(self._office.policy.language):
            return _("days off that came with the update of the program")


async def ask_for_missing(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Once a week ask the coordinators for the notice of the next year, from 1 November until it is there.

    A year that has begun without its notice is asked for the same way. Source: features.md N15.

    Returns:
        How many notifications were queued.
    """
    year = missing_year(office, office.today(now))
    if year is None or not hours.has_begun(office, now):
        return 0
    iso = office.today(now).isocalendar()
    period = f"{iso.year}-W{iso.week:02}"
    if not await periodic.begins(session, MISSING, period, now=now):
        return 0
    told, dedupe = await people.coordinators(session), f"{MISSING}:{period}"
    await outbox.enqueue_all(session, told, kind=MISSING, params={"year": year}, dedupe=dedupe, now=now)
    return len(told)


async def render_missing(
    session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Ask a coordinator for a year's notice; None once it is there."""
    stands = await calendar.load(session)
    return None if stands.is_published(params["year"]) else screens.missing(params["year"])


def missing_year(office: Office, today: dt.date) -> int | None:
    """Return a year whose notice ought to be there by a local date and is not."""
    years = (today.year, today.year + 1) if today.month >= FROM_MONTH else (today.year,)
    return next((year for year in years if not office.calendar.is_published(year)), None)


NOTICES: Final = {MISSING: render_missing}
QUIET: Final = dict.fromkeys((MISSING,))
