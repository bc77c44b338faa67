"""The screens of the ledger: the open entries, one entry with its timeline, and the dates that are recorded."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.dates import format_day
from bot.language import _, ngettext, pgettext
from bot.ledger import Entry, Phase
from bot.screens.screen import Button, Press, Screen, bold, esc, lines
from bot.screens.words import counted, labelled, shortened

PAGE = 8  # entries on one screen of a phone


@dataclass(frozen=True, slots=True)
class Wording:
    """What a screen of the ledger is written with.

    Args:
        today: Local date.
        centre: The credit centre's name.
        products: Product id -> name.
        subject_word: The screens' word for the counterpart.
        of_persons: Whether a count counts persons.
    """

    today: dt.date
    centre: str
    products: Mapping[str, str]
    subject_word: str
    of_persons: bool

    def day(self, on: dt.date, *, provisional: bool = False) -> str:
        """Return a date as the office writes it."""
        return format_day(on, today=self.today, provisional=provisional)


def listed(entries: Sequence[Entry], *, page: int, total: int, wording: Wording) -> Screen:
    """The officer's open entries, eight to a page, with the date that matters next."""
    pages = max(1, -(-total // PAGE))
    count = ngettext("%(n)d open entry", "%(n)d open entries", total) % {"n": total}
    text = lines(
        bold(_("My ledger")),
        esc(count if total else _("No open entries. Commitments recorded alone are complete at once.")),
        esc(_("Page %(page)d of %(pages)d") % {"page": page + 1, "pages": pages}) if pages > 1 else None,
        *("\n" + _listed(entry, wording) for entry in entries),
    )
    rows = tuple((Button(f"{entry.number} {entry.matter}"[:40], Press("req", entry.id)),) for entry in entries)
    return Screen(
        "ledger", text, (*rows, *_turning(page, pages), (Button(pgettext("button", "New entry"), Press("new")),))
    )


def _listed(entry: Entry, wording: Wording) -> str:
    parts = [phase_words(entry, wording), next_date(entry, wording)]
    return lines(
        esc(f"{entry.number} {entry.matter}"), esc(pgettext("list", ", ").join(part for part in parts if part))
    )


def _turning(page: int, pages: int) -> tuple[tuple[Button, ...], ...]:
    buttons = []
    if page > 0:
        buttons.append(Button(pgettext("button", "Previous page"), Press("my", arg=str(page - 1))))
    if page + 1 < pages:
        buttons.append(Button(pgettext("button", "Next page"), Press("my", arg=str(page + 1))))
    return (tuple(buttons),) if buttons else ()


def phase_words(entry: Entry, wording: Wording) -> str:
    """Return where an entry stands, in the office's words."""
    return {
        Phase.NOT_SUBMITTED: _("not submitted yet"),
        Phase.SUBMITTED: _("submitted, receipt not confirmed"),
        Phase.RECEIVED: _("received by the centre"),
        Phase.OVERDUE: _("the centre's feedback is outstanding"),
        Phase.WITH_COUNTERPART: _("applied for by the %(subject)s, opinion awaited")
        % {"subject": wording.subject_word},
        Phase.SUPPLEMENT: _("the centre waits for more papers"),
        Phase.RETURNED: _("opinion received"),
        Phase.USED: _("opinion used"),
        Phase.RECORDED: _("recorded"),
        Phase.WITHDRAWN: _("withdrawn"),
    }[entry.phase(wording.today)]


def next_date(entry: Entry, wording: Wording) -> str | None:
    """Return the date that matters next; only expected while the receipt is not confirmed."""
    if not entry.open:
        return None
    if entry.submitted_on is None:
        if entry.submit_by_on is None:
            return None
        day = wording.day(entry.submit_by_on, provisional=entry.submit_by_provisional)
        return _("Last day to submit: %(day)s") % {"day": day}
    if entry.due_on is None or entry.supplement_on is not None:
        return None  # the clock stands still while the centre waits for papers
    day = wording.day(entry.due_on, provisional=entry.due_provisional)
    return (_("Feedback due: %(day)s") if entry.received_on else _("Expected feedback: %(day)s")) % {"day": day}


def subject_lines(entry: Entry, wording: Wording) -> tuple[str, ...]:
    """Return whom an entry concerns: names, or a count."""
    if entry.subjects:
        first, *rest = shortened(entry.subjects)
        return (pgettext("label", "%(label)s: %(value)s") % {"label": wording.subject_word, "value": first}, *rest)
    if entry.head_count and entry.applicant is not None:
        return (labelled(wording.subject_word, counted(entry.head_count, of_persons=wording.of_persons)),)
    return ()
