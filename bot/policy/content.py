"""A pack as one value: its settings, and everything it says in its own order."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.policy.entries import (
    Advice,
    Category,
    Caution,
    Clause,
    ClauseId,
    Document,
    Frozen,
    Id,
    LegalDivision,
    LookAlike,
    Matter,
    Product,
    Question,
    ReportBlock,
    Route,
    Rule,
    Term,
    Text,
    Unit,
)


class OffCatalogue(Frozen):
    """What is known beforehand about a matter that is not in the catalogue, and what to say when nothing fits."""

    question: Text  # 请选择事项
    label: Text  # 找不到
    facts: Mapping[Id, tuple[Id, ...]] = Field(default_factory=dict)
    unclear: Text


_Hour = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]  # local time
_Before = tuple[Annotated[int, Field(ge=0)], ...]
_After = tuple[Annotated[int, Field(ge=1)], ...]


class Reminders(Frozen):
    """When to remind; offsets in working days, save those of an opinion's expiry, which are plain days."""

    hour: _Hour
    opens: _Hour = "08:30"  # office hours: nothing leaves outside them
    closes: _Hour = "18:00"
    receipt_after_working_days: Annotated[int, Field(ge=1)]
    before_due_working_days: _Before
    overdue_first_working_days: Annotated[int, Field(ge=1)]
    overdue_every_working_days: Annotated[int, Field(ge=1)]
    overdue_most: Annotated[int, Field(ge=1)] = 5  # messages of their own; later ones are lines of the digest
    submit_by_before_working_days: _Before
    decide_before_working_days: _Before = (1, 0)  # the decision, while an opinion is still waited for
    fulfil_before_working_days: _Before = (5, 0)  # commitments with a date set
    use_after_working_days: _After = (5, 15)  # after the planned decision, or the opinion where none is planned
    hand_in_after_working_days: _After = (8, 18)  # after an application of the counterpart's own
    hand_in_before_working_days: _Before = (3,)  # before the planned decision
    report_after_working_days: _After = (10, 20)  # after the entry was made
    expiry_before_days: _After = (30, 7)
    watched_before_days: _After = (60, 30, 7, 1)  # of an opinion that the officer watches

    @model_validator(mode="after")
    def _within_office_hours(self) -> Self:
        if not self.opens <= self.hour < self.closes:
            raise ValueError("hour lies outside the office hours, opens to closes")
        return self


class Quarters(Frozen):
    """The days around the end of a quarter; the Plan names none (三（四）), so that a bureau may set its own.

    The defaults are a proposal (domain.md §5).
    """

    prompt_days_before_end: Annotated[int, Field(ge=1, le=60)] = 10  # calendar days
    prompt_working_day: Annotated[int, Field(ge=1)] = 1  # the nth working day after the quarter
    prompt_every_working_days: Annotated[int, Field(ge=1)] = 2  # then until the unit has reported
    summary_working_day: Annotated[int, Field(ge=1, le=60)] = 5  # the nth working day after the quarter
    head_confirms: bool = False  # whether a unit's return needs its head
    summary_to: Literal["heads_and_liaisons", "heads", "liaisons"] = "heads_and_liaisons"
    summary_to_groups: bool = True  # whether it goes to the units' bound groups as well
    clause: ClauseId | None = None  # which clause asks for the summary


class Retention(Frozen):
    """How long each kind of data is kept, in calendar days; the defaults are a proposal.

    Names of staff and texts are kept as long as the content of the audit, which names people by their number and
    repeats what they wrote: until then somebody may ask who it was.

    Source: PIPL art. 19 and 47 (no longer than the purpose needs); Cybersecurity Law (network logs at least six
    months).
    """

    personal_days: Annotated[int, Field(ge=30, le=3650)] = 180  # natural persons, once entry and opinion are over
    audit_days: Annotated[int, Field(ge=184, le=36500)] = 1095  # what was changed; who did what and when stays
    attachments_days: Annotated[int, Field(ge=184, le=36500)] = 1095
    notices_days: Annotated[int, Field(ge=184, le=36500)] = 400  # what was sent, and strangers who were refused
    drafts_days: Annotated[int, Field(ge=14, le=3650)] = 60  # what was begun and never finished
    lists_days: Annotated[int, Field(ge=14, le=3650)] = 30  # lists that were sent in, and long work that is done
    staff_days: Annotated[int, Field(ge=184, le=36500)] = 1095  # who left or was refused; invitations that are over
    texts_days: Annotated[int, Field(ge=184, le=36500)] = 1095  # feedback, cases, returns, a quarter's ledger

    @model_validator(mode="after")
    def _persons_go_first(self) -> "Retention":
        if self.personal_days >= self.audit_days:
            raise ValueError("personal_days must be shorter than audit_days")
        return self


class Escalation(Frozen):
    """After how many working days who else hears of what the bureau itself owes; the defaults are a proposal."""

    officer_after_working_days: Annotated[int, Field(ge=1)] = 1
    officer_every_working_days: Annotated[int, Field(ge=1)] = 5  # again, to the officer alone, until it is done
    head_after_working_days: Annotated[int, Field(ge=1)] = 3
    coordinator_after_working_days: Annotated[int, Field(ge=1)] = 5
    centre_delay: bool = False  # whether the centre's delay climbs too; the officer is not at fault


class Settings(Frozen):
    """The numbers of the rule set, each in the unit its name says."""

    feedback_working_days: Annotated[int, Field(ge=1)]
    validity_months: Annotated[int, Field(ge=1)]
    validity_end: Literal["day_before", "same_day"]
    submit_margin_working_days: Annotated[int, Field(ge=0)]
    supplement: Literal["restart", "pause"]
    press_limit: Annotated[int, Field(ge=3)]  # presses from /guide to the result, without text


class About(Frozen):
    """The pack itself."""

    id: Id
    name: Text
    label: Text
    language: Text
    fictitious: bool = False
    effective_from: dt.date
    confirmed_in_force_by: str = ""
    confirmed_in_force_on: dt.date | None = None
    unconfirmed_note: Text


class Content(Frozen):
    """Everything a pack says, in its own order; this is what is hashed and kept."""

    about: About
    settings: Settings
    reminders: Reminders
    quarters: Quarters = Quarters()
    retention: Retention = Retention()
    escalation: Escalation = Escalation()
    off_catalogue: OffCatalogue
    documents: tuple[Document, ...]
    clauses: tuple[Clause, ...]
    products: tuple[Product, ...]
    routes: tuple[Route, ...]
    questions: tuple[Question, ...]
    rules: tuple[Rule, ...]
    cautions: tuple[Caution, ...] = ()
    advice: tuple[Advice, ...] = ()
    categories: tuple[Category, ...]
    units: tuple[Unit, ...]
    legal_division: tuple[LegalDivision, ...]
    matters: tuple[Matter, ...]
    lookalikes: tuple[LookAlike, ...] = ()
    report_blocks: tuple[ReportBlock, ...] = ()
    terms: tuple[Term, ...]
