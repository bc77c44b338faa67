"""The quarterly summary: the figures of a quarter as they were reported, with what was corrected since.

Once frozen it never changes. What is put right later in an earlier quarter is a correction of the next summary, with
the quarter that it belongs to, so that the sums over the years stay true.

Source: the Plan, 三（四）; domain.md §5 (late edits go to the next quarter with a note).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.figures import STOCKS, Cell, Figures, grouped
from bot.quarters import Quarter
from bot.statistics import Statistics, statistics_from_json, statistics_to_json

SCHEMA_VERSION: Final = 1  # of the content's JSON
LOOKING_BACK: Final = 4  # quarters; what is older is closed for good
_STOCKS: Final = {each.value: 0 for each in STOCKS}

Coarse = Mapping[tuple[str, str | None], Figures]
"""Unit and matter -> figures."""


@dataclass(frozen=True, slots=True)
class Names:
    """What codes were called when the figures were frozen."""

    units: Mapping[str, str] = field(default_factory=dict)
    matters: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)  # matter -> the name of its category


@dataclass(frozen=True, slots=True)
class Correction:
    """What was put right in an earlier quarter after its summary was frozen.

    Args:
        quarter: Where it belongs.
        changes: Unit and matter -> the difference, which may be negative.
    """

    quarter: Quarter
    changes: Coarse

    def of(self, unit: str | None) -> Figures:
        """Return the difference of one unit, or of all."""
        return sum(self.only(unit).changes.values(), Figures())

    def only(self, unit: str | None) -> "Correction":
        """Return the part of one unit, or all of it."""
        return Correction(self.quarter, {key: each for key, each in self.changes.items() if unit in (None, key[0])})


@dataclass(frozen=True, slots=True)
class Summary:
    """A quarter, summed up.

    Args:
        quarter: The quarter.
        statistics: Its figures.
        corrections: What was corrected in earlier quarters since their summaries.
        previous: Unit -> what was reported for the quarter before; None where nothing is known of it.
        year_before: The same for the same quarter of the year before.
        names: What the codes are called.
        policy_hash: The rules in force when it was reckoned.
        calendar_version: The state of the working calendar by which days were counted.
    """

    quarter: Quarter
    statistics: Statistics
    corrections: tuple[Correction, ...] = ()
    previous: Mapping[str, Figures] | None = None
    year_before: Mapping[str, Figures] | None = None
    names: Names = Names()
    policy_hash: str = ""
    calendar_version: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was recorded; an empty quarter is said, not left out."""
        return self.statistics.total().is_nil and not self.corrections

    def figures(self, unit: str | None = None) -> Figures:
        """Return the figures of one unit, or of all."""
        return self.statistics.total() if unit is None else self.statistics.by_unit().get(unit, Figures())

    def corrected(self, unit: str | None = None) -> Figures:
        """Return everything that was corrected in earlier quarters, of one unit or of all."""
        found = Figures()
        for each in self.corrections:
            found += each.of(unit)
        return found

    def reported_open(self, unit: str | None = None) -> int | None:
        """Return how many were reported as open a quarter ago; a later correction makes 上季结转 differ from it."""
        if self.previous is None:
            return None
        return _part(self.previous, unit).open

    def before(self, unit: str | None = None) -> Figures | None:
        """Return what was reported for the quarter before, of one unit or of all."""
        return None if self.previous is None else _part(self.previous, unit)

    def a_year_ago(self, unit: str | None = None) -> Figures | None:
        """Return what was reported for the same quarter of the year before, of one unit or of all."""
        return None if self.year_before is None else _part(self.year_before, unit)


def _part(figures: Mapping[str, Figures], unit: str | None) -> Figures:
    if unit is not None:
        return figures.get(unit, Figures())
    found = Figures()
    for each in figures.values():
        found += each
    return found


def coarse(cells: Iterable[Cell]) -> dict[tuple[str, str | None], Figures]:
    """Return cells by unit and matter, without what only stands at a moment."""
    found = grouped(cells, lambda cell: (cell.unit, cell.matter))
    return {key: without for key, figures in found.items() if (without := _flows(figures)) != Figures()}


