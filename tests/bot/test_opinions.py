import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refusal
from bot.opinions import Finding, Reusable, best, require_dates, validity

DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2028, 12, 31))
TODAY = dt.date(2026, 11, 23)


def opinion(number: int, issued: dt.date, until: dt.date, finding: Finding = Finding.CLEAN) -> Reusable:
    return Reusable(number, 1, "91410100MA00000T42", "虚构公司", None, issued, until, "大气", None, finding)


@given(st.lists(st.tuples(DAYS, st.integers(0, 500), st.sampled_from(Finding)), max_size=6), DAYS, st.none() | DAYS)
def test_the_newest_opinion_that_holds_on_the_day_is_relied_on(rows, on, earliest):
    held = [opinion(n, day, day + dt.timedelta(days=length), what) for n, (day, length, what) in enumerate(rows)]
    chosen = best(held, on=on, earliest_issue=earliest)
    fitting = [
        each
        for each in held
        if not (each.finding == "unknown" or each.issued_on > on or each.valid_to < on)
        and not (earliest is not None and each.issued_on < earliest)
    ]
    if not fitting:
        assert chosen is None
        return
    assert chosen in fitting
    assert all(each.issued_on <= chosen.issued_on for each in fitting)


def test_the_last_valid_day_still_counts_and_the_next_does_not():
    held = [opinion(1, dt.date(2025, 11, 24), TODAY)]
    assert best(held, on=TODAY) is not None
    assert best(held, on=TODAY + dt.timedelta(days=1)) is None


def test_an_answer_that_nobody_of_that_name_is_known_is_no_opinion_to_rely_on():
    assert best([opinion(1, TODAY, TODAY, Finding.UNKNOWN)], on=TODAY) is None


def test_what_is_printed_wins_over_the_rule():
    printed = dt.date(2027, 1, 31)
    assert validity(TODAY, printed, months=12, end="day_before") == (printed, "printed")
    assert validity(TODAY, None, months=12, end="day_before") == (dt.date(2027, 11, 22), "policy")
    assert validity(TODAY, None, months=12, end="same_day") == (dt.date(2027, 11, 23), "policy")


def test_dates_that_cannot_be_are_refused():
    with pytest.raises(Refusal):
        require_dates(TODAY + dt.timedelta(days=1), None, today=TODAY)
    with pytest.raises(Refusal):
        require_dates(TODAY, TODAY - dt.timedelta(days=1), today=TODAY)
    require_dates(TODAY, TODAY, today=TODAY)
