"""What only an older ledger says in a row: how far a matter is, who applied, how many it stands for."""

import re
from typing import Final

from bot.language import _
from bot.ledger_columns import Field
from bot.near_names import plain_name
from bot.plaintext import normalise
from bot.policy.model import Applying
from bot.sheet_rows import Cells
from bot.sheet_words import Standing, applicant_of, applicants, standing_name, standing_of

MOST_COUNT: Final = 9999
_COUNT: Final = re.compile(r"(\d{1,4})[家户人份个件]?")


def read_standing(cells: Cells[Field]) -> Standing | None:
    """Return how far the row says that its matter has come; None where it says nothing.

    Raises:
        RowFault: The word is not known.
    """
    text = cells.sound(Field.STATE)
    if not text or (found := standing_of(text)) is not None:
        return found if text else None
    said = _("this state is not known. Possible are: %(accepted)s.")
    raise cells.fault(Field.STATE, said % {"accepted": _(", ").join(standing_name(each) for each in Standing)})


def read_applicant(cells: Cells[Field], officer: str, name: str) -> Applying:
    """Return who applied; this unit where nothing is said (domain.md A7).

    Args:
        cells: The row.
        officer: The row's handling officer: where they stand as applicant, it was this unit.
        name: The row's counterpart: where it stands as applicant, it was the counterpart.

    Raises:
        RowFault: The word is not known.
    """
    text = cells.sound(Field.APPLICANT)
    if not text or text == officer:
        return "bureau"
    if plain_name(text) == plain_name(name):
        return "counterpart"
    if (found := applicant_of(text)) is not None:
        return found
    sentence = _("it cannot be told who applied. Possible are: %(accepted)s.")
    raise cells.fault(Field.APPLICANT, sentence % {"accepted": _(", ").join(applicants())})


def read_count(cells: Cells[Field]) -> int | None:
    """Return how many a row stands for whose list is kept elsewhere; None where it names no number.

    Raises:
        RowFault: It is no number from 1 to 9999.
    """
    text = normalise(cells.sound(Field.COUNT))
    if not text:
        return None
    match = _COUNT.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise cells.fault(Field.COUNT, _("this is no whole number from 1 to %(most)d.") % {"most": MOST_COUNT})
    return int(match[1])
