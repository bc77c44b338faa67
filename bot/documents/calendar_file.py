"""Dates as a calendar file (.ics), for the officer's own calendar: number and matter, nobody's name."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.documents.text import one_line
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.screens.words import in_brackets

MEDIA_TYPE: Final = "text/calendar"
MOST_OF_MATTER: Final = 20  # characters; a calendar shows a line


@dataclass(frozen=True, slots=True)
class Dated:
    """A day worth a line in a calendar.

    Args:
        key: What it is of what, such as ``due-17``; the same day of the same thing keeps it, so that a file taken in
            again moves the day instead of adding another.
        on: Local date.
        title: What the calendar shows.
        version: Grows when the day may have moved.
    """

    key: str
    on: dt.date
    title: str
    version: int


def dates_of(entry: Entry) -> Iterator[Dated]:
    """Yield an entry's days: feedback, last day to submit, planned decision, expiry of its opinions.

    The first three only while the entry waits for something; a stopped clock has no day of feedback.
    """
    for what, words, on, provisional in _days(entry):
        doubt = in_brackets(_("provisional")) if provisional else ""
        matter = one_line(entry.matter)[:MOST_OF_MATTER]
        said = pgettext("label", "%(label)s: %(value)s") % {"label": f"{entry.number} {words}{doubt}", "value": matter}
        yield Dated(what, on, said, entry.version)


def calendar_file(days: Iterable[Dated], *, of: str, hour: dt.time, now: dt.datetime) -> bytes:
    """Return days as all-day events that leave the day free and ring at the office's hour of reminders.

    Args:
        days: The days.
        of: Whose they are, in ASCII: the pack's id; it keeps the days of two bureaus apart.
        hour: Local time of the alarm on the day itself.
        now: Aware UTC time of making.

    Source: RFC 5545.
    """
    from icalendar import Alarm, Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", f"-//Xinxuan//{of}//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    for day in days:
        event = Event()
        event.add("uid", f"{day.key}@{of}.xinxuan")
        event.add("sequence", day.version)
        event.add("dtstamp", now)
        event.add("dtstart", day.on)
        event.add("dtend", day.on + dt.timedelta(days=1))
        event.add("summary", day.title)
        event.add("categories", [_("Credit products")])
        event.add("transp", "TRANSPARENT")
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", day.title)
        alarm.add("trigger", dt.timedelta(hours=hour.hour, minutes=hour.minute))
        event.add_component(alarm)
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _days(entry: Entry) -> Iterator[tuple[str, str, dt.date, bool]]:
    if entry.open and not entry.withdrawn:
        if entry.submitted_on is None and entry.submit_by_on is not None:
            provisional = entry.submit_by_provisional
            yield f"submit-{entry.id}", _("Submit by this day"), entry.submit_by_on, provisional
        if entry.submitted_on is not None and entry.due_on is not None and entry.supplement_on is None:
            words = _("Feedback due") if entry.received_on else _("Expected feedback")
            yield f"due-{entry.id}", words, entry.due_on, entry.due_provisional
        if entry.decide_on is not None:
            yield f"decide-{entry.id}", _("Planned decision"), entry.decide_on, False
    if not entry.withdrawn:
        for opinion in entry.opinions:
            yield f"opinion-{opinion.opinion_id}", _("Last valid day of the opinion"), opinion.valid_to, False
