import datetime as dt
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from handlers.clock import Clock
from handlers.worker import COPY, Worker, copying
from storage import keys, migrate, work
from storage.database import Database
from storage.tables import Audit, Work, WorkState


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    keys.use([Fernet.generate_key().decode()])
    database = Database(f"sqlite:///{tmp_path / 'work.db'}")
    await migrate.upgrade(database)
    yield database
    await database.close()


async def recorded(store: Database, kind: str = COPY) -> None:
    async with store.write() as session:
        work.add(session, kind, {"label": "daily"}, now=Clock().now())


async def rows(store: Database) -> list[Work]:
    async with store.read() as session:
        return list(await session.scalars(select(Work)))


async def test_a_recorded_copy_is_made_checked_and_noted(store: Database, tmp_path: Path) -> None:
    await recorded(store)
    assert store.path is not None
    worker = Worker(store, Clock(), {COPY: copying(store.path, tmp_path / "copies")})
    assert await worker.run_once()
    assert not await worker.run_once()
    (copy,) = (tmp_path / "copies").iterdir()
    assert copy.stat().st_mode & 0o077 == 0
    with sqlite3.connect(copy) as copied:
        assert copied.execute("SELECT count(*) FROM work").fetchone() == (1,)
    copied.close()
    async with store.read() as session:
        noted = (await session.scalars(select(Audit))).one()
    assert (noted.verb, noted.after) == ("database.copy", copy.name)
    assert [row.state for row in await rows(store)] == [WorkState.DONE]


async def test_a_job_that_fails_is_tried_three_times_and_then_given_up(store: Database) -> None:
    tries = []

    async def broken(params, now):
        tries.append(params)
        raise ArithmeticError

    await recorded(store, "broken")
    worker = Worker(store, Clock(), {"broken": broken})
    while await worker.run_once():
        pass
    assert len(tries) == work.MOST_ATTEMPTS
    assert [(row.state, row.error) for row in await rows(store)] == [(WorkState.FAILED, "ArithmeticError")]


async def test_a_job_whose_worker_died_is_taken_up_again_when_its_lease_is_over(store: Database) -> None:
    await recorded(store)
    clock = Clock()
    async with store.write() as session:
        assert await work.claim(session, now=clock.now()) is not None
    async with store.write() as session:
        assert await work.claim(session, now=clock.now()) is None
    clock.move_to(clock.now() + work.LEASE + dt.timedelta(seconds=1))
    async with store.write() as session:
        taken = await work.claim(session, now=clock.now())
    assert taken is not None
    assert taken.attempts == 2
