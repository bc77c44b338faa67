"""What a reminder about an entry says. The centre owes the feedback, not the officer: the tone is calm."""

from bot.language import _, ngettext, pgettext
from bot.notices import EntryNotice
from bot.screens.ledger import Wording
from bot.screens.words import counted


def said(notice: EntryNotice, wording: Wording) -> tuple[str, list[str]]:
    """Return a reminder's title and its lines."""
    says = {
        "receipt": _receipt,
        "feedback": _feedback,
        "submit_by": _submit_by,
        "decide": _decide,
        "hand_in": _hand_in,
        "use": _use,
        "fulfil": _fulfil,
        "report": _report,
    }
    return says[notice.kind](notice, wording)


def in_one_line(notice: EntryNotice, wording: Wording) -> str:
    """Return what a reminder says after the number of its entry, in one line of a digest."""
    day, n = _date(notice, wording), notice.working_days
    if notice.kind == "feedback":
        said_ = _("feedback due on %(day)s") if n >= 0 else _("feedback was due on %(day)s, you may ask the centre")
    elif notice.kind == "submit_by":
        missed = _("last day to submit %(day)s has passed, please submit or move the decision")
        said_ = _("please apply by %(day)s") if n >= 0 else missed
    elif notice.kind == "use":
        unwritten = _("opinion received on %(day)s, please write it down")
        said_ = unwritten if notice.entry.without_opinion else _("opinion received on %(day)s, please record its use")
    else:
        said_ = {
            "receipt": _("submitted on %(day)s, please confirm the centre's receipt"),
            "decide": _("decision planned for %(day)s, opinion not there yet"),
            "hand_in": _("applied for by the %(subject)s, please ask whether the opinion is there"),
            "fulfil": _("commitment to be fulfilled by %(day)s, please record the outcome"),
            "report": _("credit report not written down yet, please record it"),
        }[notice.kind]
    return said_ % {"day": day, "subject": wording.subject_word}


def subject(notice: EntryNotice) -> str:
    """Return the matter and whom it concerns, as short as it can be; natural persons are never named."""
    entry = notice.entry
    if entry.of_person:
        return entry.matter
    parts = [entry.matter, *entry.subjects[:1]]
    if len(entry.subjects) > 1:
        parts = [entry.matter, counted(len(entry.subjects), of_persons=False)]
    elif entry.head_count:
        parts = [entry.matter, counted(entry.head_count, of_persons=notice.of_persons)]
    return pgettext("list", ", ").join(parts)


def _date(notice: EntryNotice, wording: Wording) -> str:
    """Return the date that a reminder is about, as the office writes it."""
    entry = notice.entry
    on, provisional = {
        "receipt": (entry.submitted_on, False),
        "submit_by": (entry.submit_by_on, entry.submit_by_provisional),
        "fulfil": (entry.fulfil_by_on, False),
        "use": (entry.returned_on, False),
        "decide": (entry.decide_on, False),
    }.get(notice.kind, (entry.due_on, entry.due_provisional))
    return wording.day(on, provisional=provisional) if on else ""


def _receipt(notice: EntryNotice, wording: Wording) -> tuple[str, list[str]]:
    entry = notice.entry
    submitted = wording.day(entry.submitted_on) if entry.submitted_on else ""
    said = [
        _("Submitted to the %(centre)s on %(day)s. Has it been received?")
        % {"centre": wording.centre, "day": submitted}
    ]
    if entry.due_on is not None:
        day = wording.day(entry.due_on, provisional=entry.due_provisional)
        said.append(_("The period runs from receipt; until it is confirmed, %(day)s is only expected.") % {"day": day})
    return _("Question about receipt"), said


def _feedback(notice: EntryNotice, wording: Wording) -> tuple[str, list[str]]:
    entry = notice.entry
    values = {
        "centre": wording.centre,
        "received": wording.day(entry.received_on) if entry.received_on else "",
        "due": wording.day(entry.due_on, provisional=entry.due_provisional) if entry.due_on else "",
        "n": abs(notice.working_days),
    }
    n = abs(notice.working_days)
    if notice.working_days < 0:
        late = ngettext("%(n)d working day has passed since", "%(n)d working days have passed since", n)
        return _("Feedback outstanding"), [
            _("The %(centre)s received it on %(received)s (confirmed); its feedback was due on %(due)s.") % values,
            late % values,
            _("You may ask the centre politely; the wording is ready to copy."),
        ]
    left = ngettext("%(n)d working day left", "%(n)d working days left", n) % values
    return _("Feedback reminder"), [
        _("The %(centre)s received it on %(received)s (confirmed); its feedback is due on %(due)s.") % values,
        *_until_due(notice.working_days, left),
    ]


