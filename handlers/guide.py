"""The guide: from a matter to its credit products.

A draft keeps the answers; the screen is computed from them, so that going back, editing one answer, resuming after a
restart and two devices are all the same code.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.dates import format_day, parse_day
from bot.errors import Refusal
from bot.guidance import Ask, Outcome, still_valid
from bot.language import _
from bot.policy.model import MATTER
from bot.screens import card
from bot.screens import guide as screens
from bot.screens.screen import Screen, is_number
from handlers import guide_draft, guide_screens, referral, requests
from handlers.guide_draft import BASIS, CATEGORY, DATE, EDIT, FOUND, HOME, PURPOSE, Case
from handlers.guide_entrance import on_anew, on_guide, on_keep, on_new, on_try, search
from handlers.guide_screens import present
from handlers.referral import NOTICES
from handlers.turn import Flow, Stale, Turn
from storage import drafts, recent
from storage.tables import Draft

__all__ = ["COMMANDS", "NOTICES", "PRESENT", "PRESSES", "TYPED", "search"]


async def on_typed(turn: Turn) -> Screen:
    """Typed text: a matter's name, the note to a referral, or the matter's date."""
    draft, case = guide_draft.guiding(turn)
    if draft.awaiting == guide_draft.NOTE:
        return await referral.on_note(turn)
    if draft.awaiting == DATE:
        return await _on_date(turn, draft, case)
    return await search(turn)


async def on_category(turn: Turn) -> Screen:
    """A category, or another page of it."""
    draft, case = guide_draft.pressed(turn)
    name, _comma, page = turn.pressed.arg.partition(",")
    if all(category.id != name for category in turn.policy.categories):
        raise Stale
    guide_draft.keep(turn, draft, replace(case, at=f"{CATEGORY}.{name}.{page if is_number(page) else 0}"))
    return await present(turn)


async def on_matter(turn: Turn) -> Screen:
    """A matter, or 找不到."""
    draft, case = guide_draft.pressed(turn)
    came = case.at if case.place[0] in (CATEGORY, FOUND) else HOME
    return await _answer(turn, draft, replace(case, came=came), MATTER, (turn.pressed.arg,))


async def on_answer(turn: Turn) -> Screen:
    """An option of the question on the screen."""
    draft, case = guide_draft.pressed(turn)
    question, _comma, option = turn.pressed.arg.partition(",")
    ask = _asked(turn, case)
    if ask.question.id != question or ask.question.many or option not in _options(ask):
        raise Stale
    return await _answer(turn, draft, case, question, (option,))


async def on_toggle(turn: Turn) -> Screen:
    """A tick in a multi-select.

    The button says the wanted state, so a quick second tick on the same keyboard counts too, although the first
    one has moved the draft on.
    """
    draft, case = guide_draft.guiding(turn)
    question, option, wanted = (*turn.pressed.arg.split(","), "", "")[:3]
    ask = _asked(turn, case)
    if turn.pressed.id != draft.id or not ask.question.many or question != ask.question.id:
        raise Stale
    if option not in _options(ask) or turn.pressed.version > draft.version:
        raise Stale
    ticked = {*_ticked(case, ask)} - {option} | ({option} if wanted == "1" else set())
    picked = tuple(each for each in _options(ask) if each in ticked)
    guide_draft.keep(turn, draft, replace(case, picked=picked))
    return await present(turn)


async def on_pick(turn: Turn) -> Screen:
    """The multi-select is confirmed."""
    draft, case = guide_draft.pressed(turn)
    ask = _asked(turn, case)
    if ask.question.id != turn.pressed.arg or not ask.question.many:
        raise Stale
    picked = tuple(_ticked(case, ask))
    if not picked:
        raise Refusal(_("Please tick at least one; where none fits, please hand the case over for study."))
    return await _answer(turn, draft, case, ask.question.id, picked)


async def on_back(turn: Turn) -> Screen:
    """One step back: from a screen behind the result, or to the question before, whose answer is dropped."""
    draft, case = guide_draft.pressed(turn)
    guide_draft.keep(turn, draft, _before(turn, case))
    return await present(turn)


async def on_end(turn: Turn) -> Screen:
    """Cancel, or finish with a result, which then stays in the chat."""
    draft, case = guide_draft.pressed(turn)
    step = case.step(turn)
    await drafts.end(turn.session, draft)
    turn.draft = None
    if isinstance(step, Ask):
        return screens.cancelled()
    view = guide_screens.view(turn, draft, case)
    return card.finished(view, turn.policy, step, on=case.date(turn), today=turn.today)


async def on_basis(turn: Turn) -> Screen:
    """The basis, the papers by route, or the look-alikes."""
    if turn.pressed.arg not in card.PAGES:
        raise Stale
    return await _beside(turn, f"{BASIS}.{turn.pressed.arg}")


async def on_edit(turn: Turn) -> Screen:
    """The answers given, or one of them to be changed."""
    question = turn.pressed.arg
    if question == MATTER:
        return await _beside(turn, HOME)
    return await _beside(turn, f"{EDIT}.{question}" if question else EDIT)


async def on_other_date(turn: Turn) -> Screen:
    """Ask for the matter's own date."""
    return await _beside(turn, DATE)


