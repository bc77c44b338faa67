"""The worker: whatever an officer asked for is answered once, also after a death, a defect or a refusal."""

import asyncio
import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.language import speaking
from bot.policy.model import Policy
from bot.workdays import Calendar
from handlers import frame
from handlers.batch_work import remove_files
from handlers.clock import Clock
from handlers.office import Office
from handlers.worker import COPY, FAILED, REFUSED, Chore, Finish, Tools, Worker, copying
from storage import batch, outbox, people, work
from storage.database import Database
from storage.files import FileStore
from storage.tables import Audit, Outbox, Person, Role, Sheet, Work, WorkState
from tests.conftest import OFFICER, START
from tests.handlers.desk import HEARD


class Shop:
    """A worker with its jobs, one at a time, and what it queued."""

    def __init__(self, database: Database, policy: Policy, folder: Path) -> None:
        self.database, self.clock = database, Clock()
        self.woken = 0
        self.chores: dict[str, Chore] = {}
        self.tools = Tools(
            database,
            Office(policy, Calendar(), self.clock),
            FileStore(folder),
            _nothing_sent,
            lambda _id, _screen: None,
        )
        self.worker = Worker(self.tools, self.chores, on_queued=self._on_queued)

    def _on_queued(self) -> None:
        self.woken += 1

    async def record(self, kind: str, **params: Any) -> None:
        async with self.database.write() as session:
            work.add(session, kind, params, now=self.clock.now())

    async def finish_all(self) -> None:
        while await self.worker.run_once():
            pass

    async def rows(self) -> list[Work]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Work).order_by(Work.id)))

    async def queued(self) -> list[Outbox]:
        async with self.database.read() as session:
            return list(await session.scalars(select(Outbox).order_by(Outbox.id)))

    async def told(self) -> list[str]:
        """Return what the officer reads."""
        async with self.database.read() as session:
            texts = []
            for row in await session.scalars(select(Outbox).order_by(Outbox.id)):
                person = await session.get_one(Person, row.person_id)
                with speaking(person.language):
                    screen = await HEARD[row.kind](session, self.tools.office, person, row.params, self.clock.now())
                assert screen is not None
                texts.append(screen.text)
            return texts


async def _nothing_sent(_ref: str) -> bytes:
    raise AssertionError("nothing was sent")


async def _enrol(database: Database, policy: Policy, language: str = "zh_CN") -> int:
    async with database.write() as session:
        await people.sync_units(session, policy)
        unit = (await people.units(session))[0]
        person = Person(telegram_id=OFFICER, unit_id=unit.id, role=Role.OFFICER, language=language, joined_at=START)
        session.add(person)
    return person.id


@pytest.fixture
async def database(either: Database) -> Database:
    """Of both kinds in turn."""
    return either


@pytest.fixture
def shop(database: Database, policy: Policy, tmp_path: Path) -> Shop:
    return Shop(database, policy, tmp_path / "files")


@pytest.fixture
async def officer(database: Database, policy: Policy) -> int:
    return await _enrol(database, policy)


