"""The figures of a period: what the office counts, so that every table, chart and message says the same.

Counts only, never names: natural persons are numbers here. What was taken back counts nowhere.

Source: the Plan, 三（四）; domain.md §4.4 for the eight columns, §5 for the date that decides.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, TypeVar


class Measure(StrEnum):
    """What is counted; each is a field of ``Figures`` and opens the records behind it."""

    LETTERS = "letters"  # 承诺份数, by the day of signature, else of the entry
    IN_FORM = "in_form"  # of these, pledges that the matter's own form carries
    TIMES = "times"  # 核查申请（次）: an entry's application of one day
    APPLIED = "applied"  # 核查申请（家）, by the day of submission
    BY_COUNTERPART = "by_counterpart"  # of these, applied for by the counterpart
    REUSED = "reused"  # 直接使用有效意见（家）: the applications that were saved
    RETURNED = "returned"  # 已反馈（家）, by the day of the feedback
    ON_TIME = "on_time"  # of these, in time; receipt confirmed
    OVERDUE = "overdue"  # of these, late; receipt confirmed
    UNCONFIRMED = "unconfirmed"  # of these, neither: receipt never confirmed, or the counterpart applied
    WITHDRAWN = "withdrawn"  # 撤回（家）: applied for and given up
    ADVERSE = "adverse"  # 有不良（家）, by the day of the feedback
    SERIOUS = "serious"  # of these, 严重失信
    REPORTS = "reports"  # 信用报告份数, by the day of the entry
    FULFILLED = "fulfilled"  # 已履行的承诺
    BREACHED = "breached"  # 违背承诺
    CARRIED = "carried"  # 上季结转（家）: applied for before, open at the beginning
    OPEN = "open"  # 本季未反馈（家）: open at the end
    OPEN_OVERDUE = "open_overdue"  # of these, past the centre's day; receipt confirmed


STOCKS: Final = frozenset({Measure.CARRIED, Measure.OPEN, Measure.OPEN_OVERDUE})
"""What stands at a moment; everything else happened on a day and adds up over days."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of figures; see ``Measure`` for what each counts."""

    letters: int = 0
    in_form: int = 0
    times: int = 0
    applied: int = 0
    by_counterpart: int = 0
    reused: int = 0
    returned: int = 0
    on_time: int = 0
    overdue: int = 0
    unconfirmed: int = 0
    withdrawn: int = 0
    adverse: int = 0
    serious: int = 0
    reports: int = 0
    fulfilled: int = 0
    breached: int = 0
    carried: int = 0
    open: int = 0
    open_overdue: int = 0

    def __getitem__(self, measure: Measure) -> int:
        value: int = getattr(self, measure.value)
        return value

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in _NAMES))

    def __sub__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) - getattr(other, name) for name in _NAMES))

    @property
    def is_nil(self) -> bool:
        """Whether there is nothing to report: only then is a 零报告 true."""
        return self == _NIL

    @property
    def is_balanced(self) -> bool:
        """Whether 上季结转 + 核查申请 = 反馈 + 撤回 + 本季未反馈, and the feedback is fully told apart."""
        flows = self.carried + self.applied == self.returned + self.withdrawn + self.open
        return flows and self.returned == self.on_time + self.overdue + self.unconfirmed

    def to_json(self) -> dict[str, int]:
        """Return what is not 0."""
        return {name: value for name in _NAMES if (value := getattr(self, name))}

    @classmethod
    def from_json(cls, data: Mapping[str, int]) -> "Figures":
        """Read ``to_json`` back; a measure of a later version is left out."""
        return cls(**{name: data[name] for name in _NAMES if name in data})


_Key = TypeVar("_Key")
_NAMES: Final = tuple(each.name for each in fields(Figures))
_NIL: Final = Figures()


@dataclass(frozen=True, slots=True)
class Cell:
    """The figures of the smallest group that is told apart.

    Args:
        unit: The unit's code.
        matter: The matter's code; None outside the catalogue.
        product: The product's code; None where a figure belongs to a whole entry.
        kind: The counterpart's kind; None for a list kept elsewhere, or where a figure belongs to a whole entry.
        month: 2026-11; empty for what stands at a moment.
        figures: The counts.
    """

    unit: str
    matter: str | None
    product: str | None
    kind: str | None
    month: str
    figures: Figures

    def to_json(self) -> list[Any]:
        """Return the cell as JSON."""
        return [self.unit, self.matter, self.product, self.kind, self.month, self.figures.to_json()]

    @classmethod
    def from_json(cls, data: list[Any]) -> "Cell":
        """Read ``to_json`` back."""
        unit, matter, product, kind, month, figures = data
        return cls(unit, matter, product, kind, month, Figures.from_json(figures))


def total(cells: Iterable[Cell]) -> Figures:
    """Return the sum of cells."""
    found = _NIL
    for cell in cells:
        found += cell.figures
    return found


def grouped(cells: Iterable[Cell], key: Callable[[Cell], _Key]) -> dict[_Key, Figures]:
    """Return the sums of cells that have the same key."""
    found: dict[_Key, Figures] = {}
    for cell in cells:
        name = key(cell)
        found[name] = found.get(name, _NIL) + cell.figures
    return found
