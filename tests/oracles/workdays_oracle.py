"""A second opinion on working days, as naive as can be: tables typed by hand, one day after another.

2024 to 2026 are the State Council's notices (days off in whole spans, make-up working days one by one). 2027 and
2028 have no notice: the statutory days of the regulation as amended in 2024 (元旦 1, 春节 4 with 除夕, 清明 1, 劳动节
2, 端午 1, 中秋 1, 国庆 3), those on a weekend moved to the next working day, no make-up days.
"""

from datetime import date, timedelta

FIRST, LAST = date(2024, 1, 1), date(2028, 12, 31)
LAST_PUBLISHED_YEAR = 2026

_OFF = [
    ("2024-01-01", "2024-01-01"), ("2024-02-10", "2024-02-17"), ("2024-04-04", "2024-04-06"),
    ("2024-05-01", "2024-05-05"), ("2024-06-10", "2024-06-10"), ("2024-09-15", "2024-09-17"),
    ("2024-10-01", "2024-10-07"),
    ("2025-01-01", "2025-01-01"), ("2025-01-28", "2025-02-04"), ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"), ("2025-05-31", "2025-06-02"), ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"), ("2026-02-15", "2026-02-23"), ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"), ("2026-06-19", "2026-06-21"), ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
    ("2027-01-01", "2027-01-01"), ("2027-02-05", "2027-02-10"), ("2027-04-05", "2027-04-05"),
    ("2027-05-01", "2027-05-04"), ("2027-06-09", "2027-06-09"), ("2027-09-15", "2027-09-15"),
    ("2027-10-01", "2027-10-05"),
    ("2028-01-01", "2028-01-03"), ("2028-01-25", "2028-01-28"), ("2028-04-04", "2028-04-04"),
    ("2028-05-01", "2028-05-02"), ("2028-05-28", "2028-05-29"), ("2028-10-01", "2028-10-04"),
]  # fmt: skip
_MAKEUP_BY_YEAR = {
    2024: ("02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"),
    2025: ("01-26", "02-08", "04-27", "09-28", "10-11"),
    2026: ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10"),
}
MAKEUP = frozenset(date.fromisoformat(f"{year}-{day}") for year, days in _MAKEUP_BY_YEAR.items() for day in days)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


_DAYS_OFF = {day for first, last in _OFF for day in _days(date.fromisoformat(first), date.fromisoformat(last))}


def is_workday(on: date) -> bool:
    """Return whether offices work on a day of 2024 to 2028."""
    if not FIRST <= on <= LAST:
        raise ValueError(on)
    if on in MAKEUP:
        return True
    return on.weekday() < 5 and on not in _DAYS_OFF


def nth_workday_after(start: date, n: int) -> tuple[date, bool]:
    """Return the nth working day after a day, and whether an unpublished year was entered."""
    on, looked_at = start, []
    while n > 0:
        on = on + timedelta(days=1)
        looked_at.append(on)
        if is_workday(on):
            n = n - 1
    return on, any(day.year > LAST_PUBLISHED_YEAR for day in looked_at)


def nth_workday_before(start: date, n: int) -> tuple[date, bool]:
    """Return the nth working day before a day, and whether an unpublished year was entered."""
    on, looked_at = start, []
    while n > 0:
        on = on - timedelta(days=1)
        looked_at.append(on)
        if is_workday(on):
            n = n - 1
    return on, any(day.year > LAST_PUBLISHED_YEAR for day in looked_at)


def workdays_in(first: date, last: date) -> int:
    """Return how many working days there are from a day to another, both included."""
    return sum(1 for day in _days(first, last) if is_workday(day))
