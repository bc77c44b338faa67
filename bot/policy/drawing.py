"""Draws a pack for its maintainers: the guide as Mermaid text, the catalogue as a list."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bot.guidance import Answers, Ask, Outcome, next_step
from bot.policy.model import MATTER, OTHER, Policy, Strength

MARKS: Final = {
    Strength.REQUIRED: "◆",
    Strength.NAMED: "●",
    Strength.ADVISED: "◐",
    Strength.OPTIONAL: "○",
}


def listing(policy: Policy, *, on: dt.date) -> str:
    """Return the catalogue in force on a date, shelf by shelf: each matter with its products and strengths.

    Several marks before a product mean that the answers decide; an arrow alone is a sign to elsewhere.
    """
    lines = [f"{policy.name} {policy.hash[:12]}", policy.label]
    for category in policy.categories:
        lines += ["", category.name]
        for matter in policy.matters_on(on):
            if matter.category == category.id:
                lines.append(f"  {matter.code}  {matter.name}  {_products(policy, matter.code, on) or '→'}")
    return "\n".join(lines) + "\n"


def mermaid(policy: Policy, *, on: dt.date) -> str:
    """Return the guide of a date as a Mermaid flowchart; matters with the same questions and results share a node.

    Of the multi-select for matters outside the catalogue every option is drawn alone.
    """
    drawing = _Drawing(policy, on)
    shared: dict[str, list[str]] = defaultdict(list)
    for matter in policy.matters_on(on):
        shared[drawing.node({MATTER: (matter.code,)})].append(f"{matter.code} {matter.name}")
    drawing.lines.append(f"  start([{_quoted(policy.name)}])")
    for number, (target, names) in enumerate(shared.items()):
        drawing.lines.append(f"  g{number}[{_quoted('<br/>'.join(names))}] --> {target}")
        drawing.lines.append(f"  start --> g{number}")
    other = drawing.node({MATTER: (OTHER,)})
    drawing.lines.append(f"  start -->|{_quoted(policy.off_catalogue.label)}| {other}")
    return "\n".join(["flowchart LR", *drawing.lines]) + "\n"


def _products(policy: Policy, code: str, on: dt.date) -> str:
    found: dict[str, set[Strength]] = defaultdict(set)
    for outcome in outcomes(policy, {MATTER: (code,)}, on):
        for each in outcome.recommendations:
            found[each.product.id].add(each.strength)
    return "  ".join(_marked(policy, product, strengths) for product, strengths in found.items())


def _marked(policy: Policy, product: str, strengths: set[Strength]) -> str:
    marks = "".join(MARKS[strength] for strength in sorted(strengths, key=lambda each: each.rank))
    return f"{marks} {policy.products[product].short_name}"


def outcomes(policy: Policy, answers: Answers, on: dt.date) -> Iterator[Outcome]:
    """Return every result that may follow from some answers; of the multi-select every option alone."""
    step = next_step(policy, answers, on=on)
    if isinstance(step, Outcome):
        yield step
        return
    for option in step.question.options:
        yield from outcomes(policy, {**answers, step.question.id: (option.id,)}, on)


@dataclass(slots=True)
class _Drawing:
    """The nodes drawn so far; the same content is one node."""

    policy: Policy
    on: dt.date
    lines: list[str] = field(default_factory=list)
    ids: dict[object, str] = field(default_factory=dict)

    def node(self, answers: Answers) -> str:
        """Draw what follows from the answers and return the id of its node."""
        step = next_step(self.policy, answers, on=self.on)
        return self._question(step, answers) if isinstance(step, Ask) else self._outcome(step)

    def _question(self, ask: Ask, answers: Answers) -> str:
        branches = tuple(
            (option.label, self.node({**answers, ask.question.id: (option.id,)})) for option in ask.question.options
        )
        shape = f"{{{{{_quoted(ask.question.text)}}}}}" if ask.question.many else f"{{{_quoted(ask.question.text)}}}"
        fresh = (ask.question.id, branches) not in self.ids
        node = self._id((ask.question.id, branches), "q", shape)
        if fresh:
            self.lines += [f"  {node} -->|{_quoted(label)}| {target}" for label, target in branches]
        return node

    def _outcome(self, outcome: Outcome) -> str:
        words = [f"{MARKS[each.strength]} {each.product.name}" for each in outcome.recommendations]
        text = "<br/>".join([*words, *([outcome.advice] if outcome.advice else [])])
        return self._id(("outcome", text), "r", f"([{_quoted(text)}])")

    def _id(self, content: object, prefix: str, shape: str) -> str:
        if content not in self.ids:
            self.ids[content] = f"{prefix}{len(self.ids)}"
            self.lines.append(f"  {self.ids[content]}{shape}")
        return self.ids[content]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "&quot;").replace("\n", "<br/>") + '"'
