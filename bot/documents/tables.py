"""Tables as xlsx: every cell is text, so that nothing typed anywhere is ever calculated."""

import datetime as dt
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bot.plaintext import visible

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_OF_TITLE: Final = 31  # characters of a sheet's name; Excel specifications and limits
A4: Final = 9  # paper size, ECMA-376 part 1, 18.3.1.63

_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\n\t]")  # in a sheet's name
_NARROWEST, _WIDEST = 6, 48  # cells of the standard font
_UNDATED: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # equal tables are equal files, whenever they are made


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet.

    Args:
        title: Its name, and the heading of its printed pages; two sheets of a book may have the same.
        columns: The headings.
        rows: The rows, each as long as the headings; None leaves a cell empty.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]


def workbook(sheets: Sequence[Table]) -> bytes:
    """Return tables as one xlsx file, ready to be printed: A4 across, one page wide, headings on every page.

    Values stand there as they are, without characters that cannot be seen; one that begins like a formula
    (``=``, ``+``, ``-``, ``@``) stays text. A value that is too long for
    a cell (32,767 characters) is cut there.

    Args:
        sheets: At least one.

    Raises:
        ValueError: A row is not as long as the headings.
    """
    import xlsxwriter

    made = io.BytesIO()
    # Kept in memory: its other way writes every name into a temporary file.
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    book.set_properties({"created": _UNDATED})
    frame = {"border": 1, "text_wrap": True, "valign": "vcenter", "num_format": "@"}
    heading = book.add_format(frame | {"bold": True, "align": "center", "bg_color": "#EFEFEF"})
    cell = book.add_format(frame)
    names = _names(table.title for table in sheets)
    for table, name in zip(sheets, names, strict=True):
        _fill(book.add_worksheet(name), table, heading, cell)
    book.close()
    return made.getvalue()


def _fill(sheet: "Worksheet", table: Table, heading: Any, cell: Any) -> None:
    for row, values in enumerate((table.columns, *table.rows)):
        if len(values) != len(table.columns):
            raise ValueError("a row is not as long as the headings")
        for column, value in enumerate(values):
            style = cell if row else heading
            if value:
                sheet.write_string(row, column, visible(value), style)
            else:
                sheet.write_blank(row, column, None, style)
    for column in range(len(table.columns)):
        sheet.set_column(column, column, _width(table, column))
    last = len(table.columns) - 1
    sheet.freeze_panes(1, 0)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), last)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_header("&C" + visible(table.title).replace("&", "&&")[:200])
    sheet.set_footer("&C&P / &N")
    sheet.ignore_errors({"number_stored_as_text": f"A1:{_letters(last)}{len(table.rows) + 1}"})


def _width(table: Table, column: int) -> float:
    """Return a column's width by its content: a Chinese character takes two cells."""
    widest = max(_cells(row[column] or "") for row in (table.columns, *table.rows))
    return float(min(max(widest + 2, _NARROWEST), _WIDEST))


def _cells(value: str) -> int:
    return max(
        (sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line) for line in value.split("\n")),
        default=0,
    )


def _letters(column: int) -> str:
    """Return a column's letters: 0 is A, 26 is AA."""
    letters = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def _names(titles: Iterable[str]) -> list[str]:
    """Return names that a workbook takes: short, different, without its own signs."""
    names: list[str] = []
    for number, title in enumerate(titles, start=1):
        name = _FORBIDDEN.sub(" ", visible(title)).strip().strip("'")[:MOST_OF_TITLE].strip("' ") or str(number)
        taken = {each.casefold() for each in names} | {"history"}  # the last is Excel's own
        if name.casefold() in taken:
            name = f"{name[: MOST_OF_TITLE - 4]} {number}"
        names.append(name)
    return names
