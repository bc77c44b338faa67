"""How an officer wants to be reminded: at their own hour, with their own stages; all else is the bureau's.

What guards a deadline cannot be switched off: of the feedback and of the last day to submit the last warning stays.
Source: features.md N16.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bot.errors import Refusal
from bot.language import _
from bot.policy.content import Reminders

FIELDS: Final[Mapping[str, str]] = {
    "feedback": "before_due_working_days",
    "submit_by": "submit_by_before_working_days",
    "decide": "decide_before_working_days",
    "expiry": "expiry_before_days",
    "use": "use_after_working_days",
    "hand_in": "hand_in_after_working_days",
    "fulfil": "fulfil_before_working_days",
    "report": "report_after_working_days",
}
"""Kind of reminder -> the pack's offsets, which an officer may set otherwise; the order is that of the screen."""
_OFFERED: Final[Mapping[str, tuple[int, ...]]] = {
    "feedback": (3, 2, 1, 0),
    "submit_by": (5, 3, 1, 0),
    "decide": (5, 3, 1, 0),
    "expiry": (60, 30, 15, 7, 1),
    "use": (1, 5, 10, 15),
    "hand_in": (5, 8, 12, 18),
    "fulfil": (10, 5, 1, 0),
    "report": (5, 10, 20),
}
_GUARDS: Final = ("feedback", "submit_by")
_STEP: Final = 30  # minutes


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an officer has set otherwise than the bureau.

    Args:
        hour: Local time of their reminders, ``HH:MM``; None = the bureau's.
        stages: Kind -> offsets; a kind that is left out is the bureau's.
    """

    hour: str | None = None
    stages: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def laid_over(self, rules: Reminders) -> Reminders:
        """Return the bureau's rules with these wishes; an hour that lies outside today's office hours is let go."""
        changes: dict[str, Any] = {FIELDS[kind]: tuple(days) for kind, days in self.stages.items() if kind in FIELDS}
        if self.hour is not None and rules.opens <= self.hour < rules.closes:
            changes["hour"] = self.hour
        return rules.model_copy(update=changes) if changes else rules


def offsets(rules: Reminders, kind: str) -> tuple[int, ...]:
    """Return the offsets of a kind."""
    found: tuple[int, ...] = getattr(rules, FIELDS[kind])
    return found


def offered(rules: Reminders, kind: str) -> tuple[int, ...]:
    """Return the offsets that can be ticked: the bureau's and some more, in the order in which they come."""
    counted_back = "before" in FIELDS[kind]
    return tuple(sorted({*_OFFERED[kind], *offsets(rules, kind)}, reverse=counted_back))


def hours(rules: Reminders) -> tuple[str, ...]:
    """Return the hours that can be chosen: every half hour within the office hours, and the bureau's own."""
    first, end = (_minutes(each) for each in (rules.opens, rules.closes))
    return tuple(sorted({rules.hour, *(f"{at // 60:02}:{at % 60:02}" for at in range(first, end, _STEP))}))


def toggled(wishes: Wishes, rules: Reminders, kind: str, days: int) -> Wishes:
    """Return the wishes with one stage ticked, or no more.

    Args:
        wishes: What was wished so far.
        rules: The bureau's rules.
        kind: One of ``FIELDS``.
        days: One of those offered.

    Raises:
        Refusal: It is the last warning before a deadline, which stays.
    """
    present = set(offsets(wishes.laid_over(rules), kind))
    after = present ^ {days}
    if kind in _GUARDS and days == min(offsets(rules, kind)) and days not in after:
        raise Refusal(_("The last warning before a deadline stays. Please choose among the others."))
    ordered = [each for each in offered(rules, kind) if each in after]
    return Wishes(wishes.hour, {**wishes.stages, kind: ordered})


def _minutes(hour: str) -> int:
    hours_, minutes = hour.split(":")
    return int(hours_) * 60 + int(minutes)
