"""From when a debt counts: the day from which it is owed was written down then, whatever was recorded since."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from handlers import escalation
from storage import audit, owed
from storage.ledger import entry_of
from storage.tables import Commitment, CommitmentState, Item, ItemState, Reminder, Request
from tests.handlers.desk import ACCESS, Desk
from tests.handlers.test_reminders import at

FIRST, LATER, LAST = "2026-11-24", "2026-11-25", "2026-11-26"
TO_CORRECT = "request.correct"


def _corrected(line: str, was: str, on: str) -> dict[str, str]:
    return {"line": line, "was": was, "on": on}


@pytest.fixture
async def desk(database, office, officer) -> Desk:
    """An officer with an entry of Monday 23 November: a verification that was submitted, and a commitment."""
    desk = Desk(database, office, officer)
    await desk.register(ACCESS, submitted="0")
    return desk


async def _stands(desk: Desk, days: dict[str, str], lines: list[tuple[str, str, dict[str, Any]]]) -> None:
    """Let an entry stand with days, and its acts in the audit: on which day, what, and what the line says."""
    given = {key: dt.date.fromisoformat(day) for key, day in days.items()}
    async with desk.database.write() as session:
        if "decide_on" in given:
            await session.execute(update(Request).values(decide_on=given["decide_on"]))
        if "fulfil_by_on" in given:
            until = given["fulfil_by_on"]
            await session.execute(update(Commitment).values(fulfil_by_on=until, state=CommitmentState.FULFILLING))
        of_items = {key: day for key, day in given.items() if key not in ("decide_on", "fulfil_by_on")}
        for key, day in of_items.items():
            state = ItemState.RETURNED if key == "returned_on" else ItemState.RECEIVED
            checked = update(Item).where(Item.product_kind == "verification")
            await session.execute(checked.values(**{key: day}, state=state))
        for day, verb, after in lines:
            audit.note(session, at=at(day), actor_id=None, verb=verb, subject=("request", 1), after=after)


@pytest.mark.parametrize(
    ("kind", "days", "lines", "known_on"),
    [
        ("receipt", {"submitted_on": "2026-11-20"}, [(FIRST, "request.submitted", {"on": "2026-11-20"})], FIRST),
        ("receipt", {"submitted_on": "2026-11-19"},
         [(LATER, TO_CORRECT, _corrected("submitted_on", "2026-11-23", "2026-11-19"))], LATER),
        ("receipt", {"submitted_on": "2026-11-23"},  # and back to what was entered
         [(FIRST, TO_CORRECT, _corrected("submitted_on", "2026-11-23", "2026-11-19")),
          (LATER, TO_CORRECT, _corrected("submitted_on", "2026-11-19", "2026-11-23"))], "2026-11-23"),
        ("opinion", {"returned_on": FIRST},
         [(FIRST, "request.returned", {"on": FIRST}),
          (LATER, TO_CORRECT, _corrected("submitted_on", "2026-11-23", "2026-11-20")),
          (LAST, "request.results", {"on": LAST, "n": 3})], FIRST),
        ("opinion", {"returned_on": "2026-11-20"},
         [(FIRST, "request.returned", {"on": FIRST}),
          (LATER, TO_CORRECT, _corrected("returned_on", FIRST, "2026-11-20"))], LATER),
        ("fulfil", {"fulfil_by_on": "2026-11-23"},
         [(FIRST, "commitment.letter", {"on": "2026-11-01", "fulfil_by_on": "2026-11-23"}),
          (LATER, "commitment.letter", {"on": "2026-11-01", "fulfil_by_on": "2027-01-08"}),
          (LAST, "commitment.letter", {"on": "2026-11-01", "fulfil_by_on": "2026-11-23"})], FIRST),
        ("fulfil", {"fulfil_by_on": "2026-11-23"},  # written down when the audit did not say it yet
         [(FIRST, "commitment.letter", {"on": "2026-11-01"})], FIRST),
        ("submit", {"decide_on": "2026-11-30"},
         [(FIRST, "request.decide", {"on": "2027-01-08", "was": None}),
          (LATER, "request.decide", {"on": "2026-11-30", "was": "2027-01-08"}),
          (LAST, "request.decide", {"on": "2026-11-30", "was": "2026-11-30"})], LATER),
        ("feedback", {"received_on": FIRST},
         [(FIRST, "request.received", {"on": FIRST}),
          (LATER, TO_CORRECT, _corrected("submitted_on", "2026-11-23", "2026-11-20"))], FIRST),
    ],
)  # fmt: skip
async def test_only_writing_down_the_day_from_which_it_is_owed_begins_the_count(
    desk: Desk, kind: str, days: dict[str, str], lines: list[tuple[str, str, dict[str, Any]]], known_on: str
):
    await _stands(desk, days, lines)
    async with desk.database.read() as session:
        opened = await entry_of(session, 1)
        assert opened is not None
        known = await owed.recorded_at(session, opened, kind)
    assert desk.office.today(known).isoformat() == known_on


async def test_results_that_came_before_the_last_ones_do_not_begin_the_count_of_what_these_lack(desk: Desk):
    """The first counterpart's result came on Tuesday with its opinion; all others came on Thursday."""
    await _stands(desk, {"returned_on": FIRST}, [(FIRST, "request.results", {"on": FIRST, "n": 1})])
    async with desk.database.write() as session:
        first = (await session.scalars(select(Item).where(Item.product_kind == "verification"))).one()
        values = {column.key: getattr(first, column.key) for column in Item.__table__.columns}
        session.add(Item(**{**values, "id": None, "returned_on": dt.date.fromisoformat(LAST)}))
    await _stands(desk, {}, [(LAST, "request.returned", {"on": LAST})])
    async with desk.database.read() as session:
        opened = await entry_of(session, 1)
        assert opened is not None
        assert desk.office.today(await owed.recorded_at(session, opened, "opinion")).isoformat() == LAST


async def test_a_day_written_down_anew_that_leaves_the_debt_as_it_was_does_not_silence_it(desk: Desk):
    """The decision moves within the same week end: by which day it was to be submitted stays the same."""
    async with desk.database.write() as session:
        await session.execute(update(Item).values(submitted_on=None, state=ItemState.DRAFT))
        await session.execute(
            update(Request).values(decide_on=dt.date(2026, 12, 5), submit_by_on=dt.date(2026, 11, 23))
        )
    days = ("11-24", "11-25", "11-26", "11-27", "11-30", "12-01", "12-02")
    for day in days:
        if day == "12-02":
            await _stands(desk, {"decide_on": "2026-12-06"},
                          [("2026-12-01", "request.decide", {"on": "2026-12-06", "was": "2026-12-05"})])  # fmt: skip
        await escalation.look(desk.database, desk.office, at(f"2026-{day}"), goes_on=lambda: True)
    said = await desk.rows(Reminder, Reminder.subject_kind == escalation.SUBJECT, Reminder.audience == "owner")
    assert [(row.stage, desk.office.today(row.due_at).isoformat()) for row in said] == [
        ("2026-11-23", "2026-11-24"),
        ("2026-11-23+1", "2026-12-01"),
        ("2026-11-23+2", "2026-12-02"),
    ]
