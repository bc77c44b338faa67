"""The screens of one counterpart: what the bureau knows of it, and how its names and codes are kept right."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from bot.dossier import Dossier, HeldOpinion
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.opinions import finding_name
from bot.screens.ledger import Wording, next_date, phase_words
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import labelled, shortened

_MOST_OPINIONS: Final = 5
_LABEL: Final = 40  # characters of a button


def shown(
    dossier: Dossier, entries: Sequence[Entry], wording: Wording, *, keeps: bool, toast: str | None = None
) -> Screen:
    """One counterpart: names, codes, opinions that hold, breaches, and the entries that this officer may see.

    Args:
        dossier: What may be told.
        entries: The newest entries, one screen of them.
        wording: The words of the pack.
        keeps: Whether this officer keeps names and codes right.
        toast: What was done just now.
    """
    former = shortened(dossier.former_names)
    opinions = [_opinion(each, wording) for each in dossier.opinions[:_MOST_OPINIONS]]
    text = lines(
        bold(dossier.name),
        labelled(_("Code"), dossier.code) if dossier.code else None,
        labelled(_("Organisation code"), dossier.legacy_code) if dossier.legacy_code else None,
        labelled(_("Former or other names"), pgettext("list", ", ").join(former)) if former else None,
        *(_breach(on, unit, wording) for on, unit in dossier.breaches),
        "",
        bold(_("Valid opinions")),
        *(opinions or [esc(_("none"))]),
        "",
        bold(_("Entries that you may see")),
        *([_entry(each, wording) for each in entries] or [esc(_("none"))]),
    )
    rows = tuple((Button(f"{each.number} {each.matter}"[:_LABEL], Press("req", each.id)),) for each in entries)
    last = (
        Button(pgettext("button", "New search"), Press("fask")),
        Button(pgettext("button", "My ledger"), Press("my")),
    )
    return Screen("counterpart", text, (*rows, *(_keeping(dossier) if keeps else ()), last), toast=toast)


def ask(name: str, counterpart_id: int) -> Screen:
    """Ask for the code of the counterpart that stands for both.

    Args:
        name: The counterpart's name today.
        counterpart_id: Its key.
    """
    asked = _("Please send the unified social credit code of the counterpart that stands for both from now on.")
    back = (Button(pgettext("button", "Back"), Press("cpt", counterpart_id)),)
    return Screen("counterpart_ask", lines(bold(name), esc(asked)), (back,))


def merging(counterpart_id: int, name: str, into_id: int, into: str) -> Screen:
    """Ask before one counterpart is kept under another."""
    text = lines(
        bold(_("Merge two counterparts")),
        esc(_("%(name)s will be kept under %(into)s.") % {"name": name, "into": into}),
        esc(_("Entries and opinions of both are then found there, and a valid opinion on either serves both.")),
        esc(_("Please merge only where they are the same organisation. A merge can be taken back.")),
    )
    yes = Button(pgettext("button", "Merge"), Press("cmok", counterpart_id, arg=str(into_id)), Style.DANGER)
    return Screen(
        "counterpart_merge", text, ((yes,), (Button(pgettext("button", "Back"), Press("cpt", counterpart_id)),))
    )


def _keeping(dossier: Dossier) -> tuple[tuple[Button, ...], ...]:
    """Return the coordinator's buttons."""
    parting = tuple(
        (Button(pgettext("button", "Part again: %(name)s") % {"name": name[:24]}, Press("cpart", key)),)
        for key, name in dossier.absorbed
    )
    return (
        (
            Button(pgettext("button", "Rename"), Press("cren", dossier.id)),
            Button(pgettext("button", "Merge"), Press("cmrg", dossier.id)),
            Button(pgettext("button", "Organisation code"), Press("cleg", dossier.id)),
        ),
        *parting,
    )


def _opinion(opinion: HeldOpinion, wording: Wording) -> str:
    """Return an opinion in one line; what it says is told to its own unit alone."""
    holder = " ".join(part for part in (opinion.unit or _("another bureau"), opinion.holder) if part)
    parts = [
        opinion.number,
        _("issued on %(day)s") % {"day": wording.day(opinion.issued_on)},
        _("valid to %(day)s") % {"day": wording.day(opinion.valid_to)},
        _("held by %(holder)s") % {"holder": holder},
        finding_name(opinion.finding) if opinion.finding is not None else None,
    ]
    return esc(pgettext("list", ", ").join(part for part in parts if part))


def _breach(on: dt.date, unit: str, wording: Wording) -> str:
    return labelled(_("Commitment breached"), pgettext("list", ", ").join((wording.day(on), unit)))


def _entry(entry: Entry, wording: Wording) -> str:
    parts = [f"{entry.number} {entry.matter}", phase_words(entry, wording), next_date(entry, wording)]
    return esc(pgettext("list", ", ").join(part for part in parts if part))
