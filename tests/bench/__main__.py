"""``python -m tests.bench``: the product against a stateless PTB bot, interleaved, on one Bot API that is no limit.

Absolute figures move by a fifth within a day; ratios within a round move much less, so the targets are ratios.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

import uvloop

from tests.bench import report
from tests.bench.contenders import PRODUCT, REF, seed
from tests.bench.scenarios import MOST_USERS, SCENARIOS, START, Figures, Scenario, measure


def main() -> None:
    asked = _arguments()
    wanted = [each for each in SCENARIOS if each.name in asked.scenarios or not asked.scenarios]
    with tempfile.TemporaryDirectory(prefix="xinxuan-bench-seed-") as name:
        asyncio.run(seed(Path(name), max(asked.users, MOST_USERS)))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rounds = runner.run(_rounds(wanted, asked, Path(name)))
    results: dict[str, dict[str, Any]] = {}
    for scenario in wanted:
        summed = report.summary(rounds[scenario.name])
        results[scenario.name] = {"figures": summed, "targets": report.verdicts(scenario, summed)}
        print(report.table(scenario, asked.users, summed), end="\n\n")
    print(report.line(results))


async def _rounds(
    wanted: list[Scenario], asked: argparse.Namespace, seeded: Path
) -> dict[str, list[tuple[Figures, Figures]]]:
    """Measure all scenarios once a round; who goes first alternates."""
    rounds: dict[str, list[tuple[Figures, Figures]]] = {each.name: [] for each in wanted}
    for contender in (PRODUCT, REF):
        await measure(contender, START, users=1, seconds=0, seeded=seeded)  # compiles all modules; not counted
    for number in range(asked.rounds):
        for scenario in wanted:
            figures: dict[str, Figures] = {}
            for contender in (PRODUCT, REF) if number % 2 == 0 else (REF, PRODUCT):
                figures[contender.name] = await measure(
                    contender, scenario, users=asked.users, seconds=asked.seconds, seeded=seeded
                )
            rounds[scenario.name].append((figures[PRODUCT.name], figures[REF.name]))
    return rounds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(each.name for each in SCENARIOS))
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured (default 3)")
    parser.add_argument("--users", type=int, default=50, help="officers of closed and latency (default 50)")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long steps are counted (default 5)")
    asked = parser.parse_args()
    unknown = set(asked.scenarios) - {each.name for each in SCENARIOS}
    if unknown:
        parser.error(f"there is no scenario {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    main()
