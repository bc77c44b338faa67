"""A unit's quarterly return and the bureau's summary: how far they have come. Source: domain.md §8."""

from enum import StrEnum


class ReturnState(StrEnum):
    """The life of a unit's quarterly return."""

    NOT_STARTED = "not_started"  # 未开始
    FILLING = "filling"  # 填报中
    REPORTED = "reported"  # 单位已报
    SUMMARISED = "summarised"  # 已汇总
    SUBMITTED = "submitted"  # 已报送, locked


class PushState(StrEnum):
    """How far the bureau's summary has come."""

    DRAFTING = "drafting"
    DRAFTED = "drafted"  # a coordinator looks it over
    CONFIRMED = "confirmed"  # its files are made for the last time
    PUSHED = "pushed"
