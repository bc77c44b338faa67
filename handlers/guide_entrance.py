"""The ways into the guide: commands, free text, and what happens while something else is unfinished."""

from dataclasses import replace

from bot.guidance import Ask
from bot.policy.model import MATTER
from bot.screens.frame import home
from bot.screens.screen import Screen
from handlers import drafts_aside, guide_draft, guide_screens, onward
from handlers.guide_draft import FOUND, HOME, PENDING, PURPOSE, Case
from handlers.guide_screens import present
from handlers.turn import Stale, Turn
from storage import drafts
from storage.tables import Draft


async def on_guide(turn: Turn) -> Screen:
    """/guide: which credit products a matter needs; words after it are searched for at once."""
    return await _open(turn, _wanted(turn))


async def on_new(turn: Turn) -> Screen:
    """/new: the same way, straight to an entry in the ledger."""
    return await _open(turn, replace(_wanted(turn), direct=True))


async def on_try(turn: Turn) -> Screen:
    """/try: the same way, recording nothing."""
    return await _open(turn, replace(_wanted(turn), what_if=True))


async def search(turn: Turn) -> Screen:
    """Look for a matter by what was typed; an unfinished case is asked about first.

    Whoever came by /try or /new goes on in that way: other words are no other wish.
    """
    draft = turn.draft
    if draft is not None and PENDING in draft.answers:
        wished = Case.from_json(draft.answers[PENDING])
        return _ask_first(turn, draft, replace(_wanted(turn), direct=wished.direct, what_if=wished.what_if))
    if draft is not None and draft.purpose == PURPOSE and _looks_for_matter(turn, draft):
        case = replace(Case.from_json(draft.answers), at=FOUND, query=_wanted(turn).query)
        guide_draft.keep(turn, draft, case)
        return await present(turn)
    case = _wanted(turn)
    if draft is not None and draft.purpose == PURPOSE:
        begun = Case.from_json(draft.answers)
        case = replace(case, direct=begun.direct, what_if=begun.what_if)
    return await _open(turn, case, asks_about_results=False)


async def on_keep(turn: Turn) -> Screen:
    """Continue what was unfinished, unless it is the officer's no more."""
    draft = _asked_about(turn)
    guide_draft.drop_pending(turn, draft)
    return await onward.doing(turn) or home()


async def on_anew(turn: Turn) -> Screen:
    """Give up what was unfinished and begin what was wanted; what is unfinished beneath it is asked about next."""
    wanted = Case.from_json(_asked_about(turn).answers[PENDING])
    await drafts_aside.give_up(turn)
    return await _open(turn, wanted, asks_about_results=False)


def _wanted(turn: Turn) -> Case:
    query = turn.text.strip()
    return Case(at=FOUND, query=query) if query else Case(at=HOME)


async def _open(turn: Turn, case: Case, *, asks_about_results: bool = True) -> Screen:
    """Begin a guide, unless something else is unfinished: then the officer is asked."""
    await drafts_aside.let_go(turn)
    draft = turn.draft
    if draft is not None and _unfinished(turn, draft, results_too=asks_about_results):
        return _ask_first(turn, draft, case)
    await guide_draft.begin(turn, case)
    return await present(turn)


def _ask_first(turn: Turn, draft: Draft, case: Case) -> Screen:
    """Ask about what is unfinished; what is wanted instead is kept beside it."""
    drafts.keep(draft, answers={**draft.answers, PENDING: case.to_json()}, awaiting=draft.awaiting, now=turn.now)
    return guide_screens.unfinished(turn, draft)


def _looks_for_matter(turn: Turn, draft: Draft) -> bool:
    """Say whether a name is what the guide waits for: at its beginning, or while the matter is being changed."""
    return draft.awaiting == MATTER or MATTER not in guide_draft.valid(turn, Case.from_json(draft.answers))


def _unfinished(turn: Turn, draft: Draft, *, results_too: bool = False) -> bool:
    """Say whether giving the draft up would lose an answer; a result has been seen and is among the last five."""
    if draft.purpose != PURPOSE:
        return True
    case = Case.from_json(draft.answers)
    if MATTER not in guide_draft.valid(turn, case):
        return False
    return results_too or isinstance(case.step(turn), Ask)


def _asked_about(turn: Turn) -> Draft:
    draft = turn.draft
    if draft is None or PENDING not in draft.answers:
        raise Stale
    guide_draft.require_present(turn, draft)
    return draft
