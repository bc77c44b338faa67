"""Periods that figures are asked for: a month, a quarter, a year, or any days."""

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.dates import parse_day
from bot.documents.letters import written_day
from bot.errors import Refusal
from bot.language import _
from bot.plaintext import normalise
from bot.quarters import Quarter, Span, format_quarter, parse_quarter

MOST_YEARS: Final = 5
_MONTH: Final = re.compile(
    r"(?:(?P<year>(?:20)?\d\d)[年-])?(?P<month>1[0-2]|0?[1-9])月(?:份)?|(20\d\d)-(1[0-2]|0[1-9])", re.ASCII
)
_YEAR: Final = re.compile(r"(?P<year>20\d\d)年?(?:度)?", re.ASCII)
_BETWEEN: Final = re.compile(r"至|到|~|—+")
_DAYS: Final = re.compile(r"(\d{8})-(\d{8})", re.ASCII)


class Kind(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Period:
    """A period with the way it is named.

    Args:
        kind: How long it is.
        span: Its days.
    """

    kind: Kind
    span: Span

    @property
    def code(self) -> str:
        """Its short name in buttons and on the command line: 2026-11, 2026Q4, 2026, 20261001-20261231."""
        first = self.span.begins_on
        match self.kind:
            case Kind.MONTH:
                return f"{first:%Y-%m}"
            case Kind.QUARTER:
                return Quarter.of(first).code
            case Kind.YEAR:
                return f"{first.year}"
        return f"{first:%Y%m%d}-{self.span.ends_on:%Y%m%d}"

    @property
    def before(self) -> "Period":
        """The period of the same kind before it."""
        return self._beside(self.span.begins_on - dt.timedelta(days=1), -1)

    @property
    def after(self) -> "Period":
        """The period of the same kind after it."""
        return self._beside(self.span.ends_on + dt.timedelta(days=1), 1)

    def _beside(self, on: dt.date, step: int) -> "Period":
        if self.kind is not Kind.DAYS:
            return period_of(self.kind, on)
        length = dt.timedelta(days=((self.span.ends_on - self.span.begins_on).days + 1) * step)
        return Period(self.kind, Span(self.span.begins_on + length, self.span.ends_on + length))


def period_of(kind: Kind, on: dt.date) -> Period:
    """Return the month, quarter or year in which a local date lies."""
    if kind is Kind.QUARTER:
        return Period(kind, Quarter.of(on).span)
    if kind is Kind.YEAR:
        return Period(kind, Span(dt.date(on.year, 1, 1), dt.date(on.year, 12, 31)))
    first = on.replace(day=1)
    following = (first + dt.timedelta(days=32)).replace(day=1)
    return Period(Kind.MONTH, Span(first, following - dt.timedelta(days=1)))


def from_code(code: str) -> Period | None:
    """Read a period's code back; None where it is nothing of the kind."""
    if (quarter := Quarter.from_code(code)) is not None:
        return Period(Kind.QUARTER, quarter.span)
    try:
        if days := _DAYS.fullmatch(code):
            first, last = (dt.datetime.strptime(each, "%Y%m%d").replace(tzinfo=dt.UTC).date() for each in days.groups())
            return Period(Kind.DAYS, Span(first, last)) if first <= last else None
        if len(code) == len("2026-11"):
            return period_of(Kind.MONTH, dt.date.fromisoformat(f"{code}-01"))
        return period_of(Kind.YEAR, dt.date(int(code), 1, 1)) if _YEAR.fullmatch(code) else None
    except ValueError:
        return None


def parse_period(text: str, *, today: dt.date) -> Period:
    """Read a period as officers write it: 2026年第四季度, 2026年11月, 11月, 2026年, 2026-10-01至2026-11-15.

    Args:
        text: What was typed.
        today: Local date.

    Raises:
        Refusal: Nothing of the kind, the days in the wrong order, or more than five years.
    """
    plain = normalise(text).replace(" ", "")
    parts = [part for part in _BETWEEN.split(plain) if part]
    if len(parts) == 2:
        return _days(parse_day(parts[0], today=today), parse_day(parts[1], today=today))
    if year := _YEAR.fullmatch(plain):
        return period_of(Kind.YEAR, dt.date(int(year["year"]), 1, 1))
    if month := _MONTH.fullmatch(plain):
        return _month(month, today)
    try:
        return Period(Kind.QUARTER, parse_quarter(plain, today=today).span)
    except Refusal:
        said = _('"%(text)s" is no period. Please write one such as %(quarter)s, %(month)s or %(days)s.')
        examples = {
            "quarter": format_quarter(Quarter.of(today)),
            "month": f"{today.year}年{today.month}月",
            "days": f"{today.year}-01-01至{today.isoformat()}",
        }
        raise Refusal(said % {"text": text.strip()[:20], **examples}) from None


def period_name(period: Period) -> str:
    """Return what a period is called."""
    first = period.span.begins_on
    match period.kind:
        case Kind.MONTH:
            return _("%(year)d-%(month)d") % {"year": first.year, "month": first.month}
        case Kind.QUARTER:
            return format_quarter(Quarter.of(first))
        case Kind.YEAR:
            return _("The year %(year)d") % {"year": first.year}
    return written_span(period.span)


def written_span(span: Span) -> str:
    """Return the days of a period as papers write them: 2026年10月1日至2026年12月31日."""
    return _("%(first)s to %(last)s") % {"first": written_day(span.begins_on), "last": written_day(span.ends_on)}


def _days(first: dt.date, last: dt.date) -> Period:
    if last < first:
        raise Refusal(_("The last day lies before the first. Please check both and send them again."))
    if (last - first).days > MOST_YEARS * 366:
        raise Refusal(_("A period has at most %(years)d years. Please choose a shorter one.") % {"years": MOST_YEARS})
    return Period(Kind.DAYS, Span(first, last))


def _month(match: re.Match[str], today: dt.date) -> Period:
    year, month = match["year"] or match[3], int(match["month"] or match[4])
    if year is not None:
        return period_of(Kind.MONTH, dt.date(int(year) % 100 + 2000, month, 1))
    here = dt.date(today.year, month, 1)
    return period_of(Kind.MONTH, here if here <= today else here.replace(year=today.year - 1))
