"""The timeline of an entry: what was done, when, by whom, in the office's words."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.dates import format_day
from bot.language import _, pgettext
from bot.opinions import LONGEST_NUMBER, Finding, finding_name, used_name
from bot.screens.words import cut

BRIEF: Final = 60  # characters of a reason where the timeline is one part of a screen


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an entry's timeline: when, who (None = the assistant itself), what.

    Args:
        at: Local time.
        who: Who did it; None = the assistant itself.
        verb: What was done.
        day: The local date that was recorded.
        reason: Why, where the officer said so.
        line: The line that was corrected.
        was: What stood there before: a day, a number, or a finding's key.
        now: What stands there since.
    """

    at: dt.datetime
    who: str | None
    verb: str
    day: dt.date | None = None
    reason: str | None = None
    line: str | None = None
    was: str | None = None
    now: str | None = None


def event_words(event: Event, *, today: dt.date, brief: bool = False) -> str:
    """Return one line of the timeline.

    Args:
        event: What was done.
        today: Local date.
        brief: Whether a long reason is cut; the whole timeline has all of it.
    """
    what = WORDS.get(event.verb, lambda: _("changed the entry"))()
    when = f"{format_day(event.at.date(), today=today)} {event.at:%H:%M}"
    day = format_day(event.day, today=today) if event.day else ""
    reason = event.reason or ""
    more = [_correction(event, day, today) if event.line else day, cut(reason, BRIEF) if brief else reason]
    tail = "".join(pgettext("list", ", ") + each for each in more if each)
    who = event.who or _("the assistant")
    return f"{when} {who} {what}{tail}"


def line_name(line: str) -> str:
    """Return what a line of an entry that can be corrected is called."""
    return {
        "submitted_on": _("Day of submission"),
        "received_on": _("Day of the centre's receipt"),
        "returned_on": _("Day of the opinion"),
        "decide_on": _("Planned day of decision"),
        "used_on": _("Day of use"),
        "issued_on": _("Day of issue"),
        "valid_to": _("Last valid day"),
        "number": _("Number of the opinion"),
        "finding": _("Result of the opinion"),
        "used_as": _("Use of the opinion"),
    }[line]


def _correction(event: Event, day: str, today: dt.date) -> str:
    """Return which line was put right, from what to what: nothing that stood there is lost to the reader."""
    now = day or _value(event.line, event.now, today)
    values = {"line": line_name(event.line or ""), "was": _value(event.line, event.was, today), "now": now}
    return _("%(line)s from %(was)s to %(now)s") % values


def _value(line: str | None, value: str | None, today: dt.date) -> str:
    if value is None:
        return _("nothing")
    if line == "finding":
        return finding_name(Finding(value))
    if line == "used_as":
        return used_name(value)
    return cut(value, LONGEST_NUMBER) if line == "number" else format_day(dt.date.fromisoformat(value), today=today)


WORDS: Final[Mapping[str, Callable[[], str]]] = {
    "request.register": lambda: _("entered in the ledger"),
    "request.submitted": lambda: _("recorded the submission"),
    "request.received": lambda: _("recorded the centre's receipt"),
    "request.not_received": lambda: _("the centre has not received it yet"),
    "request.supplement": lambda: _("recorded that a supplement is asked for"),
    "request.resumed": lambda: _("recorded the supplement"),
    "request.returned": lambda: _("recorded the opinion received"),
    "request.opinion": lambda: _("recorded what the opinion says"),
    "request.used": lambda: _("recorded its use"),
    "request.follow_up": lambda: _("recorded the counterpart's objection or repair"),
    "request.informed": lambda: _("told the counterpart about objection and repair"),
    "request.correct": lambda: _("corrected the entry"),
    "request.decide": lambda: _("set the planned day of decision"),
    "request.withdraw": lambda: _("withdrew the entry"),
    "request.undo": lambda: _("took back the last step"),
    "request.handover": lambda: _("handed the entry over"),
    "request.results": lambda: _("imported the results"),
    "commitment.letter": lambda: _("recorded the commitment letter"),
    "commitment.settle": lambda: _("recorded what became of the commitment"),
    "report.record": lambda: _("recorded the credit report"),
    "attachment.add": lambda: _("kept a file"),
    "attachment.remove": lambda: _("took a file away"),
    "paper.make": lambda: _("had a paper made"),
    "calendar.recompute": lambda: _("dates reckoned again by the working calendar"),
    "reminder.queue": lambda: _("reminder sent out"),
    "reminder.acknowledge": lambda: _("took note of the reminder"),
    "reminder.snooze": lambda: _("put the reminder off"),
    "reminder.unsnooze": lambda: _("put the reminder off no longer"),
}
