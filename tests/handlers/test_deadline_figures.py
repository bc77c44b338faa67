"""The pinned summary and a unit's figures count by the same deadlines, and by nothing that is only expected."""

import datetime as dt

import pytest

from storage import chats, pins
from storage.pins import Figures
from storage.tables import Unit
from tests.handlers.desk import Desk
from tests.handlers.test_reminder_kinds import entered, handed_in, opened, tap

pytestmark = pytest.mark.usefixtures("chinese")


async def unconfirmed(desk: Desk) -> None:
    await entered(desk)


async def papers_asked_for(desk: Desk) -> None:
    await handed_in(desk)
    for label in ("更多", "中心要求补正", "今天"):
        await tap(desk, label)


async def applied_for_by_the_counterpart(desk: Desk) -> None:
    await entered(desk, submit="cp", decide="2026-11-30")


async def fed_back(desk: Desk) -> None:
    await handed_in(desk)
    await opened(desk)
    for label in ("已收到意见", "今天"):
        await tap(desk, label)


async def received(desk: Desk) -> None:
    await handed_in(desk)  # its feedback is due on Monday 30 November


async def not_submitted(desk: Desk) -> None:
    await entered(desk, submit="no", decide="2026-12-08")  # to be submitted by Monday 30 November


async def figures(desk: Desk, today: str) -> tuple[Figures, tuple[int, int, int, int]]:
    """Return the officer's figures, and how many of the unit's entries each line of its group's message counts."""
    on = dt.date.fromisoformat(today)
    async with desk.database.read() as session:
        [own] = await pins.figures(session, today=on)
        unit = await session.get_one(Unit, desk.person.unit_id)
        standing = await chats.standing(session, unit, today=on, ahead=on)
    lines = standing.due_today, standing.overdue, standing.to_submit, standing.not_submitted
    return own, (len(lines[0]), len(lines[1]), len(lines[2]), len(lines[3]))


@pytest.mark.parametrize("state", [unconfirmed, papers_asked_for, applied_for_by_the_counterpart, fed_back])
async def test_what_has_no_deadline_is_never_overdue(desk, state):
    await state(desk)
    for today in ("2026-11-30", "2026-12-31"):
        own, of_unit = await figures(desk, today)
        assert (own.this_week, own.overdue, of_unit) == (0, 0, (0, 0, 0, 0))


@pytest.mark.parametrize(("state", "on_the_day", "later"), [(received, (1, 0, 0, 0), (0, 1, 0, 0)),
                                                             (not_submitted, (0, 0, 1, 0), (0, 0, 0, 1))])  # fmt: skip
async def test_a_deadline_is_in_this_week_up_to_its_day_and_overdue_after_it(desk, state, on_the_day, later):
    await state(desk)
    own, of_unit = await figures(desk, "2026-11-29")
    assert (own.open, own.this_week, own.overdue, of_unit) == (1, 0, 0, (0, 0, 0, 0))
    own, of_unit = await figures(desk, "2026-11-30")
    assert (own.this_week, own.overdue, of_unit) == (1, 0, on_the_day)
    own, of_unit = await figures(desk, "2026-12-01")
    assert (own.this_week, own.overdue, of_unit) == (0, 1, later)
