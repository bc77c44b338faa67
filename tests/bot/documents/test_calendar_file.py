import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from bot.documents.calendar_file import calendar_file, dates_of
from bot.language import speaking
from bot.ledger import Entry, OpinionLine, ProductLine
from bot.opinions import Finding
from bot.policy.model import ProductKind

NOW = dt.datetime(2026, 11, 25, 2, 0, tzinfo=dt.UTC)
DUE, DECIDE = dt.date(2026, 11, 30), dt.date(2026, 12, 18)
ENTRY = Entry(
    id=17,
    version=4,
    number="大气2026-17",
    matter="绿色环保引领企业评选推荐",
    matter_code="m21",
    subjects=("虚构环保科技有限公司",),
    head_count=None,
    of_person=False,
    products=(ProductLine("verification", ProductKind.VERIFICATION, 1),),
    applicant="bureau",
    open=True,
    withdrawn=False,
    submitted_on=dt.date(2026, 11, 20),
    received_on=dt.date(2026, 11, 23),
    due_on=DUE,
    decide_on=DECIDE,
)
OPINION = OpinionLine(
    1, 9, "虚构环保科技有限公司", Finding.CLEAN, dt.date(2026, 1, 5), dt.date(2027, 1, 4), by_policy=True
)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def events(*entries, now=NOW, hour=dt.time(9)):
    days = [day for entry in entries for day in dates_of(entry)]
    made = calendar_file(days, of="zhengzhou", hour=hour, now=now)
    return Calendar.from_ical(made).walk("VEVENT"), made


def test_an_entry_s_days_are_free_days_that_ring_in_the_morning():
    found, _made = events(replace(ENTRY, opinions=(OPINION,)))
    assert [(str(event["uid"]), event.decoded("dtstart")) for event in found] == [
        ("due-17@zhengzhou.xinxuan", DUE),
        ("decide-17@zhengzhou.xinxuan", DECIDE),
        ("opinion-9@zhengzhou.xinxuan", dt.date(2027, 1, 4)),
    ]
    for event in found:
        assert event.decoded("dtend") - event.decoded("dtstart") == dt.timedelta(days=1)
        assert event["transp"] == "TRANSPARENT"
        assert event["categories"].to_ical()
        [alarm] = event.walk("VALARM")
        assert (alarm["action"], alarm.decoded("trigger")) == ("DISPLAY", dt.timedelta(hours=9))
        assert "大气2026-17" in event["summary"]


def test_nobody_is_named():
    _found, made = events(replace(ENTRY, opinions=(OPINION,), subjects=("张某 002X 业务1",), of_person=True))
    unfolded = made.decode().replace("\r\n ", "")
    for name in ("虚构环保科技", "张某", "002X"):
        assert name not in unfolded


def test_a_file_taken_in_again_moves_its_days():
    [before, *_rest], _made = events(ENTRY)
    moved = replace(ENTRY, due_on=DUE + dt.timedelta(days=1), version=5)
    [after, *_rest], _made = events(moved, now=NOW + dt.timedelta(hours=1))
    assert before["uid"] == after["uid"]
    assert after["sequence"] > before["sequence"]
    assert after.decoded("dtstamp") > before.decoded("dtstamp")


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({}, ["due", "decide"]),
        ({"submitted_on": None, "due_on": None, "submit_by_on": DUE}, ["submit", "decide"]),
        ({"received_on": None}, ["due", "decide"]),
        ({"supplement_on": DUE}, ["decide"]),
        ({"open": False}, []),
        ({"open": False, "opinions": (OPINION,)}, ["opinion"]),
        ({"withdrawn": True, "opinions": (OPINION,)}, []),
    ],
)
def test_only_days_that_still_count_stand_in_it(change, keys):
    assert [day.key.split("-")[0] for day in dates_of(replace(ENTRY, **change))] == keys


def test_an_unconfirmed_receipt_is_only_expected_and_a_doubtful_day_says_so():
    [day, _decide] = dates_of(replace(ENTRY, received_on=None, due_provisional=True))
    assert "Expected feedback" in day.title and "provisional" in day.title
    [day, _decide] = dates_of(ENTRY)
    assert "Feedback due" in day.title and "provisional" not in day.title


@given(matter=st.text(max_size=250))
def test_a_hostile_matter_stays_inside_its_line(matter):
    found, made = events(replace(ENTRY, matter=matter + "\r\nBEGIN:VALARM\r\nX:\r\n"))
    assert len(found) == 2
    assert all(len(event.walk("VALARM")) == 1 for event in found)
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
