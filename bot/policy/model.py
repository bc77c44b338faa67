"""The policy model: what a pack of rules says, put together as one value.

A pack is data (TOML); its entries are the models of ``bot.policy.entries``. ``Policy`` numbers itself by the hash
of its content and can be written down as a snapshot, from which an old case is replayed.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, TypeVar

from bot.policy.content import About, Content, OffCatalogue, Quarters, Reminders, Retention, Settings
from bot.policy.entries import (
    COUNTERPART,
    MATTER,
    OTHER,
    Advice,
    Applying,
    Category,
    Caution,
    Clause,
    CounterpartKind,
    Dated,
    Document,
    LegalDivision,
    LookAlike,
    Matter,
    Option,
    Product,
    ProductKind,
    Question,
    ReportBlock,
    Route,
    Rule,
    Source,
    Strength,
    Term,
    Unit,
    UnitKind,
)

__all__ = [
    "COUNTERPART",
    "MATTER",
    "OTHER",
    "About",
    "Advice",
    "Applying",
    "Category",
    "Caution",
    "Clause",
    "Content",
    "CounterpartKind",
    "Dated",
    "Document",
    "LegalDivision",
    "LookAlike",
    "Matter",
    "OffCatalogue",
    "Option",
    "Policy",
    "Product",
    "ProductKind",
    "Quarters",
    "Question",
    "Reminders",
    "ReportBlock",
    "Retention",
    "Route",
    "Rule",
    "Settings",
    "Source",
    "Strength",
    "Term",
    "Unit",
    "UnitKind",
]


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


_Entry = TypeVar("_Entry", bound=_WithId)


def _by_id(entries: Iterable[_Entry]) -> Mapping[str, _Entry]:
    return MappingProxyType({entry.id: entry for entry in entries})


class Policy:
    """A loaded pack. Two policies with the same content are equal and have the same hash.

    Args:
        content: A checked content; the loader makes it.
        templates: Name of a letter -> its Word template; no part of the rules, of the hash or of the snapshot.
    """

    def __init__(self, content: Content, templates: Mapping[str, bytes] = MappingProxyType({})) -> None:
        about = content.about
        self.content = content
        self.templates = templates
        self.id, self.name, self.label = about.id, about.name, about.label
        self.fictitious, self.language = about.fictitious, about.language
        confirmed = bool(about.confirmed_in_force_by) and about.confirmed_in_force_on is not None
        self.in_force_note: str | None = None if confirmed else about.unconfirmed_note
        self.settings, self.reminders, self.off_catalogue = content.settings, content.reminders, content.off_catalogue
        self.quarters, self.retention = content.quarters, content.retention
        self.escalation = content.escalation
        self.documents, self.clauses = _by_id(content.documents), _by_id(content.clauses)
        self.products, self.routes = _by_id(content.products), _by_id(content.routes)
        self.questions = _by_id(content.questions)
        self.rules, self.cautions, self.advice = content.rules, content.cautions, content.advice
        self.categories = content.categories
        self.matters: Mapping[str, Matter] = MappingProxyType({m.code: m for m in content.matters})
        self.units: Mapping[str, Unit] = MappingProxyType({unit.code: unit for unit in content.units})
        self.lookalikes, self.report_blocks = content.lookalikes, content.report_blocks
        self.snapshot = json.dumps(
            content.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        )
        self.hash = hashlib.sha256(self.snapshot.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.hash == other.hash

    def __hash__(self) -> int:
        return hash(self.hash)

    @property
    def stamp(self) -> int:
        """What tells a keyboard that was made under these rules, or for them, from those of others."""
        return int(self.hash[:6], 16)

    def matters_on(self, on: dt.date) -> tuple[Matter, ...]:
        """Return the matters in force on that local date, in the pack's order."""
        return tuple(matter for matter in self.matters.values() if matter.in_force(on))

    def units_on(self, on: dt.date) -> tuple[Unit, ...]:
        """Return the units that the bureau has on that local date, in the pack's order."""
        return tuple(unit for unit in self.units.values() if unit.dissolved_on is None or on < unit.dissolved_on)

    def has_unit(self, code: str, *, on: dt.date) -> bool:
        """Say whether the bureau has a unit on that local date."""
        return any(unit.code == code for unit in self.units_on(on))

    def term(self, term_id: str, *, on: dt.date) -> str:
        """Return a name as it was on that local date.

        Raises:
            KeyError: The pack has no such term for that day.
        """
        return _in_force([term for term in self.content.terms if term.id == term_id], on, term_id).text

    def legal_division(self, *, on: dt.date) -> Unit:
        """Return the unit that is the policy and legal affairs division (政法处) on that local date.

        Raises:
            KeyError: The pack names none for that day.
        """
        return self.units[_in_force(self.content.legal_division, on, "legal_division").unit]

    def citation(self, source: Source) -> str:
        """Return 文号 and clause number, as an officer would cite them."""
        return f"{self.documents[source.document].number} {self.clauses[source.clause].number}"


_DatedEntry = TypeVar("_DatedEntry", bound=Dated)


def _in_force(versions: Sequence[_DatedEntry], on: dt.date, name: str) -> _DatedEntry:
    for version in versions:
        if version.in_force(on):
            return version
    raise KeyError(name)