def telling(done: list[Any]) -> Chore:
    """A chore that tells the officer what it has made."""

    async def chore(_tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
        done.append(params["n"])

        async def finish(session: AsyncSession) -> None:
            person = await session.get_one(Person, params["person_id"])
            said = {"said": str(params["n"])}
            await outbox.enqueue(session, person, kind=REFUSED, params=said, dedupe=f"made:{params['n']}", now=now)

        return finish

    return chore


def failing(tries: list[Any], error: Exception) -> Chore:
    async def chore(_tools: Tools, params: Mapping[str, Any], _now: dt.datetime) -> Finish:
        tries.append(params)
        raise error

    return chore


async def test_a_recorded_copy_is_made_checked_and_noted(sqlite: Database, policy: Policy, tmp_path: Path):
    shop = Shop(sqlite, policy, tmp_path / "files")
    assert sqlite.path is not None
    shop.chores[COPY] = copying(sqlite.path, tmp_path / "copies")
    await shop.record(COPY, label="daily")
    assert await shop.worker.run_once()
    assert not await shop.worker.run_once()
    copy, said = sorted((tmp_path / "copies").iterdir(), key=lambda path: path.suffix)
    assert (copy.suffix, said.suffix) == (".db", ".json")
    assert {path.stat().st_mode & 0o077 for path in (copy, said)} == {0}
    with sqlite3.connect(copy) as copied:
        assert copied.execute("SELECT count(*) FROM work").fetchone() == (1,)
    copied.close()
    async with sqlite.read() as session:
        noted = (await session.scalars(select(Audit))).one()
    assert (noted.verb, noted.after) == ("database.copy", copy.name)
    assert [row.state for row in await shop.rows()] == [WorkState.DONE]


async def test_the_result_is_committed_with_the_jobs_end_and_the_sender_is_woken(shop: Shop, officer: int):
    shop.chores["tell"] = telling([])
    await shop.record("tell", person_id=officer, n=1)
    await shop.finish_all()
    assert [row.state for row in await shop.rows()] == [WorkState.DONE]
    assert await shop.told() == ["1"]
    assert shop.woken == 1


@pytest.mark.parametrize("error", [Refusal("unreadable"), ValueError("a defect")], ids=["refused", "given up"])
async def test_a_list_that_a_job_cannot_read_is_let_go_with_its_file(
    shop: Shop, database: Database, officer: int, error: Exception
):
    kept = shop.tools.store.put(b"names")
    async with database.write() as session:
        sheet = await batch.begin(session, officer, batch.CHECK, {"ref": f"page:{kept.key}"}, now=START)
    shop.chores |= {"read": failing([], error), work.TIDY: remove_files}
    await shop.record("read", person_id=officer, sheet_id=sheet.id)
    await shop.finish_all()
    assert not shop.tools.store.path(kept.key).exists()
    async with database.read() as session:
        assert (await session.get_one(Sheet, sheet.id)).closed_at is not None


@pytest.mark.parametrize("language", ["zh_CN", "en"])
async def test_a_chore_speaks_the_officers_language(shop: Shop, database: Database, policy: Policy, language: str):
    person = await _enrol(database, policy, language)
    spoken: list[str] = []

    async def chore(_tools: Tools, _params: Mapping[str, Any], _now: dt.datetime) -> Finish:
        spoken.append(frame.access.describe("my"))
        raise Refusal(frame.access.describe("my"))

    shop.chores["speak"] = chore
    await shop.record("speak", person_id=person)
    await shop.finish_all()
    with speaking(language):
        assert spoken == [frame.access.describe("my")] == await shop.told()


async def test_a_refusal_is_the_answer_and_is_not_tried_again(shop: Shop, officer: int):
    tries: list[Any] = []
    shop.chores["no"] = failing(tries, Refusal("请补盖公章后重新发送。"))
    await shop.record("no", person_id=officer)
    await shop.finish_all()
    assert len(tries) == 1
    assert [row.state for row in await shop.rows()] == [WorkState.DONE]
    assert [row.kind for row in await shop.queued()] == [REFUSED]
    assert await shop.told() == ["请补盖公章后重新发送。"]
    assert shop.woken == 1


async def test_a_refusal_when_the_result_is_committed_takes_the_result_back(shop: Shop, officer: int):
    async def chore(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
        made = await telling([])(tools, params, now)

        async def finish(session: AsyncSession) -> None:
            await made(session)
            raise Refusal("台账已变更。")

        return finish

    shop.chores["late"] = chore
    await shop.record("late", person_id=officer, n=1)
    await shop.finish_all()
    assert await shop.told() == ["台账已变更。"]


@pytest.mark.parametrize("at_the_end", [False, True])
async def test_a_job_that_fails_three_times_is_given_up_and_its_officer_gets_the_number(
    shop: Shop, officer: int, at_the_end: bool
):
    tries: list[Any] = []
    broken = failing(tries, ArithmeticError("on purpose"))

    async def ending_broken(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
        async def finish(_session: AsyncSession) -> None:
            await broken(tools, params, now)

        return finish

    shop.chores["broken"] = ending_broken if at_the_end else broken
    await shop.record("broken", person_id=officer)
    await shop.finish_all()
    assert len(tries) == work.MOST_ATTEMPTS
    (row,) = await shop.rows()
    name, incident = (row.error or "").split()
    assert (row.state, name) == (WorkState.FAILED, "ArithmeticError")
    assert [each.kind for each in await shop.queued()] == [FAILED]
    (said,) = await shop.told()
    assert incident in said
    assert shop.woken == 1


async def test_a_job_of_nobody_that_fails_is_given_up_without_a_word(shop: Shop):
    for error in (ArithmeticError(), Refusal("nobody reads this")):
        shop.chores["broken"] = failing([], error)
        await shop.record("broken")
        await shop.finish_all()
    assert {row.state for row in await shop.rows()} == {WorkState.FAILED}
    assert await shop.queued() == []


async def test_a_job_of_an_unknown_kind_holds_up_no_other(shop: Shop, officer: int):
    shop.chores["tell"] = telling([])
    await shop.record("of a later version", person_id=officer)
    await shop.record("tell", person_id=officer, n=1)
    await shop.finish_all()
    assert [row.state for row in await shop.rows()] == [WorkState.FAILED, WorkState.DONE]


async def test_a_missing_database_is_no_defect_of_the_job(shop: Shop, officer: int):
    tries: list[Any] = []
    shop.chores["away"] = failing(tries, OperationalError("", None, Exception("database is locked")))
    await shop.record("away", person_id=officer)
    with pytest.raises(OperationalError):
        await shop.worker.run_once()
    assert await shop.queued() == []
    assert [row.state for row in await shop.rows()] == [WorkState.RUNNING]  # its lease brings it back


async def test_a_job_whose_worker_died_is_taken_up_again_when_its_lease_is_over(shop: Shop, officer: int):
    shop.chores["tell"] = telling([])
    await shop.record("tell", person_id=officer, n=1)
    async with shop.database.write() as session:
        assert await work.claim(session, now=shop.clock.now()) is not None
    assert not await shop.worker.run_once()
    shop.clock.move_to(shop.clock.now() + work.LEASE + dt.timedelta(seconds=1))
    await shop.finish_all()
    assert await shop.told() == ["1"]


async def test_after_a_start_nobody_waits_for_the_lease_of_the_dead(sqlite: Database, policy: Policy, tmp_path: Path):
    shop = Shop(sqlite, policy, tmp_path / "files")
    shop.chores["tell"] = telling([])
    await shop.record("tell", person_id=await _enrol(sqlite, policy), n=1)
    async with sqlite.write() as session:
        assert await work.claim(session, now=shop.clock.now()) is not None
    await shop.worker.recover()
    await shop.finish_all()
    assert await shop.told() == ["1"]


async def test_persons_and_what_nobody_asked_for_take_turns(shop: Shop):
    said: list[str] = []

    async def say(_tools: Tools, params: Mapping[str, Any], _now: dt.datetime) -> Finish:
        async def finish(_session: AsyncSession) -> None:
            said.append(params["word"])

        return finish

    shop.chores["say"] = say
    for word, person in (("A1", 801), ("A2", 801), ("A3", 801), ("A4", 801), ("B1", 802), ("0", None), ("B2", 802)):
        await shop.record("say", word=word, **({"person_id": person} if person else {}))
    await shop.finish_all()
    assert said == ["A1", "B1", "0", "A2", "B2", "A3", "A4"]


async def test_a_job_that_kills_its_process_each_time_is_given_up(shop: Shop, officer: int):
    tries: list[Any] = []
    shop.chores["killer"] = failing(tries, AssertionError("it must not run again"))
    await shop.record("killer", person_id=officer)
    for _life in range(work.MOST_ATTEMPTS):
        async with shop.database.write() as session:
            assert await work.claim(session, now=shop.clock.now()) is not None
        shop.clock.move_to(shop.clock.now() + work.LEASE + dt.timedelta(seconds=1))
    await shop.finish_all()
    assert tries == []
    assert [row.state for row in await shop.rows()] == [WorkState.FAILED]
    assert [row.kind for row in await shop.queued()] == [FAILED]


async def test_a_result_that_comes_after_the_lease_is_not_committed_beside_another(shop: Shop, officer: int):
    """A worker that hung, and came back when another had taken its job up: the result comes once."""
    done: list[Any] = []

    async def slow(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
        if not done:
            done.append("first")
            shop.clock.move_to(shop.clock.now() + work.LEASE + dt.timedelta(seconds=1))
            await other.run_once()
        return await telling([])(tools, params, now)

    shop.chores["slow"] = slow
    other = Worker(shop.tools, {"slow": telling(done)}, on_queued=lambda: None)
    await shop.record("slow", person_id=officer, n=1)
    await shop.finish_all()
    assert len(done) == 2
    (row,) = await shop.rows()
    assert (row.state, row.attempts) == (WorkState.DONE, 2)
    assert await shop.told() == ["1"]
    assert shop.woken == 0


LIFE = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from bot.policy.loader import load, packaged
from storage import keys
from storage.database import Database
from tests.handlers.test_worker import Shop, telling

async def main():
    keys.use([{key!r}])
    database = Database({url!r})
    shop = Shop(database, load(packaged("zhengzhou")), Path({folder!r}))
    shop.chores["tell"] = telling([])
    await shop.worker.recover()
    await shop.finish_all()
    await database.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("where", ["work_claimed", "work_done"])
async def test_a_kill_between_claim_and_finish_costs_time_and_nothing_else(
    sqlite: Database, keys: list[str], policy: Policy, tmp_path: Path, where: str
):
    """A real process, really killed: the next one brings the result, once."""
    shop = Shop(sqlite, policy, tmp_path / "files")
    await shop.record("tell", person_id=await _enrol(sqlite, policy), n=1)
    root = str(Path(__file__).parents[2])
    life = LIFE.format(root=root, key=keys[0], url=f"sqlite:///{sqlite.path}", folder=str(tmp_path / "files"))

    def live(**more: str) -> int:
        given = {**os.environ, **more}
        return subprocess.run([sys.executable, "-c", life], env=given, cwd=root, check=False).returncode

    assert await asyncio.to_thread(live, XINXUAN_CRASH=f"{where}:1") == -signal.SIGKILL
    assert await shop.told() == []
    assert await asyncio.to_thread(live) == 0
    assert await asyncio.to_thread(live) == 0
    assert await shop.told() == ["1"]
    assert [row.state for row in await shop.rows()] == [WorkState.DONE]
