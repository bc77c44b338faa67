"""Making a ledger entry: from the result of the guide to a number, its dates and its reminders."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot import entry as form_rules
from bot.counterparts import read_count
from bot.dates import parse_day
from bot.entry import Form, Step
from bot.errors import Refusal
from bot.guidance import Outcome
from bot.language import _
from bot.scope import Applying, Way, scope
from bot.screens import requests as screens
from bot.screens.keys import Keys
from bot.screens.screen import Screen
from handlers import guide_draft, guide_screens, ledger, planning
from handlers.entries import new_entry
from handlers.guide_draft import Case, require_present
from handlers.turn import Defect, Flow, Stale, Turn
from storage import drafts, policies, registration
from storage.ledger import open_entry
from storage.tables import Decision, Draft, Request, Role

PURPOSE: Final = "entry"
_TYPED_STEPS: Final = (Step.SUBJECT, Step.SUBMISSION, Step.LETTERS, Step.DECIDE)


async def begin_entry(turn: Turn) -> Screen:
    """Begin an entry from the officer's guide draft, whose answers lead to products.

    Raises:
        Stale: There is no such draft, or nothing to be recorded follows from it.
        Refusal: The officer only reads.
    """
    draft = turn.draft
    if turn.officer.role is Role.AUDITOR:
        raise Refusal(_("Auditors read the ledger and make no entries in it."))
    if draft is None or Case.from_json(draft.answers).what_if:
        raise Stale
    outcome = _outcome(turn, draft)
    return _keep(turn, draft, outcome, Form.from_json(draft.answers.get("entry", {})))


async def on_register(turn: Turn) -> Screen:
    """〔登记台账〕 on a result card."""
    if turn.draft is None:
        raise Stale
    require_present(turn, turn.draft)
    return await begin_entry(turn)


async def present(turn: Turn) -> Screen:
    """Return the screen that the form stands on, computed from the draft alone."""
    draft, outcome, form = _filling(turn)
    return screens.show(_sheet(turn, draft, outcome, form))


async def on_typed(turn: Turn) -> Screen:
    """Something was typed or pasted: it fills in the line that the form stands on."""
    draft, outcome, form = _filling(turn)
    holds = scope(turn.policy, outcome)
    text = turn.text
    match form_rules.step(form, holds):
        case Step.SUBJECT:
            form = form_rules.with_subject(form, holds, text)
        case Step.SUBMISSION:
            applicant: Applying = form.applicant or holds.applicants[0]
            day = parse_day(text, today=turn.today)
            form = form_rules.with_submission(form, day, applicant=applicant, today=turn.today)
        case Step.LETTERS:
            form = replace(form, letters=read_count(text, most=form_rules.MOST), editing=None)
        case Step.DECIDE:
            day = parse_day(text, today=turn.today, ahead=True)
            form = form_rules.with_decision(form, day, today=turn.today)
        case _:
            raise Refusal(_("Please use the buttons on this screen."))
    return _keep(turn, draft, outcome, form)


async def on_way(turn: Turn) -> Screen:
    """How the subject is to be given."""
    draft, outcome, form = _pressed(turn)
    chosen = turn.pressed.arg
    if chosen not in scope(turn.policy, outcome).ways:
        raise Stale
    return _keep(turn, draft, outcome, replace(form, way=Way(chosen)))


async def on_submission(turn: Turn) -> Screen:
    """Who applies and when, by a button: days ago (by this unit), not yet, or by the counterpart."""
    draft, outcome, form = _pressed(turn)
    applicants = scope(turn.policy, outcome).applicants
    arg = turn.pressed.arg
    if arg == "cp" and "counterpart" in applicants:
        on = form.submitted_on or turn.today
        form = form_rules.with_submission(form, on, applicant="counterpart", today=turn.today)
    elif arg in ("0", "1", "no") and "bureau" in applicants:
        day = None if arg == "no" else turn.today - dt.timedelta(days=int(arg))
        form = form_rules.with_submission(form, day, applicant="bureau", today=turn.today)
    else:
        raise Stale
    return _keep(turn, draft, outcome, form)


async def on_product(turn: Turn) -> Screen:
    """Record a product, or leave it out."""
    draft, outcome, form = _pressed(turn)
    holds = scope(turn.policy, outcome)
    if turn.pressed.arg not in {each.product.id for each in holds.offered}:
        raise Stale
    return _keep(turn, draft, outcome, form_rules.toggled(form, holds, turn.pressed.arg))


async def on_edit(turn: Turn) -> Screen:
    """Change one line of the confirmation again; everything else stays."""
    draft, outcome, form = _pressed(turn)
    if turn.pressed.arg not in set(Step) - {Step.CONFIRM}:
        raise Stale
    return _keep(turn, draft, outcome, replace(form, editing=Step(turn.pressed.arg)))


async def on_done(turn: Turn) -> Screen:
    """Done with the line."""
    draft, outcome, form = _pressed(turn)
    return _keep(turn, draft, outcome, replace(form, editing=None))


async def on_no_decision(turn: Turn) -> Screen:
    """No day is planned for the decision."""
    draft, outcome, form = _pressed(turn)
    return _keep(turn, draft, outcome, form_rules.with_decision(form, None, today=turn.today))


async def on_back(turn: Turn) -> Screen:
    """Back to the line before; from the first one to the result of the guide."""
    draft, outcome, form = _pressed(turn)
    if form.editing is not None:
        return _keep(turn, draft, outcome, replace(form, editing=None))
    before = form_rules.without_last(form, scope(turn.policy, outcome))
    if before is not None:
        return _keep(turn, draft, outcome, before)
    return await _to_guide(turn, draft)


async def on_stop(turn: Turn) -> Screen:
    """Give the entry up; nothing was recorded."""
    draft = _pressed(turn)[0]
    await drafts.end(turn.session, draft)
    turn.draft = None
    return screens.given_up()


async def on_confirm(turn: Turn) -> Screen:
    """Record the entry: decision, number, items, dates and reminders, all or nothing."""
    draft, outcome, form = _pressed(turn)
    holds = scope(turn.policy, outcome)
    if form_rules.step(form, holds) is not Step.CONFIRM:
        raise Stale
    sheet = _sheet(turn, draft, outcome, form)
    await policies.ensure_snapshot(turn.session, turn.policy, turn.now)
    new = new_entry(turn, draft, outcome, form, holds)
    request = await registration.register(turn.session, new, owner=turn.officer, today=turn.today, now=turn.now)
    opened = await open_entry(turn.session, turn.officer, request.id)
    if opened is None:
        raise Defect("an entry that its owner cannot see")
    await planning.replan(turn.session, turn.office, request, opened.waiting, turn.now)
    _note(turn, request, opened.entry.number)
    await drafts.end(turn.session, draft)
    turn.draft = None
    return screens.recorded_screen(opened.entry, sheet)


async def on_again(turn: Turn) -> Screen:
    """〔再登记一件〕: the same matter with the same answers, for another counterpart.

    Raises:
        Refusal: Something else is unfinished, or the rules have changed since.
    """
    opened = await open_entry(turn.session, turn.officer, turn.pressed.id)
    if opened is None or not opened.may_act:
        raise Stale
    if turn.draft is not None:
        raise Refusal(_("Something else is not finished yet. Please finish it first, or give it up with /cancel."))
    decision = await turn.session.get_one(Decision, opened.request.decision_id)
    case = Case.from_json({"answers": decision.answers})
    if not isinstance(case.step(turn), Outcome):
        raise Refusal(_("The rules for this matter have changed. Please begin with /new."))
    turn.draft = await drafts.begin(
        turn.session, turn.officer, purpose=PURPOSE, answers=case.to_json(), awaiting=None, now=turn.now
    )
    return await begin_entry(turn)


def _outcome(turn: Turn, draft: Draft) -> Outcome:
    step = Case.from_json(draft.answers).step(turn)
    if not isinstance(step, Outcome) or not step.recommendations:
        raise Stale
    return step


def _filling(turn: Turn) -> tuple[Draft, Outcome, Form]:
    """Return the officer's entry under way.

    Raises:
        Stale: There is none.
    """
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    return turn.draft, _outcome(turn, turn.draft), Form.from_json(turn.draft.answers.get("entry", {}))


def _pressed(turn: Turn) -> tuple[Draft, Outcome, Form]:
    found = _filling(turn)
    require_present(turn, found[0])
    return found


def _keep(turn: Turn, draft: Draft, outcome: Outcome, form: Form) -> Screen:
    """Keep the form and show the screen that follows from it."""
    step = form_rules.step(form, scope(turn.policy, outcome))
    awaiting = f"{PURPOSE}.{step}" if step in _TYPED_STEPS else None
    answers = {**draft.answers, "entry": form.to_json()}
    drafts.keep(draft, answers=answers, purpose=PURPOSE, awaiting=awaiting, now=turn.now)
    return screens.show(_sheet(turn, draft, outcome, form))


def _sheet(turn: Turn, draft: Draft, outcome: Outcome, form: Form) -> screens.Sheet:
    holds = scope(turn.policy, outcome)
    return screens.Sheet(
        keys=Keys(draft.id, draft.version),
        form=form,
        scope=holds,
        dates=form_rules.dates(form, holds, turn.policy, turn.office.calendar),
        today=turn.today,
        centre=turn.policy.term("credit_centre", on=turn.today),
    )


async def _to_guide(turn: Turn, draft: Draft) -> Screen:
    """Return to the result card, from where the entry was begun; what was filled in is let go."""
    kept = Case.from_json(draft.answers)
    drafts.keep(draft, answers=draft.answers | {"entry": {}}, now=turn.now)
    guide_draft.keep(turn, draft, replace(kept, direct=False))
    return await guide_screens.present(turn)


def _note(turn: Turn, request: Request, number: str) -> None:
    after: dict[str, Any] = {"number": number, "matter": request.matter_code, "decision": request.decision_id}
    turn.note(
        "request.register",
        ("request", request.id),
        after=after,
    )


COMMANDS: Final[Mapping[str, Flow]] = {**ledger.COMMANDS}
PRESSES: Final[Mapping[str, Flow]] = {
    "reg": on_register,
    "rway": on_way,
    "rsubm": on_submission,
    "rprod": on_product,
    "redit": on_edit,
    "rdone": on_done,
    "rnone": on_no_decision,
    "rback": on_back,
    "rstop": on_stop,
    "rconf": on_confirm,
    "ragn": on_again,
    **ledger.PRESSES,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed, **ledger.TYPED}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present, **ledger.PRESENT}
