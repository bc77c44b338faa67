"""Reminders as they are said now: what each is about, how urgent it has become, and whose work it is."""

import datetime as dt
from dataclasses import dataclass

from bot.cover import Charge
from bot.ledger import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A reminder with the figures of this moment.

    Args:
        reminder_id: Its key; every button carries it.
        kind: What it is about, as in ``bot.deadlines.Stage``.
        stage: Which of its kind.
        working_days: Working days left until the date; negative once it is past.
        single: Whether it leaves as a message of its own; all else waits for the morning digest.
        charges: Whose work it is; each of them is told, or whoever stands in.
        late_since: The local date it was meant for, where it is said more than a day late.
    """

    reminder_id: int
    kind: str
    stage: str
    working_days: int
    single: bool
    charges: tuple[Charge, ...]
    late_since: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryNotice(Notice):
    """A reminder about an entry of the ledger.

    Args:
        entry: The entry as it is now.
        of_persons: Whether a count of the entry counts persons.
    """

    entry: Entry
    of_persons: bool
