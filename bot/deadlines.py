"""The dates that the bot promises to watch: pure rules over a calendar.

No number of the Plan stands here: days, months and offsets come from the policy pack as arguments.
"""

import calendar as gregorian
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from bot.workdays import Calendar, Reckoned

ValidityEnd = Literal["day_before", "same_day"]
OVERDUE: Final = "overdue+"
_IN_DIGEST: Final = "/digest"


@dataclass(frozen=True, slots=True)
class Stage:
    """One planned reminder.

    Attributes:
        kind: What it is about: ``receipt``, ``feedback``, ``submit_by``, ``decide``, ``hand_in``, ``use``, ``fulfil``,
            ``report`` of an entry, or the ``expiry`` of an opinion.
        stage: Which of its kind: ``ask``, ``ask+5``, ``t-1``, ``t-0``, ``overdue+1``, ``overdue+6/digest``,
            ``d-30`` ...
        on: Local date, always a working day.
        provisional: Whether the date hangs on a year whose notice is missing.
    """

    kind: str
    stage: str
    on: date
    provisional: bool


def feedback_due(calendar: Calendar, received_on: date, *, working_days: int) -> Reckoned:
    """Return the last day on which the credit centre's feedback is in time.

    Day 1 is the working day after the centre's receipt, whatever the hour of the receipt.

    Args:
        calendar: The office's calendar.
        received_on: Local date of the centre's receipt, on a working day or not.
        working_days: The period of the clause, at least 1.

    Source: the Plan 二（二） (feedback within the stated working days of receipt).
    """
    return calendar.add(received_on, working_days)


def _workday_before(calendar: Calendar, on: date, working_days: int) -> Reckoned:
    """Return the working day that lies ``working_days`` before a date; with 0 the date itself or the one before."""
    return calendar.add(on, -working_days) if working_days else calendar.workday_on_or_before(on)


def latest_submission(calendar: Calendar, decide_on: date, *, working_days: int, margin_working_days: int) -> Reckoned:
    """Return the last working day on which an application still comes back in time for the decision (最迟提交日).

    It is the last working day whose ``feedback_due`` lies at least the margin before the decision, taking the day
    of submission for the day of receipt.

    Args:
        calendar: The office's calendar.
        decide_on: Local date of the decision or publication.
        working_days: The centre's period, as for ``feedback_due``.
        margin_working_days: Working days wanted between the feedback and the decision; 0 allows the same day.
    """
    feedback = _workday_before(calendar, decide_on, margin_working_days)
    submission = calendar.add(feedback.on, -working_days)
    return Reckoned(submission.on, provisional=feedback.provisional or submission.provisional)


def valid_until(issued_on: date, *, months: int, end: ValidityEnd = "day_before") -> date:
    """Return the last valid day of an opinion that prints none itself.

    The corresponding day of the last month counts, or that month's last day where there is none. The end is never
    moved off a rest day: nobody has to act on it, and relying on an opinion too long is the risk. For the same
    reason ``day_before`` takes a day off the month's last day too (2028-02-29 for a year ends on 2029-02-27).

    Args:
        issued_on: Local date of issue (出具日期).
        months: Length of the validity.
        end: ``day_before`` ends the day before the corresponding day, as certificates do; ``same_day`` on it.

    Source: the Plan 二（二） (validity in principle a year); 民法典 arts. 200, 202 for the corresponding day.
    """
    years, month = divmod(issued_on.month - 1 + months, 12)
    year = issued_on.year + years
    last_of_month = gregorian.monthrange(year, month + 1)[1]
    corresponding = date(year, month + 1, min(issued_on.day, last_of_month))
    return corresponding - timedelta(days=end == "day_before")


def months_before(on: date, months: int) -> date:
    """Return the corresponding day some months earlier, or that month's last day where there is none."""
    years, month = divmod(on.month - 1 - months, 12)
    year = on.year + years
    return date(year, month + 1, min(on.day, gregorian.monthrange(year, month + 1)[1]))


