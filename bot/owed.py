"""What the bureau itself owes in an entry, and since when: what climbs from the officer to the head and further.

The centre's delay is nobody's fault here and climbs only where the pack says so. Source: features.md N12.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.ledger import Entry
from bot.notices import Notice
from bot.policy.content import Escalation
from bot.workdays import Calendar

OLDEST: Final = dt.timedelta(days=90)  # what is owed for longer came with an older ledger, and alarms nobody
_AGAIN: Final = "+"
OWNER, HEAD, COORDINATOR = "owner", "head", "coordinator"


@dataclass(frozen=True, slots=True)
class Debt:
    """Something that is owed.

    Args:
        kind: ``submit``, ``receipt``, ``supplement``, ``opinion``, ``fulfil`` or ``feedback``.
        since: Local date by which it was to be done.
    """

    kind: str
    since: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedNotice(Notice):
    """A reminder of something owed; ``working_days`` is negative, as many as it has been owed for.

    Args:
        entry: The entry as it is now.
        since: Local date by which it was to be done.
        owner: Whose it is, by name; for whoever looks after them.
        audience: The rung that is told: the officer, the head or the coordinators.
    """

    entry: Entry
    since: dt.date
    owner: str
    audience: str


def debts(
    entry: Entry,
    calendar: Calendar,
    today: dt.date,
    *,
    receipt_after: int,
    asked_on: dt.date | None,
    centre_delay: bool,
) -> list[Debt]:
    """Return what is owed in an entry on a day.

    Args:
        entry: The entry.
        calendar: The office's calendar.
        today: Local date.
        receipt_after: Working days after which the receipt is asked for.
        asked_on: Local date on which it was asked for last, or is to be: put off, or because it had not come yet.
        centre_delay: Whether the centre's delay counts too.
    """
    if entry.withdrawn:
        return []
    found = _of_verification(entry, calendar, receipt_after, asked_on, centre_delay=centre_delay)
    if entry.fulfil_by_on is not None:
        found = (*found, Debt("fulfil", entry.fulfil_by_on))
    return [debt for debt in found if today - OLDEST <= debt.since < today]


def _of_verification(
    entry: Entry, calendar: Calendar, receipt_after: int, asked_on: dt.date | None, *, centre_delay: bool
) -> tuple[Debt, ...]:
    if entry.applicant != "bureau":
        return ()  # the counterpart applied: nothing is owed by the bureau
    if not entry.open:
        lacking = entry.without_opinion > 0 and entry.returned_on is not None
        return (Debt("opinion", entry.returned_on),) if lacking and entry.returned_on else ()
    if entry.supplement_on is not None:
        return (Debt("supplement", entry.supplement_on),)
    if entry.submitted_on is None:
        return (Debt("submit", entry.submit_by_on),) if entry.submit_by_on else ()
    if entry.received_on is None:
        first = calendar.add(entry.submitted_on, receipt_after).on
        return (Debt("receipt", max(first, asked_on or first)),)
    return (Debt("feedback", entry.due_on),) if centre_delay and entry.due_on else ()


def rungs(
    debt: Debt, known_on: dt.date, calendar: Calendar, today: dt.date, ladder: Escalation, *, told: int = 0
) -> Iterator[tuple[str, int]]:
    """Yield who is to know of a debt by now, and for which time: the officer, then the head, then the coordinators.

    The officer hears of it again until it is done, all others once. The centre's delay has overdue stages of its own.

    The officer has had no time to act before it was written down: what was late already then climbs from that day.

    Args:
        debt: What is owed.
        known_on: Local date on which it was written down.
        calendar: The office's calendar.
        today: Local date.
        ladder: After how many working days each of them.
        told: How often the officer was told of it before it was written down so: the count goes on from there.
    """
    late = calendar.between(max(debt.since, known_on), today)
    again = max(0, late - ladder.officer_after_working_days) // ladder.officer_every_working_days
    steps = (
        (OWNER, ladder.officer_after_working_days, 0 if debt.kind == "feedback" else told + again),
        (HEAD, ladder.head_after_working_days, 0),
        (COORDINATOR, ladder.coordinator_after_working_days, 0),
    )
    yield from ((who, time) for who, after, time in steps if late >= after)


def stage_of(debt: Debt, time: int) -> str:
    """Return the name of a debt as it is said for the first time (0), or again."""
    return debt.since.isoformat() + (f"{_AGAIN}{time}" if time else "")


def is_of(stage: str, debt: Debt) -> bool:
    """Say whether a stage is of a debt, said for whatever time."""
    return stage.partition(_AGAIN)[0] == stage_of(debt, 0)


def times(stages: Iterable[str], debt: Debt) -> int:
    """Return how often a debt was said by the last of some stages, of which others may be of other debts."""
    said = [stage.partition(_AGAIN)[2] or "0" for stage in stages if is_of(stage, debt)]
    return max(map(int, said), default=-1) + 1
