"""Working days of the People's Republic of China, with their source and with doubt where the year is not published.

The State Council publishes the days off and the make-up working days of a year by a notice in the autumn before.
Until then every day of that year is an estimate, and whatever is reckoned with it is provisional (暂定).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Final

OFFICIAL: Final = "chinesecalendar"
ESTIMATE: Final = "holidays"
FIRST_YEAR: Final = 2004  # of the published days
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


@lru_cache(maxsize=64)
def statutory(year: int) -> Mapping[date, str]:
    """Return the days of a year that are off by law, by the rule of that year, with the festival's name.

    A day of two festivals has both names; what a notice adds to make a longer holiday is not among them.

    Source: 全国年节及纪念日放假办法, art. 2.
    """
    import holidays

    return dict(holidays.country_holidays("CN", years=year, language="zh_CN", observed=False).items())


def plain(on: date) -> DayKind:
    """Return what its weekday alone makes of a day."""
    return DayKind.REST if on.weekday() >= 5 else DayKind.WORKDAY


@dataclass(frozen=True, slots=True)
class Published:
    """What the notices say that a holiday library carries.

    Attributes:
        named: The days that are not what their weekday makes of them: off for a festival, or worked to make up for it.
        until: The last year whose notice it carries.
    """

    named: Mapping[date, DayKind]
    until: int

    def kind(self, on: date) -> DayKind | None:
        """Return the kind of a local date; None in a year without a notice."""
        if not FIRST_YEAR <= on.year <= self.until:
            return None
        return self.named.get(on) or plain(on)

    def before(self, year: int) -> dict[date, DayKind]:
        """Return the named days of the years before one."""
        return {on: kind for on, kind in self.named.items() if on.year < year}


@cache
def in_library() -> Published:
    """Return what the library of this release carries."""
    from chinese_calendar import constants

    off = dict.fromkeys(constants.holidays, DayKind.HOLIDAY)
    return Published(off | dict.fromkeys(constants.workdays, DayKind.MAKEUP), max(constants.holidays).year)


@lru_cache(maxsize=4096)
def _official(on: date, kind: DayKind) -> Day:
    return Day(on, kind, OFFICIAL)


@lru_cache(maxsize=4096)
def _estimated(on: date) -> Day:
    """Return what can be expected of a day without a notice, marked provisional."""
    kind = DayKind.HOLIDAY if on in _estimated_days_off(on.year) else plain(on)
    return Day(on, kind, ESTIMATE, provisional=True)


class Calendar:
    """The office's calendar: imported notices first, then published data, then an estimate.

    Args:
        overlay: Days of imported notices, and the bureau's own, by date; they win over everything else.
        version: Which state of the overlay this is; a later one has a greater number.
        published: What the notices say; None takes the library of this release.
    """

    def __init__(
        self, overlay: Mapping[date, Day] = _NO_OVERLAY, *, version: int = 0, published: Published | None = None
    ) -> None:
        self._overlay = dict(overlay)
        self.version = version
        self.published = in_library() if published is None else published

    def day(self, on: date) -> Day:
        """Return what kind of day a local date is, and who says so."""
        if (laid_over := self._overlay.get(on)) is not None:
            return laid_over
        kind = self.published.kind(on)
        return _estimated(on) if kind is None else _official(on, kind)

    def is_like(self, other: "Calendar") -> bool:
        """Say whether another one has the same days, because it came from the same overlay and library."""
        return (self.version, self.published) == (other.version, other.published)

    def year(self, year: int) -> tuple[Day, ...]:
        """Return all days of a year, in order."""
        first = date(year, 1, 1)
        return tuple(self.day(first + timedelta(days=n)) for n in range((date(year + 1, 1, 1) - first).days))

    def is_published(self, year: int) -> bool:
        """Whether a year's notice is known; the bureau's own days in a year do not make up for it."""
        return not any(day.provisional for day in self.year(year))

    def with_days(self, days: Mapping[date, Day]) -> "Calendar":
        """Return this calendar with some days laid over it, as it would be after a change."""
        return Calendar({**self._overlay, **days}, version=self.version, published=self.published)

    def with_published(self, published: Published) -> "Calendar":
        """Return this calendar as it was, or will be, with another state of the library."""
        return Calendar(self._overlay, version=self.version, published=published)

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
