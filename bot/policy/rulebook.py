"""The rules of one day, ready to be asked: three-valued conditions and the questions that still matter."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product as combinations

from bot.policy.model import (
    COUNTERPART,
    MATTER,
    OTHER,
    Advice,
    Caution,
    CounterpartKind,
    Matter,
    Policy,
    ProductKind,
    Question,
    Rule,
    Strength,
)

Known = Mapping[str, frozenset[str]]  # question id -> what is known to hold; absent = unknown
Effect = Rule | Caution | Advice
_FrozenKnown = frozenset[tuple[str, frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What follows from complete knowledge: products strongest first, ways to apply, advice."""

    products: tuple[tuple[str, Strength, tuple[Rule, ...]], ...]
    routes: tuple[str, ...]
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)  # identity: cheap keys of the caches
class _Condition:
    """An effect and its ``when`` as sets."""

    effect: Effect
    when: tuple[tuple[str, frozenset[str]], ...]

    def holds(self, known: Known) -> bool | None:
        """True, False, or None while an unknown answer could still decide."""
        verdict: bool | None = True
        for question, options in self.when:
            given = known.get(question)
            if given is None:
                verdict = None
            elif given.isdisjoint(options):
                return False
        return verdict

    def completed_by(self, supposed: Mapping[str, str]) -> bool:
        """Say whether these answers to all its open questions make an undecided condition hold."""
        return all(supposed[question] in options for question, options in self.when if question in supposed)


