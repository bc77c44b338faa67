"""What follows for each row of a checked list: a new application, a still-valid opinion, or something else.

Source: the Plan 二（二） (valid for a year, used repeatedly), domain.md A5, A10, A19.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from bot.batch import Check, Checked, Listed
from bot.counterparts import Organisation
from bot.guidance import Recommendation
from bot.identifiers import read_code
from bot.language import _, pgettext
from bot.opinions import Reusable, finding_name
from bot.policy.model import CounterpartKind
from bot.scope import UnderWay, kind_name
from bot.screens.words import strength_word


class Verdict(StrEnum):
    """What is to be done about a row."""

    APPLY = "apply"  # a new verification
    REUSE = "reuse"  # a still-valid opinion serves
    PERSON = "person"  # the protected route
    REPEATED = "repeated"
    LEGACY = "legacy"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with what follows for it.

    Args:
        listed: The row.
        verdict: What is to be done.
        opinion: The one that still holds.
        tells_result: Whether the officer may know what that opinion says, and not only that it is there.
        under_way: Open entries for the same matter and counterpart; None where there are none.
        breached_on: When the counterpart last broke a commitment; None where nothing is on record.
    """

    listed: Listed
    verdict: Verdict
    opinion: Reusable | None = None
    tells_result: bool = False
    under_way: UnderWay | None = None
    breached_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A whole list with its verdicts."""

    header: tuple[str, ...]
    rows: tuple[Judged, ...]

    def count(self, verdict: Verdict) -> int:
        """Return how many rows have a verdict."""
        return sum(row.verdict is verdict for row in self.rows)

    @property
    def presumed(self) -> int:
        """How many rows count as natural persons only because nothing in them speaks of an organisation."""
        return sum(row.listed.presumed for row in self.rows)

    @property
    def under_way(self) -> int:
        """How many organisations to be entered have an open entry for the same matter already."""
        return sum(row.under_way is not None for row in self.rows if row.verdict in (Verdict.APPLY, Verdict.REUSE))

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that is wrong, row by row."""
        return tuple(fault for row in self.rows for fault in row.listed.faults)

    @property
    def organisations(self) -> tuple[Organisation, ...]:
        """The organisations that an entry takes: those that need a verification and those that have an opinion."""
        taken = (Verdict.APPLY, Verdict.REUSE)
        return tuple(
            Organisation(row.listed.name, read_code(row.listed.code)) for row in self.rows if row.verdict in taken
        )


def judge(
    checked: Checked,
    *,
    kinds: frozenset[CounterpartKind] | None,
    reusable: Mapping[str, Reusable],
    own: Collection[str] = (),
    under_way: Mapping[str, UnderWay] = MappingProxyType({}),
    breaches: Mapping[str, dt.date] = MappingProxyType({}),
) -> Batch:
    """Return what follows for each row.

    Args:
        checked: The list.
        kinds: Whom the matter concerns; None while no matter is chosen.
        reusable: Code -> the opinion that may be used again on the day of the decision.
        own: The codes whose opinion may be read, and not only known of.
        under_way: Code -> open entries for the same matter.
        breaches: Code -> when the counterpart last broke a commitment.
    """

    def known(row: Judged) -> Judged:
        code = row.listed.code
        return replace(row, tells_result=code in own, under_way=under_way.get(code), breached_on=breaches.get(code))

    judged = (_judged(row, kinds, reusable.get(row.code)) for row in checked.rows)
    return Batch(checked.header, tuple(known(row) for row in judged))


def _judged(row: Listed, kinds: frozenset[CounterpartKind] | None, opinion: Reusable | None) -> Judged:
    if row.kind is not None and kinds is not None and row.kind not in kinds:
        row = _unfitting(row, row.kind, kinds)
    match row.check:
        case Check.RIGHT:
            return Judged(row, Verdict.REUSE if opinion else Verdict.APPLY, opinion)
        case Check.LEGACY:
            return Judged(row, Verdict.LEGACY, opinion)
        case _:
            return Judged(row, Verdict(row.check.value))


