"""Leave cover: chains over dates against an independent resolver, circles, overlaps, and the order of the questions."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cover import CoverPlan, Leave, chain, circle, does_work_of, overlapping
from tests.oracles.cover_oracle import resolve

FIRST = dt.date(2026, 12, 1)
SPAN = 60
PEOPLE = range(1, 8)
A, B, C, D = 1, 2, 3, 4


def day(n: int) -> dt.date:
    return FIRST + dt.timedelta(days=n)


@st.composite
def covers(draw) -> list[tuple]:
    """Covers as they might have been entered over two months, overlapping and circling as they like."""
    entered = []
    for _each in range(draw(st.integers(0, 12))):
        person, by = draw(st.permutations(PEOPLE))[:2]
        first = draw(st.integers(0, SPAN - 1))
        length = draw(st.none() | st.integers(0, 20))
        entered.append((person, by, day(first), None if length is None else day(first + length)))
    return entered


def leaves_of(entered: list[tuple]) -> list[Leave]:
    return [Leave(number, *each) for number, each in enumerate(entered, 1)]


@given(covers(), st.sets(st.sampled_from(PEOPLE)))
def test_everybodys_work_goes_where_an_independent_resolver_says_on_every_day(entered, gone):
    leaves = leaves_of(entered)
    for n in range(SPAN):
        expected = resolve(PEOPLE, entered, gone, day(n))
        assert {each: does_work_of(each, leaves, day(n), gone=gone) for each in PEOPLE} == expected


@given(covers(), st.sets(st.sampled_from(PEOPLE)), st.integers(0, SPAN - 1))
def test_nobody_who_is_away_or_gone_ever_does_the_work(entered, gone, n):
    leaves = leaves_of(entered)
    away = {leave.person for leave in leaves if leave.holds(day(n))}
    for person in PEOPLE:
        found = does_work_of(person, leaves, day(n), gone=gone)
        assert found not in gone
        assert found not in away


@given(covers(), st.integers(0, SPAN - 1))
def test_a_chain_ends_and_passes_nobody_twice_but_the_one_who_closes_a_circle(entered, n):
    for person in PEOPLE:
        passed = chain(person, leaves_of(entered), day(n))
        assert passed[0] == person
        assert len(set(passed[:-1])) == len(passed[:-1])


def without_overlaps(entered: list[tuple]) -> list[Leave]:
    kept: list[Leave] = []
    for leave in leaves_of(entered):
        if overlapping(kept, leave) is None:
            kept.append(leave)
    return kept


@given(covers(), covers())
def test_what_is_entered_without_a_circle_leads_in_none_on_any_day(entered, more):
    """A circle is said exactly where a walk through every single day of the leave comes back to its beginning."""
    kept: list[Leave] = []
    for leave in leaves_of(entered + more):
        if overlapping(kept, leave) is not None:
            continue
        walked = [on for n in range(2 * SPAN) if leave.holds(on := day(n)) and comes_back(kept, leave, on)]
        found = circle(kept, leave)
        assert (found[0] if found else None) == (walked[0] if walked else None)
        if found is None:
            kept.append(leave)
        else:
            assert (found[1][0], found[1][-1]) == (leave.person, leave.person)
    for n in range(SPAN):
        for person in PEOPLE:
            assert does_work_of(person, kept, day(n)) is not None


def comes_back(kept: list[Leave], leave: Leave, on: dt.date) -> bool:
    hop = {each.person: each.by for each in kept if each.holds(on)}
    at = leave.by
    for _step in PEOPLE:
        if at == leave.person:
            return True
        at = hop.get(at, at)
    return False


@given(covers())
def test_two_kept_leaves_of_one_person_share_no_day(entered):
    kept = without_overlaps(entered)
    for n in range(SPAN):
        away = [leave.person for leave in kept if leave.holds(day(n))]
        assert len(away) == len(set(away))


def test_first_and_last_day_belong_to_the_leave():
    leave = Leave(1, A, B, day(3), day(5))
    assert [does_work_of(A, [leave], day(n)) for n in range(2, 7)] == [A, B, B, B, A]


def test_an_open_leave_holds_until_it_is_ended():
    assert does_work_of(A, [Leave(1, A, B, day(0), None)], day(400)) == B


def test_a_stand_in_who_is_away_hands_on_and_gets_it_back():
    leaves = [Leave(1, A, B, day(0), day(9)), Leave(2, B, C, day(4), day(5))]
    assert [does_work_of(A, leaves, day(n)) for n in (3, 4, 5, 6, 10)] == [B, C, C, B, A]
    assert chain(A, leaves, day(4)) == (A, B, C)


def test_who_is_gone_is_skipped_to_their_own_stand_in_and_ends_the_chain_without_one():
    onward = [Leave(1, A, B, day(0), None), Leave(2, B, C, day(0), None)]
    assert does_work_of(A, onward, day(0), gone={B}) == C
    assert does_work_of(A, onward[:1], day(0), gone={B}) is None
    assert does_work_of(A, [], day(0), gone={A}) is None
    assert does_work_of(A, onward[:1], day(0), gone={A}) == B


def test_a_circle_from_dates_ends_at_nobody():
    leaves = [Leave(1, A, B, day(0), day(5)), Leave(2, B, A, day(5), day(9))]
    assert does_work_of(A, leaves, day(5)) is None
    assert does_work_of(B, leaves, day(5)) is None
    assert does_work_of(A, leaves, day(4)) == B


def test_a_circle_is_found_on_its_first_day_with_its_way():
    leaves = [Leave(1, B, C, day(2), day(9)), Leave(2, C, A, day(5), day(7))]
    assert circle(leaves, Leave(0, A, B, day(0), day(9))) == (day(5), (A, B, C, A))
    assert circle(leaves, Leave(0, A, B, day(0), day(4))) is None
    assert circle(leaves, Leave(0, A, D, day(0), None)) is None


@pytest.mark.parametrize(
    ("first", "last", "met"),
    [(0, 2, False), (0, 3, True), (5, 9, True), (6, 9, False), (0, None, True), (6, None, False), (4, 4, True)],
)
def test_leaves_meet_where_they_share_a_day(first, last, met):
    there = Leave(1, A, B, day(3), day(5))
    proposed = Leave(0, A, C, day(first), None if last is None else day(last))
    assert (overlapping([there], proposed) is there) is met
    assert overlapping([there], replace(proposed, person=D)) is None


def test_the_next_question_follows_from_what_is_chosen():
    plan = CoverPlan(person=None, from_on=day(0))
    assert plan.step == "who"
    plan = replace(plan, person=A)
    assert plan.step == "by"
    plan = replace(plan, by=B)
    assert plan.step == "to"
    plan = replace(plan, to_on=None, to_chosen=True)
    assert plan.step == "confirm"
    assert replace(plan, editing="from").step == "from"


@given(
    st.none() | st.integers(1, 9),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(0, 50),
    st.booleans(),
    st.sampled_from([None, "by", "to"]),
    st.text(max_size=5),
)
def test_a_plan_survives_its_draft(person, by, to, chosen, editing, query):
    to_on = day(to) if chosen and to is not None else None
    plan = CoverPlan(person, day(0), by, to_on, chosen, editing, query, 2)
    assert CoverPlan.from_json(plan.to_json()) == plan
