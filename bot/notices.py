"""Reminders as they are said now: what each is about, how urgent it has become, and whose work it is."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from bot.cover import Charge
from bot.ledger import Entry
from bot.workdays import Reckoned

DEADLINES: Final = ("feedback", "submit_by", "fulfil")
"""Kinds that watch a deadline. All others ask or tell: nothing in them runs late, because a day that is expected, or on
which a decision was planned, binds nobody. Source: domain.md §0.3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A reminder with the figures of this moment.

    Args:
        reminder_id: Its key; every button carries it.
        kind: What it is about, as in ``bot.deadlines.Stage``.
        stage: Which of its kind.
        working_days: Working days left until the date; negative once a deadline is past. A question counts as 1 at
            least, so that it never comes before a deadline of the next working day.
        single: Whether it leaves as a message of its own; all else waits for the morning digest.
        charges: Whose work it is; each of them is told, or whoever stands in.
        late_since: The local date it was meant for, where it is said on a later one.
    """

    reminder_id: int
    kind: str
    stage: str
    working_days: int
    single: bool
    charges: tuple[Charge, ...]
    late_since: dt.date | None = None

    @property
    def has_passed(self) -> bool:
        """Whether the deadline that it watches is past."""
        return self.kind in DEADLINES and self.working_days < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryNotice(Notice):
    """A reminder about an entry of the ledger.

    Args:
        entry: The entry as it is now.
        of_persons: Whether a count of the entry counts persons.
    """

    entry: Entry
    of_persons: bool


@dataclass(frozen=True, slots=True)
class Deciding:
    """A matter that relies on an opinion and is to be decided after it has run out.

    Args:
        request_id: Its entry.
        number: The entry's number.
        matter: The matter's name.
        decide_on: Local date of the planned decision.
        latest: The last day to apply anew in time for it.
        charge: Whose entry it is.
    """

    request_id: int
    number: str
    matter: str
    decide_on: dt.date
    latest: Reckoned
    charge: Charge


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionNotice(Notice):
    """A reminder that an opinion runs out.

    Args:
        opinion_id: The opinion.
        entry_id: The entry that it answers, to a reader who may not look at it none; None also where it was taken over
            from an older ledger.
        number: That entry's number; to such a reader the number of their own that relies on it.
        subjects: The organisations that it is about; natural persons and counts are left out.
        count: How many opinions of the entry run out together.
        issued_on: 出具日期, local.
        valid_to: Last valid day, local.
        days: Days left, plain ones; negative once it has run out.
        matters: What is to be decided after it has run out.
        watched: Whether it is told in messages of its own.
        decides: Whether the reader may let it lapse, or have it told alone; whoever only relies on it may not.
    """

    opinion_id: int
    entry_id: int | None
    number: str | None
    subjects: tuple[str, ...]
    count: int
    issued_on: dt.date
    valid_to: dt.date
    days: int
    matters: tuple[Deciding, ...]
    watched: bool
    decides: bool = False

    @property
    def of_several(self) -> bool:
        """Whether it is told to several officers, none of whom can put it off for the others."""
        return len({each.owner_id for each in self.charges}) > 1
