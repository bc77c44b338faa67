from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deadlines import (
    Stage,
    due_at,
    feedback_due,
    latest_submission,
    submit_by_stages,
    valid_until,
    verification_stages,
)  # fmt: skip
from bot.workdays import Calendar
from tests.oracles import workdays_oracle as oracle

CALENDAR = Calendar()
DAYS = st.dates(oracle.FIRST + timedelta(days=120), oracle.LAST - timedelta(days=120))
PLAN = {
    "receipt_after_working_days": 1,
    "before_due_working_days": (1, 0),
    "overdue_first_working_days": 1,
    "overdue_every_working_days": 2,
    "overdue_most": 5,
}


def day(text):
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("received_on", "due_on", "provisional"),
    [
        ("2026-09-30", "2026-10-13", False),
        ("2026-02-13", "2026-02-27", False),
        ("2026-09-17", "2026-09-23", False),
        ("2017-03-27", "2017-04-01", False),
        ("2026-11-22", "2026-11-27", False),
        ("2026-12-28", "2027-01-05", True),
    ],
)
def test_feedback_is_due_on_the_fifth_working_day_after_receipt(received_on, due_on, provisional):
    due = feedback_due(CALENDAR, day(received_on), working_days=5)
    assert (due.on, due.provisional) == (day(due_on), provisional)


def test_last_day_to_submit_before_a_decision_in_january():
    latest = latest_submission(CALENDAR, day("2027-01-15"), working_days=5, margin_working_days=1)
    assert (latest.on, latest.provisional) == (day("2027-01-07"), True)


@given(decide_on=DAYS, working_days=st.integers(1, 20), margin=st.integers(0, 5))
def test_last_day_to_submit_is_in_time_and_the_next_working_day_is_not(decide_on, working_days, margin):
    latest = latest_submission(CALENDAR, decide_on, working_days=working_days, margin_working_days=margin).on
    # Walk back naively: the last day whose feedback leaves the margin.
    limit = decide_on
    if margin:
        limit = oracle.nth_workday_before(decide_on, margin)[0]
    expected = decide_on
    while not (oracle.is_workday(expected) and oracle.nth_workday_after(expected, working_days)[0] <= limit):
        expected -= timedelta(days=1)
    assert latest == expected


@given(decide_on=DAYS)
def test_margin_zero_allows_feedback_on_the_day_of_the_decision(decide_on):
    latest = latest_submission(CALENDAR, decide_on, working_days=5, margin_working_days=0).on
    assert decide_on - timedelta(days=10) < feedback_due(CALENDAR, latest, working_days=5).on <= decide_on


@pytest.mark.parametrize(
    ("issued_on", "months", "day_before", "same_day"),
    [
        ("2025-11-22", 12, "2026-11-21", "2026-11-22"),
        ("2025-12-26", 12, "2026-12-25", "2026-12-26"),
        ("2028-02-29", 12, "2029-02-27", "2029-02-28"),
        ("2027-02-28", 12, "2028-02-27", "2028-02-28"),
        ("2027-03-01", 12, "2028-02-29", "2028-03-01"),
        ("2026-01-01", 12, "2026-12-31", "2027-01-01"),
        ("2026-08-31", 6, "2027-02-27", "2027-02-28"),
        ("2026-12-31", 1, "2027-01-30", "2027-01-31"),
    ],
)
def test_validity_ends_by_the_chosen_convention(issued_on, months, day_before, same_day):
    assert valid_until(day(issued_on), months=months) == day(day_before)
    assert valid_until(day(issued_on), months=months, end="day_before") == day(day_before)
    assert valid_until(day(issued_on), months=months, end="same_day") == day(same_day)


@given(issued_on=st.dates(date(2000, 1, 1), date(2090, 1, 1)), months=st.integers(1, 36))
def test_the_cautious_convention_ends_one_day_earlier(issued_on, months):
    same_day = valid_until(issued_on, months=months, end="same_day")
    assert valid_until(issued_on, months=months) == same_day - timedelta(days=1)
    assert (same_day.year - issued_on.year) * 12 + same_day.month - issued_on.month == months


def test_unconfirmed_receipt_is_asked_about_once_and_nothing_else_is_planned():
    stages = verification_stages(
        CALENDAR, submitted_on=day("2026-11-20"), received_on=None, due_on=day("2026-11-27"), **PLAN
    )
    assert stages == (Stage("receipt", "ask", day("2026-11-23"), provisional=False),)


def test_confirmed_receipt_plans_the_warnings_and_the_first_overdue_stage():
    stages = verification_stages(
        CALENDAR,
        submitted_on=day("2026-11-19"),
        received_on=day("2026-11-19"),
        due_on=day("2026-11-26"),
        **PLAN,
    )
    assert stages == (
        Stage("feedback", "t-1", day("2026-11-25"), provisional=False),
        Stage("feedback", "t-0", day("2026-11-26"), provisional=False),
        Stage("feedback", "overdue+1", day("2026-11-27"), provisional=False),
    )


@pytest.mark.parametrize(
    ("index", "stage", "on"),
    [(0, "overdue+1", "2026-11-27"), (1, "overdue+2", "2026-12-01"), (2, "overdue+3", "2026-12-03")],
)
def test_overdue_stages_follow_every_second_working_day(index, stage, on):
    *_, last = verification_stages(
        CALENDAR,
        submitted_on=day("2026-11-19"),
        received_on=day("2026-11-19"),
        due_on=day("2026-11-26"),
        overdue_index=index,
        **PLAN,
    )
    assert (last.stage, last.on) == (stage, day(on))


def test_no_due_date_plans_nothing():
    on = day("2026-11-19")
    assert verification_stages(CALENDAR, submitted_on=on, received_on=on, due_on=None, **PLAN) == ()


@given(due_on=DAYS)
def test_every_stage_falls_on_a_working_day(due_on):
    stages = verification_stages(CALENDAR, submitted_on=due_on, received_on=due_on, due_on=due_on, **PLAN)
    assert [stage.on for stage in stages if not oracle.is_workday(stage.on)] == []
    assert [stage.stage for stage in stages] == ["t-1", "t-0", "overdue+1"]


def test_warnings_before_the_last_day_to_submit_are_counted_back():
    stages = submit_by_stages(CALENDAR, submit_by_on=day("2027-01-07"), before_working_days=(3, 1, 0))
    assert [(stage.kind, stage.stage, str(stage.on), stage.provisional) for stage in stages] == [
        ("submit_by", "t-3", "2027-01-04", True),
        ("submit_by", "t-1", "2027-01-06", True),
        ("submit_by", "t-0", "2027-01-07", True),
    ]


def test_nine_in_zhengzhou_is_one_in_utc():
    moment = due_at(day("2026-11-23"), time(9), ZoneInfo("Asia/Shanghai"))
    assert moment == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)
