"""Hand-over (转办): one entry from its screen, or with /handover everything of a colleague who leaves."""

from collections.abc import Mapping
from typing import Any, Final

from bot.errors import Refusal
from bot.language import _
from bot.plaintext import visible
from bot.roles import CLEARS_DESKS, HANDS_OVER, Reach, reaches
from bot.screens import colleagues as choosing
from bot.screens import frame as frame_screens
from bot.screens import handover as screens
from bot.screens.handover import Preview
from bot.screens.keys import Keys
from bot.screens.screen import Screen, is_number
from bot.search import read_query
from handlers import acts, drafts_aside, timeline
from handlers.colleagues import matching, named
from handlers.handover_done import changed, hand_all, hand_one, reach_of
from handlers.turn import Flow, Stale, Turn
from storage import colleagues, handover
from storage.ledger import Opened
from storage.tables import Person, RequestState

PURPOSE: Final = "handover"
MOST_REASON: Final = 100  # characters; one line of the timeline


async def on_hand(turn: Turn) -> Screen:
    """〔转办〕 on an entry: choose who takes it."""
    opened = await _transferable(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version:
        return await changed(turn, opened)
    return await _begin(turn, {"request": opened.request.id, "version": opened.request.version})


async def on_handover(turn: Turn) -> Screen:
    """/handover: choose whose entries are handed over."""
    return await _begin(turn, {"request": None, "version": None})


async def begin_for(turn: Turn, leaver: Person) -> Screen:
    """Begin the hand-over of everything of one colleague, from their card in the list of people."""
    return await _begin(turn, {"request": None, "version": None, "from": leaver.id})


async def present(turn: Turn) -> Screen:
    """Return the question that is open, computed from the draft alone."""
    answers, keys = _asked(turn)
    step = _step(answers)
    if step != "confirm":
        return await _which_colleague(turn, answers, step, keys)
    to = await turn.session.get_one(Person, answers["to"])
    if answers["request"] is not None:
        opened = await _transferable(turn, answers["request"])
        owner = await turn.session.get_one(Person, opened.request.owner_id)
        return screens.confirm_one(opened.entry, named(owner), named(to), answers["reason"], keys)
    leaver = await _leaver(turn, answers)
    may_close = turn.may("people.keep") and leaver.id != turn.officer.id
    return screens.confirm_all(await preview(turn, leaver), named(to), keys, may_close=may_close)


async def on_set(turn: Turn) -> Screen:
    """A colleague or a page was pressed."""
    answers = _pressed(turn)
    line, _comma, value = turn.pressed.arg.partition(",")
    if line == "page" and is_number(value):
        return await _keep(turn, {**answers, "page": int(value)})
    if line == "all":
        return await _keep(turn, {**answers, "query": "", "page": 0})
    if line != _step(answers) or not is_number(value):
        raise Stale
    if int(value) not in {person.id for person, _unit in await _candidates(turn, answers, line)}:
        raise Stale
    return await _keep(turn, {**answers, line: int(value), "query": "", "page": 0})


async def on_typed(turn: Turn) -> Screen:
    """A name was typed, or at the end the reason."""
    answers, _keys = _asked(turn)
    step = _step(answers)
    text = " ".join(visible(turn.text).split())
    if step == "confirm":
        if answers["request"] is None:
            raise Refusal(_("Please use the buttons on this screen."))
        if len(text) > MOST_REASON:
            raise Refusal(
                _("The reason has %(count)d characters, at most %(most)d fit. Please shorten it and send it again.")
                % {"count": len(text), "most": MOST_REASON}
            )
        return await _keep(turn, {**answers, "reason": text})
    if not matching(await _candidates(turn, answers, step), text):
        raise Refusal(_("No colleague of that name was found. Please check it, or choose below."))
    return await _keep(turn, {**answers, "query": read_query(text), "page": 0})


async def on_ask(turn: Turn) -> Screen:
    """〔改选他人〕: somebody else is to take it."""
    return await _keep(turn, {**_pressed(turn), "to": None})


async def on_off(turn: Turn) -> Screen:
    """Give the hand-over up; nothing was recorded."""
    answers = _pressed(turn)
    await drafts_aside.take_up(turn)
    if answers["request"] is not None:
        return await timeline.shown(turn, await acts.reopened(turn, answers["request"]))
    return frame_screens.cancelled(had_draft=True)


async def on_ok(turn: Turn) -> Screen:
    """Record the hand-over and tell the new owner."""
    answers = _pressed(turn)
    if _step(answers) != "confirm":
        raise Stale
    if answers["to"] not in {person.id for person, _unit in await _candidates(turn, answers, "to")}:
        raise Refusal(_("This colleague cannot take it any more. Please choose somebody else."))
    to = await turn.session.get_one(Person, answers["to"])
    if answers["request"] is not None:
        opened = await _transferable(turn, answers["request"])
        await drafts_aside.take_up(turn)
        return await hand_one(turn, opened, to, version=answers["version"], reason=answers["reason"])
    closes = turn.pressed.arg == "left"
    leaver = await _leaver(turn, answers)
    if closes and (not turn.may("people.keep") or leaver.id == turn.officer.id):
        raise Stale
    await drafts_aside.take_up(turn)
    return await hand_all(turn, leaver, to, closes=closes)


async def _begin(turn: Turn, what: dict[str, Any]) -> Screen:
    answers = {"from": None, "to": None, "reason": None, "query": "", "page": 0, **what}
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers=answers)
    return await present(turn)


