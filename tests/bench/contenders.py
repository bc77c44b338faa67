"""Who runs: the product as an office runs it, and REF; each in a process of its own, with what it costs."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from bot.policy.loader import load, packaged
from handlers.clock import Clock
from handlers.opening import opened
from handlers.settings import Settings
from storage import people
from storage.tables import Person, Role
from tests.bench.crowd import FIRST_ID, Walk, onwards, through_the_guide
from tests.bench.wire import TOKEN

ROOT: Final = Path(__file__).parents[2]
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot that can be started.

    Args:
        name: Its name in the table.
        command: Its command line, given the Bot API's address.
        environment: Its settings, given the Bot API's address and its folder.
        walk: How an officer finds the next button on its screens.
    """

    name: str
    command: Callable[[str], list[str]]
    environment: Callable[[str, Path], Mapping[str, str]]
    walk: Walk


@dataclass(slots=True)
class Running:
    """A started bot."""

    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Fail where it has died.

        Raises:
            RuntimeError: With the end of what it said.
        """
        if self.process.poll() is not None:
            raise RuntimeError(f"the bot ended with {self.process.returncode}:\n{self.log.read_text()[-2000:]}")

    def cpu_seconds(self) -> float:
        """Return the processor time it has used, all threads, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def rss_mib(self) -> float:
        """Return the memory it occupies now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def stop(self) -> None:
        """End it and wait."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(contender: Contender, base: str, folder: Path, *, bytecode: Path) -> Running:
    """Start a bot in a folder of its own.

    Args:
        contender: The bot.
        base: The Bot API's address.
        folder: Where it lives.
        bytecode: Where Python keeps what it compiles: an installed bot compiles at its first start only, whatever
            this environment says about that.
    """
    log = folder / "stderr.txt"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("XINXUAN_", "PYTHON"))}
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            contender.command(base),
            env=kept
            | {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(bytecode)}
            | dict(contender.environment(base, folder)),
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    return Running(process, log)


def furnish(folder: Path, seeded: Path) -> None:
    """Give a run its own copy of the seeded database."""
    for name in ("xinxuan.db", "key"):
        shutil.copy2(seeded / name, folder / name)


async def seed(folder: Path, number: int) -> None:
    """Make a database of the present version in which fictitious officers are enrolled."""
    policy, clock = load(packaged("zhengzhou")), Clock()
    settings = Settings(
        _env_file=None,
        token=SecretStr(TOKEN),
        database_url=f"sqlite:///{folder / 'xinxuan.db'}",
        key_file=folder / "key",
        admin_ids=(),
        policy=packaged("zhengzhou"),
    )
    async with opened(settings, clock) as database, database.write() as session:
        await people.sync_units(session, policy)
        units = await people.units(session)
        session.add_all(
            Person(
                telegram_id=FIRST_ID + index,
                unit_id=units[index % len(units)].id,
                role=Role.OFFICER,
                name=f"虚构{index}",
                joined_at=clock.now(),
            )
            for index in range(number)
        )


def _settings(base: str, folder: Path) -> Mapping[str, str]:
    return {
        "XINXUAN_TOKEN": TOKEN,
        "XINXUAN_API_BASE": base,
        "XINXUAN_DATABASE_URL": f"sqlite:///{folder / 'xinxuan.db'}",
        "XINXUAN_KEY_FILE": str(folder / "key"),
        "XINXUAN_LOG": "WARNING",
    }


_RUN: Final = "from handlers.cli import main; main()"

PRODUCT: Final = Contender("product", lambda base: [sys.executable, "-c", _RUN, "run"], _settings, through_the_guide)
REF: Final = Contender(
    "REF",
    lambda base: [sys.executable, "-m", "tests.bench.reference", TOKEN, base],
    lambda base, folder: {},
    onwards,
)
