"""The screens of the files kept with an entry: the list, the question for one, one sent back, one taken away."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.attachments import MOST_MEGABYTES, AttachmentLine, Purpose, file_name, purpose_name
from bot.language import _, ngettext, pgettext
from bot.ledger import Entry
from bot.screens.ledger import Wording
from bot.screens.screen import Button, File, Press, Screen, Style, bold, esc
from bot.screens.screen import lines as joined
from bot.screens.words import labelled

MOST_LISTED: Final = 10  # newest files on one screen


def lines(found: Sequence[AttachmentLine]) -> list[str]:
    """Return which files are kept with an entry, in one line; none where there are none."""
    counts = [(purpose, sum(each.purpose is purpose for each in found)) for purpose in Purpose]
    parts = [
        ngettext("%(name)s %(n)d", "%(name)s %(n)d", count) % {"name": purpose_name(purpose), "n": count}
        for purpose, count in counts
        if count
    ]
    if not parts:
        return []
    said = {"label": pgettext("label", "Files"), "value": pgettext("list", ", ").join(parts)}
    return [pgettext("label", "%(label)s: %(value)s") % said]


def buttons(entry: Entry, found: Sequence[AttachmentLine]) -> tuple[Button, ...]:
    """Return the button to an entry's files, for everybody who may read the entry."""
    label = pgettext("button", "Files")
    if found:
        label = pgettext("button", "Files (%(n)d)") % {"n": len(found)}
    return (Button(label, Press("atts", entry.id)),)


def listed(
    entry: Entry,
    found: Sequence[AttachmentLine],
    takes: Mapping[Purpose, Sequence[int]],
    wording: Wording,
    *,
    may_act: bool,
) -> Screen:
    """Return the files of an entry, the newest ones first.

    Args:
        entry: The entry.
        found: Its files.
        takes: What else can be kept now, and for which of the entry's lines.
        wording: The words of the pack.
        may_act: Whether this officer changes the entry.
    """
    newest = list(found)[::-1][:MOST_LISTED]
    text = joined(
        bold(_("[Files] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        "",
        *(_listed(each, wording) for each in newest),
        esc(_("No file is kept with this entry")) if not found else None,
        esc(_("The newest %(n)d are shown") % {"n": MOST_LISTED}) if len(found) > MOST_LISTED else None,
    )
    adding = tuple((_adding(entry, purpose, ids),) for purpose, ids in takes.items() if ids) if may_act else ()
    rows = tuple(_row(each, may_act=may_act) for each in newest)
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    return Screen("files", text, (*rows, *adding, back), protect=entry.of_person)


def asking(entry: Entry, purpose: Purpose, subject: str, wording: Wording) -> Screen:
    """Ask for a file: what it may be, and what must not stand in it.

    Args:
        entry: The entry.
        purpose: What the file is of.
        subject: Whom it is about; empty where nobody is named.
        wording: The words of the pack.
    """
    text = joined(
        bold(_("[Files] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        labelled(wording.subject_word, subject) if subject else None,
        "",
        esc(
            _("Please send a photo (JPEG, PNG) or PDF of the %(paper)s, at most %(n)d MB.")
            % {"paper": purpose_name(purpose), "n": MOST_MEGABYTES}
        ),
        esc(_("It must show no ID document and no ID number.")),
    )
    back = (Button(pgettext("button", "Back"), Press("atts", entry.id)),)
    return Screen("file_wanted", text, (back,), wants_file=True, protect=entry.of_person)


def keeping(entry: Entry, purpose: Purpose) -> Screen:
    """Say that a file is being checked and kept."""
    text = joined(
        bold(_("[Files] %(number)s") % {"number": entry.number}),
        esc(_("Keeping the file: %(paper)s") % {"paper": purpose_name(purpose)}),
    )
    return Screen("file_keeping", text, ((Button(pgettext("button", "Open entry"), Press("req", entry.id)),),))


def kept(entry: Entry, purpose: Purpose) -> Screen:
    """Say that a file is kept."""
    text = joined(
        bold(_("[Files] %(number)s") % {"number": entry.number}),
        esc(_("The file is kept: %(paper)s") % {"paper": purpose_name(purpose)}),
    )
    return Screen("file_kept", text, (_onward(entry),), stays=True)


def sent_back(entry: Entry, line: AttachmentLine, key: str, wording: Wording) -> Screen:
    """Return a file.

    Args:
        entry: The entry.
        line: What is known of the file.
        key: The generated name under which its bytes are kept.
        wording: The words of the pack.
    """
    text = joined(bold(_("[Files] %(number)s") % {"number": entry.number}), _listed(line, wording))
    file = File(key, file_name(line, entry.number), line.media_type)
    return Screen("file", text, (_onward(entry),), stays=True, protect=entry.of_person, file=file)


def taking_away(entry: Entry, line: AttachmentLine, wording: Wording) -> Screen:
    """Ask before a file is taken away."""
    text = joined(
        bold(_("[Files] %(number)s") % {"number": entry.number}),
        _listed(line, wording),
        "",
        esc(_("Take this file away? It is deleted; the timeline keeps that it was here.")),
    )
    rows = (
        (Button(pgettext("button", "Delete the file"), Press("attr", line.id, arg="yes"), Style.DANGER),),
        (Button(pgettext("button", "Back"), Press("atts", entry.id)),),
    )
    return Screen("file_taking_away", text, rows, protect=entry.of_person)


def _onward(entry: Entry) -> tuple[Button, ...]:
    return (
        Button(pgettext("button", "Open entry"), Press("req", entry.id)),
        Button(pgettext("button", "Files"), Press("atts", entry.id)),
    )


def _listed(line: AttachmentLine, wording: Wording) -> str:
    kind = pgettext("file", "PDF") if line.media_type == "application/pdf" else pgettext("file", "photo")
    parts = [line.subject, kind, wording.day(line.added_at.date())]
    return labelled(_numbered(line), pgettext("list", ", ").join(part for part in parts if part))


def _numbered(line: AttachmentLine) -> str:
    name = purpose_name(line.purpose)
    return f"{name} {line.ordinal}" if line.ordinal > 1 else name


def _row(line: AttachmentLine, *, may_act: bool) -> tuple[Button, ...]:
    name = {"paper": _numbered(line)}
    look = Button(pgettext("button", "Look at: %(paper)s") % name, Press("attg", line.id))
    if not may_act:
        return (look,)
    return (look, Button(pgettext("button", "Delete: %(paper)s") % name, Press("attr", line.id)))


def _adding(entry: Entry, purpose: Purpose, item_ids: Sequence[int]) -> Button:
    label = pgettext("button", "Keep: %(paper)s") % {"paper": purpose_name(purpose)}
    if len(item_ids) == 1:
        return Button(label, Press("att", item_ids[0]), Style.PRIMARY)
    return Button(label, Press("atts", entry.id, entry.version, f"{purpose.value},"), Style.PRIMARY)
