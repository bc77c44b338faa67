"""What follows a press on a reminder: what was recorded, and the polite wording for the credit centre."""

from typing import Final

from bot.language import _, pgettext
from bot.notices import EntryNotice
from bot.screens.ledger import Wording
from bot.screens.reminder_words import subject
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines

MOST_COPIED: Final = 256  # Bot API, CopyTextButton.text


def recorded(notice: EntryNotice, said: str) -> Screen:
    """Say what was recorded by a press on a reminder, and how to correct it."""
    key = notice.reminder_id
    text = lines(
        bold(
            pgettext("label", "[%(title)s] Entry %(number)s") % {"title": _("Recorded"), "number": notice.entry.number}
        ),
        esc(subject(notice)),
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


def wording_to_ask(notice: EntryNotice, wording: Wording, bureau: str, *, has_letter: bool) -> Screen:
    """Return the polite wording (商请用语) for the credit centre, ready to be copied, and where the letter is made.

    Args:
        notice: The reminder.
        wording: The words of the pack.
        bureau: Who asks.
        has_letter: Whether the letter (商请函) fits already.
    """
    entry = notice.entry
    values = {
        "centre": wording.centre,
        "bureau": bureau,
        "matter": subject(notice),
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
        (Button(pgettext("button", "Make the letter"), Press("nlet", notice.reminder_id)),) if has_letter else (),
        (Button(pgettext("button", "Back"), Press("nback", notice.reminder_id)),),
    )
    text = lines(bold(_("Polite wording to the %(centre)s") % values), esc(letter))
    return Screen("reminder_wording", text, tuple(row for row in rows if row), aside=True)
