"""What people are told where the calendar moves dates that they count on: old date, new date, and why."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.screens.screen import Button, Press, Screen, bold, esc, lines
from bot.workdays import Reckoned

DUE, EXPECTED, SUBMIT_BY, APPLY_BY, RETURN_BY = "due", "expected", "submit_by", "apply_by", "return_by"
"""Which date has moved."""
MOST_MOVED: Final = 10  # dates that one message names


@dataclass(frozen=True, slots=True)
class Moved:
    """A date that has moved.

    Args:
        number: The entry's number, or the quarter of a return.
        line: ``DUE``, ``EXPECTED``, ``SUBMIT_BY``, ``APPLY_BY`` or ``RETURN_BY``.
        before: The date so far.
        after: The date from now on.
    """

    number: str
    line: str
    before: Reckoned
    after: Reckoned


def changed(moved: Sequence[Moved], *, reason: str, more: int, fixed: int, today: dt.date) -> Screen:
    """Tell an officer which of their dates have moved and why.

    Args:
        moved: At most ``MOST_MOVED`` entries, the nearest date first.
        reason: The notice's number, or why a day is off.
        more: Entries that are not named.
        fixed: Entries whose date stays and is provisional no more.
        today: Local date.
    """
    text = lines(
        bold(_("[Dates changed]")),
        esc(_("By: %(source)s") % {"source": reason}),
        *(esc(_moved(each, today)) for each in moved),
        esc(ngettext("and %(n)d more entry", "and %(n)d more entries", more) % {"n": more}) if more else None,
        esc(ngettext("%(n)d entry: the date stays and is fixed now", "%(n)d entries: the date stays and is fixed now",
                     fixed) % {"n": fixed}) if fixed else None,
        esc(_("Your reminders have moved with them.")),
    )  # fmt: skip
    return Screen("calendar.changed", text, ((Button(pgettext("button", "My ledger"), Press("my")),),), stays=True)


def _moved(moved: Moved, today: dt.date) -> str:
    said = {
        "number": moved.number,
        "before": format_day(moved.before.on, today=today, provisional=moved.before.provisional),
        "after": format_day(moved.after.on, today=today, provisional=moved.after.provisional),
    }
    return {
        DUE: _("%(number)s: feedback due on %(after)s instead of %(before)s"),
        EXPECTED: _("%(number)s: feedback expected on %(after)s instead of %(before)s"),
        APPLY_BY: _("%(number)s: last day to apply anew is %(after)s instead of %(before)s"),
        RETURN_BY: _("%(number)s: return due on %(after)s instead of %(before)s"),
        SUBMIT_BY: _("%(number)s: last day to submit is %(after)s instead of %(before)s"),
    }[moved.line] % said
