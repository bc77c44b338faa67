"""The entries behind the figures as a sheet: each line says what it adds, and the columns add up to the figures."""

from collections.abc import Sequence

from bot import ledger_sheet
from bot.documents.tables import Table
from bot.figure_words import measure_name
from bot.figures import Figures, Measure
from bot.language import pgettext
from bot.ledger_sheet import Line
from bot.screens.ledger import Wording


def table(lines: Sequence[tuple[Line, Figures]], wording: Wording) -> Table:
    """Return the sheet; natural persons stand in it without their names.

    Args:
        lines: Each line of the ledger with what it adds to the figures.
        wording: The words of the pack.
    """
    headings = (*ledger_sheet.columns(), *(measure_name(each) for each in Measure))
    rows = [(*ledger_sheet.line(line, wording), *(str(figures[each]) for each in Measure)) for line, figures in lines]
    return Table(pgettext("sheet", "Ledger"), headings, rows)
