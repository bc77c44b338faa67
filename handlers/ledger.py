"""What is recorded about an entry afterwards: the days of its life, by one press or a typed date each."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.dates import format_day, parse_day
from bot.errors import Refusal
from bot.language import _
from bot.screens import entry_acts as asked
from bot.screens.screen import Screen, is_number
from handlers import acts, drafts_aside, planning
from handlers.acts import changeable
from handlers.timeline import further, shown, whole, words_of
from handlers.turn import Flow, Stale, Turn, iso_day
from storage.ledger import Opened
from storage.tables import Applicant, Item, ItemState

PURPOSE: Final = "entry_day"

ACTS: Final = ("submitted", "received", "supplement", "resumed", "returned")
_BY_THE_CENTRE: Final = ("received", "supplement", "resumed")  # where the counterpart applied, nobody here is told


async def on_open(turn: Turn) -> Screen:
    """One entry."""
    await drafts_aside.let_go(turn)
    opened = await acts.reopened(turn, turn.pressed.id)
    return await shown(turn, opened)


async def on_more(turn: Turn) -> Screen:
    """〔更多〕: corrections, papers, files, hand-over, withdrawal."""
    opened = await acts.reopened(turn, turn.pressed.id)
    return await further(turn, opened)


async def on_timeline(turn: Turn) -> Screen:
    """〔完整时间线〕: all its lines, page by page."""
    opened = await acts.reopened(turn, turn.pressed.id)
    return await whole(turn, opened, page=int(turn.pressed.arg) if is_number(turn.pressed.arg) else 0)


async def on_day(turn: Turn) -> Screen:
    """A day was chosen by a button."""
    opened = await changeable(turn, turn.pressed.id)
    act, _comma, day = turn.pressed.arg.partition(",")
    if act not in ACTS:
        raise Stale
    if turn.pressed.version != opened.request.version:
        return replace(await shown(turn, opened), toast=_("The entry has changed since; this is its present state."))
    on = turn.today - dt.timedelta(days=int(day)) if is_number(day) and len(day) < 3 else iso_day(day)
    await drafts_aside.let_go(turn)
    return await _recorded(turn, opened, act, on)


async def on_ask(turn: Turn) -> Screen:
    """Ask for the day of an act; what the officer was doing besides comes back afterwards."""
    opened = await changeable(turn, turn.pressed.id)
    if turn.pressed.arg not in ACTS:
        raise Stale
    if turn.pressed.version != opened.request.version:
        return replace(await shown(turn, opened), toast=_("The entry has changed since; this is its present state."))
    return await asking(turn, opened, turn.pressed.arg)


async def asking(turn: Turn, opened: Opened, act: str, *, aside: bool = False) -> Screen:
    """Let the next typed text be the day of an act, and show the days that can be pressed."""
    answers: dict[str, Any] = {"request": opened.request.id, "act": act}
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers=answers)
    return asked.which_day(opened.entry, act, words_of(turn, opened.entry), aside=aside)


async def on_typed_day(turn: Turn) -> Screen:
    """A day was typed."""
    opened, act = await _asked(turn)
    on = parse_day(turn.text, today=turn.today)
    require_possible(opened, act, on, turn.today)
    await drafts_aside.take_up(turn)
    return await _recorded(turn, opened, act, on)


async def present(turn: Turn) -> Screen:
    """Return the question for the day, computed from the draft alone."""
    opened, act = await _asked(turn)
    return asked.which_day(opened.entry, act, words_of(turn, opened.entry))


async def on_withdraw(turn: Turn) -> Screen:
    """Ask before an entry is withdrawn."""
    opened = await changeable(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version or not opened.entry.open:
        return await shown(turn, opened)
    return asked.withdrawing(opened.entry)


async def on_withdrawn(turn: Turn) -> Screen:
    """Withdraw an entry: it stays in the ledger, nothing is watched any more."""
    opened = await changeable(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version or not opened.entry.open:
        return await shown(turn, opened)
    async with acts.acting(turn, opened, "request.withdraw"):
        for item in opened.waiting:
            item.state, item.withdrawn_on = ItemState.WITHDRAWN, turn.today
    return await shown(turn, await acts.reopened(turn, opened.request.id))


async def on_undo(turn: Turn) -> Screen:
    """Take the last step back, within ten minutes."""
    opened = await acts.reopened(turn, turn.pressed.id)
    line = await acts.last_act(turn, opened)
    if line is None:
        raise Refusal(_("Nothing can be taken back any more. Please use the correction, with a reason."))
    if turn.pressed.version != opened.request.version:
        return replace(await shown(turn, opened), toast=_("The entry has changed since; this is its present state."))
    return replace(await shown(turn, await acts.take_back(turn, opened, line)), toast=_("Taken back"))


async def record(turn: Turn, opened: Opened, act: str, on: dt.date) -> Opened:
    """Record the day of an act on all verifications of an entry that are waited for, and plan its reminders anew.

    The day of an opinion can be corrected after the entry is complete: it ends with the centre's feedback, not with
    the press. Source: domain.md A8.

    Args:
        turn: The turn.
        opened: The entry.
        act: One of ``ACTS``.
        on: Local date.

    Returns:
        The entry as it is now.

    Raises:
        Refusal: The day cannot be right.
    """
    require_possible(opened, act, on, turn.today)
    async with acts.acting(turn, opened, f"request.{act}", on=on):
        for item in opened.waiting or opened.returned:
            _take_down(turn, item, act, on)
    return await acts.reopened(turn, opened.request.id)


def _take_down(turn: Turn, item: Item, act: str, on: dt.date) -> None:
    match act:
        case "submitted":
            item.submitted_on, item.state = on, ItemState.SUBMITTED
            planning.reckon(turn.office, item, on)
        case "received":
            item.received_on, item.state = on, ItemState.RECEIVED
            if item.resumed_on is None:  # the clock runs from the papers handed in later
                planning.reckon(turn.office, item, on)
        case "supplement":
            planning.stop_clock(turn.office, item, on)
        case "resumed":
            planning.resume_clock(turn.office, item, on)
        case _:
            take_in(item, on, today=turn.today)


def take_in(item: Item, on: dt.date, *, today: dt.date) -> None:
    """Record that the opinion of one verification has come.

    Where the counterpart applied, nobody here knows when: the entry's day counts, or an earlier day on which the
    opinion was handed in.

    Raises:
        Refusal: The day lies before what came first.
    """
    require_after(item, on, today=today)
    if item.applicant is Applicant.COUNTERPART and item.submitted_on is not None:
        item.submitted_on = min(item.submitted_on, on)
    item.returned_on, item.state = on, ItemState.RETURNED


def require_after(item: Item, on: dt.date, *, today: dt.date) -> None:
    """Refuse a day for an opinion's arrival that lies before what came first.

    Raises:
        Refusal: It does.
    """
    submitted_on = item.submitted_on if item.applicant is Applicant.BUREAU else None
    for first, said in (
        (submitted_on, _("The day lies before the submission on %(day)s. Please check it and choose again.")),
        (item.received_on, _("The day lies before the centre's receipt on %(day)s. Please check it and choose again.")),
    ):
        if first is not None and on < first:
            raise Refusal(said % {"day": format_day(first, today=today)})


def require_possible(opened: Opened, act: str, on: dt.date, today: dt.date) -> None:
    """Refuse a day that cannot be right, or an act that the entry's state does not know.

    Raises:
        Refusal: It lies in the future, or before what came first.
        Stale: The entry is not waiting for this.
    """
    entry = opened.entry
    is_correction = act == "returned" and bool(opened.returned)
    if not (entry.open or is_correction) or (act == "submitted") != (entry.submitted_on is None):
        raise Stale
    if act in _BY_THE_CENTRE and entry.applicant == "counterpart":
        raise Stale
    papers_wanted = entry.supplement_on is not None
    if (act == "resumed") is not papers_wanted and act in _BY_THE_CENTRE:
        raise Stale
    if act == "supplement" and entry.received_on is None:
        raise Stale
    if on > today:
        raise Refusal(_("The day lies in the future. Please choose today or an earlier day."))
    for first, said in (
        (entry.submitted_on if entry.applicant == "bureau" else None,
         _("The day lies before the submission on %(day)s. Please check it and choose again.")),
        (entry.received_on if act in ("returned", "supplement", "resumed") else None,
         _("The day lies before the centre's receipt on %(day)s. Please check it and choose again.")),
        (entry.supplement_on if act == "resumed" else None,
         _("The day lies before the supplement was asked for on %(day)s. Please check it and choose again.")),
    ):  # fmt: skip
        if first is not None and on < first:
            raise Refusal(said % {"day": format_day(first, today=today)})


def note(turn: Turn, opened: Opened, verb: str) -> None:
    """Append the audit line of something said about an entry that changes nothing in it."""
    turn.note(verb, ("request", opened.request.id))


async def _recorded(turn: Turn, opened: Opened, act: str, on: dt.date) -> Screen:
    screen = await shown(turn, await record(turn, opened, act, on))
    return replace(screen, toast=_("Recorded"))


async def _asked(turn: Turn) -> tuple[Opened, str]:
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    return await changeable(turn, turn.draft.answers["request"]), turn.draft.answers["act"]


PRESSES: Final[Mapping[str, Flow]] = {
    "req": on_open,
    "more": on_more,
    "tline": on_timeline,
    "rdo": on_day,
    "rask": on_ask,
    "rwd": on_withdraw,
    "rwdok": on_withdrawn,
    "undo": on_undo,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed_day}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
