"""Prompts for the quarter: on the pack's days, few, to whoever answers for the return, and none twice."""

import datetime as dt

import pytest
from sqlalchemy import select

from bot.quarters import Quarter
from bot.returns import PushState, ReturnState
from bot.screens.screen import Press
from handlers import quarter_draft, quarter_gaps, quarter_prompts, quarter_return
from handlers.office import ZONE
from storage import people, quarter_pushes
from storage import quarter_returns as stored
from storage.tables import Cover, Outbox, Person, PersonState, QuarterPush, Role, Work
from tests.handlers.desk import HEARD, PERMIT

Q4 = Quarter(2026, 4)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(dt.UTC)


@pytest.fixture
def tick(database, office):
    """Tick at a local time and return who was told what, by telegram id and kind."""

    async def ticked(moment: str) -> list[tuple[int, str]]:
        async with database.write() as session:
            before = set(await session.scalars(select(Outbox.id)))
            queued = await quarter_prompts.tick(session, office, at(moment))
            await quarter_draft.tick(session, office, at(moment))
        async with database.read() as session:
            rows = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
        told = [(row.chat_id, row.kind.removeprefix("quarter.")) for row in rows if row.id not in before]
        assert queued == len(told)
        return told

    return ticked


async def _change(database, table, **values) -> None:
    async with database.write() as session:
        for row in await session.scalars(select(table)):
            for name, value in values.items():
                setattr(row, name, value)


async def test_each_day_of_the_pack_has_its_prompt_and_no_other_day(database, tick, enrol):
    officer, liaison, head, coordinator = 900_001, 900_002, 900_003, 900_009
    await enrol(officer)
    await enrol(liaison, role=Role.LIAISON)
    await enrol(head, unit="water", role=Role.HEAD)
    await enrol(coordinator, unit="legal", role=Role.COORDINATOR)
    for quiet in ("2026-12-20 10:00", "2026-12-21 08:59", "2026-12-21 18:30"):
        assert await tick(quiet) == [], quiet
    first = await tick("2026-12-21 09:00")
    # Without a liaison the head is asked, in their own unit the coordinator, who also hears which units nobody is in.
    asked = [(coordinator, "prompt"), (head, "prompt"), (liaison, "prompt")]
    assert sorted(first) == sorted([(officer, "ask"), *asked, (coordinator, "nobody")])
    for quiet in ("2026-12-21 09:01", "2026-12-30 10:00", "2027-01-02 10:00"):
        assert await tick(quiet) == [], quiet
    assert sorted(await tick("2027-01-04 09:00")) == sorted([*asked, (coordinator, "nobody")])
    assert await tick("2027-01-05 09:00") == []
    async with database.write() as session:
        unit = (await session.scalars(select(Person.unit_id).where(Person.telegram_id == liaison))).one()
        (await stored.ensure(session, unit, Q4)).state = ReturnState.REPORTED
    assert sorted(await tick("2027-01-06 09:00")) == sorted(each for each in asked if each[0] != liaison)
    assert await tick("2027-01-08 09:00") == []
    assert sorted(await tick("2027-01-15 09:00")) == sorted(each for each in asked if each[0] != liaison)
    await _change(database, QuarterPush, state=PushState.PUSHED)
    assert await tick("2027-01-22 09:00") == []  # it is sent on and locked


async def test_after_a_long_outage_there_is_one_prompt(tick, enrol):
    await enrol(900_002, role=Role.LIAISON)
    assert await tick("2027-01-07 15:00") == [(900_002, "prompt")]
    assert await tick("2027-01-07 15:01") == []


async def test_a_quarter_before_the_office_used_the_bot_is_reported_otherwise(database, tick, enrol):
    await enrol(900_002, role=Role.LIAISON)
    await _change(database, Person, joined_at=at("2027-01-02 10:00"))
    for day in ("2027-01-04", "2027-01-08", "2027-01-20"):
        assert await tick(f"{day} 09:00") == []
    async with database.read() as session:
        assert (await session.scalars(select(QuarterPush))).all() == []


async def test_a_liaison_on_leave_is_asked_through_the_stand_in_and_one_who_left_not_at_all(database, tick, enrol):
    away, by = await enrol(900_002, role=Role.LIAISON), await enrol(900_004)
    async with database.write() as session:
        session.add(Cover(person_id=away.id, by_id=by.id, from_on=dt.date(2026, 12, 1), to_on=dt.date(2026, 12, 31)))
    assert (900_004, "prompt") in await tick("2026-12-21 09:00")
    assert await tick("2027-01-04 09:00") == [(900_002, "prompt")]
    await _change(database, Person, state=PersonState.LEFT)
    assert await tick("2027-01-06 09:00") == []