async def on_today(turn: Turn) -> Screen:
    """The rules of today decide again."""
    draft, case = guide_draft.pressed(turn)
    return await _advance(turn, draft, replace(case, on=None, at=""))


async def _beside(turn: Turn, at: str) -> Screen:
    draft, case = guide_draft.pressed(turn)
    guide_draft.keep(turn, draft, replace(case, at=at, picked=None))
    return await present(turn)


def _asked(turn: Turn, case: Case) -> Ask:
    ask = guide_screens.asked(turn, case)
    if ask is None:
        raise Stale
    return ask


def _options(ask: Ask) -> list[str]:
    return [option.id for option in ask.question.options]


def _ticked(case: Case, ask: Ask) -> tuple[str, ...]:
    return ask.chosen if case.picked is None else case.picked


async def _answer(turn: Turn, draft: Draft, case: Case, question: str, chosen: tuple[str, ...]) -> Screen:
    """Keep an answer; later answers that still fit are kept, the others are dropped."""
    answers = still_valid(turn.policy, {**case.answers, question: chosen}, on=case.date(turn))
    if question not in answers:
        raise Stale
    return await _advance(turn, draft, replace(case, answers=answers, at="", picked=None))


async def _advance(turn: Turn, draft: Draft, case: Case) -> Screen:
    guide_draft.keep(turn, draft, case)
    step = case.step(turn)
    if isinstance(step, Outcome) and not case.what_if:
        await _record(turn, draft, step)
        if case.direct and step.recommendations:
            return await requests.begin_entry(turn)
    return await present(turn)


async def _record(turn: Turn, draft: Draft, outcome: Outcome) -> None:
    """A result was reached: the matter is the officer's latest, and who looked at what is noted."""
    if outcome.matter is not None:
        await recent.remember(turn.session, turn.officer, outcome.matter.code, now=turn.now)
    turn.note(
        "guide.result",
        ("draft", draft.id),
        after={"matter": outcome.matter.code if outcome.matter else None, "rules": list(outcome.rule_ids)},
    )


def _before(turn: Turn, case: Case) -> Case:
    """Return the case one step earlier."""
    name, rest = case.place
    chosen = MATTER in guide_draft.valid(turn, case)
    if name == EDIT and rest:
        return replace(case, at=EDIT, picked=None)
    if name in (CATEGORY, FOUND):
        return replace(case, at=HOME)
    if name:
        return replace(case, at="" if chosen else HOME, picked=None)
    return _without_last(turn, case)


def _without_last(turn: Turn, case: Case) -> Case:
    items = guide_draft.answers_given(turn, case)
    if not items:
        return replace(case, at=HOME)
    dropped = items[-1].question.id
    answers = {question: chosen for question, chosen in case.answers.items() if question != dropped}
    return replace(case, answers=answers, at=case.came if dropped == MATTER else "", picked=None)


async def _on_date(turn: Turn, draft: Draft, case: Case) -> Screen:
    on = parse_day(turn.text, today=turn.today)
    first = turn.policy.content.about.effective_from
    if on < first:
        day = format_day(first, today=turn.today)
        raise Refusal(_("These rules begin on %(day)s. Please type that day or a later one.") % {"day": day})
    return await _advance(turn, draft, replace(case, on=on, at=""))


COMMANDS: Final[Mapping[str, Flow]] = {"guide": on_guide, "new": on_new, "try": on_try}
PRESSES: Final[Mapping[str, Flow]] = {
    "gcat": on_category,
    "gmat": on_matter,
    "gans": on_answer,
    "gtog": on_toggle,
    "gpick": on_pick,
    "gback": on_back,
    "gend": on_end,
    "gsrc": on_basis,
    "gedit": on_edit,
    "gdate": on_other_date,
    "gtody": on_today,
    "gkeep": on_keep,
    "gnew": on_anew,
    **referral.PRESSES,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
