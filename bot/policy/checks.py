"""What a pack must satisfy beyond its shape; every check yields findings and none stops at the first."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import Any, cast

from bot import guidance
from bot.policy.model import (
    COUNTERPART,
    MATTER,
    OTHER,
    Advice,
    Caution,
    CounterpartKind,
    Dated,
    Policy,
    ProductKind,
    Rule,
)

_ONE_DAY = dt.timedelta(days=1)
_KEYS = {"units": "code", "matters": "code", "legal_division": ""}  # all other lists have ``id``
_VERSIONED = ("rules", "cautions", "advice", "terms", "legal_division")
_EFFECTS = ("rules", "cautions", "advice")
_NEEDED_TERMS = ("bureau", "credit_centre", "credit_office")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in an entry: section, index in it (None = the section itself), key path within the entry."""

    section: str
    index: int | None
    key: str
    problem: str


@dataclass(slots=True)
class Draft:
    """A pack whose entries have the right shape one by one; ids of misshapen entries count as existing."""

    single: dict[str, Any] = field(default_factory=dict)
    lists: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    missing: set[str] = field(default_factory=set)

    def note_id(self, section: str, raw: object) -> None:
        """Remember the id of an entry even if the entry itself proves wrong."""
        found = cast("dict[str, object]", raw).get(_KEYS.get(section, "id")) if isinstance(raw, dict) else None
        if isinstance(found, str):
            self.ids[section].add(found)

    def knows(self, section: str, entry_id: str) -> bool:
        """Say whether the id exists; of a missing section nothing is said twice."""
        return section in self.missing or entry_id in self.ids[section]

    def entries(self, *sections: str) -> Iterator[tuple[str, int, Any]]:
        """Yield section, index and entry."""
        for section in sections:
            for index, entry in self.lists.get(section, ()):
                yield section, index, entry


def findings(draft: Draft) -> Iterator[Finding]:
    """Yield what is wrong with ids, references, vocabulary and dates."""
    yield from _duplicates(draft)
    yield from _versions(draft)
    yield from _references(draft)
    yield from _vocabulary(draft)
    yield from _counterpart_options(draft)
    yield from _confirmations(draft)
    yield from _terms(draft)


def deep_findings(policy: Policy) -> Iterator[Finding]:
    """Yield what only walking the guide shows: what is unreachable, too long or leads nowhere.

    Args:
        policy: A policy whose entries and references are sound.
    """
    yield from _unreachable_effects(policy)
    yield from _unreachable_questions(policy)
    yield from _long_paths(policy)
    yield from _matters_without_way(policy)


def _duplicates(draft: Draft) -> Iterator[Finding]:
    for section in draft.lists:
        if section in _VERSIONED:
            continue
        key, seen = _KEYS.get(section, "id"), set[str]()
        for _, index, entry in draft.entries(section):
            name = getattr(entry, key)
            if name in seen:
                yield Finding(section, index, key, f"{name!r} is used twice.")
            seen.add(name)
    for _, index, question in draft.entries("questions"):
        names = [option.id for option in question.options]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Finding("questions", index, "options", f"The option {name!r} is used twice.")


def _versions(draft: Draft) -> Iterator[Finding]:
    """Versions of one id follow each other without gap or overlap."""
    for section in _VERSIONED:
        versions: dict[str, list[tuple[int, Dated]]] = defaultdict(list)
        for _, index, entry in draft.entries(section):
            versions[getattr(entry, "id", "it")].append((index, entry))
        for name, dated in versions.items():
            yield from _one_after_another(section, name, dated)
    for _, index, matter in draft.entries("matters"):
        if matter.effective_from and matter.effective_to and matter.effective_to < matter.effective_from:
            yield Finding("matters", index, "effective_to", "It ends before it begins.")


