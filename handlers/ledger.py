"""/my: the officer's entries, and what is recorded about them afterwards, by one press each."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.dates import format_day, parse_day
from bot.errors import Refusal
from bot.language import _
from bot.ledger import Entry
from bot.policy.model import CounterpartKind
from bot.scope import subject_word
from bot.screens import ledger as screens
from bot.screens.screen import Screen
from handlers import planning
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import audit, drafts, ledger, reminders
from storage.ledger import Opened
from storage.tables import ItemState, Person, RequestState

PURPOSE: Final = "entry_day"
SET_ASIDE: Final = "set_aside"  # what was under way before a date was asked for; it comes back afterwards

ACTS: Final = ("submitted", "received", "returned")


async def on_my(turn: Turn) -> Screen:
    """/my, and its pages."""
    arg = turn.press.arg if turn.press else ""
    total = await ledger.count_open(turn.session, turn.officer.id)
    last = max(0, (total - 1) // screens.PAGE)
    page = min(int(arg) if arg.isdecimal() else 0, last)
    entries = await ledger.opened_by(turn.session, turn.officer.id, limit=screens.PAGE, offset=page * screens.PAGE)
    return screens.listed(entries, page=page, total=total, wording=wording(turn.office, turn.today))


async def on_open(turn: Turn) -> Screen:
    """One entry."""
    await _put_back(turn)
    return await shown(turn, await _opened(turn, turn.pressed.id))


async def on_day(turn: Turn) -> Screen:
    """A day was chosen by a button."""
    opened = await changeable(turn, turn.pressed.id)
    act, _comma, day = turn.pressed.arg.partition(",")
    if act not in ACTS:
        raise Stale
    if turn.pressed.version != opened.request.version:
        return replace(await shown(turn, opened), toast=_("The entry has changed since; this is its present state."))
    on = turn.today - dt.timedelta(days=int(day)) if day.isdecimal() and len(day) < 3 else _iso(day)
    await _put_back(turn)
    return await _recorded(turn, opened, act, on)


async def on_ask(turn: Turn) -> Screen:
    """Ask for the day of an act; what the officer was doing besides comes back afterwards."""
    opened = await changeable(turn, turn.pressed.id)
    if turn.pressed.arg not in ACTS:
        raise Stale
    return await asking(turn, opened, turn.pressed.arg)


async def asking(turn: Turn, opened: Opened, act: str, *, aside: bool = False) -> Screen:
    """Let the next typed text be the day of an act, and show the days that can be pressed."""
    await _put_back(turn)
    kept: dict[str, Any] | None = None
    if turn.draft is not None:
        before = turn.draft
        kept = {"purpose": before.purpose, "answers": before.answers, "awaiting": before.awaiting}
    answers = {"request": opened.request.id, "act": act, SET_ASIDE: kept}
    if turn.draft is None:
        turn.draft = await drafts.begin(
            turn.session, turn.officer, purpose=PURPOSE, answers=answers, awaiting="day", now=turn.now
        )
    else:
        drafts.keep(turn.draft, answers=answers, purpose=PURPOSE, awaiting="day", now=turn.now)
    return screens.which_day(opened.entry, act, _words(turn, opened.entry), aside=aside)


async def on_typed_day(turn: Turn) -> Screen:
    """A day was typed."""
    opened, act = await _asked(turn)
    on = parse_day(turn.text, today=turn.today)
    require_possible(opened, act, on, turn.today)
    await _put_back(turn)
    return await _recorded(turn, opened, act, on)


async def present(turn: Turn) -> Screen:
    """Return the question for the day, computed from the draft alone."""
    opened, act = await _asked(turn)
    return screens.which_day(opened.entry, act, _words(turn, opened.entry))


async def on_withdraw(turn: Turn) -> Screen:
    """Ask before an entry is withdrawn."""
    opened = await changeable(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version or not opened.entry.open:
        return await shown(turn, opened)
    return screens.withdrawing(opened.entry, _words(turn, opened.entry))


async def on_withdrawn(turn: Turn) -> Screen:
    """Withdraw an entry: it stays in the ledger, nothing is watched any more."""
    opened = await changeable(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version or not opened.entry.open:
        return await shown(turn, opened)
    for item in opened.waiting:
        item.state = ItemState.WITHDRAWN
    opened.request.state = RequestState.WITHDRAWN
    opened.request.basis_version += 1
    await turn.session.flush()
    await reminders.cancel(turn.session, opened.request, reason="entry withdrawn")
    note(turn, opened, "request.withdraw", None)
    return await shown(turn, await _opened(turn, opened.request.id))


async def record(turn: Turn, opened: Opened, act: str, on: dt.date) -> Opened:
    """Record the day of an act on all verifications of an entry that are waited for, and plan its reminders anew.

    The day of an opinion can be corrected after the entry is complete: it ends with the centre's feedback, not with
    the press. Source: domain.md A8.

    Args:
        turn: The turn.
        opened: The entry.
        act: ``submitted``, ``received`` or ``returned``.
        on: Local date.

    Returns:
        The entry as it is now.

    Raises:
        Refusal: The day cannot be right.
    """
    require_possible(opened, act, on, turn.today)
    for item in opened.waiting or opened.returned:
        match act:
            case "submitted":
                item.submitted_on, item.state = on, ItemState.SUBMITTED
                planning.reckon(turn.office, item, on)
            case "received":
                item.received_on, item.state = on, ItemState.RECEIVED
                planning.reckon(turn.office, item, on)
            case _:
                item.returned_on, item.state = on, ItemState.RETURNED
    if act == "returned":
        opened.request.state = RequestState.CLOSED
    opened.request.basis_version += 1
    await turn.session.flush()
    if act == "returned":
        await reminders.cancel(turn.session, opened.request, reason="opinion received")
    else:
        await planning.replan(turn.session, turn.office, opened.request, opened.waiting, turn.now)
    note(turn, opened, f"request.{act}", on)
    return await _opened(turn, opened.request.id)


def require_possible(opened: Opened, act: str, on: dt.date, today: dt.date) -> None:
    """Refuse a day that cannot be right, or an act that the entry's state does not know.

    Raises:
        Refusal: It lies in the future, or before what came first.
        Stale: The entry is not waiting for this.
    """
    entry = opened.entry
    is_correction = act == "returned" and entry.returned_on is not None and not entry.withdrawn
    if not (entry.open or is_correction) or (act == "submitted") != (entry.submitted_on is None):
        raise Stale
    if act == "received" and entry.applicant == "counterpart":
        raise Stale
    if on > today:
        raise Refusal(_("The day lies in the future. Please choose today or an earlier day."))
    for first, said in (
        (entry.submitted_on, _("The day lies before the submission on %(day)s. Please check it and choose again.")),
        (entry.received_on if act == "returned" else None,
         _("The day lies before the centre's receipt on %(day)s. Please check it and choose again.")),
    ):  # fmt: skip
        if first is not None and on < first:
            raise Refusal(said % {"day": format_day(first, today=today)})


async def changeable(turn: Turn, request_id: int) -> Opened:
    """Return an entry that this officer may change.

    Raises:
        Refusal: They may only read it, or not even that.
    """
    opened = await _opened(turn, request_id)
    if not opened.may_act:
        raise Refusal(_("Only the handling officer and the coordinators change this entry."))
    return opened


async def shown(turn: Turn, opened: Opened, *, aside: bool = False) -> Screen:
    """Return an entry's screen with its timeline."""
    await turn.session.flush()  # this turn's own line belongs to the timeline
    rows = await audit.timeline(turn.session, ("request", opened.request.id))
    names: dict[int, str] = {}
    for actor_id in {row.actor_id for row in rows if row.actor_id is not None}:
        actor = await turn.session.get_one(Person, actor_id)
        names[actor_id] = actor.name or _("the handling officer")
    events = [
        screens.Event(
            at=row.at.astimezone(turn.office.zone),
            who=names.get(row.actor_id) if row.actor_id else None,
            verb=row.verb,
            day=_iso(row.after["on"]) if isinstance(row.after, dict) and row.after.get("on") else None,
        )
        for row in rows
    ]
    screen = screens.opened(opened.entry, events, _words(turn, opened.entry), may_act=opened.may_act)
    return replace(screen, aside=aside)


