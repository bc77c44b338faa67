"""Acts on an entry: each is whole, leaves one line in the audit, plans the reminders anew, and can be taken back."""

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select, update

from bot.errors import Refusal
from bot.language import _
from handlers import expiry, planning
from handlers.turn import Stale, Turn
from storage import audit, reminders, undo
from storage.audit import Line, Mark
from storage.entry_values import WAITING
from storage.ledger import Opened, entry_of, open_entry
from storage.tables import Item, ItemState, Opinion, OpinionUse, Request, RequestState

UNDO_WITHIN: Final = dt.timedelta(minutes=10)
REGISTER: Final = "request.register"
UNDO: Final = "request.undo"
RECOMPUTED: Final = "calendar.recompute"
_NO_ACTS: Final = (RECOMPUTED, "reminder.snooze")
"""Lines that keep what stood there before, and from which nothing of the entry is put back."""
_WHY_NOT: Final = {
    RequestState.CLOSED: "opinion received",
    RequestState.WITHDRAWN: "entry withdrawn",
    RequestState.UNDONE: "entry taken back",
}
"""Why an entry that is no longer open is reminded of no more."""


@contextlib.asynccontextmanager
async def acting(
    turn: Turn,
    opened: Opened,
    verb: str,
    *,
    on: dt.date | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> AsyncIterator[None]:
    """Do one act on an entry inside this block.

    Afterwards the entry's state follows from its items, its reminders are planned anew, and the audit holds what was
    there before, from which the act can be taken back.

    Args:
        turn: The turn.
        opened: The entry; the officer may act on it.
        verb: What is done, such as ``request.received``.
        on: The local date that was recorded, for the timeline.
        after: What else the audit line says.
        reason: Why, where the officer gave one.
    """
    before = await undo.snapshot(turn.session, opened.request.id)
    yield
    opened.request.basis_version += 1
    await _follow(turn, opened.request)
    rows = undo.changed(before, await undo.snapshot(turn.session, opened.request.id))
    turn.note(
        verb,
        ("request", opened.request.id),
        before={"rows": rows},
        after={"on": on.isoformat() if on else None, **(after or {})},
        reason=reason,
    )


async def last_act(turn: Turn, opened: Opened) -> Mark | None:
    """Return the act that this officer may take back now: the entry's newest, their own, ten minutes old at most."""
    if not opened.may_act:
        return None
    subject = ("request", opened.request.id)
    lines = await audit.marks(turn.session, subject)
    taken_back = {said["of"] for said in await audit.said(turn.session, subject, UNDO)}
    newest = next((line for line in reversed(lines) if _is_act(line) and line.id not in taken_back), None)
    if newest is None or any(line.verb == RECOMPUTED and line.id > newest.id for line in lines):
        return None  # recomputed since, its dates were reckoned with a calendar that is in force no more
    is_fresh = turn.now - newest.at <= UNDO_WITHIN
    return newest if is_fresh and newest.actor_id == turn.officer.id else None


async def take_back(turn: Turn, opened: Opened, line: Mark) -> Opened:
    """Take an act back: everything is as it was before, and both the act and its undoing stay in the audit.

    Args:
        turn: The turn.
        opened: The entry.
        line: The act, as ``last_act`` returned it.
    """
    before = None if line.verb == REGISTER else await audit.kept(turn.session, line.id)
    if before is None:
        await _take_back_entry(turn, opened)
    else:
        await undo.put_back(turn.session, before["rows"], now=turn.now)
    opened.request.basis_version += 1
    await _follow(turn, opened.request)
    turn.note(UNDO, ("request", opened.request.id), after={"of": line.id, "verb": line.verb})
    return await reopened(turn, opened.request.id)


async def newest_line(turn: Turn, opened: Opened) -> int:
    """Return the number of an entry's newest audit line, for ``since``."""
    return await audit.newest(turn.session, ("request", opened.request.id))


async def since(turn: Turn, opened: Opened, line_id: int) -> Sequence[Line]:
    """Return the acts on an entry that came after a line of its audit, none where nothing has changed."""
    lines = await audit.timeline(turn.session, ("request", opened.request.id), after=line_id)
    return [line for line in lines if _is_act(line) or line.verb == UNDO]


async def changeable(turn: Turn, request_id: int) -> Opened:
    """Return an entry that this officer may change.

    Raises:
        Refusal: They may only read it, or not even that.
        Stale: It was taken back.
    """
    opened = await reopened(turn, request_id)
    if not opened.may_act:
        raise Refusal(_("Only the handling officer and the coordinators change this entry."))
    if opened.request.state is RequestState.UNDONE:
        raise Stale
    return opened


async def reopened(turn: Turn, request_id: int) -> Opened:
    """Return an entry that this officer may see, as it stands in this transaction.

    Raises:
        Refusal: There is none of that id for them.
    """
    opened = await open_entry(turn.session, turn.officer, request_id, on=turn.today)
    if opened is None:
        raise Refusal(_("There is no such entry in your ledger."))
    return opened


def _is_act(line: Mark) -> bool:
    return line.verb == REGISTER or (line.keeps and line.verb not in _NO_ACTS)


async def _follow(turn: Turn, request: Request) -> None:
    """Let the entry's state follow from its items, and plan its reminders anew."""
    await turn.session.flush()
    after = await entry_of(turn.session, request.id)
    if after is None:
        return
    request.state = _state(request, after.verifications)
    await turn.session.flush()
    if (why := _WHY_NOT.get(request.state)) is not None:
        await reminders.cancel(turn.session, request, reason=why)
    await planning.replan(turn.session, turn.office, request, turn.now)
    await expiry.ensure_of_entry(turn.session, turn.office, request, turn.now)


def _state(request: Request, verifications: Sequence[Item]) -> RequestState:
    if request.state is RequestState.UNDONE or not verifications:
        return request.state
    states = {item.state for item in verifications}
    if states & set(WAITING):
        return RequestState.OPEN
    return RequestState.WITHDRAWN if states == {ItemState.WITHDRAWN} else RequestState.CLOSED


async def _take_back_entry(turn: Turn, opened: Opened) -> None:
    """Take a whole entry back: its number stays used, nothing of it is watched or counted any more."""
    opened.request.state, opened.request.undone_at = RequestState.UNDONE, turn.now
    items = select(Item.id).where(Item.request_id == opened.request.id)
    for table in (OpinionUse, Opinion):  # an entry taken over from the older ledger comes with its opinions
        await turn.session.execute(update(table).where(table.item_id.in_(items)).values(undone_at=turn.now))
