"""The proof: ``python -m tests.drills [--full] [--seed N] [GOAL ...]``.

Runs the real application on loopback and a throw-away database, prints one JSON line for each goal, and ends with 1
if any of them does not hold. How a drill is added stands in ``tests/drills/registry.py``.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from tests.drills import registry


def main(arguments: list[str] | None = None) -> int:
    """Run the goals asked for and return the exit status."""
    known = registry.goals()
    parser = argparse.ArgumentParser(prog="python -m tests.drills")
    parser.add_argument("--full", action="store_true", help="at full size: minutes instead of seconds")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=f"any of {', '.join(known)}; all unless named")
    asked = parser.parse_args(arguments)
    if unknown := sorted(set(asked.goals) - set(known)):
        parser.error(f"no drill for {', '.join(unknown)}; there are {', '.join(known)}")
    if os.environ.get("XINXUAN_DATABASE_URL"):
        print("drills: XINXUAN_DATABASE_URL is set, and a drill never touches a bureau's database", file=sys.stderr)
        return 1
    seed = random.randrange(1_000_000) if asked.seed is None else asked.seed
    holds = True
    for module, goals in registry.wanted(asked.goals):
        with tempfile.TemporaryDirectory(prefix="xinxuan-drill-") as folder:
            results = asyncio.run(registry.prove(module, full=asked.full, seed=seed, folder=Path(folder)))
        for result in results:
            if result["goal"] in goals:
                print(json.dumps(result, ensure_ascii=False), flush=True)
                holds = holds and result["ok"]
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
