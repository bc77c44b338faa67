"""Finding in the ledger: /find with its pages and filters, and /my with its counts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.finding import PAGE, View, Words, read_words
from bot.screens import finding as screens
from bot.screens.finding import FIND, MINE, Listed
from bot.screens.screen import Screen
from handlers import drafts_aside
from handlers.sight import sight_of
from handlers.timeline import wording
from handlers.turn import Flow, Stale, Turn
from storage import counterparts, dossiers, finding, matching, people
from storage.finding import Search
from storage.sight import Sight
from storage.tables import Draft, Unit

PURPOSE: Final = "find"


async def on_find(turn: Turn) -> Screen:
    """/find, with words or without."""
    return await _search(turn, turn.text)


async def on_ask(turn: Turn) -> Screen:
    """〔查找〕: ask what is looked for."""
    return await _search(turn, "")


async def on_typed(turn: Turn) -> Screen:
    """Words were typed while a search is open."""
    return await _search(turn, turn.text)


async def on_page(turn: Turn) -> Screen:
    """Another page of what was found, or the same narrowed."""
    view = _view(turn.pressed.arg)
    draft = _draft(turn)
    if draft is None:
        return await _found(turn, Words(), view, None)
    drafts_aside.keep(turn, {**draft.answers, "view": view.encode()}, entered=False)
    return await _found(turn, read_words(draft.answers["words"]), view, draft)


async def present(turn: Turn) -> Screen:
    """Return the search as it stands, computed from the draft alone."""
    draft = turn.draft
    if draft is None or not draft.answers["words"]:
        return screens.ask()
    return await _found(turn, read_words(draft.answers["words"]), _view(draft.answers["view"]), draft)


async def on_my(turn: Turn) -> Screen:
    """/my, its groups and its pages."""
    view = replace(_view(turn.press.arg), unit_id=None) if turn.press else View()
    sight = await sight_of(turn.session, turn.office, turn.officer, turn.today)
    listed = await _page(turn, sight, Search(view=view, mine=True), Listed(MINE, view, 0, ()))
    counts = await finding.standings(turn.session, sight)
    return screens.mine(listed, counts, wording(turn.office, turn.today))


async def on_filters(turn: Turn) -> Screen:
    """〔筛选〕: what the list can be narrowed to, and its menus of units and months."""
    verb = MINE if turn.pressed.verb == "mfl" else FIND
    menu, comma, arg = turn.pressed.arg.partition(",")
    view = _view(arg if comma else menu)
    draft = _draft(turn) if verb == FIND else None
    sight = await sight_of(turn.session, turn.office, turn.officer, turn.today)
    listed = await _listed(turn, verb, view, draft)
    if comma and menu == "m":
        return screens.months(listed, turn.today)
    by_unit = sight.sees_all and verb == FIND
    if comma and menu == "u" and by_unit:
        return screens.units(listed, {unit.id: unit.short_name for unit in await people.units(turn.session)})
    return screens.filters(listed, filters_verb=turn.pressed.verb, by_unit=by_unit)


def view_of(turn: Turn) -> tuple[Words, View, bool]:
    """Return which list a press belongs to: its words, what it is narrowed to, and whether it is the officer's own.

    Raises:
        Stale: The search is not the present one.
    """
    view = _view(turn.pressed.arg)
    if turn.pressed.verb in ("mex", "mfl", MINE):
        return Words(), view, True
    draft = _draft(turn)
    return (read_words(draft.answers["words"]) if draft else Words()), view, False


async def _search(turn: Turn, typed: str) -> Screen:
    """Begin a search, or go on with other words; what the officer was doing is put aside for it."""
    words = read_words(typed)
    answers = {"words": words.text, "view": View().encode()}
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        drafts_aside.keep(turn, {**turn.draft.answers, **answers}, entered=False)
    else:
        await drafts_aside.put_aside(turn, purpose=PURPOSE, answers=answers)
    return await present(turn)


async def _found(turn: Turn, words: Words, view: View, draft: Draft | None) -> Screen:
    """Return a page of what was found: counterparts first, unless the list is narrowed to entries, then entries."""
    session, sight = turn.session, await sight_of(turn.session, turn.office, turn.officer, turn.today)
    ids, near = await finding.counterparts(session, sight, words)
    into = await counterparts.survivors(session, ids)
    firms = [] if view.is_narrowed else list(dict.fromkeys(into[each] for each in ids))
    search = Search(words, near=ids if near else (), view=view)
    listed = await _page(turn, sight, search, await _listed(turn, FIND, view, draft), before=len(firms))
    at = listed.view.page * PAGE
    briefs = await dossiers.briefs(session, sight, firms[at : at + PAGE])
    shown = {"counterparts": [brief.id for brief in briefs], "entries": [entry.id for entry in listed.entries]}
    turn.note("find.search", ("person", turn.officer.id), after={"words": words.text, **shown})
    more = len(ids) == matching.MOST and not near
    return screens.found(words.text, briefs, listed, wording(turn.office, turn.today), near=near, more=more)


async def _listed(turn: Turn, verb: str, view: View, draft: Draft | None) -> Listed:
    """Return a list without its entries."""
    unit = await turn.session.get(Unit, view.unit_id) if view.unit_id is not None else None
    if view.unit_id is not None and unit is None:
        raise Stale
    return Listed(
        verb,
        view,
        0,
        (),
        draft_id=draft.id if draft else 0,
        version=draft.version if draft else 0,
        unit=unit.short_name if unit else None,
    )


def _draft(turn: Turn) -> Draft | None:
    """Return the search that a press belongs to; None where it browses without words.

    Raises:
        Stale: The search is over, or has gone on.
    """
    press, draft = turn.pressed, turn.draft
    if press.id == 0:
        return None
    if draft is None or draft.purpose != PURPOSE or (draft.id, draft.version) != (press.id, press.version):
        raise Stale
    return draft


def _view(arg: str) -> View:
    view = View.decode(arg)
    if view is None:
        raise Stale
    return view


async def _page(turn: Turn, sight: Sight, search: Search, listed: Listed, *, before: int = 0) -> Listed:
    """Return a list with the entries of its page, or of its last one where it has become shorter.

    Args:
        turn: The turn.
        sight: Whose eyes look.
        search: What is looked for.
        listed: The list; its view says which page.
        before: How many counterparts stand before the first entry.
    """
    at = listed.view.page * PAGE
    rows, number = await finding.entries(turn.session, sight, search, limit=PAGE, offset=max(0, at - before))
    if not rows and at > before:
        _rows, number = await finding.entries(turn.session, sight, search, limit=1, offset=0)
    total = before + number
    last = max(0, (total - 1) // PAGE)
    if listed.view.page > last:
        return await _page(turn, sight, search, replace(listed, view=replace(listed.view, page=last)), before=before)
    return replace(listed, total=total, entries=rows[: PAGE - min(PAGE, max(0, before - at))])


COMMANDS: Final[Mapping[str, Flow]] = {"find": on_find, "my": on_my}
PRESSES: Final[Mapping[str, Flow]] = {
    FIND: on_page,
    MINE: on_my,
    "fask": on_ask,
    "ffl": on_filters,
    "mfl": on_filters,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