class RuleBook:
    """The rules, cautions and advice in force on one local date.

    Args:
        policy: The pack.
        on: The matter's local date.
    """

    def __init__(self, policy: Policy, on: dt.date) -> None:
        self._policy = policy
        self._matters = {matter.code: matter for matter in policy.matters_on(on)}
        questions = policy.questions.values()
        self._hidden = {question.id: frozenset[str]() for question in questions if not question.offered}
        self._many = {question.id: frozenset[str]() for question in questions if question.many}
        self._deciding = _conditions([*policy.rules, *policy.advice], on)
        self._cautions = _conditions(policy.cautions, on)
        self._order = {question: place for place, question in enumerate(policy.questions)}
        self._products = list(policy.products)
        self._enabled = {product.id for product in policy.products.values() if product.enabled}
        self._offered = {question.id: tuple(each.id for each in question.offered) for question in questions}
        self._ways_for = {
            kind.value: tuple(way.id for way in policy.routes.values() if kind in way.kinds) for kind in CounterpartKind
        }
        self._twin = _twins(self._deciding)
        self._mattering = lru_cache(maxsize=4096)(self._compute_mattering)
        self._that_change = lru_cache(maxsize=4096)(self._compute_that_change)  # shared by many sets of answers

    def has_matter(self, code: str) -> bool:
        """Say whether the catalogue of the day has the matter; 找不到 always counts."""
        return code == OTHER or code in self._matters

    def known(self, answers: Mapping[str, tuple[str, ...]]) -> Known:
        """Return what the matter settles beforehand, with the officer's answers to the rest.

        A multi-select is asked off the catalogue only: of a catalogued matter everything it covers is known.
        """
        code = answers[MATTER][0]
        matter = self._matters.get(code)
        facts = matter.facts if matter else self._policy.off_catalogue.facts
        known: dict[str, frozenset[str]] = {MATTER: frozenset((code,)), **self._hidden}
        known.update({question: frozenset(given) for question, given in answers.items() if question in self._order})
        if matter:
            known.update(self._many)
            if len(matter.kinds) == 1 and COUNTERPART in self._order:
                known[COUNTERPART] = frozenset(matter.kinds)
        known.update({question: frozenset(given) for question, given in facts.items()})
        return known

    def question(self, question_id: str, known: Known) -> Question:
        """Return the question with the options that this path offers."""
        question = self._policy.questions[question_id]
        kept = [option for option in question.offered if option.id in self._options(question_id, known)]
        return question.model_copy(update={"options": tuple(kept)})

    def fits(self, question_id: str, given: tuple[str, ...], known: Known) -> bool:
        """Say whether these options may stand as the answer."""
        allowed = set(self._options(question_id, known)).issuperset(given)
        return allowed and (self._policy.questions[question_id].many or len(given) == 1)

    def mattering(self, known: Known) -> tuple[str, ...]:
        """Return the unanswered questions whose answer could still change the result, in the pack's order."""
        return self._mattering(frozenset(known.items()))

    def finding(self, known: Known) -> Finding:
        """Return what follows once no question matters any more.

        Conditions still open are left out, unless they jointly hold whatever the answers would be.
        """
        certain = [each.effect for each in self._deciding if each.holds(known)]
        undecided = [each for each in self._deciding if each.holds(known) is None]
        if undecided:
            unknown = {question for each in undecided for question, _ in each.when if question not in known}
            case = {**known, **{question: frozenset(self._options(question, known)[:1]) for question in unknown}}
            whole = certain + [each.effect for each in undecided if each.holds(case)]
            if self._gist(whole, known) != self._gist(certain, known):
                certain = whole
        return self._conclude(certain, known)

    def cautions(self, known: Known) -> tuple[str, ...]:
        """Return the lines to heed."""
        return tuple(each.effect.text for each in self._cautions if each.holds(known))

    def _compute_mattering(self, frozen: _FrozenKnown) -> tuple[str, ...]:
        known = dict(frozen)
        verdicts = [(each, each.holds(known)) for each in self._deciding]
        undecided = tuple(each for each, verdict in verdicts if verdict is None)
        unknown = {question for each in undecided for question, _ in each.when if question not in known}
        if COUNTERPART in self._order and COUNTERPART not in known:
            unknown.add(COUNTERPART)  # the ways to apply may depend on it
        ordered = tuple(sorted(unknown, key=self._order.__getitem__))
        if any(self._policy.questions[question].many for question in ordered):
            return ordered  # a multi-select decides everything after it: no need to try all its subsets
        certain = frozenset(self._twin[each] for each, verdict in verdicts if verdict)
        return self._that_change(ordered, certain, undecided, known[MATTER], known.get(COUNTERPART))

    def _compute_that_change(
        self,
        questions: tuple[str, ...],
        certain: frozenset[_Condition],
        undecided: tuple[_Condition, ...],
        matter: frozenset[str],
        counterpart: frozenset[str] | None,
    ) -> tuple[str, ...]:
        """Try every case of the unknown answers; what is settled already counts only by its effects."""
        known = {MATTER: matter} if counterpart is None else {MATTER: matter, COUNTERPART: counterpart}
        gists: dict[tuple[str, ...], object] = {}
        for choice in combinations(*(self._distinct(question, undecided, known) for question in questions)):
            supposed = dict(zip(questions, choice, strict=True))
            effects = [each.effect for each in certain]
            effects += [each.effect for each in undecided if each.completed_by(supposed)]
            answers = {question: frozenset((option,)) for question, option in supposed.items()}
            gists[choice] = self._gist(effects, {**known, **answers})
        return tuple(question for place, question in enumerate(questions) if _varies(gists, place))

    def _distinct(self, question: str, undecided: Sequence[_Condition], known: Known) -> tuple[str, ...]:
        """One option of each kind that the open conditions and the ways to apply can tell apart."""
        kinds: dict[object, str] = {}
        named = [options for each in undecided for key, options in each.when if key == question]
        for option in self._options(question, known):
            ways = self._ways_for.get(option) if question == COUNTERPART else None
            kinds.setdefault((ways, *(option in options for options in named)), option)
        return tuple(kinds.values())

    def _options(self, question_id: str, known: Known) -> tuple[str, ...]:
        options = self._offered[question_id]
        matter = self._matters.get(_matter_code(known))
        if question_id == COUNTERPART and matter:
            return tuple(option for option in options if option in matter.kinds)
        return options

    def _gist(self, effects: Iterable[Effect], known: Known) -> object:
        """What an officer would notice: cases with the same gist are the same result."""
        rules, advice = self._sorted_out(effects)
        texts = frozenset(each.text for each in advice)
        if any(each.replaces_products for each in advice):
            return texts
        matter = self._matters.get(_matter_code(known))
        noticed = frozenset(
            (product, _strength(product, found, matter), frozenset(rule.source.clause for rule in found))
            for product, found in rules.items()
        )
        return noticed, self._routes(rules, matter, known), texts

    def _sorted_out(self, effects: Iterable[Effect]) -> tuple[dict[str, list[Rule]], list[Advice]]:
        rules: dict[str, list[Rule]] = {}
        advice: list[Advice] = []
        for effect in effects:
            if isinstance(effect, Advice):
                advice.append(effect)
            elif isinstance(effect, Rule) and effect.product in self._enabled:
                rules.setdefault(effect.product, []).append(effect)
        return rules, advice

    def _conclude(self, effects: Iterable[Effect], known: Known) -> Finding:
        rules, advice = self._sorted_out(effects)
        texts = tuple(dict.fromkeys(each.text for each in advice))
        if any(each.replaces_products for each in advice):
            return Finding((), (), texts)
        matter = self._matters.get(_matter_code(known))
        ranked = [(product, _strength(product, found, matter), tuple(found)) for product, found in rules.items()]
        ranked.sort(key=lambda each: (each[1].rank, self._products.index(each[0])))
        return Finding(tuple(ranked), self._routes(rules, matter, known), texts)

    def _routes(self, products: Iterable[str], matter: Matter | None, known: Known) -> tuple[str, ...]:
        """The ways to apply: a verification's depend on matter and counterpart, the other products' are their own."""
        wanted = set(products)
        found = [product for product in self._policy.products.values() if product.id in wanted]
        if not found:
            return ()
        leading = next((each for each in found if each.kind is ProductKind.VERIFICATION), found[0])
        if leading.kind is not ProductKind.VERIFICATION:
            return leading.routes
        ways = (matter.routes if matter else ()) or leading.routes
        kinds = known.get(COUNTERPART) or frozenset(matter.kinds if matter else CounterpartKind)
        return tuple(way for way in ways if not kinds.isdisjoint(self._policy.routes[way].kinds))


