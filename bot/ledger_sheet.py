"""The ledger as lines of a sheet: one line to each counterpart and product of an entry."""

import datetime as dt
from dataclasses import dataclass

from bot.finding import kind_name
from bot.language import _, pgettext
from bot.ledger import Entry
from bot.opinions import Finding, finding_name, used_name
from bot.policy.model import ProductKind
from bot.screens.ledger import Wording, phase_words


@dataclass(frozen=True, slots=True)
class Line:
    """One product for one counterpart, or for a count.

    Args:
        entry: The entry that it belongs to.
        kind: The product.
        name: The counterpart's name; None for a count and for natural persons, who never stand in a sheet.
        code: Its code; None where none is recorded.
        count: Persons, organisations or letters of a list kept elsewhere.
        owner: The handling officer.
        submitted_on: 提交日期; likewise the further days.
        finding: What the opinion says; None while there is none.
        number: The opinion's number, as printed.
        valid_to: Last valid day of the opinion.
        used_as: What the opinion was used for; None while it was not used.
        basis: On which basis the counterpart was limited.
        item_id: Its key.
    """

    entry: Entry
    kind: ProductKind
    name: str | None
    code: str | None
    count: int | None
    owner: str | None
    submitted_on: dt.date | None = None
    received_on: dt.date | None = None
    due_on: dt.date | None = None
    returned_on: dt.date | None = None
    used_on: dt.date | None = None
    finding: Finding | None = None
    number: str | None = None
    issued_on: dt.date | None = None
    valid_to: dt.date | None = None
    used_as: str | None = None
    basis: str | None = None
    item_id: int = 0


def columns() -> tuple[str, ...]:
    """Return the headings."""
    return (
        pgettext("column", "Number"),
        pgettext("column", "Matter"),
        pgettext("column", "Handling officer"),
        pgettext("column", "Counterpart"),
        pgettext("column", "Unified social credit code"),
        pgettext("column", "Count"),
        pgettext("column", "Product"),
        pgettext("column", "State"),
        pgettext("column", "Submitted on"),
        pgettext("column", "Received by the centre on"),
        pgettext("column", "Feedback due on"),
        pgettext("column", "Feedback on"),
        pgettext("column", "Result"),
        pgettext("column", "Number of the opinion"),
        pgettext("column", "Issued on"),
        pgettext("column", "Valid to"),
        pgettext("column", "Used on"),
        pgettext("column", "Use"),
        pgettext("column", "Basis of the measure"),
    )


def erasable() -> tuple[str, ...]:
    """Return the headings of what an erasure takes out of the ledger; a file that is kept for good has them not.

    In the entry of an organisation, too, number and basis are what somebody typed, and may name a person.
    """
    return (
        pgettext("column", "Number of the opinion"),
        pgettext("column", "Use"),
        pgettext("column", "Basis of the measure"),
    )


def line(row: Line, wording: Wording) -> tuple[str | None, ...]:
    """Return a line's cells, in the order of ``columns``; dates as 2026-03-06."""
    name = row.name if row.name or not row.entry.of_person else _("natural person")
    return (
        row.entry.number,
        row.entry.matter,
        row.owner,
        name,
        row.code,
        None if row.count is None else str(row.count),
        kind_name(row.kind),
        phase_words(row.entry, wording),
        _day(row.submitted_on),
        _day(row.received_on),
        _day(row.due_on),
        _day(row.returned_on),
        finding_name(row.finding) if row.finding else None,
        row.number,
        _day(row.issued_on),
        _day(row.valid_to),
        _day(row.used_on),
        used_name(row.used_as) if row.used_as else None,
        row.basis,
    )


def _day(on: dt.date | None) -> str | None:
    return on.isoformat() if on else None
