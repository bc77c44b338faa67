"""Questions, expiries, own stages and putting off: dates by hand, and by an oracle that knows nothing of this code."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cover import Charge
from bot.deadlines import asked_again, expiry_stages, hand_in_stages, questions_after
from bot.errors import Refusal
from bot.notices import Deciding, OpinionNotice
from bot.policy.loader import load, packaged
from bot.snooze import choices, is_decision, passes, working_day
from bot.wishes import FIELDS, Wishes, hours, offered, offsets, toggled
from bot.workdays import Calendar, Reckoned
from tests.bot.screens.test_reminders import ENTRY, notice
from tests.oracles import workdays_oracle as oracle

CALENDAR = Calendar()
DAYS = st.dates(oracle.FIRST + timedelta(days=120), oracle.LAST - timedelta(days=120))
RULES = load(packaged("zhengzhou")).reminders


def day(text):
    return date.fromisoformat(text)


def said(stages):
    return [(each.stage, str(each.on)) for each in stages]


@pytest.mark.parametrize(
    ("valid_to", "d30", "d7"),
    [
        ("2026-12-25", "2026-11-25", "2026-12-18"),  # both are working days
        ("2026-10-31", "2026-09-30", "2026-10-23"),  # 1 October is a holiday, the 24th a Saturday
        ("2026-10-17", "2026-09-17", "2026-10-10"),  # the 10th is a Saturday that is worked
        ("2026-03-31", "2026-02-28", "2026-03-24"),  # 1 March is a Sunday, the Saturday before it is worked
    ],
)
def test_an_expiry_is_told_on_the_day_or_the_working_day_before(valid_to, d30, d7):
    assert said(expiry_stages(CALENDAR, valid_to=day(valid_to), before_days=(30, 7))) == [("d-30", d30), ("d-7", d7)]


@given(valid_to=DAYS, before=st.integers(1, 60))
def test_no_expiry_is_told_late_or_on_a_rest_day(valid_to, before):
    [stage] = expiry_stages(CALENDAR, valid_to=valid_to, before_days=(before,))
    expected = valid_to - timedelta(days=before)
    while not oracle.is_workday(expected):
        expected -= timedelta(days=1)
    assert stage.on == expected


def test_questions_are_counted_in_working_days():
    """National Day 2026: 1 to 7 October off, Saturday 10 October worked."""
    stages = questions_after(CALENDAR, "use", day("2026-09-29"), after_working_days=(1, 5))
    assert said(stages) == [("ask+1", "2026-09-30"), ("ask+5", "2026-10-12")]


@given(applied=DAYS, after=st.integers(1, 20), ahead=st.integers(1, 60), before=st.integers(1, 5))
def test_a_counterpart_is_asked_for_after_its_application_and_before_the_decision(applied, after, ahead, before):
    decide_on = applied + timedelta(days=ahead)
    stages = hand_in_stages(
        CALENDAR, applied_on=applied, decide_on=decide_on, after_working_days=(after,), before_working_days=(before,)
    )
    assert said(stages) == [
        (f"ask+{after}", str(oracle.nth_workday_after(applied, after)[0])),
        (f"t-{before}", str(oracle.nth_workday_before(decide_on, before)[0])),
    ]


def test_without_an_application_and_a_decision_nobody_is_asked():
    none = {"applied_on": None, "decide_on": None}
    assert hand_in_stages(CALENDAR, **none, after_working_days=(8,), before_working_days=(3,)) == ()


@pytest.mark.parametrize(
    ("answered", "again"),
    [
        ("2026-09-22", "2026-09-24"),  # due on Monday 28 September, after the Mid-Autumn holidays of 25 to 27 September
        ("2026-09-24", "2026-09-28"),
        ("2026-09-28", "2026-10-10"),  # due today; over the National Day's, Saturday 10 October worked
        ("2026-10-12", "2026-10-19"),
    ],
)
def test_a_receipt_that_has_not_come_is_asked_about_soon_and_seldom_once_the_feedback_was_expected(answered, again):
    found = asked_again(CALENDAR, day(answered), day("2026-09-28"), soon_working_days=2, then_working_days=5)
    assert found == Reckoned(day(again), provisional=False)


def test_hours_are_offered_within_the_office_hours_and_let_go_outside_them():
    assert hours(RULES)[0] == "08:30" and hours(RULES)[-1] == "17:30" and "09:00" in hours(RULES)
    assert Wishes("07:00").laid_over(RULES).hour == "09:00"
    assert Wishes("17:30").laid_over(RULES).hour == "17:30"
    assert Wishes("18:00").laid_over(RULES).hour == "09:00"


@given(presses=st.lists(st.tuples(st.sampled_from(list(FIELDS)), st.integers(0, 4)), max_size=30))
def test_whatever_is_ticked_the_last_warning_before_a_deadline_stays(presses):
    wishes = Wishes()
    for kind, which in presses:
        choice = offered(RULES, kind)
        try:
            wishes = toggled(wishes, RULES, kind, choice[which % len(choice)])
        except Refusal:
            assert kind in ("feedback", "submit_by")
    after = wishes.laid_over(RULES)
    assert 0 in after.before_due_working_days
    assert 0 in after.submit_by_before_working_days
    for kind in FIELDS:
        assert set(offsets(after, kind)) <= set(offered(RULES, kind))


@given(today=DAYS, ahead=st.integers(1, 100))
def test_what_is_put_off_comes_on_a_working_day_after_today_and_not_after_the_chosen_one_if_it_can(today, ahead):
    chosen = today + timedelta(days=ahead)
    on = working_day(CALENDAR, chosen, today).on
    assert on > today and oracle.is_workday(on)
    between = [today + timedelta(days=n) for n in range(1, ahead + 1)]
    worked = [each for each in between if oracle.is_workday(each)]
    assert on == (worked[-1] if worked else oracle.nth_workday_after(chosen, 1)[0])


@given(today=DAYS)
def test_the_days_that_can_be_pressed_are_the_working_days_they_say(today):
    assert choices(CALENDAR, today) == [(n, Reckoned(*oracle.nth_workday_after(today, n))) for n in (1, 2, 3, 5)]


@pytest.mark.parametrize(
    ("on", "limit"),
    [("2026-11-26", None), ("2026-11-27", None), ("2026-11-30", "2026-11-27")],
)
def test_beyond_the_deadline_is_said_and_on_it_is_not(on, limit):
    owed = notice("feedback", replace(ENTRY, received_on=day("2026-11-20"), due_on=day("2026-11-27")))
    found = passes(owed, day(on), day("2026-11-25"))
    assert found == (Reckoned(day(limit), provisional=False) if limit else None)


def test_a_deadline_that_is_past_holds_nothing_up():
    owed = notice("feedback", replace(ENTRY, received_on=day("2026-11-20"), due_on=day("2026-11-27")))
    assert passes(owed, day("2026-12-10"), day("2026-11-30")) is None


@pytest.mark.parametrize(
    ("today", "on", "limit", "is_of_decision"),
    [
        ("2026-12-01", "2026-12-25", None, False),
        ("2026-12-01", "2026-12-28", "2026-12-25", False),
        ("2026-12-01", "2027-01-20", "2027-01-07", False),  # to apply in time matters most
        ("2027-01-08", "2027-01-15", None, False),
        ("2027-01-08", "2027-01-20", "2027-01-15", True),
        ("2027-01-18", "2027-01-20", None, False),
    ],
)
def test_an_opinion_is_not_put_off_in_silence_beyond_whichever_of_its_days_is_ahead(today, on, limit, is_of_decision):
    deciding = Deciding(
        7, "大气2026-7", "评选", day("2027-01-15"), Reckoned(day("2027-01-07"), provisional=False), Charge(1, 1)
    )
    runs_out = OpinionNotice(
        reminder_id=1,
        kind="expiry",
        stage="d-30",
        working_days=3,
        single=False,
        charges=(),
        opinion_id=1,
        entry_id=None,
        number=None,
        subjects=(),
        count=1,
        issued_on=day("2025-12-26"),
        valid_to=day("2026-12-25"),
        days=3,
        matters=(deciding,),
        watched=False,
    )
    found = passes(runs_out, day(on), day(today))
    assert found == (Reckoned(day(limit), provisional=False) if limit else None)
    assert found is None or is_decision(runs_out, found.on) == is_of_decision
