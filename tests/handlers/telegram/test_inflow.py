"""The pace of one sender: a flood is told once and left out, people and deadlines never notice."""

import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from handlers.clock import Clock
from handlers.telegram.inflow import TOO_FAST, WIDER, Inflow, Verdict, without_words
from tests.conftest import START

URGENT = frozenset({"rok"})


class StillClock(Clock):
    """A clock that moves only by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.at = START

    def now(self) -> dt.datetime:
        return self.at


def message(update_id: int, *, by: int = 1, at: float = 0.0, text: str = "虚构") -> dict:
    source = {"id": by, "first_name": "虚构"}
    said = {"message_id": update_id, "date": int(START.timestamp() + at), "from": source, "chat": {"id": by}}
    return {"update_id": update_id, "message": said | {"text": text}}


def press(update_id: int, data: str, *, by: int = 1) -> dict:
    query = {"id": str(update_id), "from": {"id": by}, "message": {"chat": {"id": by}}, "data": data}
    return {"update_id": update_id, "callback_query": query}


def verdicts(inflow: Inflow, updates: list[dict]) -> list[Verdict]:
    found = [verdict for _update, verdict in inflow.judged(updates)]
    inflow.settled()
    return found


def test_a_flood_is_told_once_and_others_are_not_touched():
    inflow = Inflow(StillClock(), 10, URGENT)
    flood = verdicts(inflow, [message(n) for n in range(100)])
    assert flood == [Verdict.TAKEN] * 10 + [Verdict.TOLD] + [Verdict.DROPPED] * 89
    assert verdicts(inflow, [message(200, by=2)]) == [Verdict.TAKEN]
    assert verdicts(inflow, [message(300, at=30)]) == [Verdict.TAKEN]


def test_answers_to_deadlines_have_a_wider_bucket_and_cost_the_others_nothing():
    inflow = Inflow(StillClock(), 2, URGENT)
    assert verdicts(inflow, [press(n, f"1:rok:{n}:1:") for n in range(20)]) == [Verdict.TAKEN] * 20
    others = verdicts(inflow, [press(100 + n, f"1:req:{n}:1:") for n in range(4)])
    assert others == [Verdict.TAKEN, Verdict.TAKEN, Verdict.TOLD, Verdict.DROPPED]


def test_nobody_is_without_a_limit_by_pressing_what_answers_deadlines():
    """Whether somebody is on the list is asked later: a stranger forges these buttons as easily."""
    inflow = Inflow(StillClock(), 2, URGENT)
    found = verdicts(inflow, [press(n, f"1:rok:{n}:1:") for n in range(100)])
    assert found == [Verdict.TAKEN] * 2 * WIDER + [Verdict.TOLD] + [Verdict.DROPPED] * (99 - 2 * WIDER)


def test_a_backlog_of_hours_is_no_flood():
    """After an outage everything comes at one moment; what counts is when it was written."""
    inflow = Inflow(StillClock(), 10, URGENT)
    assert set(verdicts(inflow, [message(n, at=n * 60.0) for n in range(200)])) == {Verdict.TAKEN}


def test_a_batch_that_could_not_be_stored_is_not_counted_twice():
    inflow = Inflow(StillClock(), 10, URGENT)
    batch = [message(n) for n in range(10)]
    for _again in range(5):
        assert {verdict for _update, verdict in inflow.judged(batch)} == {Verdict.TAKEN}
    inflow.settled()
    assert verdicts(inflow, [message(99)]) == [Verdict.TOLD]


def test_nobody_is_limited_where_the_setting_says_so():
    assert set(verdicts(Inflow(StillClock(), 0, URGENT), [message(n) for n in range(500)])) == {Verdict.TAKEN}


def test_what_is_kept_of_a_flood_says_nothing():
    kept = [without_words(each) for each in (message(1, text="秘密"), press(2, "1:req:1:1:x"))]
    assert "秘密" not in str(kept)
    assert [each[TOO_FAST] for each in kept] == [True, True]
    assert kept[1]["callback_query"]["id"] == "2"


@given(st.lists(st.floats(0, 600), max_size=80).map(sorted), st.integers(1, 30))
def test_no_more_is_taken_in_any_stretch_than_a_bucket_and_its_refill(moments: list[float], per_minute: int):
    inflow = Inflow(StillClock(), per_minute, URGENT)
    found = verdicts(inflow, [message(n, at=moment) for n, moment in enumerate(moments)])
    taken = [int(moment) for moment, verdict in zip(moments, found, strict=True) if verdict is Verdict.TAKEN]
    for first, begin in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            assert last - first + 1 <= per_minute + (end - begin) * per_minute / 60 + 1e-6
    told = [int(moment) for moment, verdict in zip(moments, found, strict=True) if verdict is Verdict.TOLD]
    assert all(later - earlier >= 60 for earlier, later in itertools.pairwise(told))
