"""The screens of an entry's letters: which there are, that one is being made, and the letter itself."""

from collections.abc import Sequence

from bot.language import _, pgettext
from bot.ledger import Entry
from bot.screens.screen import Button, File, Press, Screen, Style, bold, esc, lines


def menu(entry: Entry, letters: Sequence[tuple[str, str]], *, has_dates: bool, blanks: bool) -> Screen:
    """Return what can be made for an entry.

    Args:
        entry: The entry.
        letters: Argument and name of each letter that fits it.
        has_dates: Whether it has days for a calendar.
        blanks: Whether its letters leave a person's name and number blank.
    """
    said = _("Choose a letter; please check it before it is sealed") if letters else _("No letter fits this entry now")
    text = lines(
        bold(_("[Letters] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        "",
        esc(said),
        esc(_("Names and numbers of natural persons stay blank, to be filled in on paper")) if blanks else None,
    )
    rows = [(Button(name, Press("pmake", entry.id, entry.version, arg), Style.PRIMARY),) for arg, name in letters]
    if has_dates:
        rows.append((Button(pgettext("button", "Calendar file"), Press("pics", entry.id, entry.version)),))
    return Screen("papers", text, (*rows, (_back(entry),)))


def making(entry: Entry, name: str) -> Screen:
    """Say that a letter or calendar file of an entry is on its way."""
    text = lines(bold(_("[Letters] %(number)s") % {"number": entry.number}), esc(entry.matter), "", esc(_coming(name)))
    again = Button(pgettext("button", "Other letters"), Press("paper", entry.id))
    return Screen("papers_making", text, ((again,), (_back(entry),)))


def making_own(name: str) -> Screen:
    """Say that the file of all of an officer's dates is on its way."""
    row = (Button(pgettext("button", "My ledger"), Press("my")),)
    return Screen("papers_making", lines(bold(name), esc(_coming(name))), (row,))


def made(name: str, number: str | None, file: File) -> Screen:
    """Return a letter with what is still to be done with it.

    Args:
        name: What the office calls it.
        number: The entry's number.
        file: The letter.
    """
    text = lines(
        bold(_("[Letters] %(number)s") % {"number": number}),
        esc(_("%(name)s is ready") % {"name": name}),
        esc(_("Please check it, fill in what is blank on paper, and have it sealed")),
    )
    return Screen("paper_made", text, stays=True, file=file)


def dates_made(number: str | None, file: File) -> Screen:
    """Return a calendar file, of one entry or of all open ones.

    Args:
        number: The entry's number; None for all open entries.
        file: The calendar file.
    """
    of = number or _("all open entries")
    text = lines(
        bold(_("Calendar file: %(of)s") % {"of": of}),
        esc(_("Open it to take the days into your calendar; taken in again, moved days are moved there too")),
    )
    return Screen("dates_made", text, stays=True, file=file)


def calendar_name() -> str:
    """Return what the office calls a calendar file."""
    return _("Calendar file")


def _coming(name: str) -> str:
    return _("%(name)s is being made and will come into this chat") % {"name": name}


def _back(entry: Entry) -> Button:
    return Button(pgettext("button", "Back"), Press("req", entry.id))
