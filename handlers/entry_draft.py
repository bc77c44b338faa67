"""The draft of a ledger entry: what was filled in, what it may hold, and the screen that follows from both."""

from dataclasses import dataclass, replace
from typing import Final

from bot import entry as form_rules
from bot.entry import Form, Step
from bot.guidance import Outcome
from bot.scope import Scope, scope
from bot.screens import requests as screens
from bot.screens.keys import Keys
from bot.screens.screen import Screen
from handlers import reuse
from handlers.guide_draft import Case, require_present
from handlers.sight import sight_of
from handlers.turn import Stale, Turn
from storage import drafts, known
from storage.tables import Draft

PURPOSE: Final = "entry"
SEEN: Final = "seen"  # keys of the counterparts whose look is on record
_TYPED_STEPS: Final = (Step.SUBJECT, Step.SUBMISSION, Step.LETTERS, Step.DECIDE)


@dataclass(frozen=True, slots=True)
class Begun:
    """An entry under way.

    Args:
        draft: Where it is kept.
        outcome: The result of the guide that it rests on.
        form: What was filled in.
        holds: What it may hold, with what the register knows about the counterparts.
    """

    draft: Draft
    outcome: Outcome
    form: Form
    holds: Scope


def outcome_of(turn: Turn, draft: Draft) -> Outcome:
    """Return the result of the guide that an entry rests on.

    Raises:
        Stale: Nothing to be recorded follows from the answers.
    """
    step = Case.from_json(draft.answers).step(turn)
    if not isinstance(step, Outcome) or not step.recommendations:
        raise Stale
    return step


async def begun(turn: Turn) -> Begun:
    """Return the officer's entry under way.

    Raises:
        Stale: There is none.
    """
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    form = Form.from_json(turn.draft.answers.get("entry", {}))
    outcome = outcome_of(turn, turn.draft)
    return Begun(turn.draft, outcome, form, await _holds(turn, outcome, form))


async def pressed(turn: Turn) -> Begun:
    """Return the officer's entry under way, for a press on its present keyboard.

    Raises:
        Stale: There is none, or the keyboard is an older one.
    """
    found = await begun(turn)
    require_present(turn, found.draft)
    return found


async def keep(turn: Turn, draft: Draft, outcome: Outcome, form: Form) -> Screen:
    """Keep the form and show the screen that follows from it."""
    holds = await _holds(turn, outcome, form)
    step = form_rules.step(form, holds)
    awaiting = f"{PURPOSE}.{step}" if step in _TYPED_STEPS else None
    answers = {**draft.answers, "entry": form.to_json(), SEEN: _note_looks(turn, draft, holds)}
    drafts.keep(draft, answers=answers, purpose=PURPOSE, awaiting=awaiting, now=turn.now)
    return screens.show(sheet(turn, Begun(draft, outcome, form, holds)))


def _note_looks(turn: Turn, draft: Draft, holds: Scope) -> list[int]:
    """Put on record of whom the form tells something, once for each draft; return all of them."""
    seen = draft.answers.get(SEEN, [])
    new = [each for each in holds.known.told_of if each not in seen]
    for counterpart_id in new:
        turn.looked("counterpart", counterpart_id)
    return [*seen, *new]


def sheet(turn: Turn, entry: Begun) -> screens.Sheet:
    """Return the form with everything that its screens need."""
    return screens.Sheet(
        keys=Keys(entry.draft.id, entry.draft.version),
        form=entry.form,
        scope=entry.holds,
        dates=form_rules.dates(entry.form, entry.holds, turn.policy, turn.office.calendar),
        today=turn.today,
        centre=turn.policy.term("credit_centre", on=turn.today),
    )


async def _holds(turn: Turn, outcome: Outcome, form: Form) -> Scope:
    holds = scope(turn.policy, outcome)
    if not form.organisations:
        return holds
    on = form.decide_on or turn.today  # an opinion must hold on the day of the decision; domain.md A10
    return replace(
        holds,
        known=await known.about(
            turn.session,
            [each.code.value for each in form.organisations],
            sight=await sight_of(turn.session, turn.office, turn.officer, turn.today),
            holds=holds,
            on=on,
            earliest_issue=reuse.earliest_issue(outcome.matter, on),
        ),
    )
