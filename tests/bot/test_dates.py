from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dates import format_day, parse_day
from bot.errors import Refusal
from bot.language import speaking

TODAY = date(2026, 3, 6)  # a Friday


@pytest.fixture(autouse=True)
def _english():
    with speaking("en"):
        yield


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天", "2026-03-06"), (" 今 天 ", "2026-03-06"), ("昨天", "2026-03-05"), ("前天", "2026-03-04"),
        ("明天", "2026-03-07"), ("后天", "2026-03-08"), ("Today", "2026-03-06"),
        ("3月5日", "2026-03-05"), ("3月5号", "2026-03-05"), ("3月5", "2026-03-05"), ("3-5", "2026-03-05"),
        ("3/5", "2026-03-05"), ("3.5", "2026-03-05"), ("03-05", "2026-03-05"), ("３月５日", "2026-03-05"),
        ("三月五日", "2026-03-05"), ("二月二十八日", "2026-02-28"), ("十二月三十一号", "2025-12-31"),
        ("2026-03-05", "2026-03-05"), ("2026年3月5日", "2026-03-05"), ("2026/3/5", "2026-03-05"),
        ("2026.3.5", "2026-03-05"), ("20260305", "2026-03-05"), ("２０２６－０３－０５", "2026-03-05"),
        ("二〇二六年三月五日", "2026-03-05"), ("二零二六年三月五日", "2026-03-05"), ("26年3月5日", "2026-03-05"),
        ("2026 年 3 月 5 日", "2026-03-05"), ("2026-03-05\u200b", "2026-03-05"),
        ("去年3月5日", "2025-03-05"), ("明年1月5日", "2027-01-05"), ("2028年2月29日", "2028-02-29"),
        ("周五", "2026-03-06"), ("上周五", "2026-02-27"), ("本周三", "2026-03-04"), ("周日", "2026-03-08"),
        ("下个星期一", "2026-03-09"), ("星期天", "2026-03-08"), ("周二", "2026-03-03"),
        ("3月6日（周五）", "2026-03-06"), ("2027年1月5日（周二，暂定）", "2027-01-05"),
    ],
)  # fmt: skip
def test_dates_are_read_as_officers_write_them(text, expected):
    assert parse_day(text, today=TODAY) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("today", "text", "nearest", "ahead"),
    [
        ("2026-01-05", "12月28日", "2025-12-28", "2026-12-28"),
        ("2026-12-28", "1月5日", "2027-01-05", "2027-01-05"),
        ("2026-11-22", "6月30日", "2026-06-30", "2027-06-30"),
        ("2026-11-22", "11月22日", "2026-11-22", "2026-11-22"),
        ("2027-12-20", "2月29日", "2028-02-29", "2028-02-29"),
    ],
)
def test_date_without_year_lies_nearest_to_today_or_ahead_of_it(today, text, nearest, ahead):
    today = date.fromisoformat(today)
    assert parse_day(text, today=today) == date.fromisoformat(nearest)
    assert parse_day(text, today=today, ahead=True) == date.fromisoformat(ahead)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2月30日", "Month 2 has no day 30"),
        ("4月31日", "Month 4 has no day 31"),
        ("2026-04-31", "Month 4 has no day 31"),
        ("3月0日", "Month 3 has no day 0"),
        ("13月1日", "no month 13"),
        ("20261301", "no month 13"),
        ("2月29日", "February 2026"),
        ("2027年2月29日", "February 2027"),
        ("3月6日（周四）", "Fri 6 Mar"),
    ],
)
def test_impossible_date_is_refused_and_named(text, named):
    with pytest.raises(Refusal) as refusal:
        parse_day(text, today=TODAY)
    assert named in refusal.value.message


@pytest.mark.parametrize(
    "text",
    ["", "   ", "明白", "3", "3月", "5日", "2026", "1-2-3-4", "1899-01-01", "3月5日6日", "今天吗", "<b>3-5</b>"],
)
def test_what_is_no_date_is_refused_with_an_example(text):
    with pytest.raises(Refusal) as refusal:
        parse_day(text, today=TODAY)
    assert "3月6日" in refusal.value.message
    assert "2026-03-06" in refusal.value.message


def test_long_text_is_not_repeated_whole():
    with pytest.raises(Refusal) as refusal:
        parse_day("字" * 4000, today=TODAY)
    assert len(refusal.value.message) < 150


@given(on=st.dates(date(2000, 1, 1), date(2099, 12, 31)), today=st.dates(date(2001, 1, 1), date(2098, 12, 31)))
def test_what_the_bot_writes_it_can_read(on, today):
    for provisional in (False, True):
        with speaking("zh_CN"):
            written = format_day(on, today=on if on.year == today.year else today, provisional=provisional)
        near = on if on.year == today.year else today
        assert parse_day(written, today=near) == on


@given(today=st.dates(date(2001, 1, 1), date(2098, 12, 31)), days=st.integers(-180, 180))
def test_date_without_year_within_half_a_year_is_found_on_either_side(today, days):
    on = today + timedelta(days=days)
    assert parse_day(f"{on.month}月{on.day}日", today=today) == on


@pytest.mark.parametrize(
    ("on", "provisional", "chinese", "english"),
    [
        ("2026-03-06", False, "3月6日（周五）", "Fri 6 Mar"),
        ("2027-01-05", True, "2027年1月5日（周二，暂定）", "Tue 5 Jan 2027, provisional"),
        ("2025-12-28", False, "2025年12月28日（周日）", "Sun 28 Dec 2025"),
        ("2026-11-26", True, "11月26日（周四，暂定）", "Thu 26 Nov, provisional"),
    ],
)
def test_dates_are_written_as_the_office_writes_them(on, provisional, chinese, english):
    on = date.fromisoformat(on)
    with speaking("zh_CN"):
        assert format_day(on, today=TODAY, provisional=provisional) == chinese
    assert format_day(on, today=TODAY, provisional=provisional) == english
