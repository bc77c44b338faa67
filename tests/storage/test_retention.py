"""What is kept for so long and no longer: each class goes on its day, and not a day before."""

import datetime as dt
from typing import Any

from sqlalchemy import func, select, update

from bot.issues import IssueKind, IssueState
from bot.policy.model import Policy
from bot.returns import PushState
from storage import audit, outbox, policies, retention, seals, work
from storage.database import Database
from storage.tables import (
    Attempt,
    Audit,
    Draft,
    Invite,
    Issue,
    Opinion,
    Outbox,
    OutboxState,
    Person,
    PersonState,
    QuarterPush,
    QuarterReturn,
    Referral,
    ReferralState,
    Request,
    Role,
    Sheet,
    Stranger,
    Unit,
    Work,
    WorkState,
)
from tests.conftest import START
from tests.ledger_rows import Ledger
from tests.oracles.figures_oracle import Happened, Report

DAY = dt.timedelta(days=1)
OLD, YOUNG = START - 400 * DAY - dt.timedelta(seconds=1), START - 400 * DAY + dt.timedelta(seconds=1)
LIMIT = START - 400 * DAY


async def _person(database: Database) -> Person:
    async with database.write() as session:
        unit = Unit(code="air", short_name="大气", name="大气处（虚构）", kind="division")
        session.add(unit)
        await session.flush()
        person = Person(telegram_id=1, unit_id=unit.id, role=Role.OFFICER, name="虚构", joined_at=START)
        session.add(person)
    return person


async def count(database: Database, table: type) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def test_each_class_goes_on_its_day_and_what_is_still_wanted_stays(sqlite: Database):
    person = await _person(sqlite)
    async with sqlite.write() as session:
        for n, (at, state) in enumerate(
            [(OLD, OutboxState.SENT), (YOUNG, OutboxState.SENT), (OLD, OutboxState.DUE), (OLD, OutboxState.UNKNOWN)]
        ):
            await outbox.enqueue(session, person, kind="k", params={}, dedupe=str(n), now=at)
            row = (await session.scalars(select(Outbox).where(Outbox.dedupe == str(n)))).one()
            row.state = state
            session.add(Attempt(outbox_id=row.id, n=1, started_at=at))
        for n, (at, active) in enumerate([(OLD, False), (OLD, True), (YOUNG, False)]):
            session.add(Draft(person_id=person.id, active=active, purpose=f"p{n}", answers={}, updated_at=at))
        for at, state in [(OLD, WorkState.DONE), (YOUNG, WorkState.DONE), (OLD, WorkState.WAITING)]:
            work.add(session, "k", {}, now=at)
            await session.flush()
            (await session.scalars(select(Work).order_by(Work.id.desc()))).first().state = state
        for begun, closed in ((OLD, OLD), (OLD, YOUNG), (OLD, None), (YOUNG, None)):
            session.add(Sheet(person_id=person.id, purpose="check", rows=[1], created_at=begun, closed_at=closed))
        session.add_all([Stranger(telegram_id=1, refused_at=OLD), Stranger(telegram_id=2, refused_at=YOUNG)])
    async with sqlite.write() as session:
        assert await retention.forget_notices(session, LIMIT) == 1
        await retention.forget_drafts(session, LIMIT)
        await retention.forget_lists(session, LIMIT)
    counts = [await count(sqlite, table) for table in (Outbox, Attempt, Draft, Work, Stranger)]
    assert counts == [3, 3, 1, 2, 1]
    async with sqlite.read() as session:
        kept = await session.execute(select(Sheet.rows, Sheet.closed_at.is_(None)).order_by(Sheet.id))
    assert kept.all() == [(None, False), ([1], False), (None, False), ([1], True)]


