"""Roles, and how far each of them reaches: the rows that the matrix of commands and the queries both read."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Roles of the office (``design.md`` §3.10)."""

    OFFICER = "officer"  # 经办人
    LIAISON = "liaison"  # 单位联络员
    HEAD = "head"  # 单位负责人
    COORDINATOR = "coordinator"  # 政法处
    AUDITOR = "auditor"  # 只读


class Reach(StrEnum):
    """How far a right goes."""

    OWN = "own"  # what is one's own, or was given into one's care
    UNIT = "unit"  # what is the unit's too
    BUREAU = "bureau"  # of every unit


Row = Mapping[Role, Reach]
"""Role -> how far it reaches; a role that is left out may not at all."""

READS: Final[Row] = {
    Role.OFFICER: Reach.OWN,
    Role.LIAISON: Reach.UNIT,
    Role.HEAD: Reach.UNIT,
    Role.COORDINATOR: Reach.BUREAU,
    Role.AUDITOR: Reach.BUREAU,
}
"""Entries that may be looked at, in lists and searches too. Source: features.md R17."""
IDENTIFIES: Final[Row] = {role: reach for role, reach in READS.items() if reach is not Reach.BUREAU}
"""Natural persons who are shown by the last four of their ID number; reminders and sheets show it to nobody."""
COUNTS: Final[Row] = {role: Reach.BUREAU if reach is Reach.BUREAU else Reach.UNIT for role, reach in READS.items()}
"""Figures that may be looked at: they name nobody, so that every officer knows their unit's."""
CHANGES: Final[Row] = {
    Role.OFFICER: Reach.OWN,
    Role.LIAISON: Reach.OWN,
    Role.HEAD: Reach.OWN,
    Role.COORDINATOR: Reach.BUREAU,
}
"""Entries that may be changed; of an absent colleague's whoever stands in changes them as their own."""
HANDS_OVER: Final[Row] = {
    Role.OFFICER: Reach.OWN,
    Role.LIAISON: Reach.UNIT,
    Role.HEAD: Reach.UNIT,
    Role.COORDINATOR: Reach.BUREAU,
}
"""Entries that may be handed over one by one."""
CLEARS_DESKS: Final[Row] = {role: reach for role, reach in HANDS_OVER.items() if reach is not Reach.OWN}
"""Colleagues whose whole desk may be handed over."""
SETS_COVER: Final[Row] = {
    Role.OFFICER: Reach.OWN,
    Role.LIAISON: Reach.OWN,
    Role.HEAD: Reach.UNIT,
    Role.COORDINATOR: Reach.UNIT,
}
"""People whose leave may be entered."""
SEES_ALL: Final[Row] = {role: reach for role, reach in READS.items() if reach is Reach.BUREAU}
"""The record of who did what. Source: features.md A3."""
ADMINISTERS: Final[Row] = {Role.COORDINATOR: Reach.BUREAU}
"""People, catalogue, calendar and settings of the bureau. Source: ``design.md`` §3.10."""


def reaches(row: Row, role: Role, *, own: bool, same_unit: bool) -> bool:
    """Say whether a role's right covers something.

    Args:
        row: The right.
        role: Whose role.
        own: Whether it is their own.
        same_unit: Whether it is their unit's.
    """
    match row.get(role):
        case Reach.OWN:
            return own
        case Reach.UNIT:
            return own or same_unit
        case Reach.BUREAU:
            return True
    return False
