"""The database: what it promises on both kinds, and which of its errors mean "not now"."""

import asyncio
import datetime as dt
import random
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from storage import backup, invites, keys
from storage.database import MAY_LAST, Database, async_url, is_away
from storage.tables import Heartbeat, Inbox, InboxState, Person, Setting, Unit
from storage.types import UtcDateTime
from tests.conftest import START


async def test_transaction_is_whole_or_absent(database: Database):
    with pytest.raises(RuntimeError):
        async with database.write() as session:
            session.add(Setting(key="half", value=1))
            await session.flush()
            raise RuntimeError("on the way")
    async with database.read() as session:
        assert await session.get(Setting, "half") is None


async def test_reader_cannot_write_to_sqlite(sqlite: Database):
    with pytest.raises(OperationalError):
        async with sqlite.read() as session:
            session.add(Setting(key="never", value=1))
            await session.flush()


async def test_a_query_that_says_that_it_may_last_leaves_the_loop_free(sqlite: Database):
    one, other = aliased(Setting), aliased(Setting)
    pairs = select(func.count()).prefix_with(MAY_LAST).select_from(one).join(other, one.key < other.key)
    async with sqlite.write() as session:
        await session.execute(delete(Setting))
        session.add_all(Setting(key=f"{number}", value=1) for number in range(1500))
    turns = 0

    async def go_round() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with sqlite.write() as session:
        await session.scalar(select(1))  # the transaction begins, and waits for its lock beside the loop
        going = asyncio.create_task(go_round())
        await asyncio.sleep(0)
        before = turns
        assert await session.scalar(pairs) == 1500 * 1499 / 2
        after = turns
        going.cancel()
    assert after > before + 5


async def test_reader_does_not_wait_for_a_writer(database: Database):
    async with database.write() as writer:
        writer.add(Setting(key="new", value=1))
        await writer.flush()
        async with asyncio.timeout(10), database.read() as reader:
            assert await reader.get(Setting, "new") is None


async def test_two_read_then_write_transactions_lose_nothing(database: Database):
    """On SQLite BEGIN IMMEDIATE makes the second wait, instead of failing at once on a stale snapshot."""
    async with database.write() as session:
        session.add(Setting(key="count", value=0))

    async def raise_by_one() -> None:
        async with database.write() as session:
            row = (await session.scalars(select(Setting).where(Setting.key == "count").with_for_update())).one()
            await asyncio.sleep(0.01)
            row.value += 1

    await asyncio.gather(*(raise_by_one() for _ in range(5)))
    async with database.read() as session:
        assert (await session.get_one(Setting, "count")).value == 5


async def test_sqlite_runs_as_promised(sqlite: Database):
    async with sqlite.write() as session:
        found = {
            name: await session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5000,
    }


async def test_foreign_keys_hold(database: Database):
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(Person(telegram_id=5_000_001, unit_id=999, role="officer", joined_at=START))


async def test_times_come_back_aware_and_in_utc(database: Database):
    local = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    async with database.write() as session:
        session.add(Heartbeat(part="tick", at=local))
    async with database.read() as session:
        back = (await session.get_one(Heartbeat, "tick")).at
    assert (back, back.utcoffset()) == (local, dt.timedelta())


def test_naive_time_is_a_defect():
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(dt.datetime(2026, 11, 23), None)  # type: ignore[arg-type]  # noqa: DTZ001


async def test_encrypted_value_comes_back_and_stands_nowhere_in_the_file(sqlite: Database, tmp_path: Path):
    canary = "大气污染防治专项资金（虚构）CANARY-7f3a"
    async with sqlite.write() as session:
        session.add(Inbox(update_id=1, lane="1", raw={"text": canary}, state=InboxState.RECEIVED, received_at=START))
    async with sqlite.read() as session:
        assert (await session.scalars(select(Inbox.raw))).one() == {"text": canary}
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"CANARY-7f3a" not in everything
    assert b"inbox" in everything


def test_older_key_still_reads_what_it_wrote(keys: list[str]):
    from cryptography.fernet import Fernet

    from storage import keys as ring

    written = ring.keyring().encrypt(b"before the change of keys")
    ring.use([Fernet.generate_key().decode(), *keys])
    assert ring.keyring().decrypt(written) == b"before the change of keys"


def test_key_file_is_made_for_its_owner_only_and_never_replaced(tmp_path: Path):
    path = tmp_path / "data" / "key"
    keys.unlock(path, may_create=True)
    made = path.read_text("ascii")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    keys.unlock(path, may_create=True)
    assert path.read_text("ascii") == made


@pytest.mark.parametrize("content", ["", "not a key", "密钥"])
def test_key_file_without_a_key_is_refused(tmp_path: Path, content: str):
    path = tmp_path / "key"
    path.write_text(content, "utf-8")
    with pytest.raises(keys.KeyFileError, match="restore it"):
        keys.unlock(path, may_create=True)
    assert path.read_text("utf-8") == content


def test_missing_key_beside_existing_data_is_not_papered_over(tmp_path: Path):
    with pytest.raises(keys.KeyFileError):
        keys.unlock(tmp_path / "key", may_create=False)
    assert list(tmp_path.iterdir()) == []


