"""The pinned summary of a private chat: how much is open, in numbers; nobody is named."""

from bot.language import _, ngettext, pgettext
from bot.screens.screen import Button, Press, Screen, bold, esc, lines


def summary(open_: int, this_week: int, overdue: int) -> Screen:
    """Return the summary.

    Args:
        open_: How many entries are open.
        this_week: How many of them have a date in this week.
        overdue: How many of them have a date that is past.
    """
    text = lines(
        bold(_("My ledger at a glance")),
        esc(ngettext("%(n)d entry open", "%(n)d entries open", open_) % {"n": open_}),
        esc(_("Dates in this week: %(n)d") % {"n": this_week}),
        esc(_("Dates past: %(n)d") % {"n": overdue}) if overdue else None,
    )
    return Screen("summary", text, ((Button(pgettext("button", "My ledger"), Press("my")),),), aside=True, silent=True)
