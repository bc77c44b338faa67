"""Hand-over and cover below the messenger: the second line of defence, the preview's figures, the last receivers."""

import datetime as dt

import pytest
from sqlalchemy import update

from bot.cover import Charge
from bot.errors import Refusal
from bot.language import speaking
from bot.screens.screen import Press
from handlers import receivers as whose
from storage import cover, handover, ledger
from storage.tables import (
    Applicant,
    Audit,
    Cover,
    Decision,
    Item,
    ItemState,
    Outbox,
    Person,
    PolicySnapshot,
    Request,
    Role,
)
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk, presses

TODAY = dt.date(2026, 11, 23)


async def made(database, owner: Person) -> Request:
    """An open entry with one verification, written straight into the ledger."""
    async with database.write() as session:
        session.add(PolicySnapshot(hash="h", schema_version=1, content="", first_used_at=NOW))
        await session.flush()
        decision = Decision(policy_hash="h", matter_code=None, answers={}, rule_ids=[], result={}, on=TODAY)
        session.add(decision)
        await session.flush()
        request = Request(
            unit_id=owner.unit_id,
            year=2026,
            seq=1,
            owner_id=owner.id,
            decision_id=decision.id,
            matter_name="虚构事项",
            created_at=NOW,
        )
        session.add(request)
        await session.flush()
        session.add(
            Item(
                request_id=request.id,
                product_kind="verification",
                product_code="verification",
                head_count=1,
                applicant=Applicant.BUREAU,
                state=ItemState.RECEIVED,
                submitted_on=TODAY,
                received_on=TODAY,
                due_on=TODAY - dt.timedelta(days=1),
            )
        )
    return request


async def receivers(database, office, request: Request) -> set[int]:
    async with database.read() as session:
        charge = Charge(request.owner_id, request.unit_id)
        return {person.telegram_id for person in await whose.of_charge(session, office, charge, NOW)}


async def away(database, *persons: Person, by: Person) -> None:
    async with database.write() as session:
        session.add_all(Cover(person_id=each.id, by_id=by.id, from_on=TODAY, to_on=None) for each in persons)


async def test_an_auditor_who_reads_an_entry_does_not_hand_it_over(database, office, officer, enrol):
    request = await made(database, officer)
    auditor = Desk(database, office, await enrol(900009, role=Role.AUDITOR), NOW)
    with pytest.raises(Refusal):
        await auditor.send(Press("hand", request.id, request.version))


@pytest.mark.parametrize(
    ("state", "late"), [(ItemState.RECEIVED, 1), (ItemState.SUPPLEMENT, 0), (ItemState.SUBMITTED, 0)]
)
async def test_overdue_in_the_preview_is_what_the_ledger_calls_overdue(database, officer, state, late):
    """Derived, from confirmed receipts only; while the centre waits for papers nothing is overdue."""
    request = await made(database, officer)
    supplement_on = TODAY if state is ItemState.SUPPLEMENT else None
    received_on = None if state is ItemState.SUBMITTED else TODAY
    async with database.write() as session:
        await session.execute(update(Item).values(state=state, supplement_on=supplement_on, received_on=received_on))
    async with database.read() as session:
        found = await handover.estate(session, officer.id, today=TODAY)
        opened = await ledger.entry_of(session, request.id)
    assert (found.entries, found.overdue) == (1, late)
    assert (opened.entry.phase(TODAY).value == "overdue") is bool(late)


async def test_where_nobody_stands_in_a_coordinator_at_work_comes_before_one_on_leave(database, office, officer, enrol):
    request = await made(database, officer)
    division = office.policy.legal_division(on=TODAY).code
    one = await enrol(900011, unit=division, role=Role.COORDINATOR)
    two = await enrol(900012, unit=division, role=Role.COORDINATOR)
    async with database.write() as session:
        (await session.get_one(Person, officer.id)).reachable = False
    assert await receivers(database, office, request) == {900011, 900012}
    await away(database, one, by=two)
    assert await receivers(database, office, request) == {900012}
    await away(database, two, by=one)  # both on leave: a circle, and still somebody must hear of it
    assert await receivers(database, office, request) == {900011, 900012}


async def test_where_there_is_nobody_else_the_owner_on_leave_is_told(database, office, officer, enrol):
    request = await made(database, officer)
    other = await enrol(900013)
    await away(database, officer, by=other)
    assert await receivers(database, office, request) == {900013}
    async with database.write() as session:
        (await session.get_one(Person, other.id)).reachable = False
    assert await receivers(database, office, request) == {900001}


async def test_a_head_on_leave_hands_on_to_their_stand_in_who_may_then_act(database, office, officer, enrol):
    request = await made(database, officer)
    head, deputy = await enrol(900014, role=Role.HEAD), await enrol(900015)
    async with database.write() as session:
        (await session.get_one(Person, officer.id)).reachable = False
    assert await receivers(database, office, request) == {900014}
    await away(database, head, by=deputy)
    assert await receivers(database, office, request) == {900015}
    async with database.read() as session:
        assert (await ledger.open_entry(session, deputy, request.id, on=TODAY)).may_act
        assert await ledger.open_entry(session, deputy, request.id) is None  # in their own right they may nothing
        assert not (await ledger.open_entry(session, head, request.id, on=TODAY)).may_act
        assert await cover.stood_in_for(session, deputy, TODAY) == {head.id}


