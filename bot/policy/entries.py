"""The entries of a policy pack, as frozen models: unknown keys are refused, lists become tuples."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=40)]
ClauseId = Annotated[str, StringConstraints(min_length=1, max_length=20)]
When = Annotated[Mapping[Id, Annotated[tuple[Id, ...], Field(min_length=1)]], Field(min_length=1)]

MATTER: Final = "matter"  # the question that the guide itself asks first
OTHER: Final = "other"  # its answer 找不到: the matter is not in the catalogue
LONGEST_CHOICE: Final = 33  # characters of question id and option id together; 36 fit into any button
COUNTERPART: Final = "counterpart"  # the question whose options are counterpart kinds

Applying = Literal["bureau", "counterpart"]
"""Who applies to the credit centre. Source: the Plan, 二（二）: the division or the counterpart."""


class Strength(StrEnum):
    """How strongly a product is recommended, strongest first."""

    REQUIRED = "required"  # 必需: only matters on the bureau's confirmed list
    NAMED = "named"  # ● 方案列明
    ADVISED = "advised"  # ◐ 建议
    OPTIONAL = "optional"  # ○ 可选

    @property
    def rank(self) -> int:
        """0 is the strongest."""
        return _RANK[self]


_RANK: Final = {strength: rank for rank, strength in enumerate(Strength)}


class ProductKind(StrEnum):
    """The three kinds of credit product. Source: 郑环文〔2017〕15号 一."""

    VERIFICATION = "verification"
    COMMITMENT = "commitment"
    REPORT = "report"


class CounterpartKind(StrEnum):
    """Whom the matter concerns. Source: 郑环文〔2017〕15号 一."""

    ENTERPRISE = "enterprise"
    INSTITUTION = "institution"
    SOCIAL_ORG = "social_org"
    NATURAL_PERSON = "natural_person"


class UnitKind(StrEnum):
    """处室, 局属单位 or 分局."""

    DIVISION = "division"
    AFFILIATE = "affiliate"
    BRANCH = "branch"


class Frozen(BaseModel):
    """Base of everything a pack says: immutable, and no key that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Dated(Frozen):
    """Something in force from a local date up to and including another; no end = still in force."""

    effective_from: dt.date
    effective_to: dt.date | None = None

    def in_force(self, on: dt.date) -> bool:
        """Say whether it holds on that local date."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


class Document(Frozen):
    """A document that rules rest on; ``held`` is false while the bureau has not filed its text (未收录)."""

    id: Id
    title: Text
    number: Text  # 文号
    issued_on: dt.date | None = None
    held: bool = True
    note: Text | None = None


class Clause(Frozen):
    """One clause: our paraphrase, and a short quoted term of its own."""

    id: ClauseId
    document: Id
    number: Text  # as the document counts: 二（二）
    summary: Text
    quote: Text | None = None


class Product(Frozen):
    """A credit product and the lines that its card shows.

    ``{subject}`` in ``applies`` stands for the matter's own word for the counterpart, such as 申报单位.
    """

    id: Id
    kind: ProductKind
    name: Text
    short_name: Text
    applies: Text  # who applies or signs
    fee: Text
    time: Text
    validity: Text
    materials: tuple[Text, ...] = ()  # papers of the product whatever the route
    routes: Annotated[tuple[Id, ...], Field(min_length=1)]  # first is the default
    in_form_note: Text | None = None  # commitments: said when the statutory form carries the pledge
    enabled: bool = True


class Route(Frozen):
    """A way to apply: who files, for which counterparts, with which papers.

    ``{subject}`` in ``text`` stands for the matter's word for the counterpart. Of a paper, 名称：细节, the card shows
    the name only.
    """

    id: Id
    name: Text
    applicant: Applying
    kinds: Annotated[tuple[CounterpartKind, ...], Field(min_length=1)]
    text: Text
    materials: Annotated[tuple[Text, ...], Field(min_length=1)]


class Option(Frozen):
    """An answer to a question; one that is not ``offered`` can only be a matter's own fact."""

    id: Id
    label: Text
    offered: bool = True
    confidential: bool = False  # so is then each matter of which it is true, in the catalogue or not


