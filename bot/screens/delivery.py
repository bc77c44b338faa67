"""The words about what did not arrive, whom nothing reaches, and what the bot itself missed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.screens.screen import Screen, bold, esc, lines
from bot.screens.words import labelled

MOST_NUMBERS: Final = 10


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A notification that was given up.

    Args:
        name: Whom it was for.
        at: When it was to leave, local.
        numbers: The entries that it was about.
        held: Whether three copies left and none was confirmed; it was refused otherwise.
    """

    name: str
    at: dt.datetime
    numbers: Sequence[str]
    held: bool

    @property
    def why(self) -> str:
        """Why it was given up."""
        return _("Sent three times, arrival not confirmed") if self.held else _("Refused by the messenger")

    @property
    def entries(self) -> str:
        """The numbers, the first ten of them in full."""
        return _first(self.numbers, pgettext("list", ", "))


def undelivered(found: Sequence[GivenUp], *, today: dt.date) -> Screen:
    """Notifications that were given up, for whoever looks after the receivers' work.

    Args:
        found: Each of them, one at least.
        today: Local date.
    """
    if len(found) > 1:
        return _several(found, today=today)
    [one] = found
    text = lines(
        bold(_("Notification not delivered")),
        labelled(pgettext("label", "Receiver"), one.name),
        labelled(pgettext("label", "Of"), moment(one.at, today=today)),
        labelled(pgettext("label", "Entries"), one.entries) if one.numbers else None,
        esc(one.why),
        esc(_("Please tell the receiver yourself.")),
    )
    return Screen("undelivered", text, stays=True)


def _several(found: Sequence[GivenUp], *, today: dt.date) -> Screen:
    head = ngettext("%(n)d notification not delivered", "%(n)d notifications not delivered", len(found))
    said = [
        labelled(each.name, pgettext("list", ", ").join(part for part in (
            each.entries, moment(each.at, today=today), each.why) if part))
        for each in found
    ]  # fmt: skip
    text = lines(bold(head % {"n": len(found)}), _first(said, "\n"), esc(_("Please tell the receivers yourself.")))
    return Screen("undelivered", text, stays=True)


def _first(all_of_them: Sequence[str], separator: str) -> str:
    """Return the first ten, and how many more there are."""
    shown = list(all_of_them[:MOST_NUMBERS])
    if more := len(all_of_them) - len(shown):
        shown.append(pgettext("delivery", "and %(n)d more") % {"n": more})
    return separator.join(shown)


def group_lost(unit: str, *, orphan: bool = False) -> Screen:
    """A unit's group that the bot was put out of, or may not write in.

    Args:
        unit: The unit's name.
        orphan: Whether it ended because whoever bound it speaks for the unit no more.
    """
    why = _("The bot cannot write in the group and its binding has ended.")
    how = _("To bind it again, add the bot to the group, let it write there and send /bind there.")
    if orphan:
        why = _("Whoever bound the group is no liaison or head of this unit any more; its binding has ended.")
        how = _("To bind it again, send /bind there.")
    text = lines(
        bold(_("The unit's group gets no digests any more")),
        labelled(pgettext("label", "Unit"), unit),
        esc(why),
        esc(how),
    )
    return Screen("group_lost", text, stays=True)


def moment(at: dt.datetime, *, today: dt.date) -> str:
    """Return a local moment as the office writes it."""
    return f"{format_day(at.date(), today=today)} {at:%H:%M}"


def away(name: str, since: str | None, entries: int, others: Sequence[str], *, to_reader: bool) -> Screen:
    """An officer whom nothing reaches, for whoever looks after their work.

    Args:
        name: The officer.
        since: The day from which on, as the office writes it; None where it is not known.
        entries: How many entries of theirs are open.
        others: Who else gets their reminders now.
        to_reader: Whether the reader gets them.
    """
    goes_to = ([_("you")] if to_reader else []) + list(others)
    joined = pgettext("list", ", ").join(goes_to)
    text = lines(
        bold(_("An officer cannot be reached")),
        labelled(pgettext("label", "Officer"), name),
        esc(_("Nothing reaches them since %(day)s") % {"day": since}) if since else None,
        esc(ngettext("%(n)d entry open", "%(n)d entries open", entries) % {"n": entries}) if entries else None,
        labelled(_("Reminders go to"), joined) if goes_to else None,
        esc(_("Please have them open the assistant again, or enter cover with /cover.")),
    )
    return Screen("away", text, stays=True)


def back(name: str) -> Screen:
    """An officer whom messages reach again."""
    text = lines(
        bold(_("An officer can be reached again")),
        labelled(pgettext("label", "Officer"), name),
        esc(_("Reminders go to them again")),
    )
    return Screen("back", text, stays=True)


def outage(begins: dt.datetime, ends: dt.datetime, *, today: dt.date) -> Screen:
    """What the bot may have missed, for every officer.

    Args:
        begins: When it last heard, local.
        ends: When it heard again, local.
        today: Local date.
    """
    gap = {"begins": moment(begins, today=today), "ends": moment(ends, today=today)}
    text = lines(
        bold(_("Please send again")),
        esc(_("From %(begins)s to %(ends)s the assistant could not receive messages") % gap),
        esc(_("What you sent in that time may not have arrived. Please look at the ledger and send it again.")),
    )
    return Screen("outage", text, stays=True)