async def test_locked_database_is_away_and_not_a_defect(sqlite: Database, tmp_path: Path):
    async with sqlite.write() as session:
        await session.execute(text("PRAGMA busy_timeout=50"))
    other = sqlite3.connect(tmp_path / "xinxuan.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError) as locked:
        async with sqlite.write() as session:
            await session.scalars(select(Setting))
    other.close()
    assert is_away(locked.value)


async def test_full_database_is_away_and_the_transaction_is_gone(sqlite: Database):
    async with sqlite.write() as session:
        pages = await session.scalar(text("PRAGMA page_count"))
    async with sqlite.engine.connect() as connection:
        await connection.execute(text(f"PRAGMA max_page_count={pages + 2}"))
    with pytest.raises(OperationalError) as full:
        await _fill(sqlite)
    assert is_away(full.value)
    async with sqlite.read() as session:
        assert await session.get(Setting, "0") is None


async def _fill(database: Database) -> None:
    async with database.write() as session:
        for number in range(20):
            async with session.begin_nested():
                session.add(Setting(key=f"{number}", value="x" * 4000))
                await session.flush()


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("insert", {}, Exception("UNIQUE constraint failed")),
        OperationalError("select", {}, Exception("no such column: nothing")),
        RuntimeError("database is locked"),
    ],
)
def test_wrong_statement_is_no_absence(error: Exception):
    assert not is_away(error)


async def test_server_that_closed_the_connection_is_away(empty_postgres: str, keys: list[str]):
    database = Database(empty_postgres)
    with pytest.raises(Exception) as closed:
        async with database.write() as session:
            await session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    await database.close()
    assert is_away(closed.value)


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///data/x.db", "sqlite+aiosqlite"),
        ("postgresql://bot@/x?host=/run/postgresql", "postgresql+asyncpg"),
        ("postgres://bot@db.example/x", "postgresql+asyncpg"),
        ("postgresql+psycopg2://bot@db.example/x", "postgresql+asyncpg"),
    ],
)
def test_address_gets_the_driver_of_its_database(given: str, driver: str):
    assert async_url(given).drivername == driver


@pytest.mark.parametrize("given", ["mysql://x/y", "data/x.db", ""])
def test_unknown_address_is_refused_in_one_sentence(given: str):
    with pytest.raises(ValueError, match="use sqlite:///path or postgresql"):
        async_url(given)


async def _unit(session: AsyncSession) -> Unit:
    unit = Unit(code="air", short_name="大气", name="大气处（虚构）", kind="division")
    session.add(unit)
    await session.flush()
    return unit


async def test_invitation_is_used_once_by_one_of_many_and_never_after_its_end(database: Database):
    from storage.tables import Role

    async with database.write() as session:
        unit = await _unit(session)
        token = await invites.make(session, unit, Role.OFFICER, by=None, expires_at=START + dt.timedelta(hours=24))
        late = await invites.make(session, unit, Role.OFFICER, by=None, expires_at=START)

    async def redeem(code: str) -> bool:
        async with database.write() as session:
            return await invites.redeem(session, code, now=START) is not None

    assert sum(await asyncio.gather(*(redeem(token) for _ in range(6)))) == 1
    assert [await redeem(code) for code in (late, "", "x" * 22, token)] == [False] * 4


async def test_writes_cancelled_at_any_moment_are_whole_or_not_there_and_the_next_one_works(sqlite: Database):
    """The writing connection runs short statements on the loop and lasting ones on its thread; both may be cut."""
    chance = random.Random(20261122)

    async def write(number: int) -> None:
        async with sqlite.write() as session:
            for half in ("a", "b"):
                session.add(Setting(key=f"{number}.{half}", value="x" * 200_000))
                await session.flush()

    for number in range(60):
        task = asyncio.create_task(write(number))
        for _step in range(chance.randrange(12)):
            await asyncio.sleep(0)
        if chance.random() < 0.5:
            await asyncio.sleep(chance.random() / 200)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await write(1000)
    async with sqlite.read() as session:
        keys = set(await session.scalars(select(Setting.key)))
    assert {"1000.a", "1000.b"} <= keys
    assert {key.split(".")[0] for key in keys if key.endswith("a")} == {
        key.split(".")[0] for key in keys if key.endswith("b")
    }


async def test_closing_waits_for_nobody_and_leaves_a_sound_file(sqlite: Database):
    async with sqlite.write() as session:
        session.add(Setting(key="kept", value=1))
    await sqlite.close()
    assert sqlite.path is not None
    assert not sqlite.path.with_name(sqlite.path.name + "-wal").exists()
    backup.check(sqlite.path)


async def test_error_of_a_statement_does_not_tell_its_values(database: Database):
    with pytest.raises(IntegrityError) as refused:
        async with database.write() as session:
            session.add_all([Setting(key="twice", value="某某公司（虚构）"), Setting(key="twice", value=2)])
            await session.flush()
    assert "某某公司" not in str(refused.value)
