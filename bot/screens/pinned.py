"""The pinned summary of a private chat: how much is open, in numbers; nobody is named."""

from bot.language import _, ngettext, pgettext
from bot.screens.screen import Button, Press, Screen, bold, esc, lines


def summary(open_: int, this_week: int, overdue: int) -> Screen:
    """Return the summary.

    Args:
        open_: How many entries are open.
        this_week: How many of them have a deadline from today to the end of this week.
        overdue: How many of them have a deadline that is past.
    """
    text = lines(
        bold(_("My ledger at a glance")),
        esc(ngettext("%(n)d entry open", "%(n)d entries open", open_) % {"n": open_}),
        esc(_("Feedback or submission due this week: %(n)d") % {"n": this_week}),
        esc(_("Feedback overdue or not submitted in time: %(n)d") % {"n": overdue}) if overdue else None,
    )
    return Screen("summary", text, ((Button(pgettext("button", "My ledger"), Press("my")),),), aside=True, silent=True)
