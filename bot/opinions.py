"""Opinions (信用信息查询意见): what they found, until when they hold, and who may rely on one again.

Source: the Plan 二（二）: valid for a year in principle, and to be used repeatedly while valid.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.deadlines import ValidityEnd, valid_until
from bot.errors import Refusal
from bot.language import _, pgettext

PRINTED: Final = "printed"  # the opinion itself says until when; that always wins
LONGEST_NUMBER: Final = 60  # UTF-16 units of 查询意见编号
BY_POLICY: Final = "policy"  # reckoned by the pack's rule


class Finding(StrEnum):
    """核查结果: what the centre found in its records."""

    CLEAN = "clean"  # 未查询到不良信息
    ADVERSE = "adverse"  # 有不良信息
    SERIOUS = "serious"  # 严重失信
    UNKNOWN = "unknown"  # 查无此主体

    @property
    def is_adverse(self) -> bool:
        """Whether the counterpart is to be told about objection and repair."""
        return self in (Finding.ADVERSE, Finding.SERIOUS)


def finding_name(finding: Finding) -> str:
    """Return a finding in the office's words; absence in a database is never called innocence."""
    return {
        Finding.CLEAN: pgettext("finding", "no adverse information found"),
        Finding.ADVERSE: pgettext("finding", "adverse information"),
        Finding.SERIOUS: pgettext("finding", "seriously dishonest"),
        Finding.UNKNOWN: pgettext("finding", "no such organisation in the records"),
    }[finding]


def used_name(used_as: str) -> str:
    """Return what an opinion was used for, in the office's words."""
    return {
        "passed": pgettext("used", "passed"),
        "limited": pgettext("used", "limited"),
        "cancelled": pgettext("used", "cancelled"),
        "warned": pgettext("used", "warned"),
        "reused": pgettext("used", "used again"),
    }.get(used_as, used_as)


@dataclass(frozen=True, slots=True)
class Reusable:
    """A still-valid opinion that may be used again instead of a new application.

    Args:
        opinion_id: Its key.
        counterpart_id: Whom it is about.
        code: The code under which it was asked for.
        name: The counterpart's name today.
        number: As printed; None where none was recorded.
        issued_on: 出具日期, local.
        valid_to: Last valid day, local.
        unit: Short name of the unit that holds it; None = another bureau's.
        holder: Who holds it; None where nobody is named.
        finding: What it says.
        adverse_since: When something adverse was logged after its issue; None where nothing was.
        contested: Whether the counterpart has objected to what it says, or applied for repair.
    """

    opinion_id: int
    counterpart_id: int
    code: str
    name: str
    number: str | None
    issued_on: dt.date
    valid_to: dt.date
    unit: str | None
    holder: str | None
    finding: Finding
    adverse_since: dt.date | None = None
    contested: bool = False


def best(candidates: Iterable[Reusable], *, on: dt.date, earliest_issue: dt.date | None = None) -> Reusable | None:
    """Return the opinion to rely on for a decision, the newest one; None where a new application is needed.

    Args:
        candidates: Opinions on one counterpart.
        on: The decision's local date, on which the opinion must hold (not the day of the request; domain.md A10).
        earliest_issue: The oldest issue that the coordinator still accepts for the matter; None = no limit.
    """
    fitting = [
        each
        for each in candidates
        if each.issued_on <= on <= each.valid_to
        and each.finding is not Finding.UNKNOWN
        and (earliest_issue is None or each.issued_on >= earliest_issue)
    ]
    return max(fitting, key=lambda each: (each.issued_on, each.opinion_id), default=None)


def validity(issued_on: dt.date, printed: dt.date | None, *, months: int, end: ValidityEnd) -> tuple[dt.date, str]:
    """Return an opinion's last valid day and where it comes from: the printed day wins over the pack's rule.

    Source: domain.md A9.
    """
    if printed is not None:
        return printed, PRINTED
    return valid_until(issued_on, months=months, end=end), BY_POLICY


def require_dates(issued_on: dt.date, valid_to: dt.date | None, *, today: dt.date) -> None:
    """Refuse an opinion whose dates cannot be right.

    Raises:
        Refusal: It was issued in the future, or ends before it was issued.
    """
    if issued_on > today:
        raise Refusal(_("The day of issue lies in the future. Please check the opinion and send the day again."))
    if valid_to is not None and valid_to < issued_on:
        raise Refusal(_("The last valid day lies before the day of issue. Please check the opinion and send it again."))
