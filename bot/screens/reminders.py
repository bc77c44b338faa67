"""The words of the reminders. The centre owes the feedback, not the officer: the tone is calm."""

from typing import Final

from bot.language import _, ngettext, pgettext
from bot.notices import EntryNotice
from bot.screens.ledger import Wording
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines
from bot.screens.words import counted

MOST_COPIED: Final = 256  # Bot API, CopyTextButton.text


def reminder(notice: EntryNotice, wording: Wording, *, noted: bool = False) -> Screen:
    """Return a reminder with its one-press acts; one that was taken note of loses only that button."""
    says = {"receipt": _receipt, "feedback": _feedback, "submit_by": _submit_by, "fulfil": _fulfil}[notice.kind]
    title, said = says(notice, wording)
    late = None
    if notice.late_since is not None:
        late = esc(_("Delayed reminder, meant for %(day)s") % {"day": wording.day(notice.late_since)})
    text = lines(
        bold(pgettext("label", "[%(title)s] Entry %(number)s") % {"title": title, "number": notice.entry.number}),
        late,
        esc(_subject(notice)),
        *(esc(line) for line in said),
    )
    rows = tuple(row for row in _rows(notice, wording, noted=noted) if row)
    return Screen(f"reminder_{notice.kind}", text, rows, aside=True)


def line(notice: EntryNotice, wording: Wording) -> str:
    """Return a reminder as one line of a digest: number, what it is about, its date, what to do. No personal data.

    Args:
        notice: The reminder.
        wording: The words of the pack.
    """
    entry, n = notice.entry, notice.working_days
    day = _date(notice, wording)
    if notice.kind == "receipt":
        said = _("submitted on %(day)s, please confirm the centre's receipt")
    elif notice.kind == "submit_by":
        missed = _("last day to submit %(day)s has passed, please submit or move the decision")
        said = _("please apply by %(day)s") if n >= 0 else missed
    elif notice.kind == "fulfil":
        said = _("commitment to be fulfilled by %(day)s, please record the outcome")
    else:
        said = _("feedback due on %(day)s") if n >= 0 else _("feedback was due on %(day)s, you may ask the centre")
    return f"{entry.number} {said % {'day': day}}"


def _date(notice: EntryNotice, wording: Wording) -> str:
    """Return the date that a reminder is about, as the office writes it."""
    entry = notice.entry
    on, provisional = {
        "receipt": (entry.submitted_on, False),
        "submit_by": (entry.submit_by_on, entry.submit_by_provisional),
        "fulfil": (entry.fulfil_by_on, False),
    }.get(notice.kind, (entry.due_on, entry.due_provisional))
    return wording.day(on, provisional=provisional) if on else ""


def _subject(notice: EntryNotice) -> str:
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
    decide = wording.day(entry.decide_on) if entry.decide_on else ""
    n = notice.working_days
    left = ngettext("%(n)d working day left", "%(n)d working days left", abs(n)) % {"n": abs(n)}
    if n == 0:
        left = _("Today is the last day to submit")
    elif n < 0:
        left = _("The day has passed; you may submit now, or plan the decision for a later day")
    return _("Last day to submit"), [
        _("The decision is planned for %(day)s.") % {"day": decide},
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


def _rows(notice: EntryNotice, wording: Wording, *, noted: bool) -> tuple[tuple[Button, ...], ...]:
    key, entry = notice.reminder_id, notice.entry
    open_entry = Button(pgettext("button", "Open entry"), Press("nopen", key))
    ack = () if noted else (Button(pgettext("button", "Noted"), Press("nack", key)),)
    match notice.kind:
        case "receipt":
            day = wording.day(entry.submitted_on) if entry.submitted_on else ""
            label = pgettext("button", "Received on %(day)s") % {"day": day}
            return (
                (Button(label, Press("nrcv", key), Style.PRIMARY),),
                (
                    Button(pgettext("button", "Not received yet"), Press("nnot", key)),
                    Button(pgettext("button", "Another day"), Press("nfix", key)),
                ),
                (open_entry,),
            )
        case "feedback":
            return (
                (Button(pgettext("button", "Opinion received"), Press("nret", key), Style.PRIMARY),),
                (
                    Button(pgettext("button", "Correct the receipt"), Press("nfix", key)),
                    Button(pgettext("button", "Polite wording"), Press("nask", key)),
                ),
                (*ack, open_entry),
            )
        case "fulfil":
            return ((*ack, open_entry),)
        case _:
            label = pgettext("button", "Submitted today")
            return ((Button(label, Press("nsub", key), Style.PRIMARY),), (*ack, open_entry))


def recorded(notice: EntryNotice, said: str) -> Screen:
    """Say what was recorded by a press on a reminder, and how to correct it."""
    key = notice.reminder_id
    text = lines(
        bold(
            pgettext("label", "[%(title)s] Entry %(number)s") % {"title": _("Recorded"), "number": notice.entry.number}
        ),
        esc(_subject(notice)),
        esc(said),
    )
    entry = notice.entry
    row = [Button(pgettext("button", "Open entry"), Press("nopen", key))]
    write = Button(pgettext("button", "Write the opinion down"), Press("opn", entry.id, entry.version), Style.PRIMARY)
    if entry.open and entry.received_on is not None:
        row.insert(0, Button(pgettext("button", "Correct the receipt"), Press("nfix", key)))
    if entry.returned_on is not None:
        row.insert(0, Button(pgettext("button", "Correct the day of the opinion"), Press("nday", key)))
    rows = ((write,), tuple(row)) if entry.without_opinion else (tuple(row),)
    return Screen("reminder_recorded", text, rows, aside=True)


def wording_to_ask(notice: EntryNotice, wording: Wording, bureau: str) -> Screen:
    """Return the polite wording (商请用语) for the credit centre, ready to be copied."""
    entry = notice.entry
    values = {
        "centre": wording.centre,
        "bureau": bureau,
        "matter": _subject(notice),
        "received": wording.day(entry.received_on) if entry.received_on else "",
        "due": wording.day(entry.due_on, provisional=entry.due_provisional) if entry.due_on else "",
    }
    if notice.working_days < 0:
        said = _(
            "To the %(centre)s: our application for credit information verification (%(matter)s) was received by you "
            "on %(received)s and the feedback was due on %(due)s. We should be grateful for your "
            "feedback when convenient. Thank you for your support. %(bureau)s"
        )
    else:
        said = _(
            "To the %(centre)s: our application for credit information verification (%(matter)s) was received by you "
            "on %(received)s and the feedback is due on %(due)s. We should be grateful for feedback "
            "within the period. Thank you for your support. %(bureau)s"
        )
    letter = said % values
    rows = (
        (Button(pgettext("button", "Copy"), copy=letter),) if len(letter) <= MOST_COPIED else (),
        (Button(pgettext("button", "Back"), Press("nback", notice.reminder_id)),),
    )
    text = lines(bold(_("Polite wording to the %(centre)s") % values), esc(letter))
    return Screen("reminder_wording", text, tuple(row for row in rows if row), aside=True)