def _unfitting(row: Listed, kind: CounterpartKind, kinds: frozenset[CounterpartKind]) -> Listed:
    """Return a row whose kind does not fit the matter.

    For an organisation that is a fault. Persons are counted all the same, because lists of awards mix them with
    organisations. Source: domain.md A19.
    """
    sentence = _("Row %(row)d: this is %(kind)s, but the matter is for %(kinds)s.") % {
        "row": row.row,
        "kind": kind_name(kind),
        "kinds": _(", ").join(kind_name(each) for each in CounterpartKind if each in kinds),
    }
    if row.presumed:
        return row  # it may be of a kind that fits: what it needs then, it says already
    if row.check is Check.PERSON:
        return replace(row, hints=(*row.hints, sentence))
    return replace(row, check=Check.WRONG, faults=(*row.faults, sentence))


def table(batch: Batch, products: Sequence[Recommendation]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the list as it goes back: the officer's own columns, and five more.

    Args:
        batch: The list.
        products: What the matter needs; empty while none is chosen.

    Returns:
        The heading, and the rows in the officer's order.
    """
    header = (
        *batch.header,
        pgettext("column", "Code check"),
        pgettext("column", "Repeated"),
        pgettext("column", "Valid opinion"),
        pgettext("column", "Products and basis"),
        pgettext("column", "Next step"),
    )
    needed = products_line(products)
    return header, [(*row.listed.cells, *_added(row, needed)) for row in batch.rows]


def products_line(products: Sequence[Recommendation]) -> str:
    """Return the products with their strength and clause in one cell."""
    parts = []
    for each in products:
        citations = _(", ").join(dict.fromkeys(reason.citation for reason in each.reasons))
        parts.append(
            _("%(product)s (%(strength)s): %(citations)s")
            % {"product": each.product.name, "strength": strength_word(each.strength), "citations": citations}
        )
    return _("; ").join(parts)


def _added(row: Judged, needed: str) -> tuple[str, ...]:
    listed = row.listed
    code = _("; ").join((*listed.faults, *listed.hints)) or (_("right") if listed.code else "")
    twice = [_("same as row %(row)d") % {"row": listed.same_as}] if listed.same_as else []
    if row.under_way is not None:
        twice += [_("an entry is open: %(number)s") % {"number": number} for number in row.under_way.numbers]
        twice += [_("another unit or a colleague has an open entry")] if row.under_way.elsewhere else []
    again = _("; ").join(twice)
    counts = row.verdict in (Verdict.APPLY, Verdict.REUSE, Verdict.PERSON)
    return code, again, _opinion_words(row), needed if counts else "", _next_step(row)


def _opinion_words(row: Judged) -> str:
    opinion = row.opinion
    if opinion is None:
        return ""
    words = _("%(number)s, issued %(issued)s, valid to %(valid)s, held by %(unit)s") % {
        "number": opinion.number or _("no number"),
        "issued": opinion.issued_on.isoformat(),
        "valid": opinion.valid_to.isoformat(),
        "unit": opinion.unit or _("another bureau"),
    }
    if row.tells_result:
        words += _("; result: %(finding)s") % {"finding": finding_name(opinion.finding)}
    if opinion.adverse_since is not None:
        words += _("; something adverse was logged on %(day)s") % {"day": opinion.adverse_since.isoformat()}
    return words + (_("; an objection or a repair is on record") if opinion.contested else "")


def _next_step(row: Judged) -> str:
    said = _to_do(row)
    if row.breached_on is None:
        return said
    return said + _("; broke a commitment (recorded on %(day)s)") % {"day": row.breached_on.isoformat()}


def _to_do(row: Judged) -> str:
    if row.verdict is Verdict.REUSE and row.opinion and (row.opinion.adverse_since or row.opinion.contested):
        return _("look at what was logged since, then use the opinion or apply anew")
    if row.listed.presumed:
        return _("counted as a natural person; for an organisation fill in the code and send the list again")
    return {
        Verdict.APPLY: _("apply for verification"),
        Verdict.REUSE: _("use the valid opinion, no new application"),
        Verdict.PERSON: _("natural person: counted only, name and number are filled in on paper"),
        Verdict.REPEATED: _("nothing, it is counted once"),
        Verdict.LEGACY: _("fill in the code with 18 characters and send the list again"),
        Verdict.WRONG: _("correct it and send the list again"),
    }[row.verdict]
