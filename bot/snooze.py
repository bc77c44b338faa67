"""稍后提醒: on which day something that was put off comes again."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from bot.errors import Refusal
from bot.language import _
from bot.notices import EntryNotice, Notice, OpinionNotice
from bot.workdays import Calendar, Reckoned

WORKING_DAYS: Final = (1, 2, 3, 5)
"""How far something can be put off by one press; any other day is typed."""
_LONGEST: Final = dt.timedelta(days=366)


def choices(calendar: Calendar, today: dt.date) -> Sequence[tuple[int, Reckoned]]:
    """Return the days that can be pressed: how many working days ahead, and which day that is."""
    return [(days, calendar.add(today, days)) for days in WORKING_DAYS]


def working_day(calendar: Calendar, on: dt.date, today: dt.date) -> Reckoned:
    """Return the day on which something comes again that was put off to a day: a rest day gives way to the day before.

    Args:
        calendar: The office's calendar.
        on: The day that was chosen.
        today: Local date.

    Raises:
        Refusal: It is not ahead, or further than anybody remembers.
    """
    if on <= today:
        raise Refusal(_("Please choose a day after today."))
    if on - today > _LONGEST:
        raise Refusal(_("That is more than a year ahead. Please choose an earlier day."))
    before = calendar.workday_on_or_before(on)
    return before if before.on > today else calendar.next_workday(on)


def deadline(notice: Notice) -> Reckoned | None:
    """Return the day that something should not be put off beyond, None where there is none."""
    if isinstance(notice, OpinionNotice):
        stands = Reckoned(notice.valid_to, provisional=False)
        return min((each.latest for each in notice.matters), key=lambda latest: latest.on, default=stands)
    if not isinstance(notice, EntryNotice) or notice.kind in ("receipt", "use"):
        return None
    entry = notice.entry
    on, provisional = {
        "feedback": (entry.due_on, entry.due_provisional),
        "submit_by": (entry.submit_by_on, entry.submit_by_provisional),
        "fulfil": (entry.fulfil_by_on, False),
    }.get(notice.kind, (entry.decide_on, False))
    return Reckoned(on, provisional) if on is not None else None


def is_decision(notice: Notice) -> bool:
    """Say whether the day that something should not be put off beyond is that of the planned decision."""
    return notice.kind in ("hand_in", "report")


def passes(notice: Notice, on: dt.date, today: dt.date) -> Reckoned | None:
    """Return the day that a day lies beyond, None where it lies beyond none that is still ahead."""
    limit = deadline(notice)
    return limit if limit is not None and today <= limit.on < on else None
