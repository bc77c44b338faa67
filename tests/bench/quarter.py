"""``python -m tests.bench.quarter``: a quarter's summary over a register of a million requests.

Its time stands beside that of one bare query over the same rows, and the memory that it takes is measured: the database
adds up, the process only holds what it is told. Rows are made by statements, not by flows, over four and a half years.
"""

import argparse
import asyncio
import datetime as dt
import json
import resource
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet
from sqlalchemy import text

from bot.policy.loader import load, packaged
from bot.quarters import Quarter
from bot.workdays import Calendar
from handlers import summary
from handlers.clock import Clock
from handlers.office import Office
from storage import keys, people, policies
from storage.database import Database
from storage.migrate import upgrade

NOW: Final = dt.datetime(2026, 10, 13, 2, 0, tzinfo=dt.UTC)
QUARTER: Final = Quarter(2026, 3)
FIRST: Final = dt.date(2022, 4, 1)
DAYS: Final = 1650  # until the bench's today
ADVERSE_EVERY: Final = 33
BARE: Final = (
    "SELECT request.unit_id, request.matter_code, count(*) FROM item JOIN request ON request.id = item.request_id "
    "WHERE item.submitted_on BETWEEN :first AND :last AND item.product_kind = 'verification' "
    "AND request.state != 'undone' GROUP BY request.unit_id, request.matter_code"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.quarter", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xinxuan-bench-quarter-") as folder:
        print(json.dumps(asyncio.run(measure(Path(folder), asked.requests, asked.rounds))), flush=True)


async def measure(folder: Path, requests: int, rounds: int) -> dict[str, Any]:
    """Fill a register, and measure the bare query and the summary in turn."""
    keys.use([Fernet.generate_key().decode()])
    database = Database(f"sqlite:///{folder / 'register.db'}")
    await upgrade(database)
    office = Office(load(packaged("zhengzhou")), Calendar(), Clock())
    began = time.monotonic()
    await fill(database, office, requests)
    filled = time.monotonic() - began
    await _summary(database, office)  # statements are built and pages read once
    before, bare, whole = _peak(), [], []
    for _ in range(rounds):
        bare.append(await _timed(_bare(database)))
        whole.append(await _timed(_summary(database, office)))
    (bare_wall, bare_cpu), (wall, cpu) = min(bare), min(whole)
    rows = await _bare(database)
    found = await _summary(database, office)
    await database.close()
    counted = found.figures()
    return {
        "requests": requests,
        "filled_seconds": round(filled, 1),
        "in_quarter": counted.applied,
        "cells": len(found.statistics.cells),
        "bare_seconds": round(bare_wall, 2),
        "summary_seconds": round(wall, 2),
        "bare_cpu_seconds": round(bare_cpu, 2),
        "summary_cpu_seconds": round(cpu, 2),
        "ratio": round(cpu / bare_cpu, 1),
        "grown_mib": round((_peak() - before) / 1024, 1),
        "adverse": counted.adverse,
        "balanced": counted.is_balanced,
        "same_as_bare": sum(row[2] for row in rows) == counted.applied,
    }


async def _timed(work: Any) -> tuple[float, float]:
    """Return seconds on the wall and of the processor, which a busy machine does not lengthen."""
    began, spent = time.monotonic(), time.process_time()
    await work
    return time.monotonic() - began, time.process_time() - spent


async def _bare(database: Database) -> list[Any]:
    async with database.read() as session:
        span = {"first": QUARTER.begins_on.isoformat(), "last": QUARTER.ends_on.isoformat()}
        return list(await session.execute(text(BARE), span))


