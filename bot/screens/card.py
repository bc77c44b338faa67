"""The result card, and the screens behind it: basis, papers by route, look-alikes."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from bot.dates import format_day
from bot.guidance import Outcome, Reason, Recommendation, matter_title
from bot.language import _, pgettext
from bot.policy.model import MATTER, Policy, ProductKind, Strength
from bot.scope import subject_word
from bot.screens.guide import View, answer_line, begin_button, refer_button
from bot.screens.screen import Button, Screen, Style, bold, esc
from bot.screens.words import in_brackets, labelled, strength_word

MARKS: Final = {Strength.REQUIRED: "●", Strength.NAMED: "●", Strength.ADVISED: "◐", Strength.OPTIONAL: "○"}
PAGES: Final = ("why", "papers", "alike")  # the screens behind the card


def result(view: View, policy: Policy, outcome: Outcome, *, on: dt.date, today: dt.date) -> Screen:
    """Show the products with strengths, basis, way, papers, time, validity and what to heed.

    Args:
        view: The guide.
        policy: The pack that decided.
        outcome: What it decided.
        on: The matter's date, whose rules decided.
        today: The officer's date.
    """
    text = "\n".join(_card(view, policy, outcome, on=on, today=today))
    return Screen("guide.result", text, _acts(view, outcome))


def finished(view: View, policy: Policy, outcome: Outcome, *, on: dt.date, today: dt.date) -> Screen:
    """Leave the card in the chat without its acts."""
    text = "\n".join(_card(view, policy, outcome, on=on, today=today))
    return Screen("guide.finished", text, ((begin_button(),),), stays=True)


def basis(view: View, policy: Policy, outcome: Outcome) -> Screen:
    """Show every reason with its quoted term, the clauses in full and the answers that led here."""
    parts = [view.title(matter_title(outcome.matter))]
    for each in outcome.recommendations:
        parts.append(f"{MARKS[each.strength]} {esc(each.product.name)}")
        parts += [_reason_line(reason) for reason in each.reasons]
    clauses = dict.fromkeys(reason.clause_id for each in outcome.recommendations for reason in each.reasons)
    parts += [line for clause_id in clauses for line in _clause_lines(policy, clause_id)]
    parts += _answer_lines(outcome)
    if not outcome.recommendations and outcome.advice:
        parts.append(esc(outcome.advice))
    return Screen("guide.basis", "\n".join(parts), _pages(view, "why"))


def papers(view: View, policy: Policy, outcome: Outcome) -> Screen:
    """Show the papers of every way to apply, and of the other products."""
    parts = [view.title(matter_title(outcome.matter))]
    for each in outcome.recommendations:
        parts.append(bold(each.product.name))
        parts += list(_paper_lines(policy, outcome, each))
    if not outcome.recommendations:
        parts.append(esc(_("No papers are needed for this result.")))
    return Screen("guide.papers", "\n".join(parts), _pages(view, "papers"))


def lookalikes(view: View, policy: Policy, outcome: Outcome) -> Screen:
    """Tell apart the things that are taken for a credit product."""
    parts = [view.title(matter_title(outcome.matter))]
    parts += [f"{bold(each.title)}\n{esc(each.text.strip())}" for each in policy.lookalikes]
    return Screen("guide.alike", "\n".join(parts), _pages(view, "alike"))


def _card(view: View, policy: Policy, outcome: Outcome, *, on: dt.date, today: dt.date) -> Iterator[str]:
    yield view.title(matter_title(outcome.matter), _category(policy, outcome))
    if view.notice:
        yield esc(view.notice)
    if on != today:
        yield esc(_("Rules in force on: %(day)s") % {"day": format_day(on, today=today)})
    for each in outcome.recommendations:
        yield f"{MARKS[each.strength]} {esc(each.product.name)}{esc(_strength_note(each))}"
    if outcome.advice:
        yield esc(outcome.advice)
    yield from _answer_lines(outcome)
    if outcome.recommendations:
        yield labelled(_("Basis"), _citations(policy, outcome))
        yield from _how(policy, outcome)
    yield from _to_heed(policy, outcome)


def _to_heed(policy: Policy, outcome: Outcome) -> Iterator[str]:
    if outcome.matter and outcome.matter.note:
        yield labelled(_("Remark"), outcome.matter.note)
    numbered = len(outcome.cautions) > 1
    for number, caution in enumerate(outcome.cautions, start=1):
        yield labelled(_("Note %(number)d") % {"number": number} if numbered else _("Note"), caution)
    yield esc(policy.label)
    if policy.in_force_note:
        yield esc(policy.in_force_note)


def _category(policy: Policy, outcome: Outcome) -> str:
    if outcome.matter is None:
        return ""
    names = {category.id: category.name for category in policy.categories}
    return names[outcome.matter.category]


def _strength_note(each: Recommendation) -> str:
    """Say how strongly a product is recommended; of a pledge that the form carries nothing is asked any more."""
    return in_brackets(_("already in the form") if each.in_form else strength_word(each.strength))


def _answer_lines(outcome: Outcome) -> list[str]:
    """Say which answers led to the result; the matter stands in the heading."""
    return [labelled(_("Your answer"), answer_line(item)) for item in outcome.answered if item.question.id != MATTER]


def _citations(policy: Policy, outcome: Outcome) -> str:
    """Return 文号 and clauses, each with its quoted terms: 郑环文〔2017〕15号 二（二）“行政审批”、二（一）“…”."""
    cited: dict[str, dict[str, dict[str, None]]] = {}
    for reason in (reason for each in outcome.recommendations for reason in each.reasons):
        clause = policy.clauses[reason.clause_id]
        document = policy.documents[clause.document].number
        cited.setdefault(document, {}).setdefault(clause.number, {})[f"“{reason.quote}”"] = None
    return "；".join(
        f"{document} " + "、".join(number + "".join(quotes) for number, quotes in clauses.items())
        for document, clauses in cited.items()
    )


def _how(policy: Policy, outcome: Outcome) -> Iterator[str]:
    """The verification, or else the strongest product, in full; of each other one a line says how it is had."""
    leading = next(filter(_is_verification, outcome.recommendations), outcome.recommendations[0])
    yield from _way_of_verification(policy, outcome, leading) if _is_verification(leading) else _way(outcome, leading)
    yield from _terms(leading)
    for other in outcome.recommendations:
        if other is not leading:
            yield labelled(other.product.short_name, _applied(outcome, other))


def _terms(each: Recommendation) -> Iterator[str]:
    """Time, fee and validity; a pledge that the form carries has none of its own."""
    if each.in_form:
        return
    said = dict.fromkeys((each.product.time, each.product.fee))  # of a report the Plan says the same of both: nothing
    yield labelled(_("Time and fee"), pgettext("list", ", ").join(said))
    yield labelled(_("Validity"), each.product.validity)


def _is_verification(each: Recommendation) -> bool:
    return each.product.kind is ProductKind.VERIFICATION


def _way_of_verification(policy: Policy, outcome: Outcome, each: Recommendation) -> Iterator[str]:
    route = policy.routes[outcome.route]
    reuse = _("an opinion held by this bureau that is still valid is used directly, without a new application")
    yield labelled(_("First check"), reuse)
    yield labelled(_("Way"), _about(outcome, route.text))
    yield labelled(_("Papers"), _names((*route.materials, *each.product.materials)))


def _way(outcome: Outcome, each: Recommendation) -> Iterator[str]:
    yield labelled(_("Way"), _applied(outcome, each))
    if each.product.materials and not each.in_form:
        yield labelled(_("Papers"), _names(each.product.materials))


def _names(materials: tuple[str, ...]) -> str:
    """Return the papers by name; what each must contain stands on the page of papers."""
    return "；".join(paper.partition("：")[0] for paper in materials)


def _applied(outcome: Outcome, each: Recommendation) -> str:
    """Say how a product is had; a pledge that the form carries is not collected again."""
    if each.in_form and each.note:
        return each.note
    applies = _about(outcome, each.product.applies)
    return "；".join((applies, *(each.note.splitlines() if each.note else ())))


def _about(outcome: Outcome, text: str) -> str:
    """Put the matter's word for the counterpart into a text of the pack."""
    return text.replace("{subject}", subject_word(outcome.matter))


