"""What a confirmed form puts into the ledger."""

from bot import entry as form_rules
from bot.entry import Form
from bot.policy.model import ProductKind
from bot.scope import Scope
from handlers import planning
from handlers.entry_draft import Begun
from handlers.guide_draft import Case
from handlers.turn import Defect, Turn
from storage import policies, registration
from storage.ledger import Opened, open_entry
from storage.registration import NewEntry, NewItem
from storage.tables import Applicant


async def enter(turn: Turn, new: NewEntry, *, reason: str | None = None) -> Opened:
    """Make a ledger entry: decision, number, items, dates and reminders, all or nothing.

    Args:
        turn: The turn of the confirmation.
        new: What was confirmed.
        reason: Where it comes from, if not from the officer's own form.

    Returns:
        The entry as it stands now.
    """
    await policies.ensure_snapshot(turn.session, turn.policy, turn.now)
    request = await registration.register(turn.session, new, owner=turn.officer, today=turn.today, now=turn.now)
    opened = await open_entry(turn.session, turn.officer, request.id, on=turn.today)
    if opened is None:
        raise Defect("an entry that its owner cannot see")
    await planning.replan(turn.session, turn.office, request, turn.now)
    after = {"number": opened.entry.number, "matter": request.matter_code, "decision": request.decision_id}
    turn.note("request.register", ("request", request.id), after=after, reason=reason)
    return opened


def new_entry(turn: Turn, at: Begun) -> NewEntry:
    """Return the entry that a confirmed form asks for, with the decision it rests on."""
    form, holds = at.form, at.holds
    case = Case.from_json(at.draft.answers)
    dates = form_rules.dates(form, holds, turn.policy, turn.office.calendar)
    return NewEntry(
        matter_code=holds.matter_code,
        matter_name=holds.matter_name,
        confidential=holds.confidential,
        policy_hash=turn.policy.hash,
        answers=case.to_json()["answers"],
        rule_ids=at.outcome.rule_ids,
        result={each.product.id: each.strength.value for each in at.outcome.recommendations},
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
        reused={code: each.opinion_id for code, each in form_rules.reused(form, holds).items()},
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
