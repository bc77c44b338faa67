"""Quarters and the days around their end."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.language import speaking
from bot.policy.content import Quarters
from bot.quarters import Quarter, Span, format_quarter, parse_quarter, quarter_days
from bot.workdays import Calendar

TODAY = dt.date(2026, 11, 28)
DAYS = st.dates(dt.date(2001, 1, 1), dt.date(2098, 12, 31))


@given(DAYS)
def test_each_day_lies_in_its_quarter_and_in_no_neighbour(on):
    quarter = Quarter.of(on)
    assert quarter.begins_on <= on <= quarter.ends_on
    assert quarter.previous.ends_on + dt.timedelta(days=1) == quarter.begins_on
    assert quarter.next.previous == quarter == Quarter.from_code(quarter.code)
    assert (quarter.year_before.number, quarter.year_before.year) == (quarter.number, quarter.year - 1)
    assert (quarter.begins_on.day, quarter.begins_on.month % 3) == (1, 1)
    assert 90 <= (quarter.ends_on - quarter.begins_on).days + 1 <= 92
    assert quarter.previous < quarter < quarter.next


@given(DAYS)
def test_what_is_written_can_be_read_again(on):
    quarter = Quarter.of(on)
    for language in ("zh_CN", "en"):
        with speaking(language):
            written = format_quarter(quarter)
        if language == "zh_CN":
            assert parse_quarter(written, today=TODAY) == quarter


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026年第四季度", "2026Q4"),
        ("26年4季度", "2026Q4"),
        ("2026Q3", "2026Q3"),
        ("２０２６－３", "2026Q3"),
        ("第三季度", "2026Q3"),
        ("四季度", "2026Q4"),
        (" 2025 年 一季度 ", "2025Q1"),
        ("q1", "2026Q1"),
    ],
)
def test_quarters_are_read_as_officers_write_them(text, code):
    assert parse_quarter(text, today=TODAY).code == code


def test_a_quarter_without_its_year_has_begun_already():
    assert parse_quarter("四季度", today=dt.date(2026, 3, 1)) == Quarter(2025, 4)


@pytest.mark.parametrize("text", ["第五季度", "2026", "季度", "1月", "2026年0季度", ""])
def test_what_is_no_quarter_is_refused(text):
    with speaking("en"), pytest.raises(Refusal, match="no quarter"):
        parse_quarter(text, today=TODAY)


@pytest.mark.parametrize("code", ["2026Q5", "2026", "x", "1926Q1"])
def test_a_code_of_another_form_is_none(code):
    assert Quarter.from_code(code) is None


def test_a_quarter_is_named_in_the_officers_language():
    with speaking("zh_CN"):
        assert format_quarter(Quarter(2026, 4)) == "2026年第四季度"
    with speaking("en"):
        assert format_quarter(Quarter(2026, 4)) == "Q4 2026"


def test_the_days_around_the_end_of_2026():
    days = quarter_days(Calendar(), Quarter(2026, 4), Quarters())
    assert days.prompt.on == dt.date(2026, 12, 21)
    assert days.first_after.on == dt.date(2027, 1, 4)
    assert [each.on for each in days.again] == [dt.date(2027, 1, 6)]
    assert (days.summary.on, days.summary.provisional) == (dt.date(2027, 1, 8), True)


def test_the_days_around_a_holiday_are_working_days():
    days = quarter_days(Calendar(), Quarter(2026, 3), Quarters())
    assert days.prompt.on == dt.date(2026, 9, 20)  # a Sunday, and a make-up working day
    assert days.first_after.on == dt.date(2026, 10, 8)
    assert [each.on for each in days.again] == [dt.date(2026, 10, 10)]  # a Saturday that is worked
    assert days.summary.on == dt.date(2026, 10, 13)


@given(DAYS.filter(lambda on: 2005 <= on.year <= 2027), st.integers(1, 30), st.integers(1, 4), st.integers(1, 20))
def test_every_day_is_a_working_day_in_order_and_before_the_summary(on, before, first, summary):
    rules = Quarters(prompt_days_before_end=before, prompt_working_day=first, summary_working_day=summary)
    days = quarter_days(Calendar(), Quarter.of(on), rules)
    for each in (days.prompt, days.first_after, *days.again, days.summary):
        assert Calendar().is_workday(each.on)
    order = [days.first_after.on, *(each.on for each in days.again)]
    assert order == sorted(set(order))
    assert all(each.on < days.summary.on for each in days.again)
    assert days.prompt.on <= Quarter.of(on).ends_on - dt.timedelta(days=before)


def test_a_span_knows_its_months_and_moments():
    span, zone = Span(dt.date(2026, 11, 15), dt.date(2027, 1, 3)), ZoneInfo("Asia/Shanghai")
    assert span.months == ("2026-11", "2026-12", "2027-01")
    assert span.moments(zone) == (
        dt.datetime(2026, 11, 14, 16, tzinfo=dt.UTC),
        dt.datetime(2027, 1, 3, 16, tzinfo=dt.UTC),
    )
    assert span.month_ends(zone)[0] == ("2026-11", dt.datetime(2026, 11, 30, 16, tzinfo=dt.UTC))
    assert span.has(dt.date(2027, 1, 3)) and not span.has(dt.date(2027, 1, 4))
