"""The audit stays as it was written: by trigger, and by a keyed chain over what the triggers cannot keep away."""

import datetime as dt
import json

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from storage import audit, backup, keys, seals
from storage.database import Database
from storage.tables import Audit, AuditSeal, Setting
from tests.conftest import START

MINUTE = dt.timedelta(minutes=1)


async def write_down(database: Database, n: int, *, at: dt.datetime = START) -> None:
    async with database.write() as session:
        for k in range(n):
            audit.note(session, at=at, actor_id=None, verb="request.received", subject=("request", k), after={"on": k})


async def sealed(database: Database, at: dt.datetime = START) -> int:
    async with database.write() as session:
        made = await seals.seal(session, at)
        return 0 if made is None else made.to_id - made.from_id + 1


async def verdict(database: Database) -> seals.Verdict:
    async with database.read() as session:
        return await seals.verify(session)


REFUSED = (
    delete(Audit),
    delete(AuditSeal),
    update(Audit).values(verb="something.else"),
    update(Audit).values(actor_id=None, at=START + MINUTE),
    update(Audit).values(after=None),
    update(Audit).values(reason="another"),
    update(Audit).values(content_hash="0" * 64),
    update(Audit).values(subject_id=7, before=None, after=None, reason=None, content_hash="0" * 64),
    update(AuditSeal).values(head="0" * 64),
)


async def test_what_is_written_down_stays(database: Database):
    await write_down(database, 2)
    await sealed(database)
    for statement in REFUSED:
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write() as session:
                await session.execute(statement)
    assert (await verdict(database)).broken == ()


async def test_lines_are_sealed_once_each_minute_and_verify(database: Database):
    async with database.read() as session:
        assert not await seals.is_due(session, START)
    await write_down(database, 5)
    assert await sealed(database) == 5
    assert await sealed(database) == 0
    await write_down(database, 3)
    async with database.read() as session:
        assert not await seals.is_due(session, START + MINUTE / 2)
        assert await seals.is_due(session, START + MINUTE)
    found = await verdict(database)
    assert (found.lines, found.unsealed, found.broken) == (5, 3, ())
    assert await sealed(database, START + MINUTE) == 3
    found = await verdict(database)
    assert (found.lines, found.unsealed, len(found.heads), found.broken) == (8, 0, 2, ())


async def test_a_head_is_known_by_its_beginning_and_nothing_shorter(sqlite: Database):
    await write_down(sqlite, 1)
    await sealed(sqlite)
    found = await verdict(sqlite)
    head = found.heads[0]
    assert found.has(head)
    assert found.has(f"{head[:4]} {head[4:8]} {head[8:12]} {head[12:16]}".upper())
    assert not found.has(head[:15])
    assert not found.has("0" * 64)


async def test_the_same_content_under_a_newer_key_is_the_same_line(database: Database, keys: list[str]):
    await write_down(database, 3)
    await sealed(database)
    before = (await verdict(database)).heads
    newer = Fernet.generate_key().decode()
    _use([newer, *keys])
    async with database.write() as session:
        for line in await session.scalars(select(Audit)):
            await session.execute(update(Audit).where(Audit.id == line.id).values(after=line.after))
        await seals.rewrap(session)
    _use([newer])
    found = await verdict(database)
    assert (found.heads, found.broken) == (before, ())


async def test_an_erased_line_keeps_its_place_in_the_chain(database: Database):
    await write_down(database, 3)
    await sealed(database)
    async with database.write() as session:
        line = (await session.scalars(select(Audit).order_by(Audit.id))).all()[1]
        kept = await seals.content_hash(session, line)
        blank = {"before": None, "after": None, "reason": None}
        await session.execute(update(Audit).where(Audit.id == line.id).values(content_hash=kept, **blank))
    found = await verdict(database)
    assert (found.lines, found.broken) == (3, ())
    async with database.read() as session:
        assert (await session.get_one(Audit, line.id)).after is None


