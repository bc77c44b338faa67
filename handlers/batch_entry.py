"""A checked list becomes one ledger entry: those that apply, those that have an opinion, persons as a number."""

import datetime as dt
from dataclasses import replace
from typing import Final

from bot import entry as form_rules
from bot.batch import Checked
from bot.batch_verdicts import Verdict
from bot.entry import Form
from bot.errors import Refusal
from bot.language import _
from bot.policy.model import ProductKind
from bot.screens import batch as screens
from bot.screens.screen import Screen
from handlers import acts, batch_results, batch_work, drafts_aside, entries, planning
from handlers.batch_work import Judgement
from handlers.entry_draft import Begun
from handlers.reuse import earliest_issue
from handlers.sight import sight_of
from handlers.turn import Defect, Stale, Turn
from storage import batch, drafts, known, work
from storage.ledger import Opened
from storage.tables import Applicant, Draft, ItemState, Sheet

PURPOSE: Final = "batch"


async def on_register(turn: Turn) -> Screen:
    """〔登记台账〕: one entry for all right rows; those that apply need a day of submission first.

    Raises:
        Stale: The list was registered, given up or replaced.
        Refusal: The rules for its matter have changed.
    """
    sheet = await batch_work.own(turn, turn.pressed.id, batch.CHECK)
    if "checked" not in batch.content(sheet):
        raise Stale
    judged = await _judged(turn, sheet)
    holds, outcome, rows = judged.holds, judged.outcome, judged.batch
    if holds is None or outcome is None:
        raise Refusal(_("The rules for this matter have changed. Please begin with /new."))
    applying = rows.count(Verdict.APPLY) + rows.count(Verdict.PERSON)
    if not applying and not rows.count(Verdict.REUSE):
        raise Stale
    if applying and not turn.pressed.arg:
        return screens.submission(sheet.id, applying, holds.applicants)
    form = _submitted(turn, Form(reuse=True), holds.applicants) if applying else Form(reuse=True)
    opened = await _entered(turn, sheet, judged, form)
    work.tidy(turn.session, batch.close(sheet, now=turn.now, request_id=opened.request.id), now=turn.now)
    await finish_draft(turn)
    return screens.registered(opened.entry, rows, today=turn.today)


async def _judged(turn: Turn, sheet: Sheet) -> Judgement:
    checked = Checked.from_json(batch.content(sheet)["checked"])
    return await batch_work.judgement(
        turn.session, turn.office, turn.officer, batch.content(sheet), checked, turn.today
    )


def _submitted(turn: Turn, form: Form, applicants: tuple[str, ...]) -> Form:
    """Return the form with the submission that was pressed.

    Raises:
        Stale: Nobody may apply that way.
    """
    arg = turn.pressed.arg
    if arg == "cp" and "counterpart" in applicants:
        return form_rules.with_submission(form, turn.today, applicant="counterpart", today=turn.today)
    if arg in ("0", "1", "no") and "bureau" in applicants:
        day = None if arg == "no" else turn.today - dt.timedelta(days=int(arg))
        return form_rules.with_submission(form, day, applicant="bureau", today=turn.today)
    raise Stale


async def _entered(turn: Turn, sheet: Sheet, judged: Judgement, form: Form) -> Opened:
    """Make the entry: organisations one by one, natural persons as one number."""
    if judged.holds is None or judged.outcome is None:
        raise Defect("a list without a matter is registered")
    rows = judged.batch
    persons = rows.count(Verdict.PERSON)
    kept, organisations = batch.content(sheet), rows.organisations
    decide_on = dt.date.fromisoformat(kept["decide_on"]) if kept.get("decide_on") else None
    form = replace(form, organisations=organisations, decide_on=decide_on)
    if not organisations:
        form = replace(form, head_count=persons)
    on = decide_on or turn.today
    register = await known.about(
        turn.session,
        [each.code.value for each in organisations],
        sight=await sight_of(turn.session, turn.office, turn.officer, turn.today),
        holds=judged.holds,
        on=on,
        earliest_issue=earliest_issue(judged.outcome.matter, on),
    )
    at = Begun(Draft(answers=kept["case"]), judged.outcome, form, replace(judged.holds, known=register))
    opened = await entries.enter(turn, entries.new_entry(turn, at), reason=_("from a list"))
    return await _with_persons(turn, opened, at, persons) if organisations and persons else opened


async def _with_persons(turn: Turn, opened: Opened, at: Begun, persons: int) -> Opened:
    """Add the natural persons of a list to its entry, as one number with the same application."""
    form = replace(at.form, organisations=(), head_count=persons)
    due = form_rules.dates(form, at.holds, turn.policy, turn.office.calendar).due
    verifying = [each for each in form_rules.recorded(form, at.holds) if each.product.kind is ProductKind.VERIFICATION]
    for each in verifying:
        await batch.add_persons(
            turn.session,
            opened.request,
            product_code=each.product.id,
            count=persons,
            state=ItemState.SUBMITTED if form.submitted_on else ItemState.DRAFT,
            applicant=Applicant(form.applicant) if form.applicant else None,
            submitted_on=form.submitted_on,
            due=(due.on, due.provisional) if due else None,
        )
    opened.request.basis_version += 1
    await turn.session.flush()
    again = await acts.reopened(turn, opened.request.id)
    await planning.replan(turn.session, turn.office, again.request, turn.now)
    return again


async def finish_draft(turn: Turn) -> None:
    """End the question for a list; what was put aside for it comes back."""
    await end_question(turn)
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        await drafts.end(turn.session, turn.draft)
        turn.draft = None


async def end_question(turn: Turn) -> None:
    """End the question for a sheet where it came in between; what was put aside for it comes back."""
    if turn.draft is not None and turn.draft.purpose in (PURPOSE, batch_results.PURPOSE):
        await drafts_aside.take_up(turn)
