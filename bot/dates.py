"""Dates as officers type and read them."""

import re
from datetime import date, timedelta
from functools import cache
from typing import Final

from babel import Locale

from bot.errors import Refusal
from bot.language import _, current_language
from bot.plaintext import in_arabic, normalise

_RELATIVE_DAYS: Final = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "当天": 0,
    "明天": 1, "明日": 1, "后天": 2, "大后天": 3, "yesterday": -1, "today": 0, "tomorrow": 1,
}  # fmt: skip
_WEEKS: Final = {"上": -1, "上个": -1, "本": 0, "这": 0, "这个": 0, "": 0, "下": 1, "下个": 1}
_YEAR_WORDS: Final = {"去年": -1, "今年": 0, "本年": 0, "明年": 1}
_WEEKDAY: Final = re.compile(r"(?P<week>上个?|本|这个?|下个?|)(?:周|星期|礼拜)(?P<weekday>[1-7日天])", re.ASCII)
_DATE: Final = re.compile(
    r"(?:(?P<year>\d{4})[年\-/.]|(?P<short_year>\d\d)年|(?P<year_word>去年|今年|本年|明年))?"
    r"(?P<month>\d{1,2})[月\-/.](?P<day>\d{1,2})[日号]?",
    re.ASCII,
)
_COMPACT: Final = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)", re.ASCII)
_NOTED_WEEKDAY: Final = re.compile(r"\((?:周|星期)(?P<weekday>[1-7日天])(?:,暂定)?\)$")
_FIRST_YEAR, _LAST_YEAR = 2000, 2099
_ECHO_LIMIT: Final = 20

# Patterns of Unicode's date format, by language: (this year, another year, the mark of doubt).
_PATTERNS: Final = {
    "zh_CN": ("M月d日（EEE{doubt}）", "y年M月d日（EEE{doubt}）", "，暂定"),
    "en": ("EEE d MMM{doubt}", "EEE d MMM y{doubt}", ", 'provisional'"),
}


def parse_day(text: str, *, today: date, ahead: bool = False) -> date:
    """Read a date as officers write it.

    Understood: 今天 and its neighbours, 周五/上周五/下周三 (a bare weekday is this week's), 3月5日, 3月5号,
    3-5, 3/5, 3.5, 2026-03-05, 2026年3月5日, 去年3月5日, 20260305, all with full-width digits, Chinese
    numerals and spaces too, and what ``format_day`` writes in Chinese. A date without a year takes the year in
    which it lies nearest to today.

    Args:
        text: What was typed.
        today: Local date of the officer's today.
        ahead: Whether a date without a year means the next one from today on (a decision still to come).

    Raises:
        Refusal: Nothing of the kind, or a day that the calendar does not have.
    """
    plain = in_arabic(normalise(text)).lower()
    if plain in _RELATIVE_DAYS:
        return today + timedelta(days=_RELATIVE_DAYS[plain])
    if weekday := _WEEKDAY.fullmatch(plain):
        monday = today - timedelta(days=today.weekday())
        return monday + timedelta(weeks=_WEEKS[weekday["week"]], days=_weekday_index(weekday["weekday"]))
    noted = _NOTED_WEEKDAY.search(plain)
    bare = plain[: noted.start()] if noted else plain
    match = _DATE.fullmatch(bare) or _COMPACT.fullmatch(bare)
    if match is None:
        raise _unreadable(text, today)
    on = _read_match(match, text, today=today, ahead=ahead)
    if noted and on.weekday() != _weekday_index(noted["weekday"]):
        raise Refusal(
            _("The calendar has %(day)s. Please check the date and send it again.")
            % {"day": format_day(on, today=today)}
        )
    return on


def _weekday_index(name: str) -> int:
    """Return 0 for Monday to 6 for Sunday."""
    return 6 if name in "日天" else int(name) - 1


def _read_match(match: re.Match[str], text: str, *, today: date, ahead: bool) -> date:
    """Return the date of a match, refusing what the calendar does not have."""
    year = _year(match.groupdict(), today)
    month, day = int(match["month"]), int(match["day"])
    if year is not None and not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise _unreadable(text, today)
    _require_month_with_day(month, day, today)
    if year is None:
        year = _year_for(month, day, today=today, ahead=ahead)
    try:
        return date(year, month, day)
    except ValueError:  # only 29 February is left
        raise Refusal(
            _("February %(year)d has no 29th day. Please write a date such as %(example)s.")
            % {"year": year, "example": today.isoformat()}
        ) from None


def _year(parts: dict[str, str | None], today: date) -> int | None:
    """Return the year that was written, in full, with two digits or as a word."""
    if year := parts["year"]:
        return int(year)
    if short_year := parts.get("short_year"):
        return 2000 + int(short_year)
    if year_word := parts.get("year_word"):
        return today.year + _YEAR_WORDS[year_word]
    return None


def _require_month_with_day(month: int, day: int, today: date) -> None:
    """Refuse a month or a day that no year has; a leap year stands for all of them."""
    example = {"month": month, "day": day, "example": today.isoformat()}
    if not 1 <= month <= 12:
        raise Refusal(_("There is no month %(month)d. Please write a date such as %(example)s.") % example)
    try:
        date(_FIRST_YEAR, month, day)
    except ValueError:
        raise Refusal(
            _("Month %(month)d has no day %(day)d. Please write a date such as %(example)s.") % example
        ) from None


def _year_for(month: int, day: int, *, today: date, ahead: bool) -> int:
    """Return the year in which a month and day lie nearest to today, the past one where both are as near."""
    if (month, day) == (2, 29):  # not in every year: its neighbour stands for it
        month, day = 3, 1
    first = today.year if ahead else today.year - 1
    candidates = [date(year, month, day) for year in range(first, today.year + 2)]
    if ahead:
        return min(on for on in candidates if on >= today).year
    return min(candidates, key=lambda on: (abs(on - today), on)).year


def _unreadable(text: str, today: date) -> Refusal:
    """Return the refusal of what is no date, with an example that is one."""
    shown = text.strip()
    if len(shown) > _ECHO_LIMIT:
        shown = shown[:_ECHO_LIMIT] + "…"
    example = f"{today.month}月{today.day}日"
    return Refusal(
        _('"%(text)s" is not a date that can be read. Please write %(short)s or %(full)s.')
        % {"text": shown, "short": example, "full": today.isoformat()}
    )


@cache
def _locale(language: str) -> Locale:
    """Return a language's locale: Babel would look its name up with every date."""
    return Locale.parse(language)


def format_day(on: date, *, today: date, provisional: bool = False) -> str:
    """Return a date as the office writes it, in the officer's language.

    3月6日（周五）, with the year where it is not today's year, and 暂定 where the year's calendar is not published:
    2027年1月5日（周二，暂定）. In English: Fri 6 Mar; Tue 5 Jan 2027, provisional.
    """
    from babel.dates import format_date

    language = current_language()
    this_year, other_year, doubt = _PATTERNS[language]
    pattern = this_year if on.year == today.year else other_year
    return format_date(on, pattern.format(doubt=doubt if provisional else ""), locale=_locale(language))
