"""What the bureau itself owes in an entry, and since when: what climbs from the officer to the head and further.

The centre's delay is nobody's fault here and climbs only where the pack says so. Source: features.md N12.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bot.ledger import Entry
from bot.notices import Notice
from bot.policy.content import Escalation
from bot.workdays import Calendar

OLDEST: Final = dt.timedelta(days=90)  # what is owed for longer came with an older ledger, and alarms nobody
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


def debts(entry: Entry, calendar: Calendar, today: dt.date, *, receipt_after: int, centre_delay: bool) -> list[Debt]:
    """Return what is owed in an entry on a day.

    Args:
        entry: The entry.
        calendar: The office's calendar.
        today: Local date.
        receipt_after: Working days after which the receipt is asked for.
        centre_delay: Whether the centre's delay counts too.
    """
    if entry.withdrawn:
        return []
    found = _of_verification(entry, calendar, receipt_after=receipt_after, centre_delay=centre_delay)
    if entry.fulfil_by_on is not None:
        found = (*found, Debt("fulfil", entry.fulfil_by_on))
    return [debt for debt in found if today - OLDEST <= debt.since < today]


def _of_verification(entry: Entry, calendar: Calendar, *, receipt_after: int, centre_delay: bool) -> tuple[Debt, ...]:
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
        return (Debt("receipt", calendar.add(entry.submitted_on, receipt_after).on),)
    return (Debt("feedback", entry.due_on),) if centre_delay and entry.due_on else ()


def rungs(debt: Debt, calendar: Calendar, today: dt.date, ladder: Escalation) -> Iterator[str]:
    """Yield who is to know of a debt by now: the officer, then the head, then the coordinators.

    Args:
        debt: What is owed.
        calendar: The office's calendar.
        today: Local date.
        ladder: After how many working days each of them.
    """
    late = calendar.between(debt.since, today)
    steps = (
        (OWNER, ladder.officer_after_working_days),
        (HEAD, ladder.head_after_working_days),
        (COORDINATOR, ladder.coordinator_after_working_days),
    )
    yield from (who for who, after in steps if late >= after)
