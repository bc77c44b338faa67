"""Which drill proves which goals.

To add a drill, put a module into this package that says which goals it proves and runs them::

    GOALS = ("G9", "G10")

    async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]: ...

``folder`` is empty and thrown away afterwards; the real application works in it, on loopback. ``seed`` decides every
choice. ``full`` asks for the size that ``reliability.md`` names; otherwise a few seconds must do, because the ordinary
test run takes every drill at that size. One result for each goal comes back, of at least ``goal``, ``seed``, ``n`` (how
much was tried), ``seconds`` and ``ok``, with a count of each thing that must not be. Nothing else has to be done: the
command line, the ordinary test run and this list find the module by themselves. ``ON_DEMAND = True`` keeps a drill
that cannot be small out of the ordinary run.
"""

import importlib
import pkgutil
import time
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent


def drills() -> list[ModuleType]:
    """Return the modules that prove goals."""
    names = [each.name for each in pkgutil.iter_modules([str(HERE)])]
    candidates = [name for name in sorted(names) if not name.startswith(("test_", "__", "zygote"))]
    modules = [importlib.import_module(f"tests.drills.{name}") for name in candidates]
    return [module for module in modules if hasattr(module, "GOALS")]


def goals() -> tuple[str, ...]:
    """Return all goals in the order of their numbers; those without a number come last."""
    named = [goal for module in drills() for goal in module.GOALS]
    assert len(named) == len(set(named)), "two drills prove one goal"
    return tuple(sorted(named, key=lambda goal: (not goal[1:].isdecimal(), goal[1:].zfill(3), goal)))


async def prove(module: ModuleType, *, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Run one drill in its folder and return its results, checked for what each must say."""
    began = time.monotonic()
    results: list[dict[str, Any]] = await module.run(full=full, seed=seed, folder=folder)
    assert [each["goal"] for each in results] == list(module.GOALS), "a result for each goal, in order"
    spent = round(time.monotonic() - began, 1)
    return [{"seconds": spent} | result | {"seed": seed} for result in results]


def wanted(asked: Iterable[str]) -> list[tuple[ModuleType, list[str]]]:
    """Return the drills that prove what was asked for, all of them where nothing was."""
    names = set(asked)
    chosen = [(module, [goal for goal in module.GOALS if not names or goal in names]) for module in drills()]
    return [(module, some) for module, some in chosen if some]