def correction(quarter: Quarter, *, now: Coarse, reported: Coarse, noted: Sequence[Correction]) -> Correction | None:
    """Return what is to be corrected of an earlier quarter; None where nothing is.

    Args:
        quarter: The earlier quarter.
        now: Its figures by the register of today.
        reported: Its figures as frozen.
        noted: Corrections of it that later summaries hold already.
    """
    known: dict[tuple[str, str | None], Figures] = dict(reported)
    for each in noted:
        for key, figures in each.changes.items():
            known[key] = known.get(key, Figures()) + figures
    changes = {key: now.get(key, Figures()) - known.get(key, Figures()) for key in {*now, *known}}
    differing = {key: figures for key, figures in changes.items() if figures != Figures()}
    ordered = dict(sorted(differing.items(), key=lambda each: (each[0][0], each[0][1] or "")))
    return Correction(quarter, ordered) if ordered else None


def _flows(figures: Figures) -> Figures:
    return Figures.from_json(figures.to_json() | _STOCKS)


def summary_to_json(summary: Summary) -> dict[str, Any]:
    """Return everything of a summary but its rules and its calendar, which stand beside it."""
    return {
        "quarter": summary.quarter.code,
        "statistics": statistics_to_json(summary.statistics),
        "corrections": [[each.quarter.code, _coarse_to_json(each.changes)] for each in summary.corrections],
        "previous": _by_unit_to_json(summary.previous),
        "year_before": _by_unit_to_json(summary.year_before),
        "names": {
            "units": dict(summary.names.units),
            "matters": dict(summary.names.matters),
            "products": dict(summary.names.products),
            "categories": dict(summary.names.categories),
        },
    }


def summary_from_json(data: Mapping[str, Any], *, policy_hash: str, calendar_version: int) -> Summary:
    """Read a frozen summary back."""
    quarter = _quarter(data["quarter"])
    return Summary(
        quarter,
        statistics_from_json(data["statistics"], quarter.span),
        tuple(Correction(_quarter(code), _coarse_from_json(rows)) for code, rows in data["corrections"]),
        _by_unit_from_json(data["previous"]),
        _by_unit_from_json(data["year_before"]),
        Names(**data["names"]),
        policy_hash,
        calendar_version,
    )


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a summary's content, by which two reckonings are compared."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def as_confirmed(drafted: Summary, found: Summary) -> Summary | None:
    """Return a summary as it was drafted and confirmed; None where a figure of its quarter is another by now.

    Every day's work of the new quarter changes what falls due in it and how far side tasks are, and a name may change;
    none of this makes untrue what was confirmed, so it stays as it was drafted.

    Args:
        drafted: What the coordinator has seen.
        found: The same quarter by the register of this moment, with the rules and the calendar in force.
    """
    seen = drafted.statistics
    statistics = replace(found.statistics, ahead=seen.ahead, follow_ups=seen.follow_ups)
    same = replace(found, statistics=statistics, names=drafted.names)
    return same if digest(summary_to_json(same)) == digest(summary_to_json(drafted)) else None


def _quarter(code: str) -> Quarter:
    quarter = Quarter.from_code(code)
    if quarter is None:
        raise ValueError(f"no quarter: {code}")
    return quarter


def _coarse_to_json(changes: Coarse) -> list[list[Any]]:
    return [[unit, matter, figures.to_json()] for (unit, matter), figures in changes.items()]


def _coarse_from_json(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, str | None], Figures]:
    return {(unit, matter): Figures.from_json(figures) for unit, matter, figures in rows}


def _by_unit_to_json(figures: Mapping[str, Figures] | None) -> dict[str, Any] | None:
    return None if figures is None else {unit: each.to_json() for unit, each in sorted(figures.items())}


def _by_unit_from_json(data: Mapping[str, Any] | None) -> dict[str, Figures] | None:
    return None if data is None else {unit: Figures.from_json(each) for unit, each in data.items()}
