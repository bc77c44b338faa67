"""The list of what is due, as plain text: for the day when the messenger is away and the list is printed instead."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from bot.dates import format_day
from bot.language import _, ngettext, pgettext


@dataclass(frozen=True, slots=True)
class DueEntry:
    """An entry on the list.

    Args:
        officer: Unit and name of whoever is in charge of it.
        on: The local date that matters next.
        number: The entry's number.
        matter: Its matter.
        what: What the date is, with the date, as on the entry's screen.
    """

    officer: str
    on: dt.date
    number: str
    matter: str
    what: str


def end_of_week(today: dt.date) -> dt.date:
    """Return the Sunday that ends the week of a local date."""
    return today + dt.timedelta(days=6 - today.weekday())


def listed(entries: Iterable[DueEntry], *, today: dt.date) -> Iterator[str]:
    """Yield the lines of the list: officer by officer what is overdue, due today, and due later this week.

    Args:
        entries: What has a date up to the end of the week, in any order.
        today: The local date of the list.
    """
    found = sorted(entries, key=lambda each: (each.officer, each.on, each.number))
    yield _("What is due, %(day)s") % {"day": format_day(today, today=today)}
    if not found:
        yield _("Nothing is due this week")
    for officer, of_officer in groupby(found, key=lambda each: each.officer):
        own = list(of_officer)
        count = ngettext("%(n)d entry", "%(n)d entries", len(own)) % {"n": len(own)}
        yield ""
        yield pgettext("label", "%(label)s: %(value)s") % {"label": officer, "value": count}
        for each in own:
            yield f"  [{_when(each.on, today)}] {each.number} {each.matter} {each.what}"


def _when(on: dt.date, today: dt.date) -> str:
    if on < today:
        return pgettext("due", "overdue")
    return pgettext("due", "today") if on == today else pgettext("due", "this week")
