"""Matters of the catalogue as cards that an officer may send to any chat; nothing in them is anybody's own."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from bot.guidance import Outcome, Recommendation
from bot.language import _, current_language, pgettext, speaking
from bot.policy.drawing import outcomes
from bot.policy.model import MATTER, Policy
from bot.screens.card import MARKS
from bot.screens.screen import bold, esc, lines
from bot.screens.words import in_brackets, labelled, strength_word


@dataclass(frozen=True, slots=True)
class Card:
    """One answer to an inline query.

    Args:
        id: The matter's code; at most 64 bytes (Bot API, InlineQueryResultArticle).
        title: The matter.
        description: The products with their strengths, in one line.
        text: What is sent when it is chosen; HTML.
    """

    id: str
    title: str
    description: str
    text: str


def card(policy: Policy, code: str, *, on: dt.date) -> Card:
    """Return a matter's card in the language in force.

    Where answers decide, every product that may follow stands on it with its greatest strength, and the card says so.

    Args:
        policy: The pack; a policy is looked through once for each matter, day and language.
        code: The matter's code in it.
        on: The day whose rules decide.
    """
    return _card(policy, code, on, current_language())


@lru_cache(maxsize=512)
def _card(policy: Policy, code: str, on: dt.date, language: str) -> Card:
    with speaking(language):
        found = list(outcomes(policy, {MATTER: (code,)}, on))
        products = _strongest(found)
        name = policy.matters[code].name
        text = lines(
            bold(name),
            *(
                f"{_mark(each)} {esc(each.product.name)}{esc(in_brackets(strength_word(each.strength)))}"
                for each in products
            ),
            *(esc(advice) for advice in dict.fromkeys(outcome.advice for outcome in found) if advice),
            labelled(_("Basis"), _clauses(products)) if products else None,
            esc(_("Which of these apply follows from the case")) if len(found) > 1 else None,
            esc(policy.label),
        )
        shown = "  ".join(f"{_mark(each)} {each.product.name}" for each in products)
        return Card(code, name, shown or pgettext("card", "No credit product"), text)


def _strongest(found: list[Outcome]) -> list[Recommendation]:
    """Return each product that may follow, once, the strongest first."""
    best: dict[str, Recommendation] = {}
    for each in (each for outcome in found for each in outcome.recommendations):
        known = best.get(each.product.id)
        if known is None or each.strength.rank < known.strength.rank:
            best[each.product.id] = each
    return sorted(best.values(), key=lambda each: each.strength.rank)


def _clauses(products: list[Recommendation]) -> str:
    return "；".join(dict.fromkeys(reason.citation for each in products for reason in each.reasons))


def _mark(each: Recommendation) -> str:
    return MARKS[each.strength]