@pytest.fixture
def rendered(database, office):
    """Render what waits in the outbox of a kind for somebody, as the sender does: the screen, or None."""

    async def render(kind: str, telegram_id: int, moment: str):
        async with database.write() as session:
            which = (Outbox.kind == kind, Outbox.chat_id == telegram_id)
            row = (await session.scalars(select(Outbox).where(*which).order_by(Outbox.id.desc()).limit(1))).one()
            person = await session.get_one(Person, row.person_id)
            return await HEARD[kind](session, office, person, row.params, at(moment))

    return render


async def _waiting(database, kind: str) -> list[int]:
    async with database.read() as session:
        return list(await session.scalars(select(Outbox.chat_id).where(Outbox.kind == kind).order_by(Outbox.id)))


async def _moved(database, telegram_id: int, unit: str) -> None:
    async with database.write() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == telegram_id))).one()
        person.unit_id = (await people.unit_by_code(session, unit)).id


@pytest.mark.parametrize("kind", [quarter_prompts.PROMPT, quarter_return.CONFIRM, quarter_return.SENT_BACK])
async def test_who_has_left_a_unit_reads_nothing_of_its_return_and_the_successor_does(
    database, tick, enrol, rendered, kind: str
):
    """Between the queueing and the sending lies a night, in which the unit gets another liaison or head."""
    waits_for_head = kind == quarter_return.CONFIRM
    former = await enrol(900_002, role=Role.HEAD if waits_for_head else Role.LIAISON)
    moment = "2026-12-21 09:00"
    await tick(moment)
    async with database.write() as session:
        row = await stored.ensure(session, former.unit_id, Q4)
        if waits_for_head:
            row.state, row.filled_at = ReturnState.FILLING, at(moment)
        if kind != quarter_prompts.PROMPT:
            await quarter_return.tell(session, row, kind, former, at(moment))
    assert await rendered(kind, 900_002, moment) is not None
    await _moved(database, 900_002, "water")
    await enrol(900_003, role=former.role)
    assert await rendered(kind, 900_002, moment) is None
    assert await _waiting(database, kind) == [900_002, 900_003]
    assert "大气环境处" in (await rendered(kind, 900_003, moment)).text
    assert await _waiting(database, kind) == [900_002, 900_003]


async def test_a_stand_in_reads_nothing_of_what_an_officer_lacks_once_they_are_back_and_the_officer_does(
    database, office, desk, enrol, rendered
):
    stands_in = await enrol(900_002)
    liaison = desk.of(await enrol(900_003, role=Role.LIAISON))
    await desk.register(PERMIT, submitted="0")
    moment = "2026-12-21 09:00"
    desk.now = liaison.now = at(moment)
    async with database.write() as session:
        session.add(Cover(person_id=desk.person.id, by_id=stands_in.id, from_on=dt.date(2026, 12, 21), to_on=None))
        row = await stored.ensure(session, desk.person.unit_id, Q4)
    await liaison.send(Press("qask", row.id, row.version))
    assert await _waiting(database, quarter_gaps.COMPLETE) == [900_002]
    assert await rendered(quarter_gaps.COMPLETE, 900_002, moment) is not None
    await _change(database, Cover, ended_at=at(moment))
    assert await rendered(quarter_gaps.COMPLETE, 900_002, moment) is None
    assert await _waiting(database, quarter_gaps.COMPLETE) == [900_002, desk.person.telegram_id]
    assert "大气2026-1" in (await rendered(quarter_gaps.COMPLETE, desk.person.telegram_id, moment)).text


async def test_the_draft_is_asked_for_once_a_day_until_it_stands(database, tick, enrol):
    await enrol(900_002, role=Role.LIAISON)
    await tick("2027-01-07 17:59")

    async def works() -> list[str]:
        async with database.read() as session:
            return [row.kind for row in await session.scalars(select(Work).order_by(Work.id))]

    for moment in ("2027-01-08 08:00", "2027-01-08 08:59"):
        await tick(moment)
    assert await works() == []
    for moment in ("2027-01-08 09:00", "2027-01-08 09:01", "2027-01-09 10:00"):
        await tick(moment)
    assert await works() == ["quarter.draft"]  # the eighth; the ninth is a Saturday
    await tick("2027-01-11 09:00")
    assert await works() == ["quarter.draft"] * 2  # the first one has failed: its day comes again
    await _change(database, QuarterPush, state=PushState.DRAFTED)
    await tick("2027-01-12 09:00")
    assert await works() == ["quarter.draft"] * 2


async def test_a_summary_begins_once(database):
    for _time in range(2):
        async with database.write() as session:
            await quarter_pushes.begin(session, Q4)
    async with database.read() as session:
        assert len((await session.scalars(select(QuarterPush))).all()) == 1


def test_the_next_moment_walks_through_every_day_of_the_quarter(office):
    moment, seen = at("2026-11-23 10:00"), []
    for _step in range(5):
        moment = quarter_prompts.next_moment(office, moment)
        seen.append(f"{moment.astimezone(ZONE):%m-%d %H:%M}")
    assert seen == ["12-21 09:00", "01-04 09:00", "01-06 09:00", "01-08 09:00", "03-19 09:00"]