class Question(Frozen):
    """A question of the guide; without an offered option it is never asked, only known."""

    id: Id
    text: Text
    hint: Text | None = None
    many: bool = False  # several options may be chosen
    options: Annotated[tuple[Option, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_a_button(self) -> Self:
        for option in self.options:
            if len(self.id) + len(option.id) > LONGEST_CHOICE:
                raise ValueError(
                    f"the ids {self.id} and {option.id} have more than {LONGEST_CHOICE} characters together: "
                    "they must fit into a button"
                )
        return self

    @property
    def offered(self) -> tuple[Option, ...]:
        """The options an officer may press."""
        return tuple(option for option in self.options if option.offered)

    def label(self, option_id: str) -> str:
        """Return the words of an option.

        Raises:
            KeyError: The question has no such option.
        """
        for option in self.options:
            if option.id == option_id:
                return option.label
        raise KeyError(option_id)


class Source(Frozen):
    """Where a rule stands."""

    document: Id
    clause: ClauseId


class Rule(Dated):
    """Adds its product while in force and ``when`` holds (question -> any of these options, all questions)."""

    id: Id
    when: When
    product: Id
    strength: Strength
    text: Text
    quote: Text
    note: Text | None = None
    source: Source
    reviewed_on: dt.date  # last read against the source


class Caution(Dated):
    """A line to heed that changes no product."""

    id: Id
    when: When
    text: Text


class Advice(Dated):
    """Where to go instead: with ``replaces_products`` no product is recommended."""

    id: Id
    when: When
    text: Text
    replaces_products: bool = False


class Category(Frozen):
    """A shelf of the catalogue."""

    id: Id
    name: Text


class Unit(Frozen):
    """A unit of the bureau."""

    code: Id
    short_name: Text  # stands in ledger numbers: 大气2026-1
    name: Text
    kind: UnitKind
    parent: Id | None = None
    dissolved_on: dt.date | None = None  # gone from that day on; its entries, letters and figures stay as they are


class Matter(Frozen):
    """An administrative matter of the catalogue with what is known about it beforehand."""

    code: Annotated[Id, StringConstraints(max_length=15)]  # a button names a period and a figure beside it
    name: Text
    aliases: tuple[Text, ...] = ()
    category: Id
    owner: Id
    kinds: Annotated[tuple[CounterpartKind, ...], Field(min_length=1)]
    facts: Mapping[Id, tuple[Id, ...]] = Field(default_factory=dict)
    routes: tuple[Id, ...] = ()  # for the verification; empty = the product's own
    batch: bool = False
    confidential: bool = False  # who takes part is not known before the result is published; so with every list
    pledge_in_form: bool = False
    opinion_age_months: Annotated[int, Field(ge=1)] | None = None  # oldest opinion accepted; None = while it is valid
    opinion_age_basis: Text | None = None  # why, in the coordinator's words; a limit without it is refused
    required: tuple[Id, ...] = ()  # 必需: only on a confirmed entry
    subject_word: Text
    note: Text | None = None
    source: Literal["suggested", "confirmed"] = "suggested"
    signpost: bool = False  # no matter of the catalogue: a wrong door with its sign
    effective_from: dt.date | None = None  # None = as long as the pack
    effective_to: dt.date | None = None

    @model_validator(mode="after")
    def _limit_has_its_basis(self) -> Self:
        if (self.opinion_age_months is None) is not (self.opinion_age_basis is None):
            raise ValueError("opinion_age_months and opinion_age_basis belong together: a limit needs its basis")
        return self

    def in_force(self, on: dt.date) -> bool:
        """Say whether the bureau handles the matter on that local date."""
        return (self.effective_from or on) <= on <= (self.effective_to or on)


class LookAlike(Frozen):
    """A thing that is taken for a credit product, told apart."""

    id: Id
    title: Text
    text: Text


class ReportBlock(Frozen):
    """One block of a credit report's contents."""

    id: Id
    name: Text


class Term(Dated):
    """A name that changes with time (the bureau before and after it was renamed)."""

    id: Id
    text: Text


class LegalDivision(Dated):
    """Which unit is the policy and legal affairs division, from when."""

    unit: Id
