"""``python -m tests.bench.sheets``: a list of 2,000 rows beside the library alone, and what others notice of it.

Officers walk through the guide, each step a turn with its own commit, first undisturbed, then while lists are checked
in the same process; the figure that counts is the ratio of the two. The wire is left out: it would only hide it.
"""

import argparse
import asyncio
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet

from bot.documents.reading import COMMON_HEADINGS
from bot.policy.loader import load, packaged
from bot.workdays import Calendar
from handlers import batch
from handlers.clock import Clock
from handlers.office import Office
from handlers.worker import Tools
from storage import batch as lists
from storage import keys, migrate, people
from storage.database import Database
from storage.files import FileStore
from storage.tables import Person, Role
from tests.handlers.desk import Desk
from tests.sheets import row, xlsx

ROWS: Final = 2_000
NOW: Final = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
_PAUSE: Final = 0.1  # seconds in which an officer reads the screen: fast, but not faster than the machine
_ALONE: Final = """
import io, sys
from python_calamine import CalamineWorkbook
sys.stdin.buffer.readline()
book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
book.get_sheet_by_index(0).to_python()
"""
_MODULE: Final = 'import runpy; runpy.run_module("%s", run_name="__main__")'
_PEAK: Final = """
import pathlib, re, sys
print(re.search(r"VmHWM:\\s+([0-9]+)", pathlib.Path("/proc/self/status").read_text())[1], file=sys.stderr)
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sheets", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default 5)")
    parser.add_argument("--officers", type=int, default=8, help="who walk through the guide meanwhile (default 8)")
    asked = parser.parse_args()
    content = xlsx([row(n) for n in range(ROWS)])
    figures: dict[str, Any] = {"rows": ROWS, "bytes": len(content)}
    question = json.dumps({"name": "", "headings": sorted(COMMON_HEADINGS), "language": "zh_CN"}).encode() + b"\n"
    for name, code in (
        ("library alone", _ALONE),
        ("reader", _MODULE % "bot.documents.reading"),
        ("check", _MODULE % "bot.batch"),
    ):
        runs = [_child(code, question + content) for _ in range(asked.rounds)]
        figures[name] = {
            "ms": round(1000 * statistics.median(seconds for seconds, _rss in runs)),
            "peak MiB": round(max(rss for _seconds, rss in runs) / 1024, 1),
        }
    with tempfile.TemporaryDirectory(prefix="xinxuan-bench-sheets-") as folder:
        figures |= asyncio.run(_latency(Path(folder), content, asked.officers, asked.rounds))
    print(json.dumps(figures, ensure_ascii=False))


def _child(code: str, content: bytes) -> tuple[float, int]:
    """Run code on a file in a process of its own; return its seconds and its peak memory in KiB (Linux)."""
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_PEAK}"], input=content, capture_output=True, env=environment, check=True
    )
    return time.perf_counter() - began, int(done.stderr.split()[-1])


async def _latency(folder: Path, content: bytes, officers: int, rounds: int) -> dict[str, Any]:
    """Time presses of the guide without and with lists being checked in the same process."""
    keys.use([Fernet.generate_key().decode()])
    database = Database(f"sqlite:///{folder / 'office.db'}")
    await migrate.upgrade(database)
    policy = load(packaged("zhengzhou"))
    office = Office(policy, Calendar(), Clock())
    crowd = await _crowd(database, office, officers)
    sender = crowd[0].person
    try:
        await _presses(crowd, until=lambda: False, at_least=200)  # warms up; not counted
        idle, busy, answered = [], [], []
        for _round in range(rounds):
            idle += await _presses(crowd, until=lambda: False, at_least=200)
            began = time.perf_counter()
            work = asyncio.create_task(_checked(database, office, FileStore(folder / "files"), sender, content))
            busy += await _presses(crowd, until=work.done, at_least=1)
            await work
            answered.append(time.perf_counter() - began)
    finally:
        await database.close()
    ms = {name: _percentiles(waits) for name, waits in (("idle", idle), ("during", busy))}
    return {
        "answered ms": round(1000 * statistics.median(answered)),
        "press": ms,
        "ratio p50": round(ms["during"]["p50 ms"] / ms["idle"]["p50 ms"], 2),
        "ratio p99": round(ms["during"]["p99 ms"] / ms["idle"]["p99 ms"], 2),
    }


async def _crowd(database: Database, office: Office, number: int) -> list[Desk]:
    async with database.write() as session:
        await people.sync_units(session, office.policy)
        unit = await people.unit_by_code(session, "air")
        assert unit is not None
        everybody = [
            Person(telegram_id=910000001 + n, unit_id=unit.id, role=Role.OFFICER, name="虚构", joined_at=NOW)
            for n in range(number)
        ]
        session.add_all(everybody)
    crowd = [Desk(database, office, person) for person in everybody]
    for desk in crowd:
        await desk.command("guide", "绿色企业评选")
    return crowd


async def _presses(crowd: list[Desk], *, until: Any, at_least: int) -> list[float]:
    """Let everybody walk to a result and back; return how long each step took."""
    waits: list[float] = []

    async def walk(desk: Desk) -> None:
        while len(waits) < at_least or not until():
            for verb in ("gmat", "gans", "gback", "gback"):
                began = time.perf_counter()
                await desk.press(verb)
                waits.append(time.perf_counter() - began)
                await asyncio.sleep(_PAUSE)
            if at_least > 1 and len(waits) >= at_least:
                return

    await asyncio.gather(*(walk(desk) for desk in crowd))
    return waits


async def _checked(database: Database, office: Office, store: FileStore, person: Person, content: bytes) -> None:
    """Do what the worker does for a list, from the file to the queued answer."""

    async def fetch(_ref: str) -> bytes:
        return content

    tools = Tools(database, office, store, fetch, lambda _chat, _screen: None)
    async with database.write() as session:
        sheet = await lists.begin(session, person.id, lists.CHECK, {"ref": "x"}, now=NOW)
    finish = await batch.JOBS["batch.check"](tools, {"sheet_id": sheet.id, "person_id": person.id}, NOW)
    async with database.write() as session:
        await finish(session)


def _percentiles(waits: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(waits, n=100)
    return {"p50 ms": round(1000 * cuts[49], 2), "p99 ms": round(1000 * cuts[98], 2), "n": len(waits)}


if __name__ == "__main__":
    main()