@pytest.fixture
async def bureau(database, office, officer, enrol):
    """The officer and their head, colleagues of another unit, and the coordinator who moves people."""
    people = {
        "officer": officer,
        "head": await enrol(900014, role=Role.HEAD),
        "mate": await enrol(900015),
        "there": await enrol(900016, unit="water"),
        "coordinator": await enrol(900017, unit="legal", role=Role.COORDINATOR),
    }
    return {name: Desk(database, office, person) for name, person in people.items()}


async def moved(bureau, who: str, to: str) -> None:
    """Let the coordinator change somebody's unit to that of a colleague."""
    desk = bureau["coordinator"]
    [person] = await desk.rows(Person, Person.id == bureau[who].person.id)
    await desk.send(Press("mset", person.id, 0, f"unit,{bureau[to].person.unit_id},{person.unit_id}"))


async def test_whoever_stood_in_before_a_change_of_unit_does_not_learn_what_is_dealt_with_in_the_new_one(
    database, bureau
):
    mine, head = bureau["officer"], bureau["head"].person
    await away(database, mine.person, by=head)
    await moved(bureau, "officer", to="there")
    with speaking("en"):
        request_id = await mine.register({"matter": ("m22",), "reserved": ("yes",)}, submitted="0")
    async with database.read() as session:
        assert (await session.get_one(Request, request_id)).unit_id == bureau["there"].person.unit_id
        assert await ledger.open_entry(session, await session.get_one(Person, head.id), request_id, on=TODAY) is None
        assert await cover.stood_in_for(session, head, TODAY) == frozenset()


async def test_covers_of_and_by_whoever_changes_unit_end_with_a_line_each_and_both_sides_are_told(database, bureau):
    mine, head, mate = (bureau[name].person for name in ("officer", "head", "mate"))
    await away(database, mine, by=head)
    await away(database, mate, by=mine)
    await away(database, head, by=mate)  # neither of them moves
    await moved(bureau, "officer", to="there")
    desk = bureau["coordinator"]
    assert [row.ended_at is not None for row in await desk.rows(Cover)] == [True, True, False]
    assert [row.subject_id for row in await desk.rows(Audit, Audit.verb == "cover.end")] == [1, 2]
    told = [(row.person_id, row.params["cover"]) for row in await desk.rows(Outbox, Outbox.kind == "cover.ends")]
    assert sorted(told) == sorted([(mine.id, 1), (head.id, 1), (mate.id, 2), (mine.id, 2)])


async def test_a_cover_between_two_who_are_then_in_one_unit_stays(database, bureau):
    mine, there = bureau["officer"].person, bureau["there"].person
    await away(database, mine, by=there)
    with speaking("en"):
        await moved(bureau, "officer", to="there")
    [row] = await bureau["coordinator"].rows(Cover)
    assert row.ended_at is None


async def test_before_a_change_of_unit_the_coordinator_reads_that_covers_end_where_there_are_any(database, bureau):
    desk, mine = bureau["coordinator"], bureau["officer"].person
    said = "Leave covers with colleagues"
    with speaking("en"):
        assert said not in (await desk.send(Press("mset", mine.id, 0, "unit"))).text
        await away(database, mine, by=bureau["head"].person)
        assert said in (await desk.send(Press("mset", mine.id, 0, "unit"))).text


@pytest.mark.parametrize("begin", ["men", "cvnew", "hand"])
async def test_a_long_text_typed_into_a_list_is_looked_for_and_not_said_back_in_full(database, office, enrol, begin):
    """A name that is typed again and again finds somebody, and four thousand characters of it fill a message."""
    desk = Desk(database, office, await enrol(900_002, unit="legal", role=Role.COORDINATOR), NOW)
    colleague = await enrol(900_003, unit="legal")
    if begin == "hand":
        await desk.command("handover")
    else:
        await desk.send(Press(begin))
    shown = await desk.type(f"{colleague.name} " * (4090 // (len(colleague.name) + 1)))
    assert colleague.name in str(shown.rows)
    draft = await desk.draft()
    assert len(draft.answers["query"]) == 60


async def test_covers_stand_on_pages_of_eight_and_an_ended_one_leaves_its_page_open(database, office, officer, enrol):
    """A hundred single days of leave would have more buttons than a message takes."""
    desk, by = Desk(database, office, officer, NOW), await enrol(900_003)
    days = [TODAY + dt.timedelta(days=n) for n in range(1, 111)]
    async with database.write() as session:
        session.add_all(Cover(person_id=officer.id, by_id=by.id, from_on=on, to_on=on) for on in days)
    screen = await desk.command("cover")
    assert [press.id for press in presses(screen) if press.verb == "cvend"] == list(range(1, 9))
    screen = await desk.press("cover", "1")
    assert [press.id for press in presses(screen) if press.verb == "cvend"] == list(range(9, 17))
    screen = await desk.send(Press("cvend", 9, arg="1"))
    assert [press.id for press in presses(screen) if press.verb == "cvend"] == list(range(10, 18))
    last = await desk.send(Press("cover", arg="99"))
    assert [press.id for press in presses(last) if press.verb == "cvend"] == list(range(106, 111))
