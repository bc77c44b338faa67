"""稍后提醒: on which day something that was put off comes again."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from bot.errors import Refusal
from bot.language import _
from bot.notices import EntryNotice, Notice, OpinionNotice
from bot.workdays import Calendar

WORKING_DAYS: Final = (1, 2, 3, 5)
"""How far something can be put off by one press; any other day is typed."""
_LONGEST: Final = dt.timedelta(days=366)


def choices(calendar: Calendar, today: dt.date) -> Sequence[tuple[int, dt.date]]:
    """Return the days that can be pressed: how many working days ahead, and which day that is."""
    return [(days, calendar.add(today, days).on) for days in WORKING_DAYS]


def working_day(calendar: Calendar, on: dt.date, today: dt.date) -> dt.date:
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
    before = calendar.workday_on_or_before(on).on
    return before if before > today else calendar.next_workday(on).on


def deadline(notice: Notice) -> dt.date | None:
    """Return the local date that something should not be put off beyond, None where there is none."""
    if isinstance(notice, OpinionNotice):
        return min((each.latest.on for each in notice.matters), default=notice.valid_to)
    if not isinstance(notice, EntryNotice):
        return None
    entry = notice.entry
    return {
        "receipt": None,
        "feedback": entry.due_on,
        "submit_by": entry.submit_by_on,
        "fulfil": entry.fulfil_by_on,
        "use": None,
    }.get(notice.kind, entry.decide_on)


def passes(notice: Notice, on: dt.date, today: dt.date) -> dt.date | None:
    """Return the deadline that a day lies beyond, None where it lies beyond none that is still ahead."""
    limit = deadline(notice)
    return limit if limit is not None and today <= limit < on else None
