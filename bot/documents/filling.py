"""Which letters fit an entry, what they are called, and what stands in them."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.deadlines import feedback_due
from bot.documents.letters import Application, Commitment, Inquiry, Letter, Notice, Paper, Subject, written_day
from bot.documents.text import one_line
from bot.language import _
from bot.ledger import Entry, Phase
from bot.policy.model import Policy, Product, ProductKind, Rule
from bot.workdays import Calendar

BLANK: Final = Subject("", "")
MOST_OF_NAME: Final = 60  # characters of a file's name before its ending
_NOT_IN_NAMES: Final = re.compile(r'[\\/:*?"<>|]')  # Windows keeps them for itself

_KINDS: Final = {
    Paper.APPLICATION: ProductKind.VERIFICATION,
    Paper.COMMITMENT: ProductKind.COMMITMENT,
    Paper.NOTICE: ProductKind.REPORT,
    Paper.INQUIRY: ProductKind.VERIFICATION,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger knows about an entry for its letters; a natural person is a blank subject.

    Args:
        entry: The entry.
        unit: Full name of its unit.
        rule_ids: The rules that decided.
        decided_on: Local date of the decision, whose rules count.
        offered: Ids of all products that the decision named, recorded or not.
        verified: Whom a verification is still waited for: a still-valid opinion that was used again needs no letter.
        subjects: All counterparts.
        persons: Natural persons besides, whose verification is still waited for.
        of_persons: Whether the matter's counterparts are persons, so that a count counts persons.
    """

    entry: Entry
    unit: str
    rule_ids: frozenset[str]
    decided_on: dt.date
    offered: tuple[str, ...]
    verified: tuple[Subject, ...]
    subjects: tuple[Subject, ...]
    of_persons: bool
    persons: int = 0


@dataclass(frozen=True, slots=True)
class Desk:
    """By what a letter is written.

    Args:
        policy: Today's pack: names, numbers of days, blocks of a report.
        decided: The pack of the day of the decision: its products and clauses.
        calendar: The office's calendar.
        today: Local date; the letter's date.
    """

    policy: Policy
    decided: Policy
    calendar: Calendar
    today: dt.date


def fitting(facts: Facts, desk: Desk) -> tuple[Paper, ...]:
    """Return the letters that fit an entry now.

    An application while the bureau's verification is waited for; a commitment letter where the matter's own form does
    not carry the pledge; the notice where a report is recorded or was offered; the inquiry where receipt is confirmed
    and the period has ended or is about to, by the offsets of the pack's reminders.
    """
    entry = facts.entry
    if entry.withdrawn:
        return ()
    kinds = {line.kind for line in entry.products if not line.in_form}
    kinds |= {product.kind for product in _offered(facts, desk) if product.kind is ProductKind.REPORT}
    by_bureau = entry.open and entry.applicant == "bureau" and ProductKind.VERIFICATION in kinds
    fits = {
        Paper.APPLICATION: by_bureau,
        Paper.COMMITMENT: ProductKind.COMMITMENT in kinds,
        Paper.NOTICE: ProductKind.REPORT in kinds,
        Paper.INQUIRY: by_bureau and _period_ends(entry, desk),
    }
    return tuple(paper for paper, fit in fits.items() if fit)


def product_of(paper: Paper, facts: Facts, desk: Desk) -> Product:
    """Return the product that a letter of an entry is about.

    Raises:
        StopIteration: The letter does not fit; see ``fitting``.
    """
    recorded = [desk.decided.products[line.code] for line in facts.entry.products if line.code in desk.decided.products]
    return next(each for each in (*recorded, *_offered(facts, desk)) if each.kind is _KINDS[paper])


def paper_name(paper: Paper, product: Product) -> str:
    """Return what the office calls a letter: 核查申请函, 信用承诺书, 委托报告告知单, 商请函."""
    return {
        Paper.APPLICATION: _("Application for %(product)s"),
        Paper.COMMITMENT: _("%(product)s letter"),
        Paper.NOTICE: _("Notice on the %(product)s"),
        Paper.INQUIRY: _("Polite inquiry"),
    }[paper] % {"product": product.name if paper is Paper.COMMITMENT else product.short_name}


def file_name(name: str, number: str, ending: str) -> str:
    """Return a file's name, such as 核查申请函-大气2026-17.docx; it names nobody and holds nothing a system refuses."""
    plain = _NOT_IN_NAMES.sub("", one_line(f"{name}-{number}")).strip(". ")
    return f"{plain[:MOST_OF_NAME]}.{ending}"


def letter_of(paper: Paper, facts: Facts, desk: Desk) -> Letter:
    """Return what a letter of an entry says; the letter must fit the entry."""
    make = {
        Paper.APPLICATION: _application,
        Paper.COMMITMENT: _commitment,
        Paper.NOTICE: _notice,
        Paper.INQUIRY: _inquiry,
    }[paper]
    return make(facts, desk, product_of(paper, facts, desk))


def _offered(facts: Facts, desk: Desk) -> list[Product]:
    return [desk.decided.products[each] for each in facts.offered if each in desk.decided.products]


