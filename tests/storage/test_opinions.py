"""Opinions are recorded many at once: each as it was given, in its order, an adverse one with its side task."""

import datetime as dt

from sqlalchemy import event, select

from bot.opinions import Finding
from storage import opinions
from storage.database import Database
from storage.opinions import NewOpinion
from storage.tables import FollowUp, FollowUpState, Opinion

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)


def new(n: int) -> NewOpinion:
    """Return the n-th opinion; every third is adverse, and two have one number, day and end."""
    return NewOpinion(
        counterpart_id=None, item_id=None, unit_id=None, holder_id=None, valid_source="printed",
        issued_on=dt.date(2026, 1, 1) + dt.timedelta(days=n // 2), valid_to=dt.date(2027, 1, 1),
        finding=Finding.ADVERSE if n % 3 == 0 else Finding.CLEAN, number=f"虚核{n // 2}", details=f"第{n}件",
    )  # fmt: skip


async def recorded(database: Database, count: int) -> int:
    """Record opinions, compare what is kept with what was given, and return how many statements it took."""
    given, said = [new(n) for n in range(count)], []
    async with database.write() as session:
        engine = session.get_bind().engine

        def note(_connection, _cursor, statement, *_rest):
            said.append(statement)

        await session.connection()
        event.listen(engine, "before_cursor_execute", note)
        made = await opinions.record(session, given, now=NOW)
        event.remove(engine, "before_cursor_execute", note)
        ids = [each.id for each in made]
    async with database.read() as session:
        kept = {each.id: each for each in await session.scalars(select(Opinion).where(Opinion.id.in_(ids)))}
        tasks = list(await session.scalars(select(FollowUp).where(FollowUp.opinion_id.in_(ids))))
    assert [(kept[each].number, kept[each].result) for each in ids] == [(each.number, each.finding) for each in given]
    assert sorted(kept[each].details for each in ids) == sorted(each.details for each in given)
    adverse = {each for each, one in zip(ids, given, strict=True) if one.finding.is_adverse}
    assert {task.opinion_id for task in tasks} == adverse
    assert {(task.state, task.created_at) for task in tasks} == {(FollowUpState.OPEN, NOW)}
    return len(said)


async def test_many_opinions_cost_as_many_statements_as_one(database: Database) -> None:
    async with database.write() as session:
        assert await opinions.record(session, [], now=NOW) == []
    assert await recorded(database, 60) == await recorded(database, 1)
