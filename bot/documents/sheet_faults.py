"""What may be wrong with a list as a whole, in the officer's words."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from bot.language import _

MOST_BYTES: Final = 10_000_000
MOST_ROWS: Final = 2_000  # below the heading
MOST_COLUMNS: Final = 60
HEADING_WITHIN: Final = 20  # the heading stands in one of the first rows, below a title and remarks


class Trouble(StrEnum):
    """Why a list cannot be read at all."""

    EMPTY = "empty"
    TOO_BIG = "too_big"
    WRONG_TYPE = "wrong_type"
    BROKEN = "broken"
    PASSWORD = "password"  # noqa: S105 - names a trouble
    MACROS = "macros"
    TOO_HEAVY = "too_heavy"  # unpacks to more than any list needs
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_COLUMNS = "too_many_columns"
    NO_HEADING = "no_heading"
    ENCODING = "encoding"


class SheetFault(Exception):
    """A list that cannot be read.

    It carries no words, so that the process which reads the list needs to know no language.

    Args:
        trouble: What is wrong.
        values: What the sentence names: ``reached``, a row number or the letters of a column.
    """

    def __init__(self, trouble: Trouble, **values: str) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.values: Mapping[str, str] = values

    @property
    def sentence(self) -> str:
        """What is wrong and what to do next, in the language in force."""
        return _sentences()[self.trouble] % {
            "megabytes": MOST_BYTES // 1_000_000,
            "rows": MOST_ROWS,
            "columns": MOST_COLUMNS,
            "within": HEADING_WITHIN,
            **self.values,
        }


def _sentences() -> dict[Trouble, str]:
    return {
        Trouble.EMPTY: _("The file is empty. Please send the list with its heading and at least one row."),
        Trouble.TOO_BIG: _("The file is larger than %(megabytes)d MB. Please send the list alone, without pictures."),
        Trouble.WRONG_TYPE: _("This is not a table that can be read. Please send an xlsx, xls, ods or csv file."),
        Trouble.BROKEN: _("The file is damaged and cannot be opened. Please save it anew as xlsx and send it again."),
        Trouble.PASSWORD: _("The file is protected by a password. Please take the password out and send it again."),
        Trouble.MACROS: _(
            "The file contains macros, which are not accepted. Please save it as xlsx and send it again."
        ),
        Trouble.TOO_HEAVY: _(
            "The file unpacks to far more than a list needs and was not opened. "
            "Please copy the list into a new table and send that."
        ),
        Trouble.TOO_MANY_ROWS: _(
            "The sheet reaches to row %(reached)s; at most %(rows)d rows below the heading can be read. "
            "Please divide the list, or clear what stands below it."
        ),
        Trouble.TOO_MANY_COLUMNS: _(
            "The sheet reaches to column %(reached)s; at most %(columns)d columns can be read. "
            "Please clear what stands to the right of the list."
        ),
        Trouble.NO_HEADING: _(
            "No heading was found in the first %(within)d rows. "
            "Please keep the row with the names of the columns, or use the template."
        ),
        Trouble.ENCODING: _("The characters of the csv file cannot be read. Please save it as xlsx and send it again."),
    }
