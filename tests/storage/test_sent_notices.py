"""What was said in a notification is forgotten with the person whom it named."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.policy.model import Policy
from storage import erasure, notified, orphans, people
from storage.database import Database
from storage.files import GONE
from storage.mentions import Named, mentions
from storage.tables import Attempt, Outbox, OutboxState, Person, Role
from tests.conftest import START

PERSON = Named(0, "张", "1234", "虚构人事2026-7")


async def enrolled(session: AsyncSession, policy: Policy) -> Person:
    """Put the officer who is told on the list."""
    await people.sync_units(session, policy)
    unit = await people.unit_by_code(session, "air")
    assert unit is not None
    officer = Person(telegram_id=1, unit_id=unit.id, role=Role.OFFICER, joined_at=START)
    session.add(officer)
    await session.flush()
    return officer


async def test_of_a_notice_that_was_sent_the_words_go_and_the_line_stays(sqlite: Database, policy):
    async with sqlite.write() as session:
        officer = await enrolled(session, policy)
        for number, reason in enumerate((f"与{PERSON.case_number}同案", "年休假")):
            session.add(Outbox(person_id=officer.id, chat_id=1, kind="handover.one", params={"reason": reason},
                               not_before=START, state=OutboxState.SENT, dedupe=str(number),
                               created_at=START))  # fmt: skip
    async with sqlite.write() as session:
        await erasure.erase(session, 0, await mentions(session, [PERSON]), now=START)
    async with sqlite.read() as session:
        rows = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
    assert [(row.state, row.params) for row in rows] == [
        (OutboxState.SENT, {}),
        (OutboxState.SENT, {"reason": "年休假"}),
    ]


async def test_a_notice_whose_words_are_gone_does_not_come_when_its_receiver_is_back(sqlite: Database, policy):
    async with sqlite.write() as session:
        officer = await enrolled(session, policy)
        people.lose(officer, START)
        ends = ((OutboxState.REFUSED, "blocked"), (OutboxState.CANCELLED, notified.OUT_OF_REACH))
        for number, (state, reason) in enumerate(ends):
            said = {"kind": "handover.one", "params": {"reason": PERSON.case_number}, "dedupe": str(number)}
            ended = {"state": state, "reason": reason, "not_before": START, "created_at": START}
            row = Outbox(person_id=officer.id, chat_id=1, **said, **ended)
            session.add(row)
            await session.flush()
            session.add(Attempt(outbox_id=row.id, n=1, started_at=START))
    async with sqlite.write() as session:
        await erasure.erase(session, 0, await mentions(session, [PERSON]), now=START)
        await notified.revive(session, await session.get_one(Person, officer.id), since=START, now=START)
    async with sqlite.read() as session:
        rows = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
    assert [(row.state, row.params) for row in rows] == [(OutboxState.CANCELLED, {})] * 2


async def test_files_that_may_still_leave_are_let_go_and_the_rest_of_a_notice_stays(sqlite: Database, policy):
    waiting = (OutboxState.DUE, OutboxState.CLAIMED, OutboxState.UNKNOWN, OutboxState.HELD)
    async with sqlite.write() as session:
        officer = await enrolled(session, policy)
        for number, state in enumerate((*waiting, OutboxState.SENT)):
            said = {"n": 12, "file": {"key": f"{number + 1:032x}", "name": "台账.xlsx"}}
            session.add(Outbox(person_id=officer.id, chat_id=1, kind="paper", params=said, not_before=START,
                               state=state, dedupe=str(number), created_at=START))  # fmt: skip
        session.add(Outbox(person_id=officer.id, chat_id=1, kind="k", params={"reason": "年休假"}, not_before=START,
                           dedupe="none", created_at=START))  # fmt: skip
    async with sqlite.write() as session:
        assert await orphans.let_go(session) == [f"{number + 1:032x}" for number in range(len(waiting))]
    async with sqlite.write() as session:
        assert await orphans.let_go(session) == []
    async with sqlite.read() as session:
        rows = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
    assert [row.state for row in rows] == [*waiting, OutboxState.SENT, OutboxState.DUE]
    assert [row.params["file"]["key"] for row in rows[:-1]] == [GONE] * len(waiting) + [f"{len(waiting) + 1:032x}"]
    assert (rows[0].params["n"], rows[0].params["file"]["name"], rows[-1].params) == (
        12,
        "台账.xlsx",
        {"reason": "年休假"},
    )
