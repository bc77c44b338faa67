"""The entries behind the figures as a sheet: each line says what it adds, and the columns add up to the figures."""

from collections.abc import Sequence
from itertools import compress

from bot import ledger_sheet
from bot.documents.tables import Table
from bot.figure_words import measure_name
from bot.figures import Figures, Measure
from bot.language import pgettext
from bot.ledger_sheet import Line
from bot.screens.ledger import Wording


def table(lines: Sequence[tuple[Line, Figures]], wording: Wording, *, lasting: bool = False) -> Table:
    """Return the sheet; natural persons stand in it without their names.

    Args:
        lines: Each line of the ledger with what it adds to the figures.
        wording: The words of the pack.
        lasting: Whether the file is kept, so that no erasure could reach into it; see ``ledger_sheet.erasable``.
    """
    headings = (*ledger_sheet.columns(), *(measure_name(each) for each in Measure))
    rows = [(*ledger_sheet.line(line, wording), *(str(figures[each]) for each in Measure)) for line, figures in lines]
    if lasting:
        kept = [heading not in ledger_sheet.erasable() for heading in headings]
        headings, rows = tuple(compress(headings, kept)), [tuple(compress(row, kept)) for row in rows]
    return Table(pgettext("sheet", "Ledger"), headings, rows)
