"""The audit stays as it was written: by trigger, and by a keyed chain over what the triggers cannot keep away."""

import datetime as dt
import json

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from storage import audit, backup, keyproof, keys, seal_mark, seals
from storage.database import Database
from storage.tables import Audit, AuditSeal, Outbox, OutboxState, Setting
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


async def test_a_copy_says_where_the_chain_stood_and_an_older_database_is_found_by_it(sqlite: Database, tmp_path):
    await write_down(sqlite, 3)
    await sealed(sqlite)
    older = backup.copy(sqlite.path, tmp_path / "older", label="daily", at=START)
    await write_down(sqlite, 3)
    await sealed(sqlite, START + MINUTE)
    copied = backup.copy(sqlite.path, tmp_path / "copies", label="daily", at=START)
    said = json.loads(backup.manifest(copied).read_text("utf-8"))
    assert said["audit_head"] == (await verdict(sqlite)).heads[-1]
    assert said["audit_to"] == 6
    put_back = Database(f"sqlite:///{older}")
    found = await verdict(put_back)
    await put_back.close()
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


ALL = "DELETE FROM audit_seal"
TAIL = "DELETE FROM audit_seal WHERE id > 1"
NO_MARK = "DELETE FROM setting WHERE key = 'audit.mark'"
FORGED = "UPDATE setting SET value = '\"" + "0" * 64 + "\"' WHERE key = 'audit.mark'"
NO_KEY = "DELETE FROM setting WHERE key = 'audit.key'"
NO_PROOF = "DELETE FROM setting WHERE key = 'key.proof'"
CUTS = {
    "all seals": [ALL],
    "the newest seal": [TAIL],
    "all seals and the mark": [ALL, NO_MARK],
    "the newest seal and the mark": [TAIL, NO_MARK],
    "the newest seal, with another mark": [TAIL, FORGED],
    "the mark alone": [NO_MARK],
    "all seals, the mark and the key": [ALL, NO_MARK, NO_KEY],
    "all that says there was a chain": [ALL, NO_MARK, NO_KEY, NO_PROOF],
    "the newest seal, the mark and the proof": [TAIL, NO_MARK, NO_PROOF],
}


async def behind_its_back(database: Database, *statements: str) -> None:
    """Do what somebody with the database and without the key can do."""
    async with database.write() as session:
        if database.is_sqlite:
            names = (await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))).all()
            dropped = [f"DROP TRIGGER {name}" for name in names]
        else:
            dropped = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("audit", "audit_seal")]
        for statement in (*dropped, *statements):
            await session.execute(text(statement))


@pytest.mark.parametrize("restarted", [False, True], ids=["at work", "restarted"])
@pytest.mark.parametrize("cut", CUTS)
async def test_what_was_cut_off_is_not_sealed_anew_and_is_found(database: Database, cut: str, restarted: bool):
    for number in range(3):
        await write_down(database, 2)
        await sealed(database, START + number * MINUTE)
    await behind_its_back(database, *CUTS[cut], "UPDATE audit SET verb = 'request.used' WHERE id = 5")
    if restarted:
        await keyproof.prove(database)
    await write_down(database, 1)
    with pytest.raises((seals.CutOff, seals.NoSealKey)):
        await sealed(database, START + 5 * MINUTE)
    async with database.read() as session:
        assert await seals.why_cut_off(session) is not None
        try:
            assert (await seals.verify(session)).broken != ()
        except seals.NoSealKey:
            assert NO_KEY in CUTS[cut]


async def test_a_posted_value_that_is_not_in_the_chain_is_found(sqlite: Database):
    await write_down(sqlite, 1)
    await sealed(sqlite)
    head = (await verdict(sqlite)).heads[-1]
    for said, is_well in ((head, True), ("0" * 64, False)):
        async with sqlite.write() as session:
            session.add(Outbox(chat_id=1, kind=seal_mark.POSTED, params={"head": said}, not_before=START, dedupe=said,
                               state=OutboxState.SENT, created_at=START, priority=5, copies=0, failures=0))  # fmt: skip
        async with sqlite.read() as session:
            assert (await seals.why_cut_off(session) is None) is is_well
            assert ((await seals.verify(session)).broken == ()) is is_well


async def test_a_chain_of_an_earlier_version_is_marked_at_the_next_start_and_goes_on(database: Database):
    await write_down(database, 2)
    await sealed(database)
    async with database.write() as session:
        (await session.get_one(Setting, keyproof.NAME)).value = keys.encrypt(b"xinxuan").decode()
        await session.execute(delete(Setting).where(Setting.key == "audit.mark"))
    await keyproof.prove(database)
    await write_down(database, 2)
    assert await sealed(database, START + MINUTE) == 2
    assert (await verdict(database)).broken == ()
    await behind_its_back(database, TAIL, NO_MARK)
    await keyproof.prove(database)
    with pytest.raises(seals.CutOff):
        await sealed(database, START + 2 * MINUTE)


async def test_a_database_of_an_earlier_version_that_sealed_nothing_yet_begins_its_chain(database: Database):
    await write_down(database, 2)
    async with database.write() as session:
        (await session.get_one(Setting, keyproof.NAME)).value = keys.encrypt(b"xinxuan").decode()
        await session.execute(delete(Setting).where(Setting.key.in_(("audit.mark", seals.KEY))))
    await keyproof.prove(database)
    assert await sealed(database) == 2
    assert (await verdict(database)).broken == ()


async def test_a_copy_that_is_put_back_goes_on_from_where_it_stood(sqlite: Database, tmp_path):
    await write_down(sqlite, 2)
    await sealed(sqlite)
    copied = backup.copy(sqlite.path, tmp_path / "copies", label="daily", at=START)
    await write_down(sqlite, 2)
    await sealed(sqlite, START + MINUTE)
    put_back = Database(f"sqlite:///{copied}")
    await keyproof.prove(put_back)
    await write_down(put_back, 3)
    assert await sealed(put_back, START + MINUTE) == 3
    found = await verdict(put_back)
    await put_back.close()
    assert (found.lines, found.broken) == (5, ())