def _stages_before(calendar: Calendar, kind: str, on: date, before_working_days: Sequence[int]) -> Iterator[Stage]:
    """Yield the stages ``t-n`` of a date, each on a working day counted back from it."""
    for days in before_working_days:
        reckoned = _workday_before(calendar, on, days)
        yield Stage(kind, f"t-{days}", reckoned.on, reckoned.provisional)


def verification_stages(
    calendar: Calendar,
    *,
    submitted_on: date,
    received_on: date | None,
    due_on: date | None,
    receipt_after_working_days: int,
    before_due_working_days: Sequence[int],
    overdue_first_working_days: int,
    overdue_every_working_days: int,
    overdue_most: int,
    overdue_index: int = 0,
) -> tuple[Stage, ...]:
    """Return the reminders of a verification that the bureau itself applied for.

    Receipt not confirmed: one question about it, no deadline to warn of. Afterwards: the stages before the due
    date and one overdue stage; the next is planned when that one is sent, lest silence fill the table.

    Args:
        calendar: The office's calendar.
        submitted_on: Local date of the application.
        received_on: Local date of the centre's confirmed receipt, None while unconfirmed.
        due_on: Local date of ``feedback_due``; None plans nothing after the receipt.
        receipt_after_working_days: When to ask for the receipt.
        before_due_working_days: Offsets of the warnings; 0 is the due date itself.
        overdue_first_working_days: First overdue stage, after the due date.
        overdue_every_working_days: Distance of the further ones.
        overdue_most: How many of them are messages of their own; the further ones are the digest's.
        overdue_index: How many overdue stages have been sent already.

    Source: the Plan 二（二）, the period starts with the centre's receipt.
    """
    if received_on is None:
        asked = calendar.add(submitted_on, receipt_after_working_days)
        return (Stage("receipt", "ask", asked.on, asked.provisional),)
    if due_on is None:
        return ()
    late = calendar.add(due_on, overdue_first_working_days + overdue_index * overdue_every_working_days)
    return (
        *_stages_before(calendar, "feedback", due_on, before_due_working_days),
        Stage("feedback", _overdue_stage(overdue_index + 1, overdue_most), late.on, late.provisional),
    )


def _overdue_stage(number: int, most: int) -> str:
    return f"{OVERDUE}{number}" + (_IN_DIGEST if number > most else "")


def overdue_number(stage: str) -> int:
    """Return which of the overdue stages a stage is, from 1."""
    return int(stage.removeprefix(OVERDUE).removesuffix(_IN_DIGEST))


def submit_by_stages(
    calendar: Calendar, *, submit_by_on: date, before_working_days: Sequence[int]
) -> tuple[Stage, ...]:
    """Return the warnings before the last day to submit (最迟提交日).

    Args:
        calendar: The office's calendar.
        submit_by_on: Local date from ``latest_submission``.
        before_working_days: Offsets of the warnings; 0 is the day itself.
    """
    return tuple(_stages_before(calendar, "submit_by", submit_by_on, before_working_days))


def fulfilment_stages(
    calendar: Calendar, *, fulfil_by_on: date, before_working_days: Sequence[int]
) -> tuple[Stage, ...]:
    """Return the prompts before the day until which a commitment is to be fulfilled, where the letter names one.

    Args:
        calendar: The office's calendar.
        fulfil_by_on: Local date in the letter.
        before_working_days: Offsets of the prompts; 0 is the day itself, or the working day before it.
    """
    return tuple(_stages_before(calendar, "fulfil", fulfil_by_on, before_working_days))


