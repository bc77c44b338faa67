"""Medians over rounds, ratios within rounds, and the targets beside them."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests.bench.scenarios import Figures, Scenario

Round = tuple[Figures, Figures]
"""The product's and REF's figures of one round."""

NAMES: Final = {
    "steps_per_s": "steps/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "cpu_ms_per_step": "CPU ms/step",
    "first_poll_ms": "first poll ms",
    "first_press_ms": "first answered press ms",
    "cpu_ms": "CPU ms",
    "rss_mib": "RSS MiB",
    "calls_per_s": "calls/s",
    "wire_busy": "wire's share of a core",
    "unanswered": "unanswered",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must reach.

    Args:
        of: The scenario.
        figure: Which figure.
        kind: Whether the ratio to REF or the product's own figure is meant.
        limit: The limit.
        at_least: Whether more is better.
        source: Where it is written.
    """

    of: str
    figure: str
    kind: Literal["ratio", "own"]
    limit: float
    at_least: bool
    source: str

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit


TARGETS: Final = (
    Target("closed", "steps_per_s", "ratio", 1.3, True, "first issue"),
    Target("closed", "steps_per_s", "ratio", 3.0, True, "target 1"),
    Target("closed", "p99_ms", "ratio", 1.0, False, "target 2"),
    Target("single", "p50_ms", "ratio", 0.6, False, "target 3"),
    Target("latency", "steps_per_s", "ratio", 40.0, True, "first issue"),
    Target("latency", "steps_per_s", "ratio", 60.0, True, "target 4"),
    Target("latency", "p99_ms", "own", 180.0, False, "target 4"),
    Target("open", "p99_ms", "ratio", 1.0, False, "target 5"),
    Target("open", "unanswered", "own", 0.0, False, "target 5"),
    Target("start", "first_poll_ms", "ratio", 4.0, False, "target 7, empty database"),
    Target("start", "first_press_ms", "own", 1200.0, False, "first issue"),
)


def summary(rounds: Sequence[Round]) -> dict[str, dict[str, float | None]]:
    """Return for each figure both medians, and the median, smallest and largest ratio of a round."""
    return {figure: _summed_up(figure, rounds) for figure in rounds[0][0]}


def _summed_up(figure: str, rounds: Sequence[Round]) -> dict[str, float | None]:
    ratios = [product[figure] / ref[figure] for product, ref in rounds if ref[figure]]
    return {
        "product": statistics.median(product[figure] for product, _ in rounds),
        "ref": statistics.median(ref[figure] for _, ref in rounds),
        "ratio": statistics.median(ratios) if ratios else None,
        "ratio_min": min(ratios, default=None),
        "ratio_max": max(ratios, default=None),
    }


def verdicts(scenario: Scenario, summed: dict[str, dict[str, float | None]]) -> list[dict[str, Any]]:
    """Return each target of a scenario with what was reached."""
    reached = []
    for target in TARGETS:
        if target.of != scenario.name:
            continue
        value = summed[target.figure]["ratio" if target.kind == "ratio" else "product"]
        met = value is not None and target.met(value)
        sign = ">=" if target.at_least else "<="
        unit = " x REF" if target.kind == "ratio" else ""
        wanted = f"{NAMES[target.figure]} {sign} {target.limit:g}{unit} ({target.source})"
        reached.append({"target": wanted, "value": value, "met": met})
    return reached


def table(scenario: Scenario, users: int, summed: dict[str, dict[str, float | None]]) -> str:
    """Return one scenario for people."""
    lines = [f"{scenario.name}: {scenario.title}, {scenario.users or users} officers"]
    lines.append(f"  {'':26}{'product':>10}{'REF':>10}   ratio (min-max)")
    for figure, row in summed.items():
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f} ({row['ratio_min']:.2f}-{row['ratio_max']:.2f})"
        lines.append(f"  {NAMES[figure]:26}{row['product']:>10.2f}{row['ref']:>10.2f}   {ratio}")
    for verdict in verdicts(scenario, summed):
        mark = "met   " if verdict["met"] else "missed"
        lines.append(f"  {mark} {verdict['target']}: {_shown(verdict['value'])}")
    return "\n".join(lines)


def line(results: dict[str, dict[str, Any]]) -> str:
    """Return everything as one line of JSON."""
    return json.dumps(results, default=float, sort_keys=True)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
