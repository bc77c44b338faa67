"""A unit's quarterly return and the bureau's summary: how far they are, and what a return says.

Source: the Plan, 三（四）: 按季度汇总; domain.md §4.4 for the columns, §8 for the states.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.figures import Figures
from bot.issues import Problem
from bot.language import pgettext
from bot.quarters import Quarter
from bot.workdays import Reckoned


class ReturnState(StrEnum):
    """The life of a unit's quarterly return."""

    NOT_STARTED = "not_started"  # 未开始
    FILLING = "filling"  # 填报中
    REPORTED = "reported"  # 单位已报
    SUMMARISED = "summarised"  # 已汇总
    SUBMITTED = "submitted"  # 已报送, locked

    @property
    def is_reported(self) -> bool:
        """Whether the unit has done its part."""
        return self in (ReturnState.REPORTED, ReturnState.SUMMARISED, ReturnState.SUBMITTED)


class PushState(StrEnum):
    """How far the bureau's summary has come."""

    DRAFTING = "drafting"
    DRAFTED = "drafted"  # a coordinator looks it over
    CONFIRMED = "confirmed"  # its files are made for the last time
    PUSHED = "pushed"


class GapKind(StrEnum):
    """What an entry lacks, so that the quarter's figures are not complete."""

    OPINION = "opinion"  # the opinion has come and is not written down
    RECEIPT = "receipt"  # the expected day is past, and neither receipt nor feedback is recorded
    REPORT = "report"  # the third-party report is not written down


@dataclass(frozen=True, slots=True)
class Gap:
    """An entry of the quarter that somebody still has to complete.

    Args:
        request_id: The entry.
        number: As people say it.
        owner_id: Who can complete it.
        owner: Their name.
        kind: What it lacks.
    """

    request_id: int
    number: str
    owner_id: int
    owner: str
    kind: GapKind


@dataclass(frozen=True, slots=True)
class UnitReturn:
    """A unit's return as a screen shows it.

    Args:
        id: Its key.
        version: Its version; a press on an older one is stale.
        unit: The unit's name.
        quarter: The quarter.
        state: How far it is.
        is_over: Whether the quarter is over, so that its figures can be reported.
        waits_for_head: Whether it is filled in and the head has not confirmed it.
        is_locked: Whether the bureau's summary has been pushed.
        nil: Whether 零报告 was reported.
        problems: As the unit wrote them; None where nothing was written.
        figures: The unit's figures.
        by_matter: The same by matter, each by its name; two may bear one name.
        gaps: What is incomplete.
        issues: Problems that officers of the unit fed back.
        due: Until when it is to be reported.
        corrected: Earlier quarter -> what changed in it after it was locked and stands in no later summary.
    """

    id: int
    version: int
    unit: str
    quarter: Quarter
    state: ReturnState
    is_over: bool
    waits_for_head: bool
    is_locked: bool
    nil: bool
    problems: str | None
    figures: Figures
    by_matter: Sequence[tuple[str, Figures]]
    gaps: Sequence[Gap]
    issues: Sequence[Problem]
    due: Reckoned
    corrected: Mapping[Quarter, Figures]

    @property
    def may_fill(self) -> bool:
        """Whether its problems may still be written."""
        return not self.is_locked and not self.state.is_reported

    @property
    def may_report(self) -> bool:
        """Whether it can be reported now."""
        return self.may_fill and self.is_over and not self.waits_for_head

    @property
    def may_report_nil(self) -> bool:
        """Whether 零报告 would be true: all figures are 0."""
        return self.may_report and self.figures.is_nil


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a summary's copies.

    Args:
        delivered: Copies that Telegram confirmed.
        unconfirmed: Copies that may or may not have arrived.
        waiting: Copies on their way.
        refused: Copies that will not arrive.
        missed: Units of which somebody's copy will not arrive.
        missed_groups: Units whose group's copy will not arrive.
    """

    delivered: int = 0
    unconfirmed: int = 0
    waiting: int = 0
    refused: int = 0
    missed: tuple[str, ...] = ()
    missed_groups: tuple[str, ...] = ()


def state_name(state: ReturnState, *, waits_for_head: bool = False) -> str:
    """Return how far a return is, in words."""
    if waits_for_head:
        return pgettext("return", "waits for the head")
    return {
        ReturnState.NOT_STARTED: pgettext("return", "not begun"),
        ReturnState.FILLING: pgettext("return", "being filled in"),
        ReturnState.REPORTED: pgettext("return", "reported"),
        ReturnState.SUMMARISED: pgettext("return", "summed up"),
        ReturnState.SUBMITTED: pgettext("return", "sent on"),
    }[state]


def gap_name(kind: GapKind) -> str:
    """Return what an entry lacks, in words."""
    return {
        GapKind.OPINION: pgettext("gap", "opinion not written down"),
        GapKind.RECEIPT: pgettext("gap", "receipt and feedback not recorded"),
        GapKind.REPORT: pgettext("gap", "credit report not written down"),
    }[kind]
