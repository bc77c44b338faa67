"""No coordinator is at their desk: they are told all the same, and their stand-ins of what these are to know."""

import datetime as dt

import pytest
from sqlalchemy import update

from bot.cover import Leave
from bot.screens.screen import Press
from handlers import escalation, receivers
from storage import cover
from storage.ledger import open_entry
from storage.tables import Person, Role
from tests.handlers.desk import INSTITUTE
from tests.handlers.test_reminder_kinds import entered, handed_in
from tests.handlers.test_reminders import at, deliver, tick

pytestmark = pytest.mark.usefixtures("chinese")

AWAY, LIAISON, CLERK = 900009, 900010, 900011


@pytest.fixture
async def away(database, enrol) -> Person:
    """The only coordinator, on leave from 20 November."""
    return await enrol(AWAY, unit="legal", role=Role.COORDINATOR)


@pytest.fixture
async def liaison(database, enrol, away) -> Person:
    """The liaison of the officer's own unit stands in for the coordinator: they see the entries of that unit."""
    return await stands_in(database, away, await enrol(LIAISON, unit="air", role=Role.LIAISON))


@pytest.fixture
async def clerk(database, enrol, away) -> Person:
    """A colleague of the coordinator stands in, an officer: they see their own entries and the coordinator's."""
    return await stands_in(database, away, await enrol(CLERK, unit="legal"))


async def stands_in(database, person, by) -> Person:
    async with database.write() as session:
        await cover.add(session, Leave(0, person.id, by.id, dt.date(2026, 11, 20), None))
    return by


async def gone(desk) -> None:
    """The officer has blocked the bot, and the unit has no head: what is theirs falls to the coordinators."""
    async with desk.database.write() as session:
        await session.execute(update(Person).where(Person.id == desk.person.id).values(reachable=False))


async def texts(desk, day: str, hour: str = "09:00") -> dict[int, str]:
    """Let a morning come with its debts and reminders; return what each chat gets."""
    desk.now = at(day, hour)
    await escalation.look(desk.database, desk.office, desk.now, goes_on=lambda: True)
    await tick(desk, desk.now)
    shown: dict[int, str] = {}
    for chat, screen in await deliver(desk):
        shown[chat] = shown.get(chat, "") + screen.text
    return shown


@pytest.mark.usefixtures("away")
async def test_a_stand_in_who_sees_the_units_entries_hears_its_debts_and_no_reminder_that_only_others_can_answer(
    desk, liaison
):
    await entered(desk)  # the receipt is asked for on Tuesday
    await gone(desk)
    assert set(await texts(desk, "2026-11-24")) == {AWAY}
    owed = await texts(desk, "2026-12-01")
    assert set(owed) == {AWAY, LIAISON}
    assert "未确认，已过5个工作日" in owed[LIAISON]
    desk.screen = await desk.of(liaison).send(Press("req", 1))
    assert "大气2026-1" in desk.screen.text


@pytest.mark.usefixtures("away", "clerk")
async def test_a_stand_in_who_may_not_open_an_entry_is_told_nothing_of_it(desk):
    await entered(desk)
    await gone(desk)
    for day in ("2026-11-24", "2026-12-01"):
        assert set(await texts(desk, day)) == {AWAY}


async def test_a_stand_in_is_told_of_the_coordinators_own_entries_which_the_cover_gives_them(desk, away, clerk):
    theirs = desk.of(away)
    await entered(theirs)
    reminded = await texts(desk, "2026-11-24")
    assert set(reminded) == {CLERK}
    async with desk.database.read() as session:
        assert await open_entry(session, clerk, 1, on=dt.date(2026, 11, 24)) is not None


@pytest.mark.usefixtures("liaison")
async def test_of_deadlines_that_passed_unsaid_a_stand_in_hears_those_of_entries_that_they_may_open(desk, enrol):
    await handed_in(desk)  # due on Monday 30 November
    other = desk.of(await enrol(900012, unit="water"))
    await entered(other, subject=INSTITUTE)
    other.screen = await other.send(Press("req", 2))
    await other.send(next(each.press for each in other.buttons() if "今天中心已收件" in each.text))
    await texts(desk, "2026-11-27")
    shown = await texts(desk, "2026-12-01", "08:31")
    assert [("大气2026-1" in shown[chat], "水2026-1" in shown[chat]) for chat in (AWAY, LIAISON)] == [
        (True, True),
        (True, False),
    ]
    assert "时限已过，未及时提醒" in shown[LIAISON]


@pytest.mark.usefixtures("away", "liaison")
async def test_while_another_coordinator_is_at_their_desk_no_stand_in_is_told(desk, enrol):
    present = await enrol(900013, unit="legal", role=Role.COORDINATOR)
    await entered(desk)
    await gone(desk)
    assert set(await texts(desk, "2026-11-24")) == {present.telegram_id}
    async with desk.database.read() as session:
        assert await receivers.stand_ins(session, desk.office, desk.now) == []