def _reason_line(reason: Reason) -> str:
    return "· " + esc(f"{reason.text}：{reason.citation}“{reason.quote}”")


def _clause_lines(policy: Policy, clause_id: str) -> list[str]:
    clause = policy.clauses[clause_id]
    document = policy.documents[clause.document]
    return [bold(f"{document.number} {clause.number}"), esc(clause.summary)]


def _paper_lines(policy: Policy, outcome: Outcome, each: Recommendation) -> Iterator[str]:
    product = each.product
    if _is_verification(each):
        for route in (policy.routes[route_id] for route_id in outcome.routes):
            yield labelled(route.name, _about(outcome, route.text))
            yield from (f"· {esc(paper)}" for paper in route.materials)
    else:
        yield esc(_applied(outcome, each))
    if not each.in_form:
        yield from (f"· {esc(paper)}" for paper in product.materials)
    yield from _terms(each)


def _acts(view: View, outcome: Outcome) -> tuple[tuple[Button, ...], ...]:
    keys = view.keys
    register = [keys.button(_("Enter in the ledger"), "reg", style=Style.SUCCESS)]
    rows = [
        register if outcome.recommendations and view.acts else [],
        [keys.button(_("Look for a valid opinion"), "look")] if _verifies(outcome) and view.acts else [],
        [keys.button(_("Show the basis"), "gsrc", "why"), keys.button(_("Change an answer"), "gedit")],
        [keys.button(_("Propose for the catalogue"), "prop")] if outcome.matter is None and view.acts else [],
        [*([refer_button(view)] if view.acts else []), keys.button(_("As of another date"), "gdate")],
        [keys.button(pgettext("button", "Back"), "gback"), keys.button(_("Finish"), "gend")],
    ]
    return tuple(tuple(row) for row in rows if row)


def _verifies(outcome: Outcome) -> bool:
    return any(each.product.kind is ProductKind.VERIFICATION for each in outcome.recommendations)


def _pages(view: View, shown: str) -> tuple[tuple[Button, ...], ...]:
    names = {"why": _("Basis and clauses"), "papers": _("Papers by route"), "alike": _("Look-alikes")}
    others = tuple(view.keys.button(names[page], "gsrc", page) for page in PAGES if page != shown)
    back = (view.keys.button(_("Back to the result"), "gback"), view.keys.button(_("Finish"), "gend"))
    return (others, back)
