"""The proof: ``python -m tests.drills [--full] [--seed N] [GOAL ...]``.

Runs the real application on loopback and a throw-away database, prints one JSON line for each goal, and ends with 1
if any of them does not hold.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.drills import kills

GOALS = ("G1", "G2", "G8")


def main(arguments: list[str] | None = None) -> int:
    """Run the goals asked for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills")
    parser.add_argument("--full", action="store_true", help="1000 kills instead of 200")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"any of {', '.join(GOALS)}; all unless named")
    asked = parser.parse_args(arguments)
    wanted = asked.goals or list(GOALS)
    if unknown := sorted(set(wanted) - set(GOALS)):
        parser.error(f"no drill for {', '.join(unknown)}; there are {', '.join(GOALS)}")
    if os.environ.get("XINXUAN_DATABASE_URL"):
        print("drills: XINXUAN_DATABASE_URL is set, and a drill never touches a bureau's database", file=sys.stderr)
        return 1
    seed = random.randrange(1_000_000) if asked.seed is None else asked.seed
    with tempfile.TemporaryDirectory(prefix="xinxuan-drill-") as folder:
        results = asyncio.run(kills.run(kills=1000 if asked.full else 200, hits=3, seed=seed, folder=Path(folder)))
    for result in results:
        if result["goal"] in wanted:
            print(json.dumps(result, ensure_ascii=False), flush=True)
    return int(not all(result["ok"] for result in results if result["goal"] in wanted))


if __name__ == "__main__":
    sys.exit(main())
