"""The screens of a list: asked for, checked, registered."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.batch_verdicts import Batch, Verdict
from bot.dates import format_day
from bot.documents.sheet_faults import MOST_ROWS
from bot.errors import MOST_FAULTS
from bot.language import _, ngettext, pgettext
from bot.ledger import Entry
from bot.policy.model import Applying
from bot.screens.screen import Button, File, Press, Screen, Style, bold, esc, lines
from bot.screens.words import named_faults

CHECKING: Final = "batch_checking"


def asking(matter: str | None, *, draft_id: int, version: int) -> Screen:
    """Ask for the list.

    Args:
        matter: The matter that the list is for; None where none is chosen yet.
        draft_id: The draft that waits for it.
        version: Its version.
    """
    text = lines(
        bold(_("[List] %(matter)s") % {"matter": matter}) if matter else bold(_("[List]")),
        esc(_("Please send the list as a file: xlsx, xls, ods or csv, at most %(rows)d rows") % {"rows": MOST_ROWS}),
        esc(_("Needed columns: name, unified social credit code; the others may be empty")),
        esc(_("Natural persons are only counted; please leave out their names and ID numbers")),
    )
    rows = (
        (Button(pgettext("button", "Template"), Press("btpl", 0, 0, "list")),),
        (Button(pgettext("button", "Back"), Press("bback", draft_id, version)),),
    )
    return Screen("batch_asking", text, rows, wants_file=True)


def checking(done: int | None = None, total: int | None = None) -> Screen:
    """Say that the list is being checked, and how far it is."""
    if total is None:
        return Screen(CHECKING, esc(_("Reading the list; the verdicts follow here.")))
    return Screen(CHECKING, esc(_("Checking %(done)d/%(total)d") % {"done": done or 0, "total": total}))


def unasked(sheet_id: int) -> Screen:
    """Ask what a sheet is that nobody asked for."""
    rows = (
        (Button(pgettext("button", "Check a list"), Press("bchk", sheet_id), Style.PRIMARY),),
        (Button(pgettext("button", "Import a ledger"), Press("bled", sheet_id)),),
        (Button(pgettext("button", "Import results"), Press("bwhat", sheet_id)),),
        (Button(pgettext("button", "Leave it"), Press("bdrop", sheet_id)),),
    )
    return Screen("batch_unasked", bold(_("What is in this sheet?")), rows)


@dataclass(frozen=True, slots=True)
class Summary:
    """A checked list.

    Args:
        sheet_id: Where it is kept.
        batch: The list with its verdicts.
        matter: The matter; None where none is chosen yet.
        products: What the matter needs, in one line.
        file: The list as it goes back.
    """

    sheet_id: int
    batch: Batch
    matter: str | None
    products: str
    file: File | None = None

    @property
    def entered(self) -> int:
        """How many counterparts an entry takes."""
        return sum(self.batch.count(verdict) for verdict in (Verdict.APPLY, Verdict.REUSE, Verdict.PERSON))


def summary(shown: Summary) -> Screen:
    """Say what came of the check, and send the list back with its verdicts."""
    faults = shown.batch.faults
    more = len(faults) - MOST_FAULTS
    text = lines(
        bold(_("[List checked] %(matter)s") % {"matter": shown.matter}) if shown.matter else bold(_("[List checked]")),
        *(esc(line) for line in _counts(shown.batch)),
        esc(shown.products) if shown.products else None,
        *named_faults(faults),
        esc(
            ngettext("%(n)d more fault stands in the sheet", "%(n)d more faults stand in the sheet", more) % {"n": more}
        )
        if more > 0
        else None,
        esc(_("Wrong rows are not registered; correct them and send the list again, and it replaces this one"))
        if faults
        else None,
    )
    return Screen("batch_checked", text, _summary_rows(shown), stays=True, file=shown.file)


def _counts(batch: Batch) -> list[str]:
    count = {verdict: batch.count(verdict) for verdict in Verdict}
    right = count[Verdict.APPLY] + count[Verdict.REUSE]
    said = [
        _("%(rows)d rows, %(right)d of organisations right") % {"rows": len(batch.rows), "right": right},
        _("%(reuse)d have a valid opinion, %(apply)d need verification")
        % {"reuse": count[Verdict.REUSE], "apply": count[Verdict.APPLY]},
    ]
    words = {
        Verdict.WRONG: _("%(n)d wrong"),
        Verdict.REPEATED: _("%(n)d repeated, counted once"),
        Verdict.LEGACY: _("%(n)d with the older code, to be registered with 18 characters"),
        Verdict.PERSON: _("%(n)d natural persons, counted only; their names were not kept"),
    }
    said += [word % {"n": count[verdict]} for verdict, word in words.items() if count[verdict]]
    if batch.presumed:
        said.append(
            _("%(n)d rows of these have neither code nor kind; for an organisation fill in the code and send it again")
            % {"n": batch.presumed}
        )
    if batch.under_way:
        said.append(_("Please note: %(n)d have an open entry for this matter already") % {"n": batch.under_way})
    return said


def _summary_rows(shown: Summary) -> tuple[tuple[Button, ...], ...]:
    drop = (Button(pgettext("button", "Give up"), Press("bdrop", shown.sheet_id)),)
    if not shown.entered:
        return (drop,)
    if shown.matter is None:
        return ((Button(pgettext("button", "Choose the matter"), Press("bmat", shown.sheet_id), Style.PRIMARY),), drop)
    label = pgettext("button", "Register (%(n)d)") % {"n": shown.entered}
    return ((Button(label, Press("breg", shown.sheet_id), Style.PRIMARY),), drop)


def submission(sheet_id: int, applying: int, applicants: Sequence[Applying]) -> Screen:
    """Ask when the application for those who need one was handed in."""
    text = lines(
        bold(_("When was the application handed in?")),
        esc(ngettext("It is for %(n)d counterpart", "It is for %(n)d counterparts", applying) % {"n": applying}),
    )
    rows: list[tuple[Button, ...]] = []
    if "bureau" in applicants:
        rows += [
            (
                Button(pgettext("button", "Today"), Press("breg", sheet_id, 0, "0"), Style.PRIMARY),
                Button(pgettext("button", "Yesterday"), Press("breg", sheet_id, 0, "1")),
            ),
            (Button(pgettext("button", "Not handed in yet"), Press("breg", sheet_id, 0, "no")),),
        ]
    if "counterpart" in applicants:
        rows.append((Button(pgettext("button", "They apply themselves"), Press("breg", sheet_id, 0, "cp")),))
    rows.append((Button(pgettext("button", "Give up"), Press("bdrop", sheet_id)),))
    return Screen("batch_submission", text, tuple(rows))


def registered(entry: Entry, batch: Batch, *, today: dt.date) -> Screen:
    """Say that the list is one entry now, what was left out, and what comes next."""
    left_out = sum(batch.count(verdict) for verdict in (Verdict.WRONG, Verdict.LEGACY))
    due = entry.due_on if batch.count(Verdict.APPLY) or batch.count(Verdict.PERSON) else None
    text = lines(
        bold(_("Entered in the ledger: %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        esc(
            _("%(apply)d apply, %(reuse)d use a valid opinion, %(persons)d natural persons counted")
            % {
                "apply": batch.count(Verdict.APPLY),
                "reuse": batch.count(Verdict.REUSE),
                "persons": batch.count(Verdict.PERSON),
            }
        ),
        esc(_("Expected feedback: %(day)s") % {"day": format_day(due, today=today, provisional=entry.due_provisional)})
        if due
        else None,
        esc(ngettext("%(n)d row was left out", "%(n)d rows were left out", left_out) % {"n": left_out})
        if left_out
        else None,
    )
    rows = (
        (
            Button(pgettext("button", "Copy number"), copy=entry.number),
            Button(pgettext("button", "Open entry"), Press("req", entry.id)),
        ),
        (Button(pgettext("button", "Make letters"), Press("paper", entry.id)),),
    )
    return Screen("batch_registered", text, rows, stays=True)


def dropped() -> Screen:
    """Say that the list was given up."""
    return Screen("batch_dropped", esc(_("The list was given up; nothing was recorded.")))


def template_coming() -> Screen:
    """Say that the template is on its way."""
    return Screen("batch_template_coming", esc(_("The template is being made and comes into this chat.")), aside=True)


def template(file: File) -> Screen:
    """Hand the template over."""
    return Screen("batch_template", esc(_("Fill it in and send it back; codes must stay text")), stays=True, file=file)
