"""The command line as the maintainer meets it: real processes, one sentence each, and an exit that tells."""

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from handlers.clock import Clock
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from tests.commands import Command
from tests.conftest import COORDINATOR, STRANGER, TOKEN
from tests.officer import Officer

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "bot" / "policy" / "packs"
WITHIN = 30.0  # seconds for a process to do its part


class Xinxuan:
    """A running command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), WITHIN)).decode().rstrip("\n")

    async def end(self) -> tuple[int, str, str]:
        out, err = await asyncio.wait_for(self.process.communicate(), WITHIN)
        assert self.process.returncode is not None
        assert "Traceback" not in err.decode()
        return self.process.returncode, out.decode(), err.decode()


Start = Callable[..., "asyncio.Future[Xinxuan]"]


@pytest.fixture
async def xinxuan(tmp_path: Path) -> AsyncIterator[Start]:
    """Start a command in an empty folder; whatever still runs at the end is ended."""
    begun: list[asyncio.subprocess.Process] = []

    async def start(*arguments: str, **environment: str) -> Xinxuan:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from handlers.cli import main; main()", *arguments,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "XINXUAN_TOKEN": "", **environment},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        begun.append(process)
        return Xinxuan(process)

    yield start  # type: ignore[misc]
    for process in begun:
        if process.returncode is None:
            process.kill()
            await process.communicate()


@pytest.fixture
def api() -> BotApi:
    api = BotApi(TOKEN, Clock())
    api.add_user(COORDINATOR, "吴协调（虚构）").started = True
    return api


def _wish(server: BotApiServer, token: str = TOKEN) -> dict[str, str]:
    return {"XINXUAN_TOKEN": token, "XINXUAN_API_BASE": server.base, "XINXUAN_ADMIN_IDS": str(COORDINATOR)}


@pytest.mark.parametrize("pack", ["zhengzhou", "example"])
async def test_a_sound_pack_is_counted(told: Command, pack: str):
    code, out, err = await told("policy", "check", str(PACKS / pack))
    assert (code, err) == (0, "")
    assert "matters" in out
    assert out.count("\n") == 2


async def test_the_rule_that_was_not_read_for_longest_dates_the_pack(told: Command, tmp_path: Path):
    pack = tmp_path / "pack"
    shutil.copytree(PACKS / "example", pack)
    guide = pack / "guide.toml"
    guide.write_text(guide.read_text("utf-8").replace("2026-11-22", "2025-01-31", 1), "utf-8")
    _code, out, _err = await told("policy", "check", "pack")
    assert out.splitlines()[1].endswith("on 2025-01-31 or later")


async def test_a_broken_pack_is_told_all_its_faults_at_once(told: Command, tmp_path: Path):
    pack = tmp_path / "pack"
    pack.mkdir()
    for part in (PACKS / "example").glob("*.toml"):
        words = part.read_text("utf-8").replace('product = "review"', 'product = "gone"')
        (pack / part.name).write_text(words.replace('owner = "sample"', 'owner = "nobody"'), "utf-8")
    code, out, err = await told("policy", "check", "pack")
    assert (code, out) == (1, "")
    assert err.startswith("xinxuan: ")
    assert "gone" in err
    assert "nobody" in err


async def test_a_pack_is_shown_as_a_list_and_as_a_drawing(told: Command):
    listed = await told("policy", "show")
    drawn = await told("policy", "show", "--drawing")
    assert listed[0] == drawn[0] == 0
    assert "排污许可证延续" in listed[1]
    assert drawn[1].startswith("flowchart")


async def test_another_pack_is_compared_matter_by_matter(told: Command, tmp_path: Path):
    """Of the two strengths of a rule only the one in force counts; of the two matters one keeps its products."""
    pack = tmp_path / "pack"
    shutil.copytree(PACKS / "example", pack)
    guide = pack / "guide.toml"
    now = guide.read_text("utf-8")
    guide.write_text(now.replace('strength = "advised"', 'strength = "optional"'), "utf-8")
    assert await told("policy", "diff", str(PACKS / "example"), "pack") == (
        0, "No product of any matter changes\n", "",
    )  # fmt: skip
    head, rule, rest = now.partition('text = "施工许可须审查"')
    before, named, after = head.rpartition('strength = "named"')
    guide.write_text(before + named.replace("named", "optional") + after + rule + rest, "utf-8")
    code, out, err = await told("policy", "diff", str(PACKS / "example"), "pack")
    assert (code, err) == (0, "")
    first, *more = out.splitlines()
    assert first == (
        "公园施工许可（虚构）: 审查 (named by the Plan), 评价报告 (named by the Plan)"
        " → 评价报告 (named by the Plan), 审查 (optional)"
    )
    assert [line.partition(":")[0] for line in more] == ["目录里没有"]  # its rules are the same
    guide.write_text(now.replace('product = "review"', 'product = "gone"'), "utf-8")
    code, out, err = await told("policy", "diff", str(PACKS / "example"), "pack")
    assert (code, out) == (1, "")
    assert err.count("'gone' does not exist in products") == 2


async def test_run_without_a_token_says_what_to_set(told: Command, tmp_path: Path):
    code, _out, err = await told("run")
    assert code == 1
    assert err.strip().count("\n") == 0
    assert "XINXUAN_TOKEN" in err
    assert list(tmp_path.iterdir()) == []  # nothing is made before it can work


async def test_run_with_a_refused_token_ends_with_a_sentence_that_does_not_show_it(told: Command, server: BotApiServer):
    wrong = "100000001:wrong-fictitious-token-0000000000000"
    code, out, err = await told("run", **_wish(server, wrong))
    assert code == 1
    assert "Telegram refuses the token" in err
    assert wrong.partition(":")[2] not in out + err


async def test_run_beside_another_poller_ends_with_a_sentence(told: Command, server: BotApiServer, api: BotApi):
    """Telegram answers the second poller with 409."""
    refusal = {"ok": False, "error_code": 409, "description": CONFLICT}
    original = api._outcome

    async def conflicting(name, params, uploads):
        return refusal if name == "getUpdates" else await original(name, params, uploads)

    api._outcome = conflicting  # type: ignore[method-assign]
    code, _out, err = await told("run", **_wish(server))
    assert code == 1
    assert "another process polls with this token" in err


CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


async def test_run_serves_officers_and_ends_well_when_asked_to(xinxuan: Start, server: BotApiServer, api: BotApi):
    running = await xinxuan("run", **_wish(server))
    coordinator = Officer(api, COORDINATOR, patience=WITHIN)
    await coordinator.type("/settings")
    assert await coordinator.wait_for(str(COORDINATOR))  # a notice may come in between
    running.process.send_signal(signal.SIGTERM)
    code, out, err = await running.end()
    assert code == 0
    assert TOKEN.partition(":")[2] not in out + err


async def test_an_invitation_from_the_command_line_lets_one_person_in(
    xinxuan: Start, told: Command, server: BotApiServer, api: BotApi, tmp_path: Path
):
    code, out, _err = await told("invite", "air", "head", **_wish(server))
    assert code == 0
    assert "大气" in out
    assert "https://t.me/xinxuan_trial_bot?start=i_" in out
    payload = next(line for line in out.splitlines() if "/start i_" in line).split("/start ")[1]
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "xinxuan.db")) as database:
        made = "SELECT actor_id, subject_kind FROM audit WHERE verb = 'invite.make'"
        assert database.execute(made).fetchall() == [(None, "unit")]
    running = await xinxuan("run", **_wish(server))
    api.add_user(STRANGER, "钱七（虚构）")
    assert "单位负责人" in await Officer(api, STRANGER, patience=WITHIN).type(f"/start {payload}")
    refused = await told("invite", "air", **_wish(server))
    assert refused[0] == 1
    assert "use /invite in the chat" in refused[2]
    running.process.send_signal(signal.SIGTERM)
    assert (await running.end())[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"), [(("nowhere",), "there is no unit nowhere"), (("air", "king"), "there is no role king")]
)
async def test_an_invitation_that_cannot_be_made_says_what_can(told: Command, arguments: tuple[str, ...], said: str):
    code, out, err = await told("invite", *arguments)
    assert (code, out) == (1, "")
    assert said in err


async def test_a_trial_prints_one_line_serves_and_ends_well(xinxuan: Start, tmp_path: Path):
    running = await xinxuan("trial", "--port", "0", "--data", str(tmp_path / "trial"))
    address = await running.line()
    assert address.startswith("http://127.0.0.1:")
    page = await asyncio.to_thread(lambda: urlopen(address, timeout=10).read())  # noqa: S310 - loopback
    assert "信选" in page.decode()
    running.process.send_signal(signal.SIGTERM)
    code, out, err = await running.end()
    assert (code, out) == (0, "")
    assert err == ""
    assert (tmp_path / "trial" / "xinxuan.db").exists()
