from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workdays import Calendar, Day, DayKind, Reckoned
from tests.oracles import workdays_oracle as oracle

CALENDAR = Calendar()
DAYS = st.dates(oracle.FIRST + timedelta(days=90), oracle.LAST - timedelta(days=90))


def test_every_day_of_five_years_is_what_the_oracle_says():
    day, wrong = oracle.FIRST, []
    while day <= oracle.LAST:
        if CALENDAR.is_workday(day) != oracle.is_workday(day):
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


@pytest.mark.parametrize("on", sorted(oracle.MAKEUP), ids=str)
def test_make_up_days_of_2024_to_2026_are_working_days(on):
    day = CALENDAR.day(on)
    assert (day.kind, day.is_workday, day.provisional, on.weekday() >= 5) == (DayKind.MAKEUP, True, False, True)


def test_no_other_day_of_the_published_years_is_a_make_up_day():
    days = (oracle.FIRST + timedelta(days=n) for n in range(3 * 366))
    assert {day for day in days if CALENDAR.day(day).kind is DayKind.MAKEUP} == oracle.MAKEUP


@pytest.mark.parametrize(
    ("on", "kind", "provisional"),
    [
        ("2026-11-20", DayKind.WORKDAY, False),
        ("2026-11-21", DayKind.REST, False),
        ("2026-10-01", DayKind.HOLIDAY, False),
        ("2026-10-03", DayKind.HOLIDAY, False),
        ("2027-01-01", DayKind.HOLIDAY, True),
        ("2027-01-02", DayKind.REST, True),
        ("2027-01-04", DayKind.WORKDAY, True),
    ],
)
def test_a_day_knows_its_kind_and_whether_its_year_is_published(on, kind, provisional):
    day = CALENDAR.day(date.fromisoformat(on))
    assert (day.kind, day.provisional, bool(day.source)) == (kind, provisional, True)


def test_an_imported_notice_wins_and_is_not_provisional():
    saturday = date(2027, 1, 9)
    imported = Day(saturday, DayKind.MAKEUP, "fictitious notice 1")
    calendar = Calendar({saturday: imported})
    assert CALENDAR.is_workday(saturday) is False
    assert calendar.day(saturday) == imported
    assert calendar.add(date(2027, 1, 8), 1) == Reckoned(saturday, provisional=False)


def test_zero_days_is_the_day_itself_or_the_next_working_day():
    assert CALENDAR.add(date(2026, 11, 20), 0).on == date(2026, 11, 20)
    assert CALENDAR.add(date(2026, 11, 21), 0).on == date(2026, 11, 23)


def test_next_workday_never_is_the_day_itself():
    assert CALENDAR.next_workday(date(2026, 11, 19)).on == date(2026, 11, 20)
    assert CALENDAR.next_workday(date(2026, 9, 30)).on == date(2026, 10, 8)


def test_workday_on_or_before_a_holiday_is_the_last_day_before_it():
    assert CALENDAR.workday_on_or_before(date(2026, 10, 5)).on == date(2026, 9, 30)
    assert CALENDAR.workday_on_or_before(date(2026, 9, 30)).on == date(2026, 9, 30)


@given(start=DAYS, n=st.integers(1, 40))
def test_counting_forward_agrees_with_the_oracle(start, n):
    reckoned = CALENDAR.add(start, n)
    assert (reckoned.on, reckoned.provisional) == oracle.nth_workday_after(start, n)


@given(start=DAYS, n=st.integers(1, 40))
def test_counting_back_agrees_with_the_oracle(start, n):
    reckoned = CALENDAR.add(start, -n)
    assert (reckoned.on, reckoned.provisional) == oracle.nth_workday_before(start, n)


@given(start=DAYS, days=st.integers(0, 80))
def test_between_counts_after_the_first_day_up_to_the_last(start, days):
    end = start + timedelta(days=days)
    expected = oracle.workdays_in(start + timedelta(days=1), end)
    assert CALENDAR.between(start, end) == expected
    assert CALENDAR.between(end, start) == -expected


@given(start=DAYS, n=st.integers(1, 40))
def test_between_undoes_counting(start, n):
    assert CALENDAR.between(start, CALENDAR.add(start, n).on) == n
