"""What a confirmed form puts into the ledger."""

from bot import entry as form_rules
from bot.entry import Form
from bot.guidance import Outcome
from bot.policy.model import ProductKind
from bot.scope import Scope
from handlers.guide_draft import Case
from handlers.turn import Turn
from storage.registration import NewEntry, NewItem
from storage.tables import Applicant, Draft


def new_entry(turn: Turn, draft: Draft, outcome: Outcome, form: Form, holds: Scope) -> NewEntry:
    """Return the entry that a confirmed form asks for, with the decision it rests on.

    Args:
        turn: The turn of the confirmation.
        draft: The guide's answers stand in it.
        outcome: What they led to.
        form: What was filled in.
        holds: What the entry may hold.
    """
    case = Case.from_json(draft.answers)
    dates = form_rules.dates(form, holds, turn.policy, turn.office.calendar)
    return NewEntry(
        matter_code=holds.matter_code,
        matter_name=holds.matter_name,
        policy_hash=turn.policy.hash,
        answers=case.to_json()["answers"],
        rule_ids=outcome.rule_ids,
        result={each.product.id: each.strength.value for each in outcome.recommendations},
        decided_on=case.date(turn),
        items=_items(form, holds),
        organisations=form.organisations,
        person=form.person,
        applicant=Applicant(form.applicant) if form.applicant else None,
        submitted_on=form.submitted_on,
        due_on=dates.due.on if dates.due else None,
        due_provisional=dates.due.provisional if dates.due else False,
        decide_on=form.decide_on,
        submit_by_on=dates.latest.on if dates.latest else None,
        submit_by_provisional=dates.latest.provisional if dates.latest else False,
    )


def _items(form: Form, holds: Scope) -> tuple[NewItem, ...]:
    total = form_rules.letters(form)
    return tuple(
        NewItem(
            product_code=each.product.id,
            product_kind=each.product.kind,
            in_form=each.in_form,
            letters=1 if form.subjects > 1 else total,
            head_count=form.head_count or (total if each.product.kind is ProductKind.COMMITMENT else None),
        )
        for each in form_rules.recorded(form, holds)
    )