def questions_after(
    calendar: Calendar, kind: str, since: date, *, after_working_days: Sequence[int]
) -> tuple[Stage, ...]:
    """Return the questions whether something has come, or was done, that should be by now.

    Args:
        calendar: The office's calendar.
        kind: As in ``Stage``: ``hand_in``, ``use`` or ``report``.
        since: Local date from which it is waited for; not counted itself.
        after_working_days: When to ask.
    """
    found = ((days, calendar.add(since, days)) for days in after_working_days)
    return tuple(Stage(kind, f"ask+{days}", asked.on, asked.provisional) for days, asked in found)


def asked_again(
    calendar: Calendar, answered_on: date, due_on: date | None, *, soon_working_days: int, then_working_days: int
) -> Reckoned:
    """Return when the centre's receipt is asked about again that has not come yet (尚未收件).

    Soon, and on the day on which the feedback was expected at the latest; from that day on seldom.

    Args:
        calendar: The office's calendar.
        answered_on: Local date of the answer.
        due_on: Local date on which the feedback is expected.
        soon_working_days: When to ask while that day is ahead.
        then_working_days: When to ask from that day on.
    """
    if due_on is None or due_on <= answered_on:
        return calendar.add(answered_on, then_working_days)
    soon = calendar.add(answered_on, soon_working_days)
    return soon if soon.on <= due_on else Reckoned(due_on, provisional=soon.provisional)


def hand_in_stages(
    calendar: Calendar,
    *,
    applied_on: date | None,
    decide_on: date | None,
    after_working_days: Sequence[int],
    before_working_days: Sequence[int],
) -> tuple[Stage, ...]:
    """Return the questions whether the counterpart has handed in the opinion that it applied for itself.

    The bureau is owed nothing by the centre here, so nothing is ever overdue and nobody is asked for it.

    Args:
        calendar: The office's calendar.
        applied_on: Local date of the counterpart's application, where it is known.
        decide_on: Local date of the planned decision, where there is one.
        after_working_days: When to ask after the application.
        before_working_days: When to ask before the decision.
    """
    asked = (
        questions_after(calendar, "hand_in", applied_on, after_working_days=after_working_days) if applied_on else ()
    )
    if decide_on is None:
        return asked
    return (*asked, *_stages_before(calendar, "hand_in", decide_on, before_working_days))


def decision_stages(calendar: Calendar, *, decide_on: date, before_working_days: Sequence[int]) -> tuple[Stage, ...]:
    """Return the reminders that a decision is near while an opinion that the bureau applied for is not there.

    Args:
        calendar: The office's calendar.
        decide_on: Local date of the planned decision.
        before_working_days: When to say so; 0 is the day itself, or the working day before it. Of two that come on one
            day the nearer is said.
    """
    offsets = sorted(before_working_days, reverse=True)
    found = {stage.on: stage for stage in _stages_before(calendar, "decide", decide_on, offsets)}
    return tuple(found.values())


def expiry_stages(calendar: Calendar, *, valid_to: date, before_days: Sequence[int]) -> tuple[Stage, ...]:
    """Return the reminders before an opinion's last valid day, each moved to the working day before where it must.

    Args:
        calendar: The office's calendar.
        valid_to: Its last valid day, local, a working day or not.
        before_days: Offsets in plain days.
    """
    found = ((days, calendar.workday_on_or_before(valid_to - timedelta(days=days))) for days in before_days)
    return tuple(Stage("expiry", f"d-{days}", told.on, told.provisional) for days, told in found)


def is_single(_kind: str, stage: str) -> bool:
    """Say whether a reminder leaves as a message of its own; all else is the digest's.

    That is what is due today, and what is overdue as long as it has not been said often enough.

    Args:
        _kind: As in ``Stage``; today all kinds are alike.
        stage: As in ``Stage``.

    Source: features.md N7.
    """
    return stage == "t-0" or (stage.startswith(OVERDUE) and not stage.endswith(_IN_DIGEST))


def due_at(on: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return the moment of a reminder: a local date and hour as an aware UTC datetime."""
    return datetime.combine(on, hour, zone).astimezone(UTC)