def _period_ends(entry: Entry, desk: Desk) -> bool:
    match entry.phase(desk.today):
        case Phase.OVERDUE:
            return True
        case Phase.RECEIVED if entry.due_on is not None:
            near = max(desk.policy.reminders.before_due_working_days, default=0)
            return desk.calendar.between(desk.today, entry.due_on) <= near
    return False


def _application(facts: Facts, desk: Desk, product: Product) -> Letter:
    entry = facts.entry
    matter = desk.decided.matters.get(entry.matter_code or "")
    shelves = {category.id: category.name for category in desk.decided.categories}
    return Application(
        bureau=_term("bureau", desk),
        centre=_term("credit_centre", desk),
        unit=facts.unit,
        number=entry.number,
        product=product.name,
        matter=entry.matter,
        basis=_basis(facts, desk, product),
        purpose=shelves[matter.category] if matter else "",
        subjects=facts.verified,
        count=len(facts.verified) or entry.head_count or 1,
        of_persons=_persons(facts, facts.verified),
        persons=facts.persons,
        wish_date=_wish(entry, desk),
        date=written_day(desk.today),
    )


def _commitment(facts: Facts, desk: Desk, product: Product) -> Letter:
    entry = facts.entry
    return Commitment(
        bureau=_term("bureau", desk),
        product=product.name,
        number=entry.number,
        matter=entry.matter,
        subject=_only(facts.subjects),
        of_person=_persons(facts, facts.subjects),
    )


def _notice(facts: Facts, desk: Desk, product: Product) -> Letter:
    entry = facts.entry
    return Notice(
        bureau=_term("bureau", desk),
        unit=facts.unit,
        number=entry.number,
        product=product.name,
        matter=entry.matter,
        basis=_basis(facts, desk, product),
        subject=_only(facts.subjects),
        blocks=tuple(block.name for block in desk.decided.report_blocks),
        fee=product.fee,
        time=product.time,
        date=written_day(desk.today),
    )


def _inquiry(facts: Facts, desk: Desk, product: Product) -> Letter:
    entry = facts.entry
    return Inquiry(
        bureau=_term("bureau", desk),
        centre=_term("credit_centre", desk),
        unit=facts.unit,
        number=entry.number,
        product=product.name,
        matter=entry.matter,
        basis=_basis(facts, desk, product),
        subject=next(iter(facts.verified), BLANK),
        count=len(facts.verified) or entry.head_count or 1,
        of_persons=_persons(facts, facts.verified),
        persons=facts.persons,
        submitted_date=_written(entry.submitted_on),
        received_date=_written(entry.received_on),
        due_date=_written(entry.due_on, provisional=entry.due_provisional),
        overdue=entry.phase(desk.today) is Phase.OVERDUE,
        date=written_day(desk.today),
    )


def _term(name: str, desk: Desk) -> str:
    return desk.policy.term(name, on=desk.today)


def _written(on: dt.date | None, *, provisional: bool = False) -> str:
    return written_day(on, provisional=provisional) if on is not None else ""


def _only(subjects: Sequence[Subject]) -> Subject:
    """Return the one counterpart; with several the letter is a form for each of them."""
    return subjects[0] if len(subjects) == 1 else BLANK


def _persons(facts: Facts, subjects: Sequence[Subject]) -> bool:
    if subjects:
        return all(each == BLANK for each in subjects)
    return facts.of_persons


def _wish(entry: Entry, desk: Desk) -> str:
    """Return by when the feedback is wished for: the end of the period, or the decision where that comes first."""
    if entry.due_on is not None:
        on, provisional = entry.due_on, entry.due_provisional
    else:
        reckoned = feedback_due(desk.calendar, desk.today, working_days=desk.policy.settings.feedback_working_days)
        on, provisional = reckoned.on, reckoned.provisional
    if entry.decide_on is not None and desk.today <= entry.decide_on <= on:
        return written_day(entry.decide_on)
    return written_day(on, provisional=provisional)


def _basis(facts: Facts, desk: Desk, product: Product) -> str:
    """Return document and clauses by which the product was named; the pack's first document where none named it."""
    decided = desk.decided
    rules = [rule for rule in decided.rules if _named(rule, facts, product)]
    if not rules:
        document = next(iter(decided.documents.values()))
        return f"{_quoted(document.title)}（{document.number}）"
    clauses: dict[str, dict[str, None]] = {}
    for rule in rules:
        number = decided.clauses[rule.source.clause].number
        clauses.setdefault(rule.source.document, {})[number] = None
    return "、".join(
        f"{_quoted(decided.documents[each].title)}（{decided.documents[each].number}）{'、'.join(numbers)}"
        for each, numbers in clauses.items()
    )


def _named(rule: Rule, facts: Facts, product: Product) -> bool:
    return rule.id in facts.rule_ids and rule.product == product.id and rule.in_force(facts.decided_on)


def _quoted(title: str) -> str:
    return title if title.startswith("《") else f"《{title}》"
