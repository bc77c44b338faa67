"""``xinxuan audit verify`` as the maintainer meets it: whole, changed behind our back, cut off, and all of it older."""

import contextlib
import sqlite3
from pathlib import Path

from storage import audit, backup, keyproof, keys, migrate, seals
from storage.database import Database
from tests.commands import Command
from tests.conftest import START


async def _installation(folder: Path) -> str:
    """Make a database whose audit has two sealed ranges; return the newest head."""
    folder.mkdir()
    keys.unlock(folder / "key", may_create=True)
    database = Database(f"sqlite:///{folder / 'xinxuan.db'}")
    await migrate.upgrade(database)
    await keyproof.prove(database)
    await database.close()
    await _seal_another(folder)
    return await _seal_another(folder)


async def _seal_another(folder: Path) -> str:
    """Write three more lines and seal them; return the head."""
    database = Database(f"sqlite:///{folder / 'xinxuan.db'}")
    async with database.write() as session:
        for k in range(3):
            audit.note(session, at=START, actor_id=None, verb="request.received", subject=("request", k))
    async with database.write() as session:
        made = await seals.seal(session, START)
    await database.close()
    assert made is not None
    return made.head


def _behind_its_back(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for statement in (*(f"DROP TRIGGER {name}" for (name,) in triggers), *statements):
            database.execute(statement)


async def test_the_audit_is_verified_and_what_was_done_to_it_is_named(told: Command, tmp_path: Path):
    data = tmp_path / "data"
    head = await _installation(data)
    code, out, err = await told("audit", "verify", "--head", head[:16])
    assert (code, err) == (0, ""), out
    assert out.splitlines()[0] == "lines sealed: 6, seals: 2, not sealed yet: 0"
    assert out.splitlines()[-1] == "the audit is as it was sealed"
    whole = (data / "xinxuan.db").read_bytes()

    _behind_its_back(data / "xinxuan.db", "UPDATE audit SET actor_id = NULL, verb = 'request.used' WHERE id = 5")
    code, _out, err = await told("audit", "verify")
    assert code == 1
    assert err.startswith("xinxuan: the audit is broken: lines 4 to 6: ")

    (data / "xinxuan.db").write_bytes(whole)
    _behind_its_back(data / "xinxuan.db", "DELETE FROM audit_seal WHERE id = 2")
    code, _out, err = await told("audit", "verify")
    assert code == 1
    assert "lines 4 to 6: the newest seal is not the one that was marked" in err


async def test_a_database_that_is_older_than_a_copy_or_a_posted_value_is_named(told: Command, tmp_path: Path):
    data = tmp_path / "data"
    await _installation(data)
    older = (data / "xinxuan.db").read_bytes()
    head = await _seal_another(data)
    backup.copy(data / "xinxuan.db", data / "copies", label="daily", at=START)
    (data / "xinxuan.db").write_bytes(older)
    code, _out, err = await told("audit", "verify")
    assert code == 1
    assert "xinxuan-daily-20261123T010000.json is not in this chain: its end was cut off" in err
    code, _out, err = await told("audit", "verify", "--head", head)
    assert code == 1
    assert f"{head} is not in this chain" in err