async def _transferable(turn: Turn, request_id: int) -> Opened:
    """Return an entry that this officer may hand over.

    Raises:
        Refusal: There is none for them, or they may only read it.
        Stale: It was withdrawn or taken back.
    """
    opened = await acts.reopened(turn, request_id)
    same_unit = turn.officer.unit_id == opened.request.unit_id
    if not reaches(HANDS_OVER, turn.officer.role, own=opened.may_act, same_unit=same_unit):
        raise Refusal(_("Only its handling officer, the unit's liaison and head, and the coordinators hand this over."))
    if opened.request.state not in (RequestState.OPEN, RequestState.CLOSED):
        raise Stale
    return opened


async def _leaver(turn: Turn, answers: Mapping[str, Any]) -> Person:
    """Return the colleague whose entries are handed over, checked anew.

    Raises:
        Stale: This officer may not do that.
    """
    person = await turn.session.get_one(Person, answers["from"])
    if not reaches(CLEARS_DESKS, turn.officer.role, own=False, same_unit=turn.officer.unit_id == person.unit_id):
        raise Stale
    return person


async def _candidates(turn: Turn, answers: Mapping[str, Any], step: str) -> list[tuple[Person, str]]:
    """Return who may be chosen: whose desk is cleared, or who takes it over."""
    me = turn.officer
    whole = HANDS_OVER.get(me.role) is Reach.BUREAU
    if step == "from":
        if me.role not in CLEARS_DESKS:
            raise Stale
        return list(await colleagues.leavers(turn.session, unit_id=me.unit_id, whole_bureau=whole, today=turn.today))
    if answers["request"] is not None:
        request = (await _transferable(turn, answers["request"])).request
        unit_id, holder_id = request.unit_id, request.owner_id
    else:
        leaver = await _leaver(turn, answers)
        unit_id, holder_id = leaver.unit_id, leaver.id
    rows = await colleagues.working(turn.session, unit_id=unit_id, whole_bureau=whole)
    return [(person, unit) for person, unit in rows if person.id != holder_id]


async def _which_colleague(turn: Turn, answers: Mapping[str, Any], step: str, keys: Keys) -> Screen:
    title = screens.title_of_all()
    context: tuple[str, ...] = ()
    if answers["request"] is not None:
        title = screens.title_of_one()
        entry = (await _transferable(turn, answers["request"])).entry
        context = (f"{entry.number} {entry.matter}",)
    elif step == "to":
        context = (await preview(turn, await _leaver(turn, answers))).lines()
    choice = choosing.Choice(
        title=title,
        question=_("Who takes it over?") if step == "to" else _("Whose entries are handed over?"),
        colleagues=matching(await _candidates(turn, answers, step), answers["query"]),
        page=answers["page"],
        query=answers["query"],
        verb="hdset",
        line=step,
        cancel="hdoff",
        context=context,
    )
    return choosing.choose(choice, keys)


async def preview(turn: Turn, leaver: Person) -> Preview:
    """Return what this officer could hand over of a leaver."""
    found = await handover.estate(turn.session, leaver.id, today=turn.today, unit_id=reach_of(turn.officer))
    return Preview(named(leaver), found.entries, found.overdue, found.later, found.referrals, found.covers)


def _step(answers: Mapping[str, Any]) -> str:
    if answers["request"] is None and answers["from"] is None:
        return "from"
    return "to" if answers["to"] is None else "confirm"


def _asked(turn: Turn) -> tuple[dict[str, Any], Keys]:
    draft = turn.draft
    if draft is None or draft.purpose != PURPOSE:
        raise Stale
    return draft.answers, Keys(draft.id, draft.version)


def _pressed(turn: Turn) -> dict[str, Any]:
    answers, keys = _asked(turn)
    if (turn.pressed.id, turn.pressed.version) != (keys.draft_id, keys.version):
        raise Stale
    return answers


async def _keep(turn: Turn, answers: dict[str, Any]) -> Screen:
    drafts_aside.keep(turn, answers, entered=bool(answers["reason"]), typed=("reason",))
    return await present(turn)


COMMANDS: Final[Mapping[str, Flow]] = {"handover": on_handover}
PRESSES: Final[Mapping[str, Flow]] = {
    "hand": on_hand,
    "hdset": on_set,
    "hdask": on_ask,
    "hdok": on_ok,
    "hdoff": on_off,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
