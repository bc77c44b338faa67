"""The outbox's queue: who comes first, against a plain sort, and that a look reads no more than what waits."""

import asyncio
import datetime as dt
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, text

from storage import carrying, outbox
from storage.database import Database
from storage.tables import Attempt, Outbox, OutboxState, ReminderState

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
ROWS = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(-3, 2), st.sampled_from(list(OutboxState))), max_size=40
)


def _row(number: int, chat: int, priority: int, minutes: int, state: OutboxState) -> Outbox:
    return Outbox(
        dedupe=f"{number}", kind="outage", chat_id=chat, person_id=None, params={}, priority=priority, state=state,
        not_before=NOW + dt.timedelta(minutes=minutes), created_at=NOW, copies=0, failures=0,
    )  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, limit=st.integers(1, 8), busy=st.sets(st.integers(1, 6), max_size=3), portion=st.integers(1, 9))
async def test_the_most_urgent_of_each_chat_is_claimed(sqlite: Database, monkeypatch, rows, limit, busy, portion):
    monkeypatch.setattr(outbox, "_PORTION", portion)
    async with sqlite.write() as session:
        await session.execute(delete(Attempt))
        await session.execute(delete(Outbox))
        session.add_all(_row(number, *each) for number, each in enumerate(rows))
    waits = [each for each in enumerate(rows) if each[1][3] in ("due", "unknown")]
    may_go = [(number, chat, priority, at) for number, (chat, priority, at, _) in waits if at <= 0 and chat not in busy]
    first: dict[int, str] = {}
    for number, chat, _priority, _at in sorted(may_go, key=lambda each: (each[2], each[3], each[0])):
        first.setdefault(chat, f"{number}")
    async with sqlite.write() as session:
        claimed = await outbox.claim(session, now=NOW, limit=limit, exclude_chats=sorted(busy))
        assert [row.dedupe for row in claimed] == list(first.values())[:limit]


async def test_a_look_reads_only_what_waits_however_much_was_sent(sqlite: Database):
    said: list[tuple[str, object]] = []
    event.listen(sqlite.engine.sync_engine, "before_cursor_execute", lambda *given: said.append((given[2], given[3])))
    async with sqlite.write() as session:
        await outbox.claim(session, now=NOW, limit=8, exclude_chats=[1])
        await outbox.expire_leases(session, now=NOW)
        await outbox.next_due_at(session, exclude_chats=[1])
        await outbox.is_busy(session, now=NOW)
        await outbox.cancel_for_reminders(session, [1], reason="a newer stage")
        for state in (ReminderState.CANCELLED, ReminderState.PLANNED):
            await carrying.settle(session, 1, state)
    looks = [(statement, given) for statement, given in said if "outbox" in statement]
    async with sqlite.engine.connect() as connection:
        for statement, given in looks:
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)).all()
            scans = [
                step for *_, step in plan if re.match(r"SCAN (outbox|outbox_reminder|reminder)\b(?!.*INDEX)", step)
            ]
            assert scans == [], (statement, plan)
        await connection.execute(text("ROLLBACK"))
    assert len(looks) >= 8


@pytest.mark.postgres
async def test_an_end_that_another_instance_writes_down_is_no_death(copied_postgres: str, keys: list[str]):
    database = Database(copied_postgres)
    async with database.write() as session:
        session.add_all(_row(number, number, 1, 0, OutboxState.DUE) for number in (1, 2))
    async with database.write() as session:
        mine, dead = await outbox.claim(session, now=NOW, limit=2, exclude_chats=[])
    async with database.write() as late, database.write() as another:
        assert await outbox.claimed(late, mine.id) is not None
        async with asyncio.timeout(10):
            expired = await outbox.expire_leases(another, now=NOW + outbox.LEASE)
        assert [row.id for row in expired] == [dead.id]
    await database.close()