def _one_after_another(section: str, name: str, dated: list[tuple[int, Dated]]) -> Iterator[Finding]:
    for index, entry in dated:
        if entry.effective_to and entry.effective_to < entry.effective_from:
            yield Finding(section, index, "effective_to", "It ends before it begins.")
    ordered = sorted(dated, key=lambda each: each[1].effective_from)
    for (_, earlier), (index, later) in pairwise(ordered):
        if earlier.effective_to is None or earlier.effective_to >= later.effective_from:
            yield Finding(section, index, "effective_from", f"Two versions of {name!r} overlap in time.")
        elif earlier.effective_to + _ONE_DAY < later.effective_from:
            yield Finding(section, index, "effective_from", f"The versions of {name!r} leave a gap before this one.")


# section, key path of the mention, section that the mentioned id stands in
_MENTIONS = (
    ("clauses", "document", "documents"),
    ("rules", "product", "products"),
    ("rules", "source.document", "documents"),
    ("rules", "source.clause", "clauses"),
    ("products", "routes", "routes"),
    ("matters", "routes", "routes"),
    ("matters", "category", "categories"),
    ("matters", "owner", "units"),
    ("matters", "required", "products"),
    ("units", "parent", "units"),
    ("legal_division", "unit", "units"),
)


def _references(draft: Draft) -> Iterator[Finding]:
    for section, key, target in _MENTIONS:
        for _, index, entry in draft.entries(section):
            named = attrgetter(key)(entry)
            for name in (named,) if isinstance(named, str) else named or ():
                if not draft.knows(target, name):
                    yield Finding(section, index, key, f"{name!r} does not exist in {target}.")


def _vocabulary(draft: Draft) -> Iterator[Finding]:
    """Conditions and facts speak only of questions and options that exist."""
    options = {entry.id: {option.id for option in entry.options} for _, _, entry in draft.entries("questions")}
    for section, index, entry in draft.entries(*_EFFECTS):
        yield from _unknown_words(draft, options, (section, index, "when"), entry.when)
    for section, index, entry in draft.entries("matters"):
        yield from _unknown_words(draft, options, (section, index, "facts"), entry.facts)
    off = draft.single.get("off_catalogue")
    if off is not None:
        yield from _unknown_words(draft, options, ("off_catalogue", None, "facts"), off.facts)


def _unknown_words(
    draft: Draft,
    options: Mapping[str, set[str]],
    place: tuple[str, int | None, str],
    spoken: Mapping[str, Iterable[str]],
) -> Iterator[Finding]:
    section, index, key = place
    for question, chosen in spoken.items():
        if not draft.knows("questions", question):
            yield Finding(section, index, f"{key}.{question}", f"There is no question {question!r}.")
        for option in sorted(set(chosen) - options.get(question, set(chosen))):
            yield Finding(section, index, f"{key}.{question}", f"The question has no option {option!r}.")


def _counterpart_options(draft: Draft) -> Iterator[Finding]:
    seen_single = False
    for _, index, question in draft.entries("questions"):
        if question.id == COUNTERPART:
            for option in question.options:
                if option.id not in set(CounterpartKind):
                    yield Finding("questions", index, "options", f"{option.id!r} is no kind of counterpart.")
        if question.many and question.offered and seen_single:
            yield Finding("questions", index, "many", "Questions with several answers come before all others.")
        seen_single = seen_single or bool(question.offered and not question.many)


def _confirmations(draft: Draft) -> Iterator[Finding]:
    for _, index, matter in draft.entries("matters"):
        if matter.required and matter.source != "confirmed":
            yield Finding("matters", index, "required", "Only a confirmed entry may require a product.")


def _terms(draft: Draft) -> Iterator[Finding]:
    for name in _NEEDED_TERMS:
        if not draft.knows("terms", name):
            yield Finding("terms", None, "", f"The term {name!r} is missing.")
    clause = getattr(draft.single.get("quarters"), "clause", None)
    if clause is not None and not draft.knows("clauses", clause):
        yield Finding("quarters", None, "clause", f"{clause!r} does not exist in clauses.")