async def _summary(database: Database, office: Office) -> Any:
    async with database.read() as session:
        return await summary.reckon(session, office, QUARTER, now=NOW)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def fill(database: Database, office: Office, requests: int) -> None:
    """Make a register by a few statements: 12 units, 20 matters, half of the entries also with a letter."""
    matters = sorted(office.policy.matters)[:20]
    async with database.write() as session:
        await people.sync_units(session, office.policy)
        await policies.ensure_snapshot(session, office.policy, NOW)
        unit = await people.unit_by_code(session, "legal")
        assert unit is not None
        await people.appoint_admins(session, [1], unit, now=NOW)
        await session.execute(text("CREATE TEMP TABLE matter_of (n INTEGER PRIMARY KEY, code TEXT)"))
        for number, code in enumerate(matters):
            await session.execute(text("INSERT INTO matter_of VALUES (:n, :code)"), {"n": number, "code": code})
        values = {"n": requests, "first": FIRST.isoformat(), "days": DAYS, "hash": office.policy.hash}
        for statement in _STATEMENTS:
            await session.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
        adverse, clean = (keys.keyring().encrypt(f'"{each}"'.encode()) for each in ("adverse", "clean"))
        await session.execute(text(_OPINIONS), {"adverse": adverse, "clean": clean, "every": ADVERSE_EVERY})
        await session.execute(text(_FOLLOW_UPS), {"every": ADVERSE_EVERY})


# ruff: noqa: S608 - nothing in these statements comes from outside
_COUNTED: Final = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < :n) "
_DAY: Final = "date(:first, '+' || ((x * 7919) % :days) || ' days')"
_STATEMENTS: Final = (
    'INSERT INTO decision (id, policy_hash, matter_code, answers, rule_ids, result, "on") '
    "VALUES (1, :hash, NULL, x'', '[]', '{}', '2026-01-01')",
    "INSERT INTO counterpart (id, kind, name) SELECT value, CASE value % 3 WHEN 0 THEN 'institution' "
    "ELSE 'enterprise' END, '虚构公司' || value FROM (" + _COUNTED.replace(":n", "5000") + "SELECT x AS value FROM c)",
    _COUNTED + "INSERT INTO request (id, unit_id, year, seq, owner_id, decision_id, matter_code, matter_name, state, "
    "submit_by_provisional, basis_version, version, created_at) SELECT x, 1 + x % 12, 2026, x, 1, 1, "
    "(SELECT code FROM matter_of WHERE n = x % 20), '虚构事项', CASE x % 50 WHEN 0 THEN 'undone' ELSE 'closed' END, "
    "0, 1, 1, " + _DAY + " || ' 04:00:00.000000' FROM c",
    "INSERT INTO item (id, request_id, product_kind, product_code, counterpart_id, applicant, state, submitted_on, "
    "received_on, returned_on, due_on, due_provisional, version) SELECT id, id, 'verification', 'verification', "
    "1 + id % 5000, 'bureau', CASE WHEN id % 40 = 1 THEN 'received' ELSE 'used' END, date(created_at), "
    "date(created_at, '+1 day'), CASE WHEN id % 40 = 1 THEN NULL ELSE date(created_at, '+' || (2 + id % 9) || ' days') "
    "END, date(created_at, '+8 days'), 0, 1 FROM request",
    "INSERT INTO item (id, request_id, product_kind, product_code, counterpart_id, state, due_provisional, version) "
    "SELECT id + 10000000, id, 'commitment', 'commitment', 1 + id % 5000, 'recorded', 0, 1 FROM request "
    "WHERE id % 2 = 0",
    "INSERT INTO commitment (item_id, state, letters, in_form) SELECT id, 'signed', 1, 1 FROM item "
    "WHERE product_kind = 'commitment'",
)
_OPINIONS: Final = (
    "INSERT INTO opinion (id, item_id, counterpart_id, unit_id, issued_on, valid_to, valid_source, result, "
    "recorded_at) SELECT item.id, item.id, counterpart_id, request.unit_id, returned_on, "
    "date(returned_on, '+364 days'), 'policy', "
    "CASE WHEN item.id % :every = 0 THEN :adverse ELSE :clean END, returned_on || ' 04:00:00.000000' FROM item "
    "JOIN request ON request.id = item.request_id WHERE returned_on IS NOT NULL"
)
_FOLLOW_UPS: Final = (
    "INSERT INTO follow_up (opinion_id, state, created_at) SELECT id, 'open', recorded_at FROM opinion "
    "WHERE id % :every = 0"
)

if __name__ == "__main__":
    main()
