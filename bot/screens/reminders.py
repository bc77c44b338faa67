"""Reminders as messages with their acts, and as single lines of a digest."""

from bot.language import _, pgettext
from bot.notices import EntryNotice, Notice, OpinionNotice
from bot.screens import expiry
from bot.screens.ledger import Wording
from bot.screens.reminder_words import in_one_line, said, subject
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines

Rows = tuple[tuple[Button, ...], ...]


def reminder(notice: Notice, wording: Wording, *, noted: bool = False) -> Screen:
    """Return a reminder with its one-press acts; one that was taken note of loses only that button."""
    if isinstance(notice, OpinionNotice):
        return expiry.reminder(notice, wording, noted=noted)
    entry = _of_entry(notice)
    title, parts = said(entry, wording)
    text = lines(
        bold(pgettext("label", "[%(title)s] Entry %(number)s") % {"title": title, "number": entry.entry.number}),
        late_line(notice, wording),
        esc(subject(entry)),
        *(esc(part) for part in parts),
    )
    rows = tuple(row for row in _rows(entry, wording, noted=noted) if row)
    return Screen(f"reminder_{notice.kind}", text, rows, aside=True)


def line(notice: Notice, wording: Wording) -> str:
    """Return a reminder as one line of a digest: number, what it is about, its date, what to do. Nobody is named.

    Args:
        notice: The reminder.
        wording: The words of the pack.
    """
    if isinstance(notice, OpinionNotice):
        return expiry.line(notice, wording)
    entry = _of_entry(notice)
    return f"{entry.entry.number} {in_one_line(entry, wording)}"


def late_line(notice: Notice, wording: Wording) -> str | None:
    """Return the line that says for when a delayed reminder was meant."""
    if notice.late_since is None:
        return None
    return esc(_("Delayed reminder, meant for %(day)s") % {"day": wording.day(notice.late_since)})


def _of_entry(notice: Notice) -> EntryNotice:
    if not isinstance(notice, EntryNotice):
        raise TypeError(f"a reminder about nothing known: {notice.kind}")
    return notice


def _rows(notice: EntryNotice, wording: Wording, *, noted: bool) -> Rows:
    key = notice.reminder_id
    put_off = (Button(pgettext("button", "Remind later"), Press("nlat", key)),
               Button(pgettext("button", "Hand over"), Press("nhan", key)))  # fmt: skip
    open_entry = Button(pgettext("button", "Open entry"), Press("nopen", key))
    ack = () if noted else (Button(pgettext("button", "Noted"), Press("nack", key)),)
    last = (open_entry,) if notice.kind in ("receipt", "hand_in") else (*ack, open_entry)
    return (*_acts(notice, wording), put_off, last)


def _acts(notice: EntryNotice, wording: Wording) -> Rows:
    """Return the acts that answer a reminder, the likeliest first."""
    key, entry = notice.reminder_id, notice.entry
    received = Button(pgettext("button", "Opinion received"), Press("nret", key), Style.PRIMARY)
    submitted = Button(pgettext("button", "Submitted today"), Press("nsub", key), Style.PRIMARY)
    match notice.kind:
        case "receipt":
            day = wording.day(entry.submitted_on) if entry.submitted_on else ""
            on_day = Button(pgettext("button", "Received on %(day)s") % {"day": day}, Press("nrcv", key), Style.PRIMARY)
            not_yet = Button(pgettext("button", "Not received yet"), Press("nnot", key))
            return (on_day,), (not_yet, Button(pgettext("button", "Another day"), Press("nfix", key)))
        case "feedback":
            fix = Button(pgettext("button", "Correct the receipt"), Press("nfix", key))
            return (received,), (fix, Button(pgettext("button", "Polite wording"), Press("nask", key)))
        case "hand_in":
            return ((received, Button(pgettext("button", "Not handed in yet"), Press("nnot", key))),)
        case "submit_by":
            return ((submitted,),)
        case "decide":
            move = Button(pgettext("button", "Plan another day"), Press("ndo", key))
            return ((submitted if entry.submitted_on is None else received, move),)
        case _:
            label = {
                "use": pgettext("button", "Write the opinion down")
                if entry.without_opinion
                else pgettext("button", "Record its use"),
                "fulfil": pgettext("button", "Record the fulfilment"),
                "report": pgettext("button", "Write the report down"),
            }[notice.kind]
            return ((Button(label, Press("ndo", key), Style.PRIMARY),),)
