"""Making a ledger entry: from the result of the guide to a number, its dates and its reminders."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot import entry as form_rules
from bot.counterparts import read_count
from bot.dates import parse_day
from bot.entry import Form, Step
from bot.errors import Refusal
from bot.guidance import Outcome
from bot.identifiers import IdNumberGiven
from bot.language import _
from bot.policy.model import Applying
from bot.scope import Way
from bot.screens import entry_done
from bot.screens import requests as screens
from bot.screens.screen import Screen
from handlers import drafts_aside, guide_draft, guide_screens
from handlers.entries import enter, new_entry
from handlers.entry_draft import PURPOSE, Begun, begun, keep, outcome_of, pressed, sheet
from handlers.guide_draft import Case, require_present
from handlers.turn import Flow, Stale, Turn
from storage import drafts
from storage.ledger import open_entry
from storage.tables import Decision, Draft


async def begin_entry(turn: Turn) -> Screen:
    """Begin an entry from the officer's guide draft, whose answers lead to products.

    Raises:
        Stale: There is no such draft, or nothing to be recorded follows from it.
        Refusal: The officer only reads.
    """
    draft = turn.draft
    if not turn.may("new"):
        raise Refusal(_("Auditors read the ledger and make no entries in it."))
    if draft is None or Case.from_json(draft.answers).what_if:
        raise Stale
    outcome = outcome_of(turn, draft)
    return await keep(turn, draft, outcome, Form.from_json(draft.answers.get("entry", {})))


async def on_register(turn: Turn) -> Screen:
    """〔登记台账〕 on a result card."""
    if turn.draft is None:
        raise Stale
    require_present(turn, turn.draft)
    return await begin_entry(turn)


async def present(turn: Turn) -> Screen:
    """Return the screen that the form stands on, computed from the draft alone."""
    return screens.show(sheet(turn, await begun(turn)))


async def on_typed(turn: Turn) -> Screen:
    """Something was typed or pasted: it fills in the line that the form stands on."""
    at = await begun(turn)
    form, holds = at.form, at.holds
    text = turn.text
    match form_rules.step(form, holds):
        case Step.SUBJECT:
            form = _with_subject(turn, at, text)
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
    return await keep(turn, at.draft, at.outcome, form)


async def on_way(turn: Turn) -> Screen:
    """How the subject is to be given."""
    at = await pressed(turn)
    chosen = turn.pressed.arg
    if chosen not in at.holds.ways:
        raise Stale
    return await keep(turn, at.draft, at.outcome, replace(at.form, way=Way(chosen)))


async def on_submission(turn: Turn) -> Screen:
    """Who applies and when, by a button: days ago (by this unit), not yet, or by the counterpart."""
    at = await pressed(turn)
    applicants = at.holds.applicants
    arg = turn.pressed.arg
    if arg == "cp" and "counterpart" in applicants:
        on = at.form.submitted_on or turn.today
        form = form_rules.with_submission(at.form, on, applicant="counterpart", today=turn.today)
    elif arg in ("0", "1", "no") and "bureau" in applicants:
        day = None if arg == "no" else turn.today - dt.timedelta(days=int(arg))
        form = form_rules.with_submission(at.form, day, applicant="bureau", today=turn.today)
    else:
        raise Stale
    return await keep(turn, at.draft, at.outcome, form)


async def on_reuse(turn: Turn) -> Screen:
    """Use the still-valid opinions, or apply anew all the same."""
    at = await pressed(turn)
    if turn.pressed.arg not in ("yes", "no") or not form_rules.offers_reuse(at.form, at.holds):
        raise Stale
    return await keep(turn, at.draft, at.outcome, form_rules.with_reuse(at.form, chosen=turn.pressed.arg == "yes"))


async def on_product(turn: Turn) -> Screen:
    """Record a product, or leave it out."""
    at = await pressed(turn)
    if turn.pressed.arg not in {each.product.id for each in at.holds.offered}:
        raise Stale
    return await keep(turn, at.draft, at.outcome, form_rules.toggled(at.form, at.holds, turn.pressed.arg))


async def on_edit(turn: Turn) -> Screen:
    """Change one line of the confirmation again; everything else stays."""
    at = await pressed(turn)
    if turn.pressed.arg not in set(Step) - {Step.CONFIRM}:
        raise Stale
    return await keep(turn, at.draft, at.outcome, replace(at.form, editing=Step(turn.pressed.arg)))


async def on_done(turn: Turn) -> Screen:
    """Done with the line."""
    at = await pressed(turn)
    return await keep(turn, at.draft, at.outcome, replace(at.form, editing=None))


async def on_no_decision(turn: Turn) -> Screen:
    """No day is planned for the decision."""
    at = await pressed(turn)
    return await keep(turn, at.draft, at.outcome, form_rules.with_decision(at.form, None, today=turn.today))


async def on_back(turn: Turn) -> Screen:
    """Back to the line before; from the first one to the result of the guide."""
    at = await pressed(turn)
    if at.form.editing is not None:
        return await keep(turn, at.draft, at.outcome, replace(at.form, editing=None))
    before = form_rules.without_last(at.form, at.holds)
    if before is not None:
        return await keep(turn, at.draft, at.outcome, before)
    return await _to_guide(turn, at.draft)


async def on_stop(turn: Turn) -> Screen:
    """Give the entry up; nothing was recorded."""
    await drafts.end(turn.session, (await pressed(turn)).draft)
    turn.draft = None
    return entry_done.given_up()


async def on_confirm(turn: Turn) -> Screen:
    """Record the entry: decision, number, items, dates and reminders, all or nothing."""
    at = await pressed(turn)
    if form_rules.step(at.form, at.holds) is not Step.CONFIRM:
        raise Stale
    opened = await enter(turn, new_entry(turn, at))
    await drafts.end(turn.session, at.draft)
    turn.draft = None
    return entry_done.recorded_screen(opened.entry, sheet(turn, at))


async def on_again(turn: Turn) -> Screen:
    """〔再登记一件〕: the same matter with the same answers, for another counterpart.

    Raises:
        Refusal: Something else is unfinished, or the rules have changed since.
    """
    opened = await open_entry(turn.session, turn.officer, turn.pressed.id, on=turn.today)
    if opened is None or not opened.may_act:
        raise Stale
    await drafts_aside.require_free(turn)
    decision = await turn.session.get_one(Decision, opened.request.decision_id)
    case = Case.from_json({"answers": decision.answers})
    if not isinstance(case.step(turn), Outcome):
        raise Refusal(_("The rules for this matter have changed. Please begin with /new."))
    turn.draft = await drafts.begin(
        turn.session, turn.officer, purpose=PURPOSE, answers=case.to_json(), awaiting=None, now=turn.now
    )
    return await begin_entry(turn)


def _with_subject(turn: Turn, at: Begun, text: str) -> Form:
    """Fill in the subject; an ID number that only its two parts make together was in no way struck out before."""
    try:
        return form_rules.with_subject(at.form, at.holds, text)
    except IdNumberGiven:
        raise turn.id_number_refused() from None


async def _to_guide(turn: Turn, draft: Draft) -> Screen:
    """Return to the result card, from where the entry was begun; what was filled in is let go."""
    kept = Case.from_json(draft.answers)
    drafts.keep(draft, answers=draft.answers | {"entry": {}}, now=turn.now)
    guide_draft.keep(turn, draft, replace(kept, direct=False))
    return await guide_screens.present(turn)


PRESSES: Final[Mapping[str, Flow]] = {
    "reg": on_register,
    "rway": on_way,
    "rsubm": on_submission,
    "ruse": on_reuse,
    "rprod": on_product,
    "redit": on_edit,
    "rdone": on_done,
    "rnone": on_no_decision,
    "rback": on_back,
    "rstop": on_stop,
    "rconf": on_confirm,
    "ragn": on_again,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
