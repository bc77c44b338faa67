"""The guide: which question comes next, and which credit products follow from the answers.

The step is computed from the answers and never stored. Unknown is not "no": a question is asked exactly when its
answer could still change the products, their strengths, the clauses, the route or the advice; no other is asked.
Going back, editing one answer and resuming tomorrow are therefore the same computation.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.language import _
from bot.policy.model import (
    MATTER,
    OTHER,
    Matter,
    Option,
    Policy,
    Product,
    Question,
    Rule,
    Strength,
)
from bot.policy.rulebook import RuleBook

Answers = Mapping[str, tuple[str, ...]]  # question id -> chosen option ids


@dataclass(frozen=True, slots=True)
class Answered:
    """A question that counts on this path, with the options chosen."""

    question: Question
    chosen: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The words of the chosen options."""
        return tuple(self.question.label(option) for option in self.chosen)


@dataclass(frozen=True, slots=True)
class Ask:
    """The next question: number ``number`` of at most ``total`` on this path (the matter is number 1)."""

    question: Question
    chosen: tuple[str, ...]
    number: int
    total: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a product is recommended: the rule, its clause and a short quoted term."""

    rule_id: str
    text: str
    citation: str
    quote: str
    clause_id: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product with its strength; ``in_form`` means the statutory form already carries the pledge (已含，不另收)."""

    product: Product
    strength: Strength
    reasons: tuple[Reason, ...]
    in_form: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result: products strongest first, or advice where to go instead.

    ``route`` is the default way to apply and the first of ``routes``; with no product both are empty.
    """

    recommendations: tuple[Recommendation, ...]
    matter: Matter | None
    route: str
    routes: tuple[str, ...]
    cautions: tuple[str, ...]
    advice: str | None
    answered: tuple[Answered, ...]

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The rules that decided, for the record."""
        return tuple(reason.rule_id for each in self.recommendations for reason in each.reasons)


def matter_title(matter: Matter | None) -> str:
    """Return a matter's name, or what one outside the catalogue is called."""
    return matter.name if matter else _("Matter outside the catalogue")


def next_step(policy: Policy, answers: Answers, *, on: dt.date) -> Ask | Outcome:
    """Return the question to ask now, or the result when no open question can change it.

    Args:
        policy: The pack.
        answers: What has been chosen so far; answers that do not belong to the path are ignored.
        on: The matter's local date; the rules in force on it decide.
    """
    book = _book(policy, on)
    valid = still_valid(policy, answers, on=on)
    if MATTER not in valid:
        return Ask(_matter_question(policy, on), (), 1, 1 + _longest(policy, on))
    known = book.known(valid)
    open_ids = book.mattering(known)
    if not open_ids:
        return _outcome(policy, valid, on)
    question = book.question(open_ids[0], known)
    return Ask(question, (), len(valid) + 1, len(valid) + len(open_ids))


def answered(policy: Policy, answers: Answers, *, on: dt.date) -> tuple[Answered, ...]:
    """Return the answers that count on this path, in the order of asking."""
    valid = still_valid(policy, answers, on=on)
    if MATTER not in valid:
        return ()
    book = _book(policy, on)
    known = book.known(valid)
    rest = [Answered(book.question(key, known), chosen) for key, chosen in valid.items() if key != MATTER]
    return (Answered(_matter_question(policy, on), valid[MATTER]), *rest)


def asked_again(policy: Policy, answers: Answers, question_id: str, *, on: dt.date) -> Ask | None:
    """Return the screen that edits one answer, or None when the question is not on this path."""
    items = answered(policy, answers, on=on)
    for number, item in enumerate(items, start=1):
        if item.question.id == question_id:
            step = next_step(policy, answers, on=on)
            total = step.total if isinstance(step, Ask) else len(items)
            return Ask(item.question, item.chosen, number, total)
    return None


def still_valid(policy: Policy, answers: Answers, *, on: dt.date) -> Answers:
    """Return the answers that belong to this path, in the order of asking; later valid answers are kept.

    An answer belongs when its options exist and, given the answers before it, it can change the result.
    """
    book = _book(policy, on)
    chosen = answers.get(MATTER, ())
    if len(chosen) != 1 or not book.has_matter(chosen[0]):
        return {}
    kept: dict[str, tuple[str, ...]] = {MATTER: chosen}
    for question_id in policy.questions:
        if question_id not in answers:
            continue
        known = book.known(kept)
        given = answers[question_id]
        if question_id in book.mattering(known) and book.fits(question_id, given, known):
            kept[question_id] = given
    return kept


def rejected(policy: Policy, answers: Answers, *, on: dt.date) -> tuple[str, ...]:
    """Return the question ids whose stored option this pack no longer knows; they are named and asked again."""
    gone = [MATTER] if any(not _book(policy, on).has_matter(code) for code in answers.get(MATTER, ())) else []
    for question in policy.questions.values():
        options = {option.id for option in question.offered}
        if not options.issuperset(answers.get(question.id, ())):
            gone.append(question.id)
    return tuple(gone)


def open_questions(policy: Policy, answers: Answers, *, on: dt.date) -> tuple[str, ...]:
    """Return the questions that may still follow; never more are asked.

    Args:
        policy: The pack.
        answers: At least the matter (or ``other``).
        on: The matter's local date.
    """
    book = _book(policy, on)
    return book.mattering(book.known(answers))


@lru_cache(maxsize=64)
def _book(policy: Policy, on: dt.date) -> RuleBook:
    return RuleBook(policy, on)


@lru_cache(maxsize=64)
def _matter_question(policy: Policy, on: dt.date) -> Question:
    options = [Option(id=matter.code, label=matter.name) for matter in policy.matters_on(on)]
    other = policy.content.off_catalogue
    return Question(id=MATTER, text=other.question, options=(*options, Option(id=OTHER, label=other.label)))


@lru_cache(maxsize=64)
def _longest(policy: Policy, on: dt.date) -> int:
    codes = [matter.code for matter in policy.matters_on(on)]
    return max(len(open_questions(policy, {MATTER: (code,)}, on=on)) for code in [*codes, OTHER])


def _outcome(policy: Policy, valid: Answers, on: dt.date) -> Outcome:
    book = _book(policy, on)
    known = book.known(valid)
    matter = policy.matters.get(valid[MATTER][0])
    finding = book.finding(known)
    recommendations = tuple(
        _recommendation(policy, policy.products[product], strength, rules, matter)
        for product, strength, rules in finding.products
    )
    advice = "\n".join(finding.advice) or (None if recommendations else policy.off_catalogue.unclear)
    return Outcome(
        recommendations=recommendations,
        matter=matter,
        route=finding.routes[0] if finding.routes else "",
        routes=finding.routes,
        cautions=book.cautions(known),
        advice=advice,
        answered=answered(policy, valid, on=on),
    )


def _recommendation(
    policy: Policy, product: Product, strength: Strength, rules: tuple[Rule, ...], matter: Matter | None
) -> Recommendation:
    in_form = matter is not None and matter.pledge_in_form and product.in_form_note is not None
    notes = [product.in_form_note] if in_form else [rule.note for rule in rules]
    return Recommendation(
        product=product,
        strength=strength,
        reasons=tuple(_reason(policy, rule) for rule in rules),
        in_form=in_form,
        note="\n".join(dict.fromkeys(note for note in notes if note)) or None,
    )


def _reason(policy: Policy, rule: Rule) -> Reason:
    return Reason(rule.id, rule.text, policy.citation(rule.source), rule.quote, rule.source.clause)
