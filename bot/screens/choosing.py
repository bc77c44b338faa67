"""Which of an entry's many lines is meant: page by page, or all of them alike."""

from collections.abc import Sequence
from typing import Final

from bot.language import _, pgettext
from bot.ledger import Entry
from bot.screens.paging import page_line, paged, turning
from bot.screens.screen import Button, Press, Screen, Style, bold, esc, lines

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

    def press(arg: str) -> Press:
        return Press(verb, entry.id, entry.version, prefix + arg)

    shown, page, pages = paged(choices, page)
    text = lines(
        bold(_("[Ledger] %(number)s") % {"number": entry.number}),
        esc(entry.matter),
        page_line(page, pages),
        "",
        esc(_("Whom does it concern?")),
    )
    everyone = ((Button(all_label, press("all"), Style.PRIMARY),),) if all_label else ()
    rows = tuple((Button(name[:_LONGEST_LABEL], press(str(item_id))),) for item_id, name in shown)
    turned = turning(page, pages, lambda to: press(f"p{to}"))
    back = (Button(pgettext("button", "Back"), Press("req", entry.id)),)
    return Screen(
        "ledger_line",
        text,
        (*everyone, *rows, *turned, back),
        protect=entry.of_person,
    )
