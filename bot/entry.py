"""The form of a ledger entry: what was filled in so far, what is still missing, and which dates follow.

The step is computed from what was filled in and never stored; only a line that the officer chose to change again is
remembered, until it is changed.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from bot.counterparts import NaturalPerson, Organisation, read_count, read_organisations, read_person
from bot.deadlines import feedback_due, latest_submission
from bot.errors import Refusal
from bot.guidance import Recommendation
from bot.identifiers import read_code
from bot.language import _
from bot.opinions import Reusable
from bot.policy.model import Applying, CounterpartKind, Policy, ProductKind
from bot.scope import Scope, Way, kind_name
from bot.workdays import Calendar, Reckoned

MOST: Final = 9999  # persons or letters of one entry; more is a slip of the finger


class Step(StrEnum):
    """The screens of the form."""

    SUBJECT = "subject"
    REUSE = "reuse"
    SUBMISSION = "submission"
    PRODUCTS = "products"
    LETTERS = "letters"
    DECIDE = "decide"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Form:
    """What was filled in so far; None and empty mean not yet."""

    organisations: tuple[Organisation, ...] = ()
    person: NaturalPerson | None = None
    head_count: int | None = None
    letters: int | None = None
    products: tuple[str, ...] | None = None  # None = the usual ones
    applicant: Applying | None = None
    submitted_on: dt.date | None = None
    not_submitted: bool = False  # the application has not gone out yet
    decide_on: dt.date | None = None
    way: Way | None = None  # None = the usual one
    reuse: bool | None = None  # whether still-valid opinions are used; None = not said yet
    editing: Step | None = None  # a line that is being changed again

    @property
    def subjects(self) -> int:
        """How many counterparts are named."""
        return len(self.organisations) + (self.person is not None)

    def to_json(self) -> dict[str, Any]:
        """Return the form as JSON for the draft."""
        return {
            "organisations": [[each.name, each.code.value] for each in self.organisations],
            "person": [self.person.surname, self.person.last4, self.person.case_number] if self.person else None,
            "head_count": self.head_count,
            "letters": self.letters,
            "products": None if self.products is None else list(self.products),
            "applicant": self.applicant,
            "submitted_on": self.submitted_on.isoformat() if self.submitted_on else None,
            "not_submitted": self.not_submitted,
            "decide_on": self.decide_on.isoformat() if self.decide_on else None,
            "way": self.way,
            "reuse": self.reuse,
            "editing": self.editing,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Form":
        """Read a kept form back; an empty mapping is an empty form."""
        if not data:
            return cls()
        return cls(
            organisations=tuple(Organisation(name, read_code(code)) for name, code in data["organisations"]),
            person=NaturalPerson(*data["person"]) if data["person"] else None,
            head_count=data["head_count"],
            letters=data["letters"],
            products=None if data["products"] is None else tuple(data["products"]),
            applicant=data["applicant"],
            submitted_on=dt.date.fromisoformat(data["submitted_on"]) if data["submitted_on"] else None,
            not_submitted=data["not_submitted"],
            decide_on=dt.date.fromisoformat(data["decide_on"]) if data["decide_on"] else None,
            way=Way(data["way"]) if data["way"] else None,
            reuse=data.get("reuse"),
            editing=Step(data["editing"]) if data["editing"] else None,
        )


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates that follow from a form.

    Args:
        due: When the centre's feedback can be expected, taking the submission for the receipt.
        latest: The last day to submit in time for the decision (最迟提交日).
        late: Whether the feedback may come too late for the decision.
    """

    due: Reckoned | None
    latest: Reckoned | None
    late: bool


def recorded(form: Form, scope: Scope) -> tuple[Recommendation, ...]:
    """Return the products that the entry records."""
    chosen = scope.usual if form.products is None else form.products
    return tuple(each for each in scope.offered if each.product.id in chosen)


def verifies(form: Form, scope: Scope) -> bool:
    """Say whether a verification is among the products."""
    return any(each.product.kind is ProductKind.VERIFICATION for each in recorded(form, scope))


def offers_reuse(form: Form, scope: Scope) -> bool:
    """Say whether a still-valid opinion on a counterpart could be used instead of a new application."""
    return verifies(form, scope) and any(each.code.value in scope.known.reusable for each in form.organisations)


def reused(form: Form, scope: Scope) -> dict[str, Reusable]:
    """Return code -> the opinion that is used again, where the officer chose that."""
    if not (form.reuse and verifies(form, scope)):
        return {}
    codes = [each.code.value for each in form.organisations]
    return {code: scope.known.reusable[code] for code in codes if code in scope.known.reusable}


def applies(form: Form, scope: Scope) -> bool:
    """Say whether anybody is left for whom a verification is applied for, so that dates have to be watched."""
    if not verifies(form, scope):
        return False
    return form.person is not None or not form.organisations or len(reused(form, scope)) < len(form.organisations)


def with_reuse(form: Form, *, chosen: bool) -> Form:
    """Use the still-valid opinions, or apply anew all the same."""
    return replace(form, reuse=chosen, editing=None)


def pledges(form: Form, scope: Scope) -> bool:
    """Say whether a commitment is among the products, so that letters are counted."""
    return any(each.product.kind is ProductKind.COMMITMENT for each in recorded(form, scope))


def letters(form: Form) -> int:
    """Return how many letters of commitment are recorded: one for each counterpart unless the officer said more."""
    if form.subjects > 1:
        return form.subjects
    return form.letters or form.head_count or 1


