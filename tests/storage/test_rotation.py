"""A change of keys: every value of every table is under the newest key afterwards, and says what it said."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import LargeBinary, func, insert, select, type_coerce

from handlers import rotation as change
from handlers.clock import Clock
from storage import audit, keyproof, migrate, rotation, seals
from storage import keys as ring
from storage.database import Database
from storage.tables import Audit, Draft, Inbox, InboxState, Outbox, OutboxState, Setting
from tests.conftest import START


@pytest.fixture
async def kept(tmp_path: Path):
    """A database whose keys stand in a file, with some hundred values."""
    ring.unlock(tmp_path / "key", may_create=True)
    database = Database(f"sqlite:///{tmp_path / 'xinxuan.db'}")
    await migrate.upgrade(database)
    await keyproof.prove(database)
    async with database.write() as session:
        for n in range(250):
            audit.note(session, at=START, actor_id=None, verb="request.correct", subject=("request", n), after={"n": n})
    async with database.write() as session:
        await seals.seal(session, START)
        given = {"lane": "1", "state": InboxState.DONE, "attempts": 0, "received_at": START}
        rows = [given | {"update_id": n, "raw": {"n": n}, "reply": {"r": n} if n % 2 else None} for n in range(120)]
        await session.execute(insert(Inbox), rows)
        await session.execute(
            insert(Outbox),
            [
                {
                    "chat_id": 1, "kind": "k", "params": {"n": n}, "not_before": START, "state": OutboxState.SENT,
                    "dedupe": str(n), "created_at": START, "priority": 5, "copies": 0, "failures": 0,
                }
                for n in range(7)
            ],
        )  # fmt: skip
    yield database
    await database.close()


async def said(database: Database) -> list:
    async with database.read() as session:
        return [
            list(await session.scalars(select(Audit.after).where(Audit.verb != change.VERB).order_by(Audit.id))),
            list(await session.execute(select(Inbox.raw, Inbox.reply).order_by(Inbox.id))),
            list(await session.scalars(select(Outbox.params).order_by(Outbox.id))),
        ]


async def left(database: Database) -> int:
    async with database.read() as session:
        return await rotation.left(session)


async def test_everything_is_under_the_newest_key_and_says_what_it_said(kept: Database, tmp_path: Path):
    before, former = await said(kept), ring.in_use()[0]
    ring.add(tmp_path / "key")
    assert ring.refresh()
    assert await left(kept) == 250 + 120 + 60 + 7
    assert await change.rewrite(kept) == 437
    assert await left(kept) == 0
    assert await change.rewrite(kept) == 0
    assert await change.note_finished(kept, Clock())
    assert await change.retire(kept, tmp_path / "key")
    assert ring.read(tmp_path / "key") == list(ring.in_use())
    assert former not in ring.in_use()
    assert await said(kept) == before
    await keyproof.prove(kept)
    async with kept.write() as session:
        assert await seals.seal(session, START) is not None  # the line of the change itself
    async with kept.read() as session:
        assert (await seals.verify(session)).broken == ()


async def test_a_pass_that_was_cut_off_goes_on_where_anything_is_left(kept: Database, tmp_path: Path):
    ring.add(tmp_path / "key")
    ring.refresh()
    place: rotation.Place | None = rotation.Place()
    for _step in range(2):
        async with kept.write() as session:
            place, _written = await rotation.step(session, place)
    remaining = await left(kept)
    assert 0 < remaining < 437
    assert await change.rewrite(kept) == remaining
    assert await left(kept) == 0


async def test_the_former_key_stays_while_a_copy_needs_it(kept: Database, tmp_path: Path):
    (tmp_path / "copies").mkdir()
    copied = tmp_path / "copies" / "xinxuan-daily-20261122T010000.db"
    copied.write_bytes(b"a copy made before")
    os.utime(copied, (1, 1))
    ring.add(tmp_path / "key")
    await change.look(kept, Clock())
    assert await left(kept) == 0
    assert len(ring.read(tmp_path / "key")) == 2
    copied.unlink()
    await change.look(kept, Clock())
    assert len(ring.read(tmp_path / "key")) == 1
    async with kept.read() as session:
        lines = await session.scalar(select(func.count()).where(Audit.verb == change.VERB))
    assert lines == 1


async def test_a_value_that_another_process_wrote_under_a_newer_key_is_read(kept: Database, tmp_path: Path):
    """This process still has the former keys in memory; the file has one more."""
    made = Fernet.generate_key().decode()
    token = Fernet(made).encrypt(b'{"a":1}')
    with pytest.raises(InvalidToken):
        ring.decrypt(token)
    (tmp_path / "key").write_text(f"{made}\n{ring.in_use()[0]}\n")
    assert ring.decrypt(token) == b'{"a":1}'


def test_the_key_file_keeps_its_mode_and_is_always_whole(tmp_path: Path):
    path = tmp_path / "key"
    ring.unlock(path, may_create=True)
    ring.add(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(ring.read(path)) == 2
    ring.retire(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(ring.read(path)) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["key"]


async def test_what_was_written_meanwhile_is_not_overwritten(kept: Database, tmp_path: Path):
    async with kept.write() as session:
        await session.execute(insert(Setting), [{"key": "x", "value": 1}])
        table, columns = next((t, c) for t, c in rotation.tables() if t.name == "draft")
        assert table is Draft.__table__
        raw = select(type_coerce(columns[0], LargeBinary))
        assert (await session.scalars(raw)).all() == []
        inbox = next(t for t, _c in rotation.tables() if t.name == "inbox")
        stale = ring.encrypt(b'{"n":"stale"}')
        assert await rotation._rewrite(session, inbox, inbox.c.raw, (1,), stale) == 0
    assert (await said(kept))[1][0].raw == {"n": 0}
