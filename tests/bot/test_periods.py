"""Periods as officers write them, and as buttons carry them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.language import speaking
from bot.periods import Kind, Period, from_code, parse_period, period_name, period_of
from bot.quarters import Span

TODAY = dt.date(2026, 11, 28)
DAYS = st.dates(dt.date(2001, 1, 1), dt.date(2098, 12, 31))


@given(st.sampled_from([Kind.MONTH, Kind.QUARTER, Kind.YEAR]), DAYS)
def test_a_period_is_found_again_by_its_code_and_has_two_neighbours(kind, on):
    period = period_of(kind, on)
    assert period.span.has(on) and from_code(period.code) == period
    assert period.after.before == period == period.before.after
    assert period.before.span.ends_on + dt.timedelta(days=1) == period.span.begins_on


@given(DAYS, st.integers(0, 900))
def test_any_days_are_found_again_by_their_code(first, length):
    period = Period(Kind.DAYS, Span(first, min(first + dt.timedelta(days=length), dt.date(2099, 1, 1))))
    assert from_code(period.code) == period
    assert (period.after.span.ends_on - period.after.span.begins_on) == period.span.ends_on - period.span.begins_on


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026年第四季度", "2026Q4"),
        ("三季度", "2026Q3"),
        ("11月", "2026-11"),
        ("12月份", "2025-12"),
        ("2026年3月", "2026-03"),
        ("2026-03", "2026-03"),
        ("２０２６年", "2026"),
        ("2025年度", "2025"),
        ("2026-10-01至2026-11-15", "20261001-20261115"),
        ("10月1日到11月15日", "20261001-20261115"),
        ("2026-10-01~今天", "20261001-20261128"),
    ],
)
def test_periods_are_read_as_officers_write_them(text, code):
    with speaking("zh_CN"):
        period = parse_period(text, today=TODAY)
        assert period.code == code
        assert parse_period(period_name(period), today=TODAY) == period


@pytest.mark.parametrize("text", ["", "去年", "2026-11-15至2026-10-01", "13月", "2001-01-01至2026-01-01", "一至二至三"])
def test_what_is_no_period_is_refused(text):
    with pytest.raises(Refusal):
        parse_period(text, today=TODAY)


@pytest.mark.parametrize("code", ["", "x", "2026Q5", "2026-13", "20261115-20261001", "20261301-20261401", "26", "1999"])
def test_a_code_of_another_form_is_none(code):
    assert from_code(code) is None