async def test_staff_go_when_they_left_long_ago_and_have_nothing_open(database: Database, policy: Policy):
    """Six people: only who left, was last heard of long ago and has nothing open loses name and account."""
    async with database.write() as session:
        ledger = await Ledger.begin(session, policy)
        unit, old = ledger.owner.unit_id, START - 800 * DAY
        for number in range(11, 19):
            state = PersonState.ACTIVE if number == 18 else PersonState.LEFT
            session.add(Person(telegram_id=number, unit_id=unit, role=Role.OFFICER, state=state, name=f"虚构{number}",
                               joined_at=old, menu="x"))  # fmt: skip
        await session.flush()
        ids = {row.telegram_id: row.id for row in await session.scalars(select(Person))}
        for number, at in ((11, OLD), (12, YOUNG), (13, OLD), (14, OLD)):
            audit.note(session, at=at, actor_id=None, verb="person.leave", subject=("person", ids[number]))
        await ledger.write(Happened([], [], [Report("air", "m35", START.date())]))
        await session.execute(update(Request).values(owner_id=ids[13]))
        await session.execute(update(Opinion).values(holder_id=ids[14]))
        case = {"policy_hash": policy.hash, "answers": {}, "created_at": OLD}
        session.add(Referral(person_id=ids[15], **case))
        for number, (used, answered, until) in enumerate(
            [(None, None, OLD), (None, None, YOUNG), (ids[18], OLD, OLD), (ids[17], None, OLD)]
        ):
            session.add(Invite(hash=str(number), unit_id=unit, role=Role.OFFICER, expires_at=until,
                               used_at=OLD if used else None, used_by=used, answered_at=answered))  # fmt: skip
    async with database.write() as session:
        gone = await retention.forget_staff(session, LIMIT, today=START.date(), keeps=frozenset({16}))
    assert gone == 2
    async with database.read() as session:
        rows = (await session.scalars(select(Person).where(Person.telegram_id < 11))).all()
        blanked = {row.id: (row.name, row.menu) for row in rows if row.id != ledger.owner.id}
        assert blanked == {ids[11]: (None, None), ids[17]: (None, None)}
        assert {row.telegram_id for row in rows} == {1, -ids[11], -ids[17]}
        assert sorted(await session.scalars(select(Invite.hash))) == ["1", "3"]
    async with database.write() as session:
        assert (
            await retention.forget_staff(session, LIMIT, today=START.date(), keeps=()) == 1
        )  # of the settings no more


async def test_texts_go_once_they_are_dealt_with(sqlite: Database, policy: Policy):
    person = await _person(sqlite)
    problem = {"person_id": person.id, "unit_id": person.unit_id, "year": 2025, "quarter": 1, "kind": IssueKind.LATE}
    async with sqlite.write() as session:
        await policies.ensure_snapshot(session, policy, OLD)
        for closed in (OLD, YOUNG, None):
            state = IssueState.CLOSED if closed else IssueState.NEW
            session.add(Issue(**problem, text="某事", answers=[["2025-01-01", "答"]], state=state, created_at=OLD,
                              closed_at=closed))  # fmt: skip
        case = {"person_id": person.id, "policy_hash": policy.hash, "answers": {"a": 1}, "note": "某事", "answer": "答"}
        for at, state in ((OLD, "answered"), (OLD, "withdrawn"), (OLD, "open"), (YOUNG, "answered")):
            session.add(Referral(**case, state=ReferralState(state), created_at=at))
        for quarter, at in ((1, OLD), (2, YOUNG), (3, None)):
            session.add(QuarterReturn(unit_id=person.unit_id, year=2025, quarter=quarter, problems="某事",
                                      figures={"a": 1}, reported_at=at))  # fmt: skip
            state = PushState.PUSHED if at else PushState.DRAFTED
            session.add(QuarterPush(year=2025, quarter=quarter, problems={"air": ["某事"]}, wording={"a": "b"},
                                    named=[], files={"sheet": "s", "ledger": f"l{quarter}"}, state=state,
                                    pushed_at=at))  # fmt: skip
    async with sqlite.write() as session:
        assert await retention.forget_texts(session, LIMIT) == ["l1"]
    async with sqlite.write() as session:
        assert await retention.forget_texts(session, LIMIT) == []
    async with sqlite.read() as session:

        async def said(table: type, name: str) -> list[Any]:
            return list(await session.scalars(select(getattr(table, name)).order_by(table.id)))

        assert await said(Issue, "text") == ["", "某事", "某事"]
        assert [bool(each) for each in await said(Issue, "answers")] == [False, True, True]
        for name in ("answers", "note", "answer"):
            assert [bool(each) for each in await said(Referral, name)] == [False, False, True, True]
        assert await said(QuarterReturn, "problems") == [None, "某事", "某事"]
        assert [bool(each) for each in await said(QuarterReturn, "figures")] == [True, True, True]
        assert [bool(each) for each in await said(QuarterPush, "problems")] == [False, True, True]
        assert [bool(each) for each in await said(QuarterPush, "wording")] == [True, True, True]
        assert [sorted(each) for each in await said(QuarterPush, "files")] == [
            ["sheet"],
            ["ledger", "sheet"],
            ["ledger", "sheet"],
        ]


async def test_old_lines_lose_their_content_and_the_chain_stays_whole(sqlite: Database):
    async with sqlite.write() as session:
        for at in (OLD, YOUNG):
            audit.note(session, at=at, actor_id=None, verb="v", subject=("request", 1), after={"a": 1}, reason="某事")
    async with sqlite.write() as session:
        await seals.seal(session, START)
    for _again in range(2):
        async with sqlite.write() as session:
            await retention.blank_audit(session, LIMIT)
    async with sqlite.read() as session:
        lines = (await session.scalars(select(Audit).order_by(Audit.id))).all()
        assert [(line.verb, line.after, line.reason) for line in lines] == [("v", None, None), ("v", {"a": 1}, "某事")]
        assert (await seals.verify(session)).broken == ()
