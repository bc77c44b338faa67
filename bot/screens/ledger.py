"""The screens of the ledger: the open entries, one entry with its timeline, and the dates that are recorded."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from bot.dates import format_day
from bot.language import _, pgettext
from bot.ledger import Entry, Phase
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


def phase_words(entry: Entry, wording: Wording) -> str:
    """Return where an entry stands, in the office's words."""
    return {
        Phase.NOT_SUBMITTED: _("not submitted yet"),
        Phase.SUBMITTED: _("submitted, receipt not confirmed"),
        Phase.RECEIVED: _("received by the centre"),
        Phase.OVERDUE: _("the centre's feedback is outstanding"),
        Phase.WITH_COUNTERPART: _("applied for by the %(subject)s, opinion awaited")
        % {"subject": wording.subject_word},
        Phase.SUPPLEMENT: _("the centre waits for a supplement"),
        Phase.RETURNED: _("opinion received"),
        Phase.USED: pgettext("phase", "used"),
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
