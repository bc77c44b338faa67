"""The list of what is due, as plain text: for the day when the messenger is away and the list is printed instead."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.notices import EntryNotice, Notice, OpinionNotice
from bot.owed import OwedNotice
from bot.screens.ledger import Wording
from bot.screens.owed import line as owed_line
from bot.screens.reminders import line
from bot.screens.words import in_brackets


@dataclass(frozen=True, slots=True)
class DueEntry:
    """A reminder on the list.

    Args:
        officer: Unit and name of whoever would be told of it.
        on: The local date that it is meant for.
        is_late: Whether the deadline that it is about is past.
        said: What it says, in one line.
    """

    officer: str
    on: dt.date
    is_late: bool
    said: str


def end_of_week(today: dt.date) -> dt.date:
    """Return the Sunday that ends the week of a local date."""
    return today + dt.timedelta(days=6 - today.weekday())


def printed(notice: Notice, wording: Wording) -> str:
    """Return a reminder as a line of the list: as the chat has it, with the matter; papers lie about.

    So nobody is named: an opinion that no entry carries goes by the day of its issue.

    Args:
        notice: The reminder.
        wording: The words of the pack.
    """
    if isinstance(notice, EntryNotice):
        return line(notice, wording) + in_brackets(notice.entry.matter)
    if isinstance(notice, OwedNotice):
        return owed_line(notice, wording) + in_brackets(notice.entry.matter)
    if isinstance(notice, OpinionNotice) and notice.number is None:
        return line(replace(notice, number=_("issued on %(day)s") % {"day": wording.day(notice.issued_on)}), wording)
    return line(notice, wording)


def listed(entries: Iterable[DueEntry], *, today: dt.date) -> Iterator[str]:
    """Yield the lines of the list: officer by officer what is late, was due before, is due today and later this week.

    Args:
        entries: Reminders up to the end of the week, in any order.
        today: The local date of the list.
    """
    found = sorted(entries, key=lambda each: (each.officer, each.on > today, not each.is_late, each.on, each.said))
    yield _("What is due, %(day)s") % {"day": format_day(today, today=today)}
    if not found:
        yield _("Nothing is due this week")
    for officer, of_officer in groupby(found, key=lambda each: each.officer):
        own = list(of_officer)
        count = ngettext("%(n)d entry", "%(n)d entries", len(own)) % {"n": len(own)}
        yield ""
        yield pgettext("label", "%(label)s: %(value)s") % {"label": officer, "value": count}
        for each in own:
            yield f"  [{_when(each, today)}] {each.said}"


def _when(each: DueEntry, today: dt.date) -> str:
    if each.on > today:
        return pgettext("due", "this week")
    if each.is_late:
        return pgettext("due", "overdue")
    return pgettext("due", "today") if each.on == today else pgettext("due", "earlier")
