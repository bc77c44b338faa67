"""Everything that is counted of a period: the figures, and what stands beside them."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any

from bot.figures import Cell, Figures, grouped, total
from bot.quarters import Span


@dataclass(frozen=True, slots=True)
class Wait:
    """How long the centre took over feedback whose receipt was confirmed.

    Args:
        unit: The unit's code.
        month: Of the feedback.
        answers: How many (家).
        working_days: Together.
        longest: The slowest, in working days.
    """

    unit: str
    month: str
    answers: int
    working_days: int
    longest: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """What falls due in the period that follows.

    Args:
        unit: The unit's code.
        opinions: Opinions that end.
        feedback: Feedback that the centre owes or that is expected (家).
        commitments: Commitments to be fulfilled.
        decisions: Entries whose decision is planned.
    """

    unit: str
    opinions: int = 0
    feedback: int = 0
    commitments: int = 0
    decisions: int = 0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Everything that is counted of a period, for the bureau or for one unit.

    Args:
        span: The period.
        cells: The figures.
        waits: The centre's time.
        agencies: Unit, agency (None = not noted) and credit reports of it.
        follow_ups: Unit, state of the side task, and adverse findings of the period whose side task stands there.
        ahead: What comes next.
        opinions: Unit and different opinions that were used again.
        opinions_in_all: Different opinions that were used again, whichever the units.
    """

    span: Span
    cells: tuple[Cell, ...] = ()
    waits: tuple[Wait, ...] = ()
    agencies: tuple[tuple[str, str | None, int], ...] = ()
    follow_ups: tuple[tuple[str, str, int], ...] = ()
    ahead: tuple[Ahead, ...] = ()
    opinions: tuple[tuple[str, int], ...] = ()
    opinions_in_all: int = 0

    def total(self) -> Figures:
        """Return all of it."""
        return total(self.cells)

    def of(self, unit: str) -> "Statistics":
        """Return the part of one unit."""
        return Statistics(
            self.span,
            tuple(each for each in self.cells if each.unit == unit),
            tuple(each for each in self.waits if each.unit == unit),
            tuple(each for each in self.agencies if each[0] == unit),
            tuple(each for each in self.follow_ups if each[0] == unit),
            tuple(each for each in self.ahead if each.unit == unit),
            tuple(each for each in self.opinions if each[0] == unit),
            sum(count for code, count in self.opinions if code == unit),
        )

    def by_unit(self) -> dict[str, Figures]:
        """Return the figures of each unit that has any."""
        return grouped(self.cells, lambda cell: cell.unit)

    def by_matter(self) -> dict[str | None, Figures]:
        """Return the figures of each matter; None outside the catalogue."""
        return grouped(self.cells, lambda cell: cell.matter)

    def by_product(self) -> dict[str | None, Figures]:
        """Return the figures of each product; None holds what belongs to whole entries."""
        return grouped(self.cells, lambda cell: cell.product)

    def by_kind(self) -> dict[str | None, Figures]:
        """Return the figures of each kind of counterpart; None holds lists kept elsewhere, and whole entries."""
        return grouped(self.cells, lambda cell: cell.kind)

    def by_month(self) -> dict[str, Figures]:
        """Return the figures of each month of the period, those without any included; stocks stand in none."""
        found = grouped((cell for cell in self.cells if cell.month), lambda cell: cell.month)
        return {month: found.get(month, Figures()) for month in self.span.months}

    def by_category(self, category_of: Mapping[str, str]) -> dict[str | None, Figures]:
        """Return the figures of each category of matters.

        Args:
            category_of: Matter -> category.
        """
        return grouped(self.cells, lambda cell: category_of.get(cell.matter or ""))

    def turnaround(self) -> Wait | None:
        """Return the centre's time over everything; None where nothing confirmed has come back."""
        return added_waits(self.waits)

    def reports_by_agency(self) -> dict[str | None, int]:
        """Return the credit reports of each agency, the most first."""
        found: dict[str | None, int] = {}
        for _unit, agency, count in self.agencies:
            found[agency] = found.get(agency, 0) + count
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0] or "")))

    def follow_up_states(self) -> dict[str, int]:
        """Return the adverse findings by the state of their side task; together they are ``total().adverse``."""
        found: dict[str, int] = {}
        for _unit, state, count in self.follow_ups:
            found[state] = found.get(state, 0) + count
        return found

    def coming(self) -> Ahead:
        """Return what falls due next, all units together."""
        return Ahead(
            "",
            sum(each.opinions for each in self.ahead),
            sum(each.feedback for each in self.ahead),
            sum(each.commitments for each in self.ahead),
            sum(each.decisions for each in self.ahead),
        )


def added_waits(waits: Iterable[Wait]) -> Wait | None:
    """Return waits as one; None where there are none."""
    every = tuple(waits)
    if not every:
        return None
    return Wait(
        "",
        "",
        sum(each.answers for each in every),
        sum(each.working_days for each in every),
        max(each.longest for each in every),
    )


def statistics_to_json(statistics: Statistics) -> dict[str, Any]:
    """Return everything but the period."""
    return {
        "cells": [each.to_json() for each in statistics.cells],
        "waits": [list(astuple(each)) for each in statistics.waits],
        "agencies": [list(each) for each in statistics.agencies],
        "follow_ups": [list(each) for each in statistics.follow_ups],
        "ahead": [list(astuple(each)) for each in statistics.ahead],
        "opinions": [list(each) for each in statistics.opinions],
        "opinions_in_all": statistics.opinions_in_all,
    }


def statistics_from_json(data: Mapping[str, Any], span: Span) -> Statistics:
    """Read ``statistics_to_json`` back."""
    return Statistics(
        span,
        tuple(Cell.from_json(each) for each in data["cells"]),
        tuple(Wait(*each) for each in data["waits"]),
        tuple((unit, agency, count) for unit, agency, count in data["agencies"]),
        tuple((unit, state, count) for unit, state, count in data["follow_ups"]),
        tuple(Ahead(*each) for each in data["ahead"]),
        tuple((unit, count) for unit, count in data["opinions"]),
        data["opinions_in_all"],
    )