def _starts(policy: Policy) -> list[tuple[str, Mapping[str, tuple[str, ...]], tuple[CounterpartKind, ...]]]:
    """Every way into the guide: matter code, facts, kinds."""
    starts = [(matter.code, matter.facts, matter.kinds) for matter in policy.matters.values()]
    return [*starts, (OTHER, policy.off_catalogue.facts, tuple(CounterpartKind))]


def _unreachable_effects(policy: Policy) -> Iterator[Finding]:
    for section in _EFFECTS:
        effects: Sequence[Rule | Caution | Advice] = getattr(policy.content, section)
        for index, effect in enumerate(effects):
            if not any(_can_hold(policy, effect.when, *start) for start in _starts(policy)):
                yield Finding(section, index, "when", "No matter and no answers can make this hold.")


def _can_hold(
    policy: Policy,
    when: Mapping[str, tuple[str, ...]],
    code: str,
    facts: Mapping[str, tuple[str, ...]],
    kinds: tuple[CounterpartKind, ...],
) -> bool:
    for key, options in when.items():
        question = policy.questions[key]
        possible = set(facts.get(key, ())) if key in facts else {option.id for option in question.offered}
        if key not in facts and question.many and code != OTHER:
            possible = set()
        if key == COUNTERPART:
            possible &= set(kinds)
        if possible.isdisjoint(options):
            return False
    return True


def _days(policy: Policy) -> list[dt.date]:
    """The days on which something begins: the rules of every period are seen on one of them."""
    content = policy.content
    dated: list[Dated] = [*content.rules, *content.cautions, *content.advice]
    days = {each.effective_from for each in dated} | {content.about.effective_from}
    return sorted(days | {matter.effective_from for matter in content.matters if matter.effective_from})


def _unreachable_questions(policy: Policy) -> Iterator[Finding]:
    reached = {question.id for question in policy.questions.values() if question.many}
    for on in _days(policy):
        for answers in _beginnings(policy, on):
            reached |= set(guidance.open_questions(policy, answers, on=on))
    for index, question in enumerate(policy.questions.values()):
        if question.offered and question.id not in reached:
            yield Finding("questions", index, "id", f"{question.id!r} is never asked: it changes no result.")


def _beginnings(policy: Policy, on: dt.date) -> Iterator[guidance.Answers]:
    """Each matter; off the catalogue each option of each multi-select alone, and all of them together."""
    for matter in policy.matters_on(on):
        yield {MATTER: (matter.code,)}
    selects = [question for question in policy.questions.values() if question.many]
    many = {question.id: tuple(option.id for option in question.offered) for question in selects}
    none: guidance.Answers = {question: () for question in many}
    for question, options in many.items():
        for option in options:
            yield {MATTER: (OTHER,), **none, question: (option,)}
    yield {MATTER: (OTHER,), **many}


def _long_paths(policy: Policy) -> Iterator[Finding]:
    """Category and matter are a press each, then one press per question; 找不到 stands on the first screen."""
    limit = policy.settings.press_limit
    for on in _days(policy):
        for index, matter in enumerate(policy.matters.values()):
            presses = 2 + _most_questions(policy, matter.code, on) if matter.in_force(on) else 0
            if presses > limit:
                yield Finding("matters", index, "facts", f"The guide may need {presses} presses for it.")
        presses = 1 + _most_questions(policy, OTHER, on)
        if presses > limit:
            yield Finding("off_catalogue", None, "facts", f"The guide may need {presses} presses.")


def _most_questions(policy: Policy, code: str, on: dt.date) -> int:
    return len(guidance.open_questions(policy, {MATTER: (code,)}, on=on))


def _matters_without_way(policy: Policy) -> Iterator[Finding]:
    """A matter that restricts the ways to apply leaves one for each of its counterparts."""
    verifications = [each for each in policy.products.values() if each.kind is ProductKind.VERIFICATION]
    for index, matter in enumerate(policy.matters.values()):
        ways = matter.routes or tuple(way for product in verifications for way in product.routes)
        for kind in matter.kinds:
            if not any(kind in policy.routes[way].kinds for way in ways):
                yield Finding("matters", index, "routes", f"No way to apply serves {kind.value}.")
