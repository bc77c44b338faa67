"""Starting: what is refused with one sentence, what is waited for, and what is done on the way."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from bot.policy.model import Policy
from handlers.app import Fatal, Service
from handlers.clock import Clock
from handlers.lock import AlreadyRunning, InstanceLock
from handlers.opening import opened
from handlers.settings import Settings
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import backup, keys, migrate, outbox, people
from storage.database import Database
from storage.tables import Person, Role
from tests.commands import Command
from tests.conftest import COORDINATOR, START, TOKEN, Bureau, settings_for
from tests.officer import Officer

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def mask() -> Any:
    before = os.umask(0o077)
    yield
    os.umask(before)


async def _opened(settings: Settings) -> None:
    async with opened(settings, Clock()):
        pass


async def test_all_files_are_for_their_owner_only(tmp_path: Path):
    os.umask(0o022)
    async with opened(settings_for(tmp_path / "data", NOWHERE), Clock()) as database, database.write():
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert {"key", "xinxuan.db", "xinxuan.db-wal", "xinxuan.lock"} <= modes.keys()
    assert set(modes.values()) == {0o600}


async def test_second_instance_is_refused_while_the_first_lives(tmp_path: Path):
    settings = settings_for(tmp_path, NOWHERE)
    async with opened(settings, Clock()):
        for _ in range(20):
            with pytest.raises(AlreadyRunning, match="stop it first"):
                await _opened(settings)
    await _opened(settings)


def test_lock_goes_with_its_holder_however_it_dies(tmp_path: Path):
    path = tmp_path / "x.lock"
    script = (
        "import pathlib, sys, time; from handlers.lock import InstanceLock\n"
        "with InstanceLock(pathlib.Path(sys.argv[1])): print(1, flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        (sys.executable, "-c", script, str(path)), stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(AlreadyRunning), InstanceLock(path):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with InstanceLock(path):
        pass


async def test_missing_key_beside_data_is_refused_and_no_new_one_made(tmp_path: Path):
    settings = settings_for(tmp_path, NOWHERE)
    await _opened(settings)
    settings.key_file.unlink()
    with pytest.raises(keys.KeyFileError, match="restore it"):
        await _opened(settings)
    assert not settings.key_file.exists()


async def test_key_of_another_database_is_refused(tmp_path: Path):
    settings = settings_for(tmp_path, NOWHERE)
    await _opened(settings)
    settings.key_file.write_bytes(Fernet.generate_key())
    with pytest.raises(keys.KeyFileError, match="not this database's"):
        await _opened(settings)


async def test_damaged_database_is_refused_and_never_replaced(tmp_path: Path):
    settings = settings_for(tmp_path, NOWHERE)
    await _opened(settings)
    path = tmp_path / "xinxuan.db"
    content = bytearray(path.read_bytes())
    content[4096 : 4096 + 2048] = b"\xa5" * 2048
    path.write_bytes(content)
    with pytest.raises(backup.DamagedDatabase, match="restore a copy"):
        await _opened(settings)
    assert path.read_bytes() == bytes(content)


async def test_database_of_another_version_is_copied_before_anything_else(tmp_path: Path):
    from sqlalchemy import text

    settings = settings_for(tmp_path, NOWHERE)
    async with opened(settings, Clock()) as database, database.write() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.UnknownVersion, match="update the program"):
        await _opened(settings)
    (copied,) = (tmp_path / "copies").glob("*.db")
    copy = Database(f"sqlite:///{copied}")
    assert await migrate.version(copy) == "9999"
    await copy.close()


async def test_refused_token_ends_the_start_with_one_sentence_without_the_token(
    server: BotApiServer, policy: Policy, tmp_path: Path
):
    from pydantic import SecretStr

    wrong = "100000001:wrong-fictitious-token-0000000000000"
    settings = settings_for(tmp_path, server.base, token=SecretStr(wrong))
    with pytest.raises(Fatal, match="XINXUAN_TOKEN") as refused:
        async with Service(settings, policy, clock=Clock()):
            pass
    assert wrong not in str(refused.value)


async def test_notifications_leave_at_the_pace_of_the_settings(
    policy: Policy, api: BotApi, server: BotApiServer, tmp_path: Path
):
    settings = settings_for(tmp_path, server.base).model_copy(update={"per_second": 4.0})
    chats = [5_600_001 + n for n in range(9)]
    arrived: list[float] = []
    api.observers.append(lambda method, params: arrived.append(asyncio.get_running_loop().time())
                         if method == "sendMessage" and int(params["chat_id"]) in chats else None)  # fmt: skip
    clock = Clock(START - Clock().now())  # in office hours
    async with Service(settings, policy, clock=clock) as service:
        async with service.database.write() as session:
            unit = (await people.units(session))[0]
            for chat in chats:
                api.add_user(chat, "虚构").started = True
                session.add(Person(telegram_id=chat, unit_id=unit.id, role=Role.OFFICER, joined_at=START))
            await session.flush()
            told = [each for each in await people.active(session) if each.telegram_id in chats]
            params = {"from": "2026-11-23T01:00:00+00:00", "to": "2026-11-25T01:00:00+00:00"}
            await outbox.enqueue_all(session, told, kind="outage", params=params, dedupe="x", now=clock.now())
        began = asyncio.get_running_loop().time()
        service.sender.wake()
        async with asyncio.timeout(20):
            while len(arrived) < len(chats):
                await api.changed.wait(api.changed.count, 0.1)
    # Eight gaps of a quarter of a second, of which one may be made up for. From the beginning, not from the first
    # arrival: one that travels slowly must not look like haste.
    assert arrived[-1] - began >= 1.75


async def test_api_out_of_reach_is_waited_for(policy: Policy, tmp_path: Path):
    api = BotApi(TOKEN, Clock())
    api.add_user(COORDINATOR, "吴协调（虚构）").started = True
    async with BotApiServer(api) as server:
        port = int(server.base.rsplit(":", 1)[1])
    api = BotApi(TOKEN, Clock())
    api.add_user(COORDINATOR, "吴协调（虚构）").started = True
    service = Service(settings_for(tmp_path, f"http://127.0.0.1:{port}"), policy, clock=Clock())
    entering = asyncio.create_task(service.__aenter__())
    await asyncio.sleep(0.5)
    assert not entering.done()
    async with BotApiServer(api, port=port):
        await asyncio.wait_for(entering, 20)
        assert str(COORDINATOR) in await Officer(api, COORDINATOR).type("/settings")
        await service.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "XINXUAN_TOKEN"),
        ({"XINXUAN_TOKEN": TOKEN, "XINXUAN_DATABASE_URL": "mysql://x/y"}, "XINXUAN_DATABASE_URL"),
        ({"XINXUAN_TOKEN": TOKEN, "XINXUAN_ADMIN_IDS": "somebody"}, "XINXUAN_ADMIN_IDS"),
        ({"XINXUAN_TOKEN": TOKEN, "XINXUAN_POLICY": "nowhere"}, "nowhere"),
    ],
)
async def test_start_that_cannot_be_ends_with_one_sentence(told: Command, environment: dict[str, str], said: str):
    code, _out, err = await told("run", **environment)
    assert code == 1
    assert err.startswith("xinxuan: ")
    assert said in err


async def test_broken_pack_is_listed_with_all_its_faults_at_once(told: Command, tmp_path: Path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "pack.toml").write_text("[nonsense]\nx = 1\n[more]\ny = 2\n", "utf-8")
    code, _out, err = await told("policy", "check", "pack")
    assert code == 1
    assert "nonsense" in err
    assert "more" in err


async def test_look_that_was_handed_over_just_before_a_stop_begins_no_more(bureau: Bureau):
    """Nobody waited for it: it worked on, and opened the closed database again."""
    jobs, begun, may_end = bureau.service.jobs, [], asyncio.Event()

    async def lasting() -> None:
        begun.append("lasting")
        await may_end.wait()

    async def late() -> None:
        begun.append("late")

    first = asyncio.create_task(jobs._guarded(lasting))
    while not begun:
        await asyncio.sleep(0)
    second = asyncio.create_task(jobs._guarded(late))
    asyncio.get_running_loop().call_later(0.05, may_end.set)
    await jobs.stop()
    await asyncio.gather(first, second)
    assert begun == ["lasting"]
