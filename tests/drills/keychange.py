"""G41: keys are changed again and again under live writes, in a process that is killed at random."""

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import insert, select

from handlers import logs
from handlers import rotation as change
from handlers.clock import Clock
from storage import keyproof, keys, migrate, rotation, seals
from storage.database import Database
from storage.tables import Work, WorkState
from tests.drills.lives import ROOT

GOALS = ("G41",)
LIFE: Final = (0.02, 0.25)  # seconds
_ACKNOWLEDGED: Final = "acknowledged"
_KIND: Final = "drill"


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Change the keys of many values under kills; everything acknowledged is readable, under the newest key alone."""
    fields, kills = (100_000, 200) if full else (2_000, 12)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.drills.keychange", str(folder), str(fields), str(kills), str(seed),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return [{"goal": "G41"} | json.loads(out)]


def _lives(folder: Path, fields: int, kills: int, seed: int) -> dict[str, Any]:
    """Live and die in forked processes; this one never opens the database before the last of them is dead."""
    dice = random.Random(seed)
    _in_child(lambda: _furnish(folder, fields))
    for life in range(kills):
        born, cry = os.pipe()
        pid = os.fork()
        if pid == 0:
            asyncio.run(_live(folder, life, cry))
            os._exit(1)  # a life ends by its killer alone
        os.close(cry)
        if life % 4:  # of the rest some die as they wake; on a busy machine all would, and nothing would be written
            os.read(born, 1)
        os.close(born)
        time.sleep(dice.uniform(*LIFE))
        os.kill(pid, signal.SIGKILL)
        _pid, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status), "a life has failed"
    return asyncio.run(_reckon(folder, fields, kills))


def _in_child(work: Any) -> None:
    pid = os.fork()
    if pid == 0:
        asyncio.run(work())
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


async def _furnish(folder: Path, fields: int) -> None:
    keys.unlock(folder / "key", may_create=True)
    database = _database(folder)
    await migrate.upgrade(database)
    await keyproof.prove(database)
    async with database.write() as session:
        for begin in range(0, fields, 10_000):
            rows = [_row(f"old-{n}") for n in range(begin, min(begin + 10_000, fields))]
            await session.execute(insert(Work), rows)
    await database.close()


async def _live(folder: Path, life: int, cry: int) -> None:
    """Change the keys whenever the last change is through, and write meanwhile; ``cry`` hears of the first row."""
    keys.unlock(folder / "key", may_create=False)
    database = _database(folder)
    await asyncio.gather(_keep_changing(database, folder), _keep_writing(database, folder, life, cry))


async def _keep_changing(database: Database, folder: Path) -> None:
    while True:
        if len(keys.in_use()) == 1:
            keys.add(folder / "key")
        await change.look(database, Clock())


async def _keep_writing(database: Database, folder: Path, life: int, cry: int) -> None:
    with (folder / _ACKNOWLEDGED).open("a", encoding="ascii") as log:
        n = 0
        while True:
            async with database.write() as session:
                await session.execute(insert(Work), [_row(f"{life}-{n}")])
            log.write(f"{life}-{n}\n")
            log.flush()
            if n == 0:
                with contextlib.suppress(BrokenPipeError):  # nobody waits for this one
                    os.write(cry, b".")
            n += 1
            await asyncio.sleep(0.001)


async def _reckon(folder: Path, fields: int, kills: int) -> dict[str, Any]:
    keys.unlock(folder / "key", may_create=False)
    database = _database(folder)
    if len(keys.in_use()) == 1:
        keys.add(folder / "key")
    await change.look(database, Clock())
    newest, unreadable = Fernet(keys.in_use()[0]), 0
    async with database.read() as session:
        async for _table, _column, value in rotation.values(session):
            try:
                newest.decrypt(value)
            except InvalidToken:
                unreadable += 1
        found = {each["n"] for each in await session.scalars(select(Work.params))}
        broken = (await seals.verify(session)).broken
    await keyproof.prove(database)
    await database.close()
    acknowledged = set((folder / _ACKNOWLEDGED).read_text("ascii").split())
    wanted = {f"old-{n}" for n in range(fields)} | acknowledged
    result = {"n": len(found), "kills": kills, "written": len(acknowledged), "lost": len(wanted - found)}
    result |= {"unreadable": unreadable, "keys": len(keys.read(folder / "key"))}
    ok = not result["lost"] and not unreadable and result["keys"] == 1 and not broken and bool(acknowledged)
    return result | {"ok": ok}


def _row(n: str) -> dict[str, Any]:
    return {"kind": _KIND, "params": {"n": n}, "state": WorkState.DONE, "attempts": 0, "created_at": Clock().now()}


def _database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'xinxuan.db'}")


if __name__ == "__main__":
    logs.configure("WARNING")
    print(json.dumps(_lives(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))
