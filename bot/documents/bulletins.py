"""The quarter's papers as Word files: the report, and the draft of a circular.

Drafts only: no red head, no seal, no natural person; the coordinator edits them and signs outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CHART: Final = "chart"
"""The name of the picture in a report's template."""


class Bulletin(StrEnum):
    """The papers; each is the name of its template."""

    REPORT = "summary"  # 季度汇总
    CIRCULAR = "circular"  # 通报


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of the table of eight columns."""

    name: str
    letters: str
    applied: str  # 次/家
    reused: str
    overdue: str
    adverse: str
    reports: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """季度汇总: the quarter in sentences, in the table and unit by unit.

    Args:
        bureau: The bureau's name.
        unit: The division that sums up.
        quarter: As the office writes it.
        period: Its days.
        paragraphs: What is said about it.
        matters: The table by matter, with its sum and what makes it add up.
        units: The table by unit, with its sum.
        check: The sum by which a clerk sees that nothing is missing.
        problems: What the units wrote.
        basis: The rules and the calendar by which it was reckoned.
        date: Date of the paper.
        has_chart: Whether the picture stands in it, as ``chart``.
    """

    bureau: str
    unit: str
    quarter: str
    period: str
    paragraphs: tuple[str, ...]
    matters: tuple[TableRow, ...]
    units: tuple[TableRow, ...]
    check: str
    problems: tuple[str, ...]
    basis: str
    date: str
    has_chart: bool


@dataclass(frozen=True, slots=True)
class Circular:
    """通报: overall, unit by unit, good practice, problems, next steps.

    Args:
        bureau: The bureau's name.
        unit: The division that drafts it.
        quarter: As the office writes it.
        basis: The document that asks for it, by number and clause.
        paragraphs: The overall situation.
        units: The units that may be named, with the sum of all; nobody else is told apart.
        practice: What was done well; empty where it is left to be written.
        problems: What was not; likewise.
        steps: What is asked for; likewise.
        date: Date of the paper.

    Source: the Plan 三（四）.
    """

    bureau: str
    unit: str
    quarter: str
    basis: str
    paragraphs: tuple[str, ...]
    units: tuple[TableRow, ...]
    practice: tuple[str, ...]
    problems: tuple[str, ...]
    steps: tuple[str, ...]
    date: str


_ROW: Final = TableRow("示例事项", "1", "1/2", "3", "0", "0", "1")
PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8"
    "ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
"""The smallest picture, with which a template is tried."""

SPECIMENS: Final[Mapping[Bulletin, Report | Circular]] = {
    Bulletin.REPORT: Report(
        "示例局", "示例处", "2026年第一季度", "2026年1月1日至3月31日", ("示例段落。",), (_ROW,), (_ROW,), "示例核对",
        ("示例问题",), "示例依据", "2026年4月8日", has_chart=True,
    ),
    Bulletin.CIRCULAR: Circular(
        "示例局", "示例处", "2026年第一季度", "示例依据", ("示例段落。",), (_ROW,), ("示例做法",), (), (),
        "2026年4月8日",
    ),
}  # fmt: skip
"""A fictitious paper of each kind."""
