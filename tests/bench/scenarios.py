"""What is measured: one bot, one load, a few seconds; the figures of one run."""

import asyncio
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.contenders import Contender, Running, furnish, start
from tests.bench.crowd import Crowd
from tests.bench.wire import Connection, Wire

PATIENCE: Final = 60.0  # seconds until something that must come has come
WARM_UP: Final = 1.0  # seconds

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A load.

    Args:
        name: Its name on the command line.
        title: What it is.
        users: How many officers; None = as asked on the command line.
        delay_seconds: How long each call to the Bot API takes.
        per_second: Presses that come due a second in an open loop; None = closed loop.
        starts: Whether the start itself is measured.
    """

    name: str
    title: str
    users: int | None = None
    delay_seconds: float = 0.0
    per_second: float | None = None
    starts: bool = False


START: Final = Scenario("start", "from the start of the process", users=1, starts=True)
SCENARIOS: Final = (
    Scenario("closed", "closed loop, the API answers at once"),
    Scenario("single", "one officer, closed loop", users=1),
    Scenario("latency", "closed loop, each call takes 60 ms", delay_seconds=0.06),
    Scenario("open", "open loop, 100 steps/s", users=200, per_second=100),
    START,
)
MOST_USERS: Final = max(each.users or 0 for each in SCENARIOS)


async def measure(contender: Contender, scenario: Scenario, *, users: int, seconds: float, seeded: Path) -> Figures:
    """Run one bot under one load and return its figures.

    Args:
        contender: The bot.
        scenario: The load.
        users: How many officers, where the scenario leaves it open.
        seconds: How long the steps are counted.
        seeded: Folder of the seeded database and of compiled code.

    Raises:
        RuntimeError: The bot died, stood still, or showed a screen from which there is no way on.
    """
    crowd = Crowd(contender.walk, scenario.users or users, closed=scenario.per_second is None)
    wire = crowd.wire = Wire(crowd.on_screen, scenario.delay_seconds)
    if scenario.starts:
        return await _measure_start(contender, crowd, wire, seeded)
    async with _running(contender, wire, seeded) as bot:
        await _until(lambda: wire.first_poll_at is not None, bot, "the first poll")
        crowd.begin()
        await _until(lambda: crowd.seated, bot, "a first screen for everybody")
        figures = await _count(crowd, wire, bot, scenario, seconds)
    if crowd.faults:
        raise RuntimeError(crowd.faults[0])
    return figures


async def _count(crowd: Crowd, wire: Wire, bot: Running, scenario: Scenario, seconds: float) -> Figures:
    if scenario.per_second is None:
        crowd.go()
        await asyncio.sleep(WARM_UP)
    else:
        await crowd.at_a_rate(scenario.per_second, WARM_UP)
    began, cpu, own, calls = time.monotonic(), bot.cpu_seconds(), time.process_time(), wire.calls
    if scenario.per_second is None:
        await asyncio.sleep(seconds)
    else:
        await crowd.at_a_rate(scenario.per_second, seconds)
    ended = time.monotonic()
    waits = [waited for seen_at, waited in crowd.waits if began <= seen_at <= ended]
    figures = _summed_up(waits, ended - began, bot.cpu_seconds() - cpu)
    figures |= {
        "rss_mib": bot.rss_mib(),
        "calls_per_s": (wire.calls - calls) / (ended - began),
        "wire_busy": (time.process_time() - own) / (ended - began),
    }
    crowd.pressing = False
    await _drained(crowd, bot)
    return figures | {"unanswered": float(crowd.unanswered)}


def _summed_up(waits: list[float], seconds: float, cpu_seconds: float) -> Figures:
    if len(waits) < 2:
        raise RuntimeError("the bot stood still")
    centiles = statistics.quantiles(waits, n=100, method="inclusive")
    return {
        "steps_per_s": len(waits) / seconds,
        "p50_ms": centiles[49] * 1000,
        "p99_ms": centiles[98] * 1000,
        "cpu_ms_per_step": cpu_seconds * 1000 / len(waits),
    }


async def _drained(crowd: Crowd, bot: Running) -> None:
    """Give what is on its way the time to come; what has not come then is unanswered."""
    with contextlib.suppress(TimeoutError):
        await _until(lambda: not crowd.unanswered, bot, "the last screens", patience=15.0)


async def _measure_start(contender: Contender, crowd: Crowd, wire: Wire, seeded: Path) -> Figures:
    """Time a start with a press waiting at Telegram: to the first poll, and to the edit that answers the press."""
    officer = next(iter(crowd.officers.values()))
    crowd.closed = False
    wire.press(officer.id, 1, "1:guide:0:0:")
    began = officer.due_at = time.monotonic()
    async with _running(contender, wire, seeded) as bot:
        await _until(lambda: bool(crowd.waits), bot, "the first answered press")
        assert wire.first_poll_at is not None
        return {
            "first_poll_ms": (wire.first_poll_at - began) * 1000,
            "first_press_ms": crowd.waits[0][1] * 1000,
            "cpu_ms": bot.cpu_seconds() * 1000,
            "rss_mib": bot.rss_mib(),
        }


@contextlib.asynccontextmanager
async def _running(contender: Contender, wire: Wire, seeded: Path) -> AsyncIterator[Running]:
    """Serve the wire and run the bot on a copy of the seeded database."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(wire), "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with tempfile.TemporaryDirectory(prefix="xinxuan-bench-") as name:
        furnish(Path(name), seeded)
        bot = start(contender, base, Path(name), bytecode=seeded / "bytecode")
        try:
            yield bot
        finally:
            await asyncio.to_thread(bot.stop)
            server.close()


async def _until(met: Callable[[], bool], bot: Running, what: str, *, patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not met():
        bot.check()
        if time.monotonic() > end:
            raise TimeoutError(f"waited {patience:g} s for {what}")
        await asyncio.sleep(0.01)
