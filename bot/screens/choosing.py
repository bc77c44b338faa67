"""Which of an entry's many lines is meant: page by page, or all of them alike."""

from collections.abc import Sequence
from typing import Final

from bot.language import _, pgettext
from bot.ledger import Entry
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines

PAGE: Final = 8
_LONGEST_LABEL: Final = 30


def which_line(
    entry: Entry, choices: Sequence[tuple[int, str]], *, page: int, verb: str, all_label: str | None, prefix: str = ""
) -> Screen:
    """Ask which of an entry's lines is meant.

    Args:
        entry: The entry.
        choices: Item id and whom it is about.
        page: The page shown, from 0.
        verb: The verb of the buttons; their argument is an item's id, ``all``, or ``p<page>``.
        all_label: The label of the button for all; None where each is on its own.
        prefix: What stands before each argument.
    """

    def button(label: str, arg: str, style: Style | None = None) -> Button:
        return Button(label, Press(verb, entry.id, entry.version, prefix + arg), style)

    pages = max(1, -(-len(choices) // PAGE))
    page = min(page, pages - 1)
    shown = choices[page * PAGE : (page + 1) * PAGE]
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        esc(_("Page %(page)d of %(pages)d") % {"page": page + 1, "pages": pages}) if pages > 1 else None,
        "",
        esc(_("Whom does it concern?")),
    )
    everyone = ((button(all_label, "all", Style.PRIMARY),),) if all_label else ()
    rows = tuple((button(name[:_LONGEST_LABEL], str(item_id)),) for item_id, name in shown)
    turning = []
    if page > 0:
        turning.append(button(pgettext("button", "Previous page"), f"p{page - 1}"))
    if page + 1 < pages:
        turning.append(button(pgettext("button", "Next page"), f"p{page + 1}"))
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    return Screen(
        "ledger_line",
        text,
        (*everyone, *rows, *((tuple(turning),) if turning else ()), back),
        protect=entry.of_person,
    )
