"""Periods that the office counts by: quarters first, and any other span of local dates.

Source: the Plan, 三（四） (汇总 by the quarter). It names no day; the days are the pack's (domain.md A14).
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from bot.errors import Refusal
from bot.language import _, current_language
from bot.plaintext import normalise
from bot.policy.content import Quarters
from bot.workdays import Calendar, Reckoned

_NUMERALS: Final = "一二三四"
_WRITTEN: Final = re.compile(
    r"(?:(?P<year>(?:20)?\d\d)[年-]?)?(?:第)?[q季]?(?P<number>[1-4一二三四])(?:季度?)?", re.ASCII
)
_CODE: Final = re.compile(r"(?P<year>20\d\d)q(?P<number>[1-4])", re.ASCII | re.IGNORECASE)
_ONE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Some local dates in a row, both ends included."""

    begins_on: dt.date
    ends_on: dt.date

    @property
    def months(self) -> tuple[str, ...]:
        """The calendar months that it touches, in order, as 2026-11."""
        return tuple(f"{on:%Y-%m}" for on in self._month_starts())

    def month_ends(self, zone: ZoneInfo) -> tuple[tuple[str, dt.datetime], ...]:
        """Return each month that it touches with the moment at which the month is over."""
        return tuple((f"{on:%Y-%m}", _midnight(_next_month(on), zone)) for on in self._month_starts())

    def moments(self, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
        """Return when it begins and when it is over, as aware UTC times; the second is no part of it."""
        return _midnight(self.begins_on, zone), _midnight(self.ends_on + _ONE_DAY, zone)

    def has(self, on: dt.date) -> bool:
        """Say whether a local date lies in it."""
        return self.begins_on <= on <= self.ends_on

    def _month_starts(self) -> Iterator[dt.date]:
        on = self.begins_on.replace(day=1)
        while on <= self.ends_on:
            yield on
            on = _next_month(on)


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A natural quarter.

    Attributes:
        year: Of the calendar.
        number: 1 to 4.
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= 4:
            raise ValueError("a year has four quarters")

    @classmethod
    def of(cls, on: dt.date) -> "Quarter":
        """Return the quarter of a local date."""
        return cls(on.year, (on.month + 2) // 3)

    @property
    def begins_on(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, 3 * self.number - 2, 1)

    @property
    def ends_on(self) -> dt.date:
        """Its last day."""
        return self.next.begins_on - _ONE_DAY

    @property
    def span(self) -> Span:
        """Its days."""
        return Span(self.begins_on, self.ends_on)

    @property
    def next(self) -> "Quarter":
        """The quarter after it."""
        return Quarter(self.year + 1, 1) if self.number == 4 else Quarter(self.year, self.number + 1)

    @property
    def previous(self) -> "Quarter":
        """The quarter before it."""
        return Quarter(self.year - 1, 4) if self.number == 1 else Quarter(self.year, self.number - 1)

    @property
    def year_before(self) -> "Quarter":
        """The same quarter of the year before."""
        return Quarter(self.year - 1, self.number)

    @property
    def code(self) -> str:
        """Its short name in buttons, settings and on the command line: 2026Q4."""
        return f"{self.year}Q{self.number}"

    @classmethod
    def from_code(cls, code: str) -> "Quarter | None":
        """Read ``code`` back; None where it is nothing of the kind."""
        match = _CODE.fullmatch(code)
        return cls(int(match["year"]), int(match["number"])) if match else None

    def __str__(self) -> str:
        return self.code


def format_quarter(quarter: Quarter) -> str:
    """Return a quarter as the office writes it: 2026年第四季度."""
    number = _NUMERALS[quarter.number - 1] if current_language() == "zh_CN" else str(quarter.number)
    return _("Q%(number)s %(year)d") % {"number": number, "year": quarter.year}


def parse_quarter(text: str, *, today: dt.date) -> Quarter:
    """Read a quarter as officers write it: 2026年第四季度, 26年4季度, 2026Q4, 2026-4, 第四季度, 四季度.

    Without a year it is the newest that has begun.

    Args:
        text: What was typed.
        today: Local date.

    Raises:
        Refusal: Nothing of the kind.
    """
    match = _WRITTEN.fullmatch(normalise(text).lower().replace(" ", ""))
    if match is None:
        said = _('"%(text)s" is no quarter. Please write one such as %(example)s.')
        raise Refusal(said % {"text": text.strip()[:20], "example": format_quarter(Quarter.of(today))})
    digit = match["number"]
    number = _NUMERALS.index(digit) + 1 if digit in _NUMERALS else int(digit)
    if match["year"] is not None:
        return Quarter(int(match["year"]) % 100 + 2000, number)
    here = Quarter(today.year, number)
    return here if here.begins_on <= today else here.year_before


@dataclass(frozen=True, slots=True)
class QuarterDays:
    """What happens when around the end of a quarter; all but the first lie after it.

    Attributes:
        prompt: The units are asked to get their return ready.
        first_after: They are asked for it.
        again: Working days on which those who have not reported are asked once more, in order; all before the summary.
        due: The last day on which a return is in time: the summary is drafted when the next office day opens.
        summary: The summary is drafted.
    """

    prompt: Reckoned
    first_after: Reckoned
    again: tuple[Reckoned, ...]
    due: Reckoned
    summary: Reckoned


def quarter_days(calendar: Calendar, quarter: Quarter, rules: Quarters) -> QuarterDays:
    """Return the days around the end of a quarter, each a working day.

    Args:
        calendar: The office's calendar.
        quarter: The quarter that ends.
        rules: The pack's.
    """
    ends_on = quarter.ends_on
    summary = calendar.add(ends_on, rules.summary_working_day)
    again = []
    working_days = rules.prompt_working_day + rules.prompt_every_working_days
    while working_days < rules.summary_working_day:
        again.append(calendar.add(ends_on, working_days))
        working_days += rules.prompt_every_working_days
    return QuarterDays(
        prompt=calendar.workday_on_or_before(ends_on - dt.timedelta(days=rules.prompt_days_before_end)),
        first_after=calendar.add(ends_on, rules.prompt_working_day),
        again=tuple(again),
        due=calendar.add(ends_on, max(rules.summary_working_day - 1, 1)),
        summary=summary,
    )


def _next_month(on: dt.date) -> dt.date:
    return (on.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def _midnight(on: dt.date, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.combine(on, dt.time(), zone).astimezone(dt.UTC)
