"""What is said when a ledger entry was made, or given up."""

from bot.language import _, pgettext
from bot.ledger import Entry, Phase
from bot.screens.requests import Sheet, latest_line
from bot.screens.screen import Button, Press, Screen, bold, esc, lines


def recorded_screen(entry: Entry, sheet: Sheet) -> Screen:
    """Say that the entry is made: its number, the date that matters next, and what happens now."""
    due, latest = sheet.dates.due, sheet.dates.latest
    text = lines(
        bold(_("Entered in the ledger: %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        esc(_("Expected feedback: %(day)s") % {"day": sheet.day(due.on, provisional=due.provisional)}) if due else None,
        esc(latest_line(sheet, latest)) if latest and entry.submitted_on is None else None,
        esc(_what_follows(entry, sheet)),
    )
    rows = (
        (
            Button(pgettext("button", "Copy number"), copy=entry.number),
            Button(pgettext("button", "Open entry"), Press("req", entry.id)),
        ),
        (Button(pgettext("button", "One more entry"), Press("ragn", entry.id)),),
    )
    return Screen("entry_recorded", text, rows, stays=True)


def given_up() -> Screen:
    """Say that the entry was given up."""
    row = (
        Button(pgettext("button", "Find products"), Press("guide")),
        Button(pgettext("button", "My ledger"), Press("my")),
    )
    return Screen("entry_given_up", esc(_("Given up; nothing was recorded.")), (row,))


def _what_follows(entry: Entry, sheet: Sheet) -> str:
    match entry.phase(sheet.today):
        case Phase.RECORDED | Phase.USED:
            return _("The entry is complete; nothing else is to be done.")
        case Phase.NOT_SUBMITTED:
            return _("Once the application has gone out, record the day in the entry.")
        case Phase.WITH_COUNTERPART:
            return _("The result goes to the %(subject)s; record it when they hand it in.") % {
                "subject": sheet.scope.subject_word
            }
        case _:
            return _("On the next working day you will be asked whether the %(centre)s has received it.") % {
                "centre": sheet.centre
            }
