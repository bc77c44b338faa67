"""Working days of the People's Republic of China, with their source and with doubt where the year is not published.

The State Council publishes the days off and the make-up working days of a year by a notice in the autumn before.
Until then every day of that year is an estimate, and whatever is reckoned with it is provisional (暂定).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

OFFICIAL: Final = "chinesecalendar"
ESTIMATE: Final = "holidays"
_ONE_DAY: Final = timedelta(days=1)
_NO_OVERLAY: Final[Mapping[date, "Day"]] = MappingProxyType({})


class DayKind(StrEnum):
    """What a day is for an office."""

    WORKDAY = "workday"
    REST = "rest"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the office's calendar.

    Attributes:
        on: Local date.
        kind: Working day, weekend, holiday or make-up working day (调休上班).
        source: Where the kind was read: a notice's number, or the library that carries it.
        provisional: Whether the year's notice is still missing.
    """

    on: date
    kind: DayKind
    source: str
    provisional: bool = False

    @property
    def is_workday(self) -> bool:
        """Whether the office works on this day."""
        return self.kind in (DayKind.WORKDAY, DayKind.MAKEUP)


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A date found by counting days.

    Attributes:
        on: Local date.
        provisional: Whether any day that was looked at on the way is provisional.
    """

    on: date
    provisional: bool


@lru_cache(maxsize=64)
def _estimated_days_off(year: int) -> frozenset[date]:
    """Return the statutory days off that can be expected in a year without a notice; no make-up days."""
    import holidays

    return frozenset(holidays.country_holidays("CN", years=year))


def _kind(*, off: bool, named: bool) -> DayKind:
    """Return the kind of a day: a name (the festival's) tells holiday from weekend and make-up from plain."""
    if off:
        return DayKind.HOLIDAY if named else DayKind.REST
    return DayKind.MAKEUP if named else DayKind.WORKDAY


def library_reaches() -> int:
    """Return the last year whose notice the library of this release carries."""
    from chinese_calendar.constants import holidays as days_off

    last: date = max(days_off)
    return last.year


@lru_cache(maxsize=4096)
def _published_or_estimated(on: date) -> Day:
    """Return the day as the notices have it, or else an estimate."""
    import chinese_calendar

    try:
        off, festival = chinese_calendar.get_holiday_detail(on)
    except NotImplementedError:  # the library's way to say: no notice for this year
        return _estimated(on)
    return Day(on, _kind(off=off, named=festival is not None), OFFICIAL)


def _estimated(on: date) -> Day:
    """Return what can be expected of a day without a notice, marked provisional."""
    named = on in _estimated_days_off(on.year)
    return Day(on, _kind(off=named or on.weekday() >= 5, named=named), ESTIMATE, provisional=True)


class Calendar:
    """The office's calendar: imported notices first, then published data, then an estimate.

    Args:
        overlay: Days of imported notices, and the bureau's own, by date; they win over everything else.
        version: Which state of the overlay this is; a later one has a greater number.
        published_to: The last year that is read in the library; None reads all that it has.
    """

    def __init__(
        self, overlay: Mapping[date, Day] = _NO_OVERLAY, *, version: int = 0, published_to: int | None = None
    ) -> None:
        self._overlay = dict(overlay)
        self.version = version
        self.published_to = library_reaches() if published_to is None else published_to

    def day(self, on: date) -> Day:
        """Return what kind of day a local date is, and who says so."""
        if (laid_over := self._overlay.get(on)) is not None:
            return laid_over
        return _published_or_estimated(on) if on.year <= self.published_to else _estimated(on)

    def is_like(self, other: "Calendar") -> bool:
        """Say whether another one has the same days, because it came from the same overlay and library."""
        return (self.version, self.published_to) == (other.version, other.published_to)

    def year(self, year: int) -> tuple[Day, ...]:
        """Return all days of a year, in order."""
        first = date(year, 1, 1)
        return tuple(self.day(first + timedelta(days=n)) for n in range((date(year + 1, 1, 1) - first).days))

    def is_published(self, year: int) -> bool:
        """Whether a year's notice is known; the bureau's own days in a year do not make up for it."""
        return not any(day.provisional for day in self.year(year))

    def with_days(self, days: Mapping[date, Day]) -> "Calendar":
        """Return this calendar with some days laid over it, as it would be after a change."""
        return Calendar({**self._overlay, **days}, version=self.version, published_to=self.published_to)

    def published_until(self, year: int) -> "Calendar":
        """Return this calendar as it was when the library carried no notice after a year."""
        return Calendar(self._overlay, version=self.version, published_to=year)

    def is_workday(self, on: date) -> bool:
        """Whether the office works on a local date."""
        return self.day(on).is_workday

    def add(self, start: date, working_days: int) -> Reckoned:
        """Count working days from a date.

        Args:
            start: Local date; not counted itself, as in every period of the Civil Code.
            working_days: Positive counts forward from the next day, negative back from the day before; 0 is the
                start itself if it is a working day, else the next working day.

        Source: 民法典 art. 201 (the day of the event is not counted); 行政许可法 art. 82 (working days exclude
            statutory holidays).
        """
        step = -_ONE_DAY if working_days < 0 else _ONE_DAY
        left = abs(working_days)
        on, provisional = start, False
        if not left:
            on, left = start - step, 1
        while left:
            on += step
            day = self.day(on)
            provisional = provisional or day.provisional
            left -= day.is_workday
        return Reckoned(on, provisional)

    def between(self, start: date, end: date) -> int:
        """Return how many working days lie after ``start`` up to and including ``end``; negative if it lies before."""
        if end < start:
            return -self.between(end, start)
        return sum(self.is_workday(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def next_workday(self, on: date) -> Reckoned:
        """Return the first working day after a date; the date itself never counts."""
        return self.add(on, 1)

    def workday_on_or_before(self, on: date) -> Reckoned:
        """Return the date itself if the office works on it, else the last working day before.

        A reminder that would fall on a holiday is moved to the previous working day in this way.
        """
        return self.add(on + _ONE_DAY, -1)