def step(form: Form, scope: Scope) -> Step:
    """Return the screen that comes now: the line being changed, else what is missing, else the confirmation."""
    if form.editing is not None:
        return form.editing
    if not _has_subject(form, scope):
        return Step.SUBJECT
    if form.reuse is None and offers_reuse(form, scope):
        return Step.REUSE
    if applies(form, scope) and form.submitted_on is None and not form.not_submitted:
        return Step.SUBMISSION
    return Step.CONFIRM


def way(form: Form, scope: Scope) -> Way:
    """Return how the subject is being given."""
    return form.way if form.way in scope.ways else scope.ways[0]


def with_subject(form: Form, scope: Scope, text: str) -> Form:
    """Fill in the subject from what was typed or pasted.

    Raises:
        Refusal: It cannot be read, or its kind does not fit the matter.
    """
    chosen = way(form, scope)
    if chosen is Way.ORGANISATIONS and (counting := _counting(scope)) and text.strip().isdecimal() and len(text) < 5:
        chosen = counting
    blank = replace(form, organisations=(), person=None, head_count=None, reuse=None, editing=None)
    match chosen:
        case Way.ORGANISATIONS:
            return replace(blank, organisations=_fitting(read_organisations(text), scope))
        case Way.PERSON:
            return replace(blank, person=read_person(text))
        case Way.COUNT:
            return replace(blank, head_count=read_count(text, most=MOST))
        case Way.LETTERS:
            return replace(blank, letters=read_count(text, most=MOST))


def without_last(form: Form, scope: Scope) -> Form | None:
    """Return the form one step back, without what was filled in last; None at the first step."""
    present = step(form, scope)
    if present is Step.SUBJECT:
        return None
    if present is Step.CONFIRM and applies(form, scope):
        return replace(form, submitted_on=None, not_submitted=False)
    if present in (Step.CONFIRM, Step.SUBMISSION) and form.reuse is not None:
        return replace(form, reuse=None)
    return replace(form, organisations=(), person=None, head_count=None, letters=None, reuse=None)


def with_submission(form: Form, on: dt.date | None, *, applicant: Applying, today: dt.date) -> Form:
    """Fill in who applied and when; None for an application that has not gone out yet.

    Raises:
        Refusal: The date lies in the future.
    """
    if on is not None and on > today:
        raise Refusal(_("The day of submission cannot lie in the future. Please send today's date or an earlier one."))
    return replace(form, submitted_on=on, not_submitted=on is None, applicant=applicant, editing=None)


def with_decision(form: Form, on: dt.date | None, *, today: dt.date) -> Form:
    """Fill in the planned day of the decision, or take it out.

    Raises:
        Refusal: The date is past.
    """
    if on is not None and on < today:
        raise Refusal(_("The planned day of decision is already past. Please send today's date or a later one."))
    return replace(form, decide_on=on, editing=None)


def toggled(form: Form, scope: Scope, product_id: str) -> Form:
    """Record a product or leave it out.

    Raises:
        Refusal: Nothing would be left to record.
    """
    chosen = {each.product.id for each in recorded(form, scope)} ^ {product_id}
    kept = tuple(each.product.id for each in scope.offered if each.product.id in chosen)
    if not kept:
        raise Refusal(_("An entry records at least one product. Please choose another one first."))
    return replace(form, products=kept)


def dates(form: Form, scope: Scope, policy: Policy, calendar: Calendar) -> Dates:
    """Return the dates that follow from a form.

    Source: the Plan 二（二） for the centre's period; the margin is the pack's.
    """
    settings = policy.settings
    if not applies(form, scope):
        return Dates(None, None, late=False)
    due = latest = None
    if form.submitted_on is not None and form.applicant == "bureau":
        due = feedback_due(calendar, form.submitted_on, working_days=settings.feedback_working_days)
    if form.decide_on is not None:
        latest = latest_submission(
            calendar,
            form.decide_on,
            working_days=settings.feedback_working_days,
            margin_working_days=settings.submit_margin_working_days,
        )
    return Dates(due, latest, late=_is_late(form, due, latest))


def _is_late(form: Form, due: Reckoned | None, latest: Reckoned | None) -> bool:
    after_latest = bool(form.submitted_on and latest and form.submitted_on > latest.on)
    return after_latest or bool(due and form.decide_on and due.on > form.decide_on)


def _counting(scope: Scope) -> Way | None:
    return next((each for each in (Way.LETTERS, Way.COUNT) if each in scope.ways), None)


def _has_subject(form: Form, scope: Scope) -> bool:
    if form.subjects or form.head_count:
        return True
    only_letters = all(each.product.kind is ProductKind.COMMITMENT for each in recorded(form, scope))
    return only_letters and form.letters is not None


def _fitting(organisations: tuple[Organisation, ...], scope: Scope) -> tuple[Organisation, ...]:
    """Return the organisations, refusing those whose code says that the matter is not for them."""
    for each in organisations:
        if each.code.kind not in scope.kinds:
            raise Refusal(
                _("The code of %(name)s belongs to %(kind)s, but this matter is for %(kinds)s. "
                  "Please check the code, or choose another matter.")
                % {
                    "name": each.name,
                    "kind": kind_name(CounterpartKind(each.code.kind)),
                    "kinds": _(", ").join(kind_name(k) for k in CounterpartKind if k in scope.kinds),
                }
            )  # fmt: skip
    return organisations
