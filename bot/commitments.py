"""信用承诺: what is on record about a letter, and the short forms in which it is written down and settled.

The assistant records; it imposes nothing. Source: the Plan, 二（一）; domain.md §4.1.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.errors import Refusal
from bot.forms import Field, Filling, Kind, Option, RecordForm, When
from bot.language import _, pgettext
from bot.ledger import Entry

MOST_LETTERS: Final = 9_999


class CommitmentStage(StrEnum):
    """How far a commitment is."""

    SIGNED = "signed"
    FULFILLING = "fulfilling"
    FULFILLED = "fulfilled"
    BREACHED = "breached"

    @property
    def is_settled(self) -> bool:
        """Whether it is on record what became of it."""
        return self in (CommitmentStage.FULFILLED, CommitmentStage.BREACHED)


@dataclass(frozen=True, slots=True)
class CommitmentLine:
    """The letters of one counterpart, or of a list that is only counted, within an entry.

    Args:
        item_id: The product's line in the entry.
        subject: Whom it is about, for the officer's eyes; empty where nobody is named.
        letters: How many.
        in_form: Whether the matter's own form carries the pledge: counted, not collected again.
        stage: How far it is.
        kind: Type of the letter, a key of ``KINDS``; None while nobody has said.
        signed_on: Local date.
        fulfil_by_on: Until when it is to be fulfilled; local date.
        settled_on: When it was fulfilled, or found to be breached; local date.
        evidence: What the breach is seen from.
        handling: What was done about it.
    """

    item_id: int
    subject: str
    letters: int
    in_form: bool
    stage: CommitmentStage
    kind: str | None = None
    signed_on: dt.date | None = None
    fulfil_by_on: dt.date | None = None
    settled_on: dt.date | None = None
    evidence: str | None = None
    handling: str | None = None

    @property
    def is_written_down(self) -> bool:
        """Whether more than the number of letters is on record."""
        return self.signed_on is not None


KINDS: Final[Mapping[str, Callable[[], str]]] = {
    "substitute": lambda: pgettext("commitment", "in place of an examination"),
    "tolerance": lambda: pgettext("commitment", "with something to follow"),
    "repair": lambda: pgettext("commitment", "for credit repair"),
    "voluntary": lambda: pgettext("commitment", "of one's own accord"),
    "other": lambda: pgettext("commitment", "other"),
}
"""Types of commitment letters. Source: domain.md §4.1, 《经营主体信用承诺实施指南》."""


def kind_name(kind: str) -> str:
    """Return the type of a letter in the office's words."""
    return KINDS[kind]() if kind in KINDS else kind


def stage_name(stage: CommitmentStage) -> str:
    """Return how far a commitment is, in the words of the Plan."""
    return {
        CommitmentStage.SIGNED: pgettext("commitment", "signed"),
        CommitmentStage.FULFILLING: pgettext("commitment", "being fulfilled"),
        CommitmentStage.FULFILLED: pgettext("commitment", "fulfilled"),
        CommitmentStage.BREACHED: pgettext("commitment", "breached"),
    }[stage]


def stage_after(stage: CommitmentStage, fulfil_by_on: dt.date | None) -> CommitmentStage:
    """Return how far a commitment is once its letter is written down; what was settled stays settled."""
    if stage.is_settled:
        return stage
    return CommitmentStage.FULFILLING if fulfil_by_on else CommitmentStage.SIGNED


def require_order(signed_on: dt.date | None, later: dt.date | None) -> None:
    """Refuse a day of fulfilment or breach that lies before the signature.

    Raises:
        Refusal: It does.
    """
    if signed_on is not None and later is not None and later < signed_on:
        raise Refusal(_("The day lies before the signature of the letter. Please check both days."))


def values_of(line: CommitmentLine) -> dict[str, str | int]:
    """Return what is on record of a letter, as the form holds it."""
    found: dict[str, str | int | None] = {
        "letters": line.letters,
        "kind": line.kind,
        "signed_on": line.signed_on.isoformat() if line.signed_on else None,
        "fulfil_by_on": line.fulfil_by_on.isoformat() if line.fulfil_by_on else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def letter_form(entry: Entry, about: tuple[str, ...], *, each: bool, corrects: bool) -> RecordForm:
    """Return the form about a letter; only the day of the signature is asked for.

    Args:
        entry: The entry.
        about: Lines that say whose letter it is.
        each: Whether it is one counterpart's, whose number of letters can be put right.
        corrects: Whether it was written down before: then the reason is asked for.
    """
    kinds = tuple(Option(key, kind_name(key)) for key in KINDS)
    term = When.EITHER if corrects else When.AHEAD  # the term on record may have passed by the time of a correction
    fields: tuple[Field, ...] = (
        Field("signed_on", _("Signed on"), _("On which day was the commitment letter signed?"), Kind.DAY),
        Field("fulfil_by_on", _("To be fulfilled by"), _("Until which day is it to be fulfilled?"), Kind.DAY,
              when=term, optional=True),
        Field("kind", _("Type"), _("Of which type is the commitment?"), Kind.CHOICE, kinds, optional=True,
              asked=False),
    )  # fmt: skip
    if each:
        question = _("How many commitment letters are there?")
        fields += (Field("letters", _("Letters"), question, Kind.COUNT, asked=False, most=MOST_LETTERS),)
    return RecordForm(
        _("[Commitment letter] %(number)s") % {"number": entry.number},
        about,
        (*fields, *_reason(corrects)),
        pgettext("button", "Confirm"),
    )


def settle_form(entry: Entry, about: tuple[str, ...], filling: Filling, *, each: bool, corrects: bool) -> RecordForm:
    """Return the form about what became of a commitment; a breach wants its evidence, and is one counterpart's alone.

    Args:
        entry: The entry.
        about: Lines that say whose commitment it is.
        filling: What was filled in so far.
        each: Whether it is one counterpart's; for several at once only their fulfilment is recorded.
        corrects: Whether it was settled before: then the reason is asked for.
    """
    stages = (CommitmentStage.FULFILLED, CommitmentStage.BREACHED) if each else (CommitmentStage.FULFILLED,)
    broken = {"outcome": (CommitmentStage.BREACHED.value,)}
    is_broken = filling.values.get("outcome") == CommitmentStage.BREACHED
    when = _("On which day was the breach found?") if is_broken else _("On which day was it fulfilled?")
    fields = (
        Field("outcome", _("What became of it"), _("What became of the commitment?"), Kind.CHOICE,
              tuple(Option(stage.value, stage_name(stage)) for stage in stages)),
        Field("settled_on", _("Day"), when, Kind.DAY),
        Field("evidence", _("Evidence"), _("From what is the breach seen? Names of persons stay outside."), Kind.TEXT,
              hint=_("Such as the number of an inspection record"), only_if=broken),
        Field("handling", _("Handling"), _("What was done about it, and on which basis?"), Kind.TEXT, optional=True,
              asked=False, only_if=broken),
        *_reason(corrects),
    )  # fmt: skip
    return RecordForm(
        _("[Fulfilment] %(number)s") % {"number": entry.number},
        about,
        fields,
        pgettext("button", "Confirm"),
        _("The ledger only records this; measures follow the law, not this assistant.") if is_broken else None,
    )


def _reason(corrects: bool) -> tuple[Field, ...]:
    if not corrects:
        return ()
    question = _("Why is it corrected? The reason stays in the ledger.")
    return (Field("reason", _("Reason"), question, Kind.TEXT),)
