"""The screens of a hand-over (转办): one entry, or everything of a leaver."""

from dataclasses import dataclass

from bot.language import _, ngettext, pgettext
from bot.ledger import Entry
from bot.screens.frame import home_row
from bot.screens.keys import Keys
from bot.screens.ledger import Wording, next_date, phase_words
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled


@dataclass(frozen=True, slots=True)
class Preview:
    """What a leaver has, before it is handed over.

    Args:
        person: The leaver.
        entries: Open entries.
        overdue: How many of them wait for an overdue feedback.
        later: Closed entries with something to come.
        referrals: Cases that the coordinators have not answered yet.
        covers: Covers of theirs and by them.
    """

    person: str
    entries: int
    overdue: int
    later: int
    referrals: int
    covers: int

    def lines(self) -> tuple[str, ...]:
        """Return whose it is and what there is, line by line."""
        return (_("Hands over: %(name)s") % {"name": self.person}, *self.facts())

    def facts(self) -> tuple[str, ...]:
        """Return what there is, line by line; what is not there is not said."""
        open_ = ngettext("%(n)d open entry", "%(n)d open entries", self.entries) % {"n": self.entries}
        late = _("overdue: %(n)d") % {"n": self.overdue}
        covers = ngettext("%(n)d leave cover ends", "%(n)d leave covers end", self.covers)
        return (
            open_ + (pgettext("list", ", ") + late if self.overdue else ""),
            *([_later(self.later)] if self.later else []),
            *([_cases(self.referrals)] if self.referrals else []),
            *([covers % {"n": self.covers}] if self.covers else []),
            _("Unfinished drafts are not handed over"),
        )


def title_of_one() -> str:
    """Return the head of the screens that hand one entry over."""
    return _("Hand an entry over")


def title_of_all() -> str:
    """Return the head of the screens that hand everything over."""
    return _("Hand over everything of a colleague")


def confirm_one(entry: Entry, owner: str, to: str, reason: str | None, keys: Keys) -> Screen:
    """Show the hand-over of an entry before it is recorded; a typed text becomes its reason."""
    text = lines(
        bold(title_of_one()),
        esc(f"{entry.number} {entry.matter}"),
        labelled(_("Handled so far by"), owner),
        labelled(_("Handled from now on by"), to),
        labelled(_("Reason"), reason) if reason else esc(_("A reason can be typed; it may stay empty")),
    )
    return Screen("handover_confirm", text, _confirming(keys, ()), protect=entry.of_person)


def confirm_all(preview: Preview, to: str, keys: Keys, *, may_close: bool) -> Screen:
    """Show the hand-over of everything before it is recorded.

    Args:
        preview: What there is.
        to: Who takes it.
        keys: The keyboard of the draft.
        may_close: Whether the reader may close the leaver's account with it.
    """
    text = lines(
        bold(title_of_all()), *(esc(each) for each in preview.lines()), labelled(_("Handled from now on by"), to)
    )
    close = keys.button(pgettext("button", "Hand over, close account"), "hdok", "left", style=Style.DANGER)
    return Screen("handover_confirm", text, _confirming(keys, ((close,),) if may_close else ()))


def _confirming(keys: Keys, more: tuple[tuple[Button, ...], ...]) -> tuple[tuple[Button, ...], ...]:
    return (
        (keys.button(pgettext("button", "Confirm the hand-over"), "hdok", style=Style.PRIMARY),),
        *more,
        (
            keys.button(pgettext("button", "Choose somebody else"), "hdask", "to"),
            keys.button(pgettext("button", "Cancel"), "hdoff"),
        ),
    )


def one_done(number: str, to: str) -> Screen:
    """What is said to somebody who sees the entry no more."""
    said = _("Entry %(number)s is handed over to %(to)s.") % {"number": number, "to": to}
    return Screen("handover_done", esc(said), (home_row(),), stays=True)


def all_done(person: str, to: str, preview: Preview, *, closed: bool) -> Screen:
    """What became of everything; the figures are those of the moment."""
    facts = {"name": person, "to": to, "n": preview.entries}
    said = ngettext(
        "%(n)d entry of %(name)s is handed over to %(to)s.",
        "%(n)d entries of %(name)s are handed over to %(to)s.",
        preview.entries,
    )
    text = lines(
        esc(said % facts),
        esc(_("Answers to the referred cases go to %(to)s too.") % facts) if preview.referrals else None,
        esc(_("The leave covers have ended and those concerned are told.")) if preview.covers else None,
        esc(_("The account of %(name)s is closed.") % facts) if closed else None,
    )
    return Screen("handover_done", text, (home_row(),), stays=True)


def received_one(entry: Entry, by: str, reason: str | None, wording: Wording) -> Screen:
    """Tell the new owner of an entry."""
    text = lines(
        bold(_("[Hand-over] Entry %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        esc(_("%(name)s handed it over to you") % {"name": by}),
        labelled(_("Reason"), reason) if reason else None,
        esc(_("State: %(state)s") % {"state": phase_words(entry, wording)}),
        esc(said) if (said := next_date(entry, wording)) else None,
    )
    rows = ((Button(pgettext("button", "Open"), Press("req", entry.id), Style.PRIMARY),),)
    return Screen("handover_received", text, rows, protect=entry.of_person)


def received_all(by: str, preview: Preview) -> Screen:
    """Tell the new owner of everything of a leaver."""
    count = ngettext("%(n)d open entry", "%(n)d open entries", preview.entries) % {"n": preview.entries}
    text = lines(
        bold(_("[Hand-over] Entries of %(name)s") % {"name": preview.person}),
        esc(_("%(name)s handed them over to you") % {"name": by}),
        esc(count),
        esc(_later(preview.later)) if preview.later else None,
        esc(_cases(preview.referrals)) if preview.referrals else None,
    )
    return Screen("handover_received", text, ((Button(pgettext("button", "My ledger"), Press("my"), Style.PRIMARY),),))


def _later(count: int) -> str:
    said = ngettext(
        "%(n)d closed entry with a reminder or a valid opinion",
        "%(n)d closed entries with a reminder or a valid opinion",
        count,
    )
    return said % {"n": count}


def _cases(count: int) -> str:
    said = ngettext("%(n)d referred case, not answered yet", "%(n)d referred cases, not answered yet", count)
    return said % {"n": count}