@pytest.mark.parametrize("column", ["before", "after", "reason"])
async def test_content_that_cannot_be_read_is_named_with_its_range_and_the_others_are_looked_at(
    sqlite: Database, column: str
):
    for _range in range(2):
        await write_down(sqlite, 3)
        async with sqlite.write() as session:
            audit.note(session, at=START, actor_id=None, verb="v", subject=("x", 1), before=1, after=2, reason="某事")
        await sealed(sqlite)
    async with sqlite.write() as session:
        await session.execute(text("DROP TRIGGER audit_unchanged"))
        await session.execute(text(f"UPDATE audit SET {column} = 'other' WHERE id = 4"))  # noqa: S608 - names of ours
    found = await verdict(sqlite)
    assert [(each.from_id, each.to_id) for each in found.broken] == [(1, 4)]
    assert len(found.heads) == 2


async def test_an_erasure_without_the_key_is_found(sqlite: Database):
    await write_down(sqlite, 3)
    await sealed(sqlite)
    async with sqlite.write() as session:
        blank = {"before": None, "after": None, "reason": None, "content_hash": "0" * 64}
        await session.execute(update(Audit).where(Audit.id == 2).values(**blank))
    [broken] = (await verdict(sqlite)).broken
    assert (broken.from_id, broken.to_id) == (1, 3)


async def test_without_its_key_the_chain_is_neither_verified_nor_begun_anew(sqlite: Database):
    await write_down(sqlite, 1)
    await sealed(sqlite)
    await write_down(sqlite, 1)
    async with sqlite.write() as session:
        await session.execute(delete(Setting).where(Setting.key == seals.KEY))
    with pytest.raises(seals.NoSealKey):
        await verdict(sqlite)
    with pytest.raises(seals.NoSealKey):
        await sealed(sqlite)


async def test_the_key_stands_in_the_database_only_wrapped(sqlite: Database, keys: list[str]):
    await write_down(sqlite, 1)
    await sealed(sqlite)
    async with sqlite.read() as session:
        wrapped = (await session.get_one(Setting, seals.KEY)).value
    _use([Fernet.generate_key().decode()])
    with pytest.raises(seals.NoSealKey):
        await verdict(sqlite)
    assert len(wrapped) > 100


async def test_a_copy_says_where_the_chain_stood_and_a_cut_end_is_found_by_it(sqlite: Database, tmp_path):
    await write_down(sqlite, 3)
    await sealed(sqlite)
    await write_down(sqlite, 3)
    await sealed(sqlite, START + MINUTE)
    copied = backup.copy(sqlite.path, tmp_path / "copies", label="daily", at=START)
    said = json.loads(backup.manifest(copied).read_text("utf-8"))
    assert said["audit_head"] == (await verdict(sqlite)).heads[-1]
    assert said["audit_to"] == 6
    async with sqlite.write() as session:
        for table in ("audit", "audit_seal"):
            await session.execute(text(f"DROP TRIGGER {table}_stays"))
        await session.execute(delete(AuditSeal).where(AuditSeal.to_id > 3))
        await session.execute(delete(Audit).where(Audit.id > 3))
    found = await verdict(sqlite)
    assert found.broken == ()  # a chain alone cannot tell
    assert not found.has(said["audit_head"])


def _use(made: list[str]) -> None:
    keys.use(made)


async def test_a_range_that_was_cut_out_of_the_middle_with_its_seal_is_missed(sqlite: Database):
    for number in range(3):
        await write_down(sqlite, 2)
        assert await sealed(sqlite, START + number * MINUTE) == 2
    async with sqlite.write() as session:
        for name in await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")):
            await session.execute(text(f"DROP TRIGGER {name}"))
        await session.execute(delete(AuditSeal).where(AuditSeal.from_id == 3))
        await session.execute(delete(Audit).where(Audit.id.in_((3, 4))))
    assert [(each.from_id, each.to_id) for each in (await verdict(sqlite)).broken] == [(5, 6)]