def _matter_code(known: Known) -> str:
    (code,) = known[MATTER]
    return code


def _strength(product: str, rules: Sequence[Rule], matter: Matter | None) -> Strength:
    if matter and matter.source == "confirmed" and product in matter.required:
        return Strength.REQUIRED
    return min((rule.strength for rule in rules), key=lambda strength: strength.rank)


def _varies(gists: Mapping[tuple[str, ...], object], place: int) -> bool:
    """Say whether some two cases that differ only in one answer give different results."""
    seen: dict[tuple[str, ...], object] = {}
    for choice, gist in gists.items():
        rest = choice[:place] + choice[place + 1 :]
        if seen.setdefault(rest, gist) != gist:
            return True
    return False


def _twins(conditions: Iterable[_Condition]) -> Mapping[_Condition, _Condition]:
    """Map each condition to the first whose effect an officer could not tell from its own."""
    first: dict[object, _Condition] = {}
    return {each: first.setdefault(_noticed(each.effect), each) for each in conditions}


def _noticed(effect: Effect) -> object:
    if isinstance(effect, Rule):
        return effect.product, effect.strength, effect.source.clause
    return effect.text, isinstance(effect, Advice) and effect.replaces_products


def _conditions(effects: Iterable[Effect], on: dt.date) -> tuple[_Condition, ...]:
    return tuple(
        _Condition(effect, tuple((question, frozenset(options)) for question, options in effect.when.items()))
        for effect in effects
        if effect.in_force(on)
    )
