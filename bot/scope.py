"""What a ledger entry may hold, as it follows from a result of the guide."""

import datetime as dt
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum

from bot.credit_reports import subject_cautions
from bot.guidance import Outcome, Recommendation, matter_title
from bot.language import pgettext
from bot.opinions import Reusable
from bot.policy.model import COUNTERPART, Applying, CounterpartKind, Matter, Policy, ProductKind, Strength


class Way(StrEnum):
    """How the subject of the entry is given."""

    ORGANISATIONS = "orgs"  # 名称+代码
    PERSON = "person"  # surname, last four, case number
    COUNT = "count"  # a list kept outside the chat: only how many
    LETTERS = "letters"  # commitments only: only how many letters


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The open entries for a matter and a counterpart.

    Args:
        numbers: Those that the officer may look at.
        elsewhere: Whether there are others, of which they may know no more than that.
    """

    numbers: tuple[str, ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What the register knows already about the counterparts of an entry.

    Args:
        reusable: Code -> the still-valid opinion that may be used instead of a new application.
        too_old: Opinions that still hold, but are older than the coordinator accepts for the matter.
        open_entries: Numbers of open entries for the same matter and counterpart that the officer may look at.
        open_elsewhere: Whether there are others, of which they may know no more than that.
        breaches: Name and day of commitments that these counterparts have broken.
        told_of: Keys of the counterparts about whom anything of this is said.
    """

    reusable: Mapping[str, Reusable] = field(default_factory=dict)
    too_old: tuple[Reusable, ...] = ()
    open_entries: tuple[str, ...] = ()
    open_elsewhere: bool = False
    breaches: tuple[tuple[str, dt.date], ...] = ()
    told_of: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What an entry for one result of the guide may hold.

    Args:
        matter_code: The matter, None for one outside the catalogue.
        matter_name: As the officer sees it.
        subject_word: The screens' word for the counterpart (申请人, 申报单位, 供应商, 拟表彰对象).
        kinds: Whom the matter concerns.
        ways: How the subject may be given, the usual one first.
        offered: The products of the result, strongest first.
        usual: Ids of the products that are recorded unless the officer says otherwise.
        applicants: Who may apply for the verification.
        known: What the register knows about the counterparts that were named.
        cautions: What is to be heeded before anybody is named, such as bidders before the bids are opened.
        batch: Whether the matter usually comes as a list, which can be checked as a sheet.
        confidential: Whether who takes part is nobody else's business before the result is published.
        age_limit: How many months old an opinion may be for the matter, and why; None where validity alone decides.
    """

    matter_code: str | None
    matter_name: str
    subject_word: str
    kinds: frozenset[CounterpartKind]
    ways: tuple[Way, ...]
    offered: tuple[Recommendation, ...]
    usual: tuple[str, ...]
    applicants: tuple[Applying, ...]
    known: Known = Known()
    cautions: tuple[str, ...] = ()
    batch: bool = False
    confidential: bool = False
    age_limit: tuple[int, str] | None = None

    @property
    def of_persons(self) -> bool:
        """Whether natural persons are counted rather than organisations."""
        return CounterpartKind.NATURAL_PERSON in self.kinds


def scope(policy: Policy, outcome: Outcome) -> Scope:
    """Return what an entry for a result may hold."""
    matter = outcome.matter
    kinds = _kinds(outcome)
    usual = tuple(each.product.id for each in outcome.recommendations if _is_usual(each))
    applicants = dict.fromkeys(policy.routes[route].applicant for route in outcome.routes)
    true = {**(matter.facts if matter else {}), **{each.question.id: each.chosen for each in outcome.answered}}
    return Scope(
        matter_code=matter.code if matter else None,
        matter_name=matter_title(matter),
        subject_word=subject_word(matter),
        kinds=kinds,
        ways=_ways(kinds, outcome),
        offered=outcome.recommendations,
        usual=usual or tuple(each.product.id for each in outcome.recommendations[:1]),
        applicants=tuple(applicants) or ("bureau", "counterpart"),
        cautions=subject_cautions(outcome),
        batch=matter is not None and matter.batch,
        confidential=_is_confidential(matter, true, _confidential_facts(policy)),
        age_limit=_age_limit(matter),
    )


def confidential_matters(policy: Policy) -> frozenset[str]:
    """Return the codes of the matters in which who takes part is nobody else's business before the result.

    So it is with every list, with what the catalogue marks, and where a fact of the matter is one of that kind.
    """
    facts = _confidential_facts(policy)
    return frozenset(code for code, matter in policy.matters.items() if _is_confidential(matter, matter.facts, facts))


def _is_confidential(matter: Matter | None, true: Mapping[str, Sequence[str]], facts: Set[tuple[str, str]]) -> bool:
    marked = matter is not None and (matter.batch or matter.confidential)
    return marked or any((question, option) in facts for question, options in true.items() for option in options)


def _confidential_facts(policy: Policy) -> frozenset[tuple[str, str]]:
    """Return question and option of each answer that makes any matter confidential."""
    found = ((question.id, each) for question in policy.questions.values() for each in question.options)
    return frozenset((question, each.id) for question, each in found if each.confidential)


def _age_limit(matter: Matter | None) -> tuple[int, str] | None:
    if matter is None or matter.opinion_age_months is None:
        return None
    return matter.opinion_age_months, matter.opinion_age_basis or ""


def _is_usual(each: Recommendation) -> bool:
    return each.strength is not Strength.OPTIONAL or each.in_form


def _kinds(outcome: Outcome) -> frozenset[CounterpartKind]:
    """Return whom the entry concerns: what the officer answered, else what the matter allows."""
    for each in outcome.answered:
        if each.question.id == COUNTERPART:
            return frozenset(CounterpartKind(kind) for kind in each.chosen)
    return frozenset(outcome.matter.kinds if outcome.matter else CounterpartKind)


def _ways(kinds: frozenset[CounterpartKind], outcome: Outcome) -> tuple[Way, ...]:
    persons = CounterpartKind.NATURAL_PERSON in kinds
    batch = outcome.matter is not None and outcome.matter.batch
    commitments_only = all(each.product.kind is ProductKind.COMMITMENT for each in outcome.recommendations)
    possible = {
        Way.ORGANISATIONS: bool(kinds - {CounterpartKind.NATURAL_PERSON}),
        Way.COUNT: (persons or batch) and not commitments_only,
        Way.PERSON: persons,
        Way.LETTERS: commitments_only,
    }
    ways = [each for each, is_possible in possible.items() if is_possible]
    return tuple(sorted(ways, key=lambda each: each is Way.COUNT and not batch))


def subject_word(matter: Matter | None) -> str:
    """Return the screens' word for the counterpart of a matter; 申请人 for one outside the catalogue."""
    return matter.subject_word if matter else pgettext("subject", "applicant")


def kind_name(kind: CounterpartKind) -> str:
    """Return a kind of counterpart in words."""
    return {
        CounterpartKind.ENTERPRISE: pgettext("kind", "an enterprise"),
        CounterpartKind.INSTITUTION: pgettext("kind", "a public institution"),
        CounterpartKind.SOCIAL_ORG: pgettext("kind", "a social organisation"),
        CounterpartKind.NATURAL_PERSON: pgettext("kind", "a natural person"),
    }[kind]
