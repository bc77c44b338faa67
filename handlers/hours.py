"""Office hours: when anything may be said that nobody is waiting for, and at what hour each officer wants it.

Source: features.md N6, N16.
"""

import datetime as dt
from typing import Final

from bot.deadlines import due_at
from handlers.office import Office
from storage.tables import Person

GATHERING: Final = dt.timedelta(minutes=2)  # what gathers lines may leave by itself so long after its hour, not sooner


def opens(office: Office) -> dt.time:
    """Return the local time at which the office opens."""
    return dt.time.fromisoformat(office.policy.reminders.opens)


def closes(office: Office) -> dt.time:
    """Return the local time at which the office closes."""
    return dt.time.fromisoformat(office.policy.reminders.closes)


def of_office(office: Office) -> dt.time:
    """Return the local time at which reminders leave, unless an officer wants another."""
    return dt.time.fromisoformat(office.policy.reminders.hour)


def of_person(office: Office, person: Person) -> dt.time:
    """Return the local time at which an officer gets their digest; one outside the office hours is the office's."""
    wanted = dt.time.fromisoformat(person.reminder_hour) if person.reminder_hour else of_office(office)
    return wanted if opens(office) <= wanted < closes(office) else of_office(office)


def in_office_hours(office: Office, now: dt.datetime) -> bool:
    """Say whether reminders may leave: from opening to closing time on a working day, make-up days included."""
    local = now.astimezone(office.zone)
    return opens(office) <= local.time() < closes(office) and office.calendar.is_workday(local.date())


def has_begun(office: Office, now: dt.datetime) -> bool:
    """Say whether the office's own hour has come on this working day, and the office has not closed yet."""
    return in_office_hours(office, now) and now.astimezone(office.zone).time() >= of_office(office)


def first_day(office: Office, due: dt.datetime, *, until: dt.time | None = None) -> dt.date:
    """Return the first local day on which what is due could be said.

    Args:
        office: The office.
        due: Aware UTC time.
        until: What is due by this local time joins the list of the day, what is due later that of the next working
            day; None for a message of its own, which leaves as long as the office is open.
    """
    local = due.astimezone(office.zone)
    in_time = local.time() < closes(office) if until is None else local.time() <= until
    if in_time and office.calendar.is_workday(local.date()):
        return local.date()
    return office.calendar.next_workday(local.date()).on


def day_of(office: Office, now: dt.datetime) -> dt.datetime:
    """Return the beginning of the day while something can still leave on it, aware UTC; ``now`` where nothing can.

    What is made due at that moment is of the day's own list, and not late on the next where it could not be said.
    """
    today = office.today(now)
    return due_at(today, dt.time(), office.zone) if first_day(office, now) == today else now


def next_opening(office: Office, now: dt.datetime, *, hour: dt.time | None = None) -> dt.datetime:
    """Return the next moment after ``now``, aware UTC, at which reminders leave.

    Args:
        office: The office.
        now: Aware UTC time.
        hour: An officer's own hour; the office's unless given.
    """
    hour, today = hour or of_office(office), office.today(now)
    if office.calendar.is_workday(today) and (opening := due_at(today, hour, office.zone)) > now:
        return opening
    return due_at(office.calendar.next_workday(today).on, hour, office.zone)