def wording(office: Office, today: dt.date, matter_code: str | None = None) -> screens.Wording:
    """Return the words of the pack that the ledger's screens are written with."""
    matter = office.policy.matters.get(matter_code or "")
    return screens.Wording(
        today=today,
        centre=office.policy.term("credit_centre", on=today),
        products={product.id: product.name for product in office.policy.products.values()},
        subject_word=subject_word(matter),
        of_persons=matter is not None and CounterpartKind.NATURAL_PERSON in matter.kinds,
    )


def note(turn: Turn, opened: Opened, verb: str, on: dt.date | None) -> None:
    """Append the audit line of an act on an entry."""
    before = opened.entry
    turn.note(
        verb,
        ("request", opened.request.id),
        before={"version": before.version, "received_on": _text(before.received_on), "due_on": _text(before.due_on)},
        after={"on": _text(on)},
    )


async def _recorded(turn: Turn, opened: Opened, act: str, on: dt.date) -> Screen:
    screen = await shown(turn, await record(turn, opened, act, on))
    return replace(screen, toast=_("Recorded"))


async def _opened(turn: Turn, request_id: int) -> Opened:
    opened = await ledger.open_entry(turn.session, turn.officer, request_id)
    if opened is None:
        raise Refusal(_("There is no such entry in your ledger."))
    return opened


async def _asked(turn: Turn) -> tuple[Opened, str]:
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    return await changeable(turn, turn.draft.answers["request"]), turn.draft.answers["act"]


async def _put_back(turn: Turn) -> None:
    """End the question for a day, and put back what the officer was doing before it."""
    draft = turn.draft
    if draft is None or draft.purpose != PURPOSE:
        return
    kept = draft.answers.get(SET_ASIDE)
    if kept is None:
        await drafts.end(turn.session, draft)
        turn.draft = None
        return
    drafts.keep(draft, answers=kept["answers"], purpose=kept["purpose"], awaiting=kept["awaiting"], now=turn.now)


def _words(turn: Turn, entry: Entry) -> screens.Wording:
    return wording(turn.office, turn.today, entry.matter_code)


def _iso(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Stale from None


def _text(on: dt.date | None) -> str | None:
    return on.isoformat() if on else None


COMMANDS: Final[Mapping[str, Flow]] = {"my": on_my}
PRESSES: Final[Mapping[str, Flow]] = {
    "req": on_open,
    "rdo": on_day,
    "rask": on_ask,
    "rwd": on_withdraw,
    "rwdok": on_withdrawn,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed_day}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
