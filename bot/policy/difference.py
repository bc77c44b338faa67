"""What would be different under another policy: the matters whose products change, and which other parts do."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot.guidance import Outcome
from bot.policy.drawing import outcomes
from bot.policy.model import MATTER, OTHER, Policy, Strength

_WORDING: Final = ("documents", "clauses", "categories", "lookalikes", "report_blocks", "terms", "cautions", "advice")
_NUMBERS: Final = ("settings", "reminders", "quarters")
Products = Mapping[str, frozenset[Strength]]
"""Product -> how strongly it may be recommended, over all answers."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A matter whose result is another.

    Args:
        code: The matter; ``other`` for those outside the catalogue.
        name: As it is called.
        before: Its products so far; None for a new matter.
        after: Its products afterwards; None for a matter that is handled no more.
    """

    code: str
    name: str
    before: Products | None
    after: Products | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What two policies make different on a date.

    Args:
        matters: Matters whose result changes, new ones and those handled no more.
        settings: Numbers and choices that change: path -> (before, after).
        wording: Sections in which something else changes.
    """

    matters: tuple[Changed, ...]
    settings: Mapping[str, tuple[object, object]]
    wording: tuple[str, ...]

    @property
    def codes(self) -> frozenset[str]:
        """The matters whose result changes."""
        return frozenset(each.code for each in self.matters)


def difference(before: Policy, after: Policy, *, on: dt.date) -> Difference:
    """Return what would be different under another policy on a local date."""
    old, new = _results(before, on), _results(after, on)
    changed = []
    for code in dict.fromkeys((*old, *new)):
        if old.get(code) != new.get(code):
            name = _name(after if code in new else before, code)
            changed.append(Changed(code, name, _products(old.get(code)), _products(new.get(code))))
    return Difference(tuple(changed), _settings(before, after), _wording(before, after))


class _Result(NamedTuple):
    """What an officer would notice: the way to the result, its products and strengths, its ways and advice."""

    answers: tuple[tuple[str, tuple[str, ...]], ...]
    products: tuple[tuple[str, Strength], ...]
    routes: tuple[str, ...]
    advice: str | None


def _results(policy: Policy, on: dt.date) -> dict[str, tuple[_Result, ...]]:
    codes = (*(matter.code for matter in policy.matters_on(on)), OTHER)
    return {code: tuple(_gist(each) for each in outcomes(policy, {MATTER: (code,)}, on)) for code in codes}


def _gist(outcome: Outcome) -> _Result:
    return _Result(
        tuple((each.question.id, each.chosen) for each in outcome.answered),
        tuple((each.product.id, each.strength) for each in outcome.recommendations),
        outcome.routes,
        outcome.advice,
    )


def _products(results: tuple[_Result, ...] | None) -> Products | None:
    if results is None:
        return None
    found: dict[str, set[Strength]] = defaultdict(set)
    for each in results:
        for product, strength in each.products:
            found[product].add(strength)
    return {product: frozenset(strengths) for product, strengths in found.items()}


def _name(policy: Policy, code: str) -> str:
    return policy.off_catalogue.label if code == OTHER else policy.matters[code].name


def _settings(before: Policy, after: Policy) -> dict[str, tuple[object, object]]:
    found: dict[str, tuple[object, object]] = {}
    for section in _NUMBERS:
        old = getattr(before.content, section).model_dump(mode="json")
        new = getattr(after.content, section).model_dump(mode="json")
        found |= {f"{section}.{key}": (old.get(key), new.get(key)) for key in new if old.get(key) != new.get(key)}
    return found


def _wording(before: Policy, after: Policy) -> tuple[str, ...]:
    return tuple(each for each in _WORDING if getattr(before.content, each) != getattr(after.content, each))
