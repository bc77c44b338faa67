"""What is kept for so long and no longer: each class goes on its day, and not a day before."""

import datetime as dt

from sqlalchemy import func, select

from storage import audit, outbox, retention, seals, work
from storage.database import Database
from storage.tables import (
    Attempt,
    Audit,
    Draft,
    Outbox,
    OutboxState,
    Person,
    Role,
    Sheet,
    Stranger,
    Unit,
    Work,
    WorkState,
)
from tests.conftest import START

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
        for closed in (OLD, YOUNG, None):
            session.add(Sheet(person_id=person.id, purpose="check", rows=[1], created_at=OLD, closed_at=closed))
        session.add_all([Stranger(telegram_id=1, refused_at=OLD), Stranger(telegram_id=2, refused_at=YOUNG)])
    async with sqlite.write() as session:
        assert await retention.forget_notices(session, LIMIT) == 1
        await retention.forget_drafts(session, LIMIT)
        await retention.forget_lists(session, LIMIT)
    counts = [await count(sqlite, table) for table in (Outbox, Attempt, Draft, Work, Stranger)]
    assert counts == [3, 3, 1, 2, 1]
    async with sqlite.read() as session:
        assert list(await session.scalars(select(Sheet.rows).order_by(Sheet.id))) == [None, [1], [1]]


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