def _until_due(working_days: int, left: str) -> tuple[str, str]:
    if working_days:
        return left, _(
            "Nothing is to be done today; if it does not arrive by then, the polite wording is ready to copy."
        )
    return _("Today is the last day of the period"), _(
        "If it does not arrive today, the polite wording is ready to copy."
    )


def _submit_by(notice: EntryNotice, wording: Wording) -> tuple[str, list[str]]:
    entry = notice.entry
    day = wording.day(entry.submit_by_on, provisional=entry.submit_by_provisional) if entry.submit_by_on else ""
    n = notice.working_days
    left = ngettext("%(n)d working day left", "%(n)d working days left", abs(n)) % {"n": abs(n)}
    if n == 0:
        left = _("Today is the last day to submit")
    elif n < 0:
        left = _("The day has passed; you may submit now, or plan the decision for a later day")
    return _("Last day to submit"), [
        *_decision(notice, wording),
        _("To have the feedback in time, please submit by %(day)s.") % {"day": day},
        left,
    ]


def _fulfil(notice: EntryNotice, wording: Wording) -> tuple[str, list[str]]:
    entry, n = notice.entry, notice.working_days
    day = wording.day(entry.fulfil_by_on) if entry.fulfil_by_on else ""
    left = ngettext("%(n)d working day left", "%(n)d working days left", abs(n)) % {"n": abs(n)}
    if n <= 0:
        left = _("The term ends today") if n == 0 else _("The term has ended")
    return _("Commitment to be fulfilled"), [
        _("To be fulfilled by %(day)s, as the letter says.") % {"day": day},
        left,
        _("Please look whether it is fulfilled and record it in the entry."),
    ]


def _decide(notice: EntryNotice, wording: Wording) -> tuple[str, list[str]]:
    entry = notice.entry
    lacks = _("The opinion is not there yet.")
    if entry.submitted_on is None:
        lacks = _("The verification has not been applied for, so that the opinion is not there yet.")
    elif entry.supplement_on is not None:
        lacks = _("The %(centre)s waits for papers, so that the opinion is not there yet.") % {"centre": wording.centre}
    move = _("If it does not come in time, please plan the decision for a later day.")
    return _("Reminder of the decision"), [*_decision(notice, wording), lacks, move]


def _hand_in(notice: EntryNotice, wording: Wording) -> tuple[str, list[str]]:
    entry = notice.entry
    submitted = wording.day(entry.submitted_on) if entry.submitted_on else ""
    asked = _("The %(subject)s applied for the verification on %(day)s. Has the opinion been handed in?")
    lines = [asked % {"subject": wording.subject_word, "day": submitted}]
    return _("Question about the opinion"), [*lines, *_decision(notice, wording)]


def _use(notice: EntryNotice, wording: Wording) -> tuple[str, list[str]]:
    entry = notice.entry
    received = _("Opinion received on %(day)s.") % {"day": wording.day(entry.returned_on) if entry.returned_on else ""}
    lines = [received, *_decision(notice, wording)]
    if entry.without_opinion:
        lines.append(_("Please write down what it says, so that it can be used again."))
    else:
        lines.append(_("Please record what the decision made of it."))
    return _("Opinion not used yet"), lines


def _decision(notice: EntryNotice, wording: Wording) -> list[str]:
    """Return the line about the planned decision; of a day that is past, that it was planned."""
    on = notice.entry.decide_on
    if on is None:
        return []
    said = _("The decision is planned for %(day)s.")
    if on < wording.today:
        said = _("The decision was planned for %(day)s.")
    return [said % {"day": wording.day(on)}]


def _report(_notice: EntryNotice, _wording: Wording) -> tuple[str, list[str]]:
    return _("Credit report outstanding"), [
        _("A credit report belongs to this entry; nothing has been written down of it."),
        _("If it has come, please write it down; if it is not needed any more, please take note."),
    ]
