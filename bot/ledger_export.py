"""The ledger as a sheet in a unit's own columns, so that what goes out can be read in again."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from bot.language import _
from bot.ledger_columns import Field, field_name, own_headings
from bot.ledger_sheet import Line
from bot.opinions import finding_name
from bot.sheet_words import Standing, applicant_name, standing_name

_ALWAYS: Final = (
    Field.NUMBER, Field.MATTER, Field.NAME, Field.CODE, Field.OFFICER, Field.APPLICANT, Field.STATE, Field.SUBMITTED,
    Field.RECEIVED, Field.RETURNED, Field.FINDING, Field.OPINION, Field.ISSUED, Field.VALID_TO, Field.NOTE,
)  # fmt: skip
"""The columns where a unit has none of its own."""


def table(rows: Sequence[Line], setting: Any) -> tuple[list[str], list[list[str]]]:
    """Return headings and cells of the verifications, in the order of their entries.

    The unit's own columns come first, in its order and under its names, those that we know nothing of empty; what its
    sheet has no column for follows, where there is anything to say.

    Args:
        rows: The lines of the ledger.
        setting: The columns that the unit confirmed; None where it never did.
    """
    said = [_cells(row) for row in sorted(rows, key=lambda row: row.entry.id)]
    own = own_headings(setting) or [(field_name(field), field) for field in _ALWAYS]
    named = {field for _heading, field in own}
    more = [field for field in Field if field not in named and any(cells.get(field) for cells in said)]
    columns = [*own, *((field_name(field), field) for field in more)]
    cells = [[each.get(field, "") if field else "" for _heading, field in columns] for each in said]
    return [heading for heading, _field in columns], cells


def _cells(row: Line) -> dict[Field, str]:
    """Return what stands in each column; a natural person is never named, only said to be one."""
    entry = row.entry
    days = {
        Field.SUBMITTED: row.submitted_on,
        Field.RECEIVED: row.received_on,
        Field.SUPPLEMENT: entry.supplement_on,
        Field.RETURNED: row.returned_on,
        Field.ISSUED: row.issued_on,
        Field.VALID_TO: row.valid_to,
        Field.DECIDE: entry.decide_on,
    }
    person = row.name is None and row.count is None
    said = {
        Field.NUMBER: entry.number,
        Field.MATTER: entry.matter,
        Field.NAME: row.name or "",
        Field.CODE: row.code or "",
        Field.KIND: _("natural person") if person else "",
        Field.COUNT: str(row.count or ""),
        Field.OFFICER: row.owner or "",
        Field.APPLICANT: applicant_name(entry.applicant) if entry.applicant else "",
        Field.STATE: standing_name(_standing(row)),
        Field.FINDING: finding_name(row.finding) if row.finding else "",
        Field.OPINION: row.number or "",
    }
    return said | {field: _day(on) for field, on in days.items()}


def _standing(row: Line) -> Standing:
    if row.entry.withdrawn:
        return Standing.WITHDRAWN
    if row.used_on is not None:
        return Standing.USED
    if row.returned_on is not None:
        return Standing.RETURNED
    if row.entry.supplement_on is not None:
        return Standing.SUPPLEMENT
    return Standing.NOT_SUBMITTED if row.submitted_on is None else Standing.UNDER_WAY


def _day(on: dt.date | None) -> str:
    return on.isoformat() if on else ""
