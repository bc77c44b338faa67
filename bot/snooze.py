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


def watched(notice: Notice) -> Sequence[Reckoned]:
    """Return the days that something should not be put off beyond, the one that matters most first."""
    if isinstance(notice, OpinionNotice):
        latest = sorted((each.latest for each in notice.matters), key=lambda reckoned: reckoned.on)
        days = notice.valid_to, *sorted(each.decide_on for each in notice.matters)
        return *latest, *(Reckoned(on, provisional=False) for on in days)
    if not isinstance(notice, EntryNotice) or notice.kind in ("receipt", "use"):
        return ()
    entry = notice.entry
    on, provisional = {
        "feedback": (entry.due_on, entry.due_provisional),
        "submit_by": (entry.submit_by_on, entry.submit_by_provisional),
        "fulfil": (entry.fulfil_by_on, False),
    }.get(notice.kind, (entry.decide_on, False))
    return (Reckoned(on, provisional),) if on is not None else ()


def is_decision(notice: Notice, on: dt.date) -> bool:
    """Say whether a day that something should not be put off beyond is that of a planned decision."""
    if isinstance(notice, OpinionNotice):
        return any(each.decide_on == on for each in notice.matters)
    return notice.kind in ("decide", "hand_in", "report")


def passes(notice: Notice, on: dt.date, today: dt.date) -> Reckoned | None:
    """Return the day that a day lies beyond, None where it lies beyond none that is still ahead."""
    return next((limit for limit in watched(notice) if today <= limit.on < on), None)
