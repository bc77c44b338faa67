"""Lives of the application: begun, killed at any moment or at a named place, stopped in order."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, Self

from storage import keys
from storage.database import Database

ROOT = Path(__file__).resolve().parents[2]
GIVES_UP_AT = 3  # deaths of one update: the third makes it dead by design, and a drill must not ask for that
LIFE_BEGINS_WITHIN = 30.0  # seconds for the imports of the zygote


def crash_points() -> list[str]:
    """Return the named places that stand in the source."""
    sources = [path.read_text("utf-8") for layer in ("handlers", "storage") for path in (ROOT / layer).rglob("*.py")]
    return sorted({name for source in sources for name in re.findall(r'\bcrash_point\("(\w+)"\)', source)})


def database_of(folder: Path) -> Database:
    """Return the database of lives in a folder, with its key in use, to be looked at between them."""
    keys.use((folder / "key").read_text("ascii").split())
    return Database(f"sqlite:///{folder / 'xinxuan.db'}")


class Lives:
    """The application's lives, one at a time.

    Args:
        folder: Where its database lives.
        wish: What every life gets: token, address, first coordinators.
    """

    def __init__(self, folder: Path, wish: dict[str, Any]) -> None:
        self._folder = folder
        self._wish = wish | {"folder": str(folder)}
        self._zygote: asyncio.subprocess.Process
        self._pid = 0
        self._ending: asyncio.Task[int] | None = None
        self.deaths: Counter[str] = Counter()  # by place; "random" for the others

    @property
    def kills(self) -> int:
        """How often it was killed."""
        return self.deaths.total()

    async def __aenter__(self) -> Self:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XINXUAN_")}
        log = (self._folder / "log.txt").open("ab")
        self._zygote = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.drills.zygote"),
            cwd=ROOT,
            env=environment | {"PTB_TIMEDELTA": "1"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        log.close()
        self._tell(self._wish)
        async with asyncio.timeout(LIFE_BEGINS_WITHIN):
            await self._hear()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.alive:
                os.kill(self._pid, signal.SIGKILL)
        if self._ending is not None:
            await self._ending
        assert self._zygote.stdin is not None
        self._zygote.stdin.close()
        await self._zygote.wait()
        self._zygote._transport.close()  # type: ignore[attr-defined]  # else its pipes outlive the loop

    @property
    def alive(self) -> bool:
        """Whether a life is on."""
        return self._ending is not None and not self._ending.done()

    async def begin(self, **wish: Any) -> None:
        """Begin a life; ``crash="stored:2"`` lets it die at the second passage of that place."""
        self._tell(wish)
        self._pid = (await self._hear())["pid"]
        self._ending = asyncio.create_task(self._end())

    async def kill(self) -> None:
        """Kill the life now."""
        if self.alive:
            os.kill(self._pid, signal.SIGKILL)
            await self.ended()
            self.deaths["random"] += 1

    async def stop(self) -> int:
        """Stop the life in order and return its exit status."""
        os.kill(self._pid, signal.SIGTERM)
        return await self.ended()

    async def ended(self, *, within: float | None = None) -> int:
        """Wait for the end of the life and return its exit status.

        Raises:
            TimeoutError: It lives on.
        """
        assert self._ending is not None
        return await asyncio.wait_for(asyncio.shield(self._ending), within)

    async def until(self, met: Any, *, within: float, what: str) -> None:
        """Wait until a condition on the database holds."""
        end = time.monotonic() + within
        while not met():
            if time.monotonic() > end:
                raise AssertionError(f"waited {within} s until {what}; see {self._folder / 'log.txt'}")
            if not self.alive:
                raise AssertionError(f"the life ended while waiting until {what}; see {self._folder / 'log.txt'}")
            await asyncio.sleep(0.02)

    def ask(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        """Ask the database something, as another process; nothing while it does not exist yet."""
        try:
            with contextlib.closing(self._open()) as connection:
                return connection.execute(question, values).fetchall()
        except sqlite3.OperationalError:
            return []

    def tell(self, statement: str) -> None:
        """Change the database while no life is on."""
        assert not self.alive
        with contextlib.closing(sqlite3.connect(self._folder / "xinxuan.db", timeout=5)) as connection, connection:
            connection.execute(statement)

    def endangered(self) -> bool:
        """Say whether one more death might be some update's third."""
        rows = dict(self.ask("SELECT update_id, attempts FROM inbox WHERE state = 'received'"))
        note = self._folder / "running"
        noted = int(note.read_bytes().strip() or 0) if note.exists() else 0
        worst = max([0, *rows.values(), rows.get(noted, -1) + 1])
        return worst >= GIVES_UP_AT - 1

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._folder / 'xinxuan.db'}?mode=ro", uri=True, timeout=5)

    async def _end(self) -> int:
        return int((await self._hear())["exit"])

    def _tell(self, wish: dict[str, Any]) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(json.dumps(wish).encode() + b"\n")

    async def _hear(self) -> dict[str, Any]:
        assert self._zygote.stdout is not None
        line = await self._zygote.stdout.readline()
        if not line:
            raise AssertionError(f"the application did not begin; see {self._folder / 'log.txt'}")
        heard: dict[str, Any] = json.loads(line)
        return heard
