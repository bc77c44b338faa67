"""What an entry's screen says and offers besides its verification: commitments, reports, files, letters, results."""

from dataclasses import dataclass

from bot.credit_reports import block_names
from bot.language import pgettext
from bot.screens import attachments as attachment_screens
from bot.screens import commitments as commitment_screens
from bot.screens import credit_reports as report_screens
from bot.screens.ledger import Wording
from bot.screens.screen import Button, Press
from handlers.turn import Turn
from storage import attachments, commitments, credit_reports, entry_values
from storage.ledger import Opened

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of an entry's screen.

    Args:
        lines: What is on record of commitments, reports and files.
        products: Buttons with which commitments and reports are written down.
        papers: Buttons of its files, letters and calendar dates, for everybody who may read.
    """

    lines: tuple[str, ...]
    products: Rows
    papers: Rows


async def parts_of(turn: Turn, opened: Opened, words: Wording) -> Parts:
    """Return the parts of an entry's screen for this officer."""
    entry = opened.entry
    subjects = await entry_values.labels(turn.session, opened.items, whole=opened.identifies)
    letters = list((await commitments.of_items(turn.session, subjects)).values())
    reports = list((await credit_reports.of_items(turn.session, subjects)).values())
    files = await attachments.of_items(turn.session, subjects)
    said = [
        *commitment_screens.lines(letters, words),
        *report_screens.lines(reports, block_names(turn.policy), words),
        *attachment_screens.lines(files),
    ]
    products = (commitment_screens.buttons(entry, letters), report_screens.buttons(entry, reports))
    make = Button(pgettext("button", "Make letters"), Press("paper", entry.id))
    papers = ((make, *attachment_screens.buttons(entry, files)),)
    return Parts(tuple(said), tuple(row for row in products if row) if opened.may_act else (), papers)
