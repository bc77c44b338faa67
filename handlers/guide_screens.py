"""Which screen of the guide is the present one: computed from the draft alone."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from bot.guidance import Ask, Outcome, asked_again, matter_title, rejected
from bot.language import _
from bot.policy.model import MATTER, OTHER, Matter
from bot.screens import card
from bot.screens import guide as screens
from bot.screens.keys import Keys
from bot.screens.screen import Screen
from handlers import drafts_aside, guide_draft
from handlers.guide_draft import BASIS, CATEGORY, DATE, EDIT, FOUND, HOME, NOTE, PENDING, PURPOSE, Case
from handlers.turn import Turn
from storage import recent
from storage.tables import Draft

_HALF_DONE: Final[Mapping[str, Callable[[], str]]] = {
    "calendar": lambda: _("a change of the working calendar"),
    "cover": lambda: _("a leave cover"),
    "handover": lambda: _("a hand-over"),
    "study": lambda: _("the answer to a case for study"),
}
"""Purpose of what may be half done, besides guides, entries and forms -> what it is called."""
_RECENT_SHOWN = 5
_FOUND_SHOWN = 8


async def present(turn: Turn) -> Screen:
    """Return the screen that the officer's guide is on; after a restart it is the same."""
    draft, case = guide_draft.guiding(turn)
    if PENDING in draft.answers:
        return unfinished(turn, draft)
    step = case.step(turn)
    if case.place[0] in (HOME, CATEGORY, FOUND) or _asks_matter(step):
        return await _finding(turn, view(turn, draft, case), case)
    return _working(turn, view(turn, draft, case), case, step)


def unfinished(turn: Turn, draft: Draft) -> Screen:
    """Return the question whether to continue with a draft or to give it up for what is wanted instead."""
    return screens.unfinished(Keys(draft.id, draft.version), what=name_of(turn, draft))


def view(turn: Turn, draft: Draft, case: Case) -> screens.View:
    """Return what the screens of this guide have in common."""
    return screens.View(
        Keys(draft.id, draft.version),
        turn.policy.legal_division(on=turn.today).name,
        direct=case.direct,
        what_if=case.what_if,
        acts=not case.what_if and turn.may("new"),
        notice=_to_answer_again(turn, case),
    )


def asked(turn: Turn, case: Case) -> Ask | None:
    """Return the question on the screen: the next one, or the answer that is being changed."""
    name, question = case.place
    if name == EDIT and question:
        return asked_again(turn.policy, case.answers, question, on=case.date(turn))
    step = case.step(turn)
    return step if isinstance(step, Ask) and not name and not _asks_matter(step) else None


def name_of(turn: Turn, draft: Draft) -> str:
    """Return in a few words what is unfinished."""
    if draft.purpose in _HALF_DONE:
        return _HALF_DONE[draft.purpose]()
    if drafts_aside.SET_ASIDE in draft.answers:
        return _("a form about a ledger entry") if draft.answers.get("request") else _("a form")
    name = matter_name(turn, Case.from_json(draft.answers))
    if draft.purpose == PURPOSE:
        return name
    return _("%(matter)s, entry in the ledger") % {"matter": name}


def matter_name(turn: Turn, case: Case) -> str:
    """Return the chosen matter's name, or what one outside the catalogue is called."""
    code = next(iter(case.answers.get(MATTER, ())), OTHER)
    return matter_title(turn.policy.matters.get(code))


def _asks_matter(step: Ask | Outcome) -> bool:
    return isinstance(step, Ask) and step.question.id == MATTER


def _working(turn: Turn, shown: screens.View, case: Case, step: Ask | Outcome) -> Screen:
    """The screens after the matter is chosen."""
    name, rest = case.place
    matter = matter_name(turn, case)
    ask = asked(turn, case)
    if ask is not None:
        picked = ask.chosen if case.picked is None else case.picked
        return screens.question(shown, ask, matter=matter, picked=picked)
    if name == EDIT:
        return screens.editing(shown, guide_draft.answers_given(turn, case), matter=matter)
    if name == DATE:
        return screens.another_date(shown, matter=matter, on=case.date(turn), today=turn.today)
    if name == NOTE:
        return screens.handing_over(shown, matter=matter)
    if isinstance(step, Ask):  # a screen behind a result that a changed pack has taken back
        return screens.question(shown, step, matter=matter, picked=step.chosen)
    return _result(turn, shown, step, page=rest if name == BASIS else "", on=case.date(turn))


def _result(turn: Turn, shown: screens.View, outcome: Outcome, *, page: str, on: dt.date) -> Screen:
    behind = {"why": card.basis, "papers": card.papers, "alike": card.lookalikes}
    if page in behind:
        return behind[page](shown, turn.policy, outcome)
    return card.result(shown, turn.policy, outcome, on=on, today=turn.today)


async def _finding(turn: Turn, shown: screens.View, case: Case) -> Screen:
    """The screens on which the matter is found."""
    matters = {matter.code: matter for matter in turn.policy.matters_on(case.date(turn))}
    name, rest = case.place
    step = _progress(turn, case)
    if name == CATEGORY:
        category_id, _dot, page = rest.rpartition(".")
        for shelf in turn.policy.categories:
            if shelf.id == category_id:
                held = [matter for matter in matters.values() if matter.category == category_id]
                return screens.category(shown, shelf, held, step=step, page=int(page))
    if name == FOUND:
        codes = turn.office.catalogue.find(case.query, limit=len(turn.policy.matters))
        hits = [matters[code] for code in codes if code in matters][:_FOUND_SHOWN]
        if hits:
            return screens.found(shown, case.query, hits, step=step)
        shown = replace(shown, notice=screens.nothing_found(case.query))
    return await _home(turn, shown, case, matters, step)


async def _home(turn: Turn, shown: screens.View, case: Case, matters: dict[str, Matter], step: str) -> Screen:
    codes = await recent.newest_first(turn.session, turn.officer)
    used = {matter.category for matter in matters.values()}
    return screens.home(
        shown,
        step=step,
        recent=[matters[code] for code in codes if code in matters][:_RECENT_SHOWN],
        categories=[category for category in turn.policy.categories if category.id in used],
        editing=MATTER in guide_draft.valid(turn, case),
    )


def _progress(turn: Turn, case: Case) -> str:
    ask = Case(on=case.on).step(turn)
    return f"{ask.number}/{ask.total}" if isinstance(ask, Ask) else ""


def _to_answer_again(turn: Turn, case: Case) -> str | None:
    """Name the answers that the pack of today, or of the matter's date, no longer knows."""
    gone = rejected(turn.policy, case.answers, on=case.date(turn))
    if not gone:
        return None
    texts = [
        turn.policy.off_catalogue.question if question == MATTER else turn.policy.questions[question].text
        for question in gone
    ]
    return _("The rules have changed or differ on that date. Please answer again: %(questions)s") % {
        "questions": _(", ").join(texts)
    }
