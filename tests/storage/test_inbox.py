"""The inbox: an update is kept once, an officer's updates keep their order, finished ones go after three days."""

import datetime as dt

from sqlalchemy import select

from storage import inbox
from storage.database import Database
from storage.inbox import Incoming
from storage.tables import Inbox, InboxState

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


def _incoming(*ids_and_lanes: tuple[int, str]) -> list[Incoming]:
    return [Incoming(update_id, lane, {"update_id": update_id}) for update_id, lane in ids_and_lanes]


async def _ids(database: Database, *, now: dt.datetime = NOW, limit: int = 32) -> list[int]:
    async with database.write() as session:
        return [row.update_id for row in await inbox.next_batch(session, now=now, limit=limit)]


async def _change(database: Database, update_id: int, **values: object) -> None:
    async with database.write() as session:
        row = (await session.scalars(select(Inbox).where(Inbox.update_id == update_id))).one()
        for name, value in values.items():
            setattr(row, name, value)


async def test_update_delivered_again_is_kept_once_and_not_reset(database: Database):
    async with database.write() as session:
        await inbox.receive(session, _incoming((10, "a")), now=NOW)
    await _change(database, 10, state=InboxState.DONE, reply={"said": "it"})
    async with database.write() as session:
        await inbox.receive(session, _incoming((10, "a"), (11, "a"), (11, "a")), now=NOW + dt.timedelta(minutes=1))
    async with database.read() as session:
        rows = (await session.scalars(select(Inbox).order_by(Inbox.update_id))).all()
    assert [(row.update_id, row.state, row.received_at) for row in rows] == [
        (10, InboxState.DONE, NOW),
        (11, InboxState.RECEIVED, NOW + dt.timedelta(minutes=1)),
    ]


async def test_batch_takes_the_oldest_of_each_lane(database: Database):
    async with database.write() as session:
        await inbox.receive(session, _incoming((1, "a"), (2, "a"), (3, "b"), (4, "c"), (5, "b")), now=NOW)
    assert await _ids(database) == [1, 3, 4]
    assert await _ids(database, limit=2) == [1, 3]
    await _change(database, 1, state=InboxState.DONE)
    assert await _ids(database) == [2, 3, 4]


async def test_lane_whose_oldest_backs_off_waits_whole(database: Database):
    async with database.write() as session:
        await inbox.receive(session, _incoming((1, "a"), (2, "a"), (3, "b")), now=NOW)
    later = NOW + dt.timedelta(seconds=5)
    await _change(database, 1, not_before=later)
    assert await _ids(database) == [3]
    assert await _ids(database, now=later) == [1, 3]
    async with database.read() as session:
        assert await inbox.next_run_at(session) == NOW
    await _change(database, 3, state=InboxState.DONE)
    async with database.read() as session:
        assert await inbox.next_run_at(session) == later
    await _change(database, 1, state=InboxState.DONE)
    await _change(database, 2, state=InboxState.DONE)
    async with database.read() as session:
        assert await inbox.next_run_at(session) is None


async def test_update_taken_by_another_instance_is_skipped_with_its_whole_lane(database: Database):
    if database.is_sqlite:
        return  # one instance only, by the lock
    async with database.write() as session:
        await inbox.receive(session, _incoming((1, "a"), (2, "a"), (3, "b")), now=NOW)
    async with database.write() as first:
        taken = await inbox.next_batch(first, now=NOW, limit=1)
        assert ([row.update_id for row in taken], await _ids(database)) == ([1], [3])


async def test_shown_mark_ends_the_reply_and_keeps_a_given_up_update_dead(database: Database):
    async with database.write() as session:
        await inbox.receive(session, _incoming((1, "a"), (2, "b")), now=NOW)
    await _change(database, 1, state=InboxState.DONE, reply={"said": 1})
    await _change(database, 2, state=InboxState.DEAD, reply={"said": 2})
    async with database.write() as session:
        assert [row.update_id for row in await inbox.unshown(session)] == [1, 2]
        await inbox.mark_shown(session, [row.id for row in await inbox.unshown(session)])
    async with database.read() as session:
        rows = (await session.scalars(select(Inbox).order_by(Inbox.update_id))).all()
        assert await inbox.unshown(session) == []
    assert [row.state for row in rows] == [InboxState.SHOWN, InboxState.DEAD]


async def test_finished_updates_go_after_three_days_and_unfinished_ones_never(database: Database):
    async with database.write() as session:
        await inbox.receive(session, _incoming(*((number, str(number)) for number in range(1, 6))), now=NOW)
        await inbox.receive(session, _incoming((6, "6")), now=NOW + dt.timedelta(hours=1))
    states = (InboxState.SHOWN, InboxState.DEAD, InboxState.DONE, InboxState.RECEIVED, InboxState.SHOWN)
    for number, state in zip((1, 2, 3, 4, 6), states, strict=True):
        await _change(database, number, state=state)
    async with database.write() as session:
        await inbox.prune(session, now=NOW + dt.timedelta(days=3, minutes=1))
    async with database.read() as session:
        assert set(await session.scalars(select(Inbox.update_id))) == {3, 4, 5, 6}


async def test_only_a_waiting_update_is_blamed_for_a_death(database: Database):
    async with database.write() as session:
        await inbox.receive(session, _incoming((1, "a"), (2, "b")), now=NOW)
    await _change(database, 2, state=InboxState.DONE)
    async with database.write() as session:
        blamed = await inbox.blame(session, 1)
        assert (blamed.attempts if blamed else None, await inbox.blame(session, 2)) == (1, None)
        assert await inbox.blame(session, 999) is None
