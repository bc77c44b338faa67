"""What a hand-over does: owners change in one transaction, each entry has its line, the new owner is told."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import _
from bot.roles import CLEARS_DESKS, Reach
from bot.screens import handover as screens
from bot.screens.handover import Preview
from bot.screens.screen import Screen
from handlers import access, acts, cover, expiry, expiry_handover, planning, timeline
from handlers.colleagues import named
from handlers.office import Office
from handlers.turn import Turn
from storage import expiring, handover, outbox, people, work
from storage.ledger import Opened, open_entry
from storage.tables import Opinion, Person, PersonState, Priority, Request

VERB: Final = "request.handover"
ONE, ALL = "handover.one", "handover.all"


async def hand_one(turn: Turn, opened: Opened, to: Person, *, version: int, reason: str | None) -> Screen:
    """Give one entry to a colleague and tell them; where it has changed since, show its present state instead.

    Args:
        turn: The turn.
        opened: The entry; the officer may hand it over.
        to: The new owner.
        version: The entry's version when the hand-over was begun.
        reason: Why, where the officer said so.
    """
    request_id, owner_id = opened.request.id, opened.request.owner_id
    if not await handover.one(turn.session, request_id, version=version, to=to.id):
        return await changed(turn, opened)
    await _plan_anew(turn, [request_id])
    await expiry.ensure_of_entry(turn.session, turn.office, opened.request, turn.now)
    await expiry_handover.tell_anew(turn.session, turn.office, [request_id], turn.now, to=to.id)
    _note(turn, request_id, owner_id, to, reason)
    await _tell(turn, ONE, request_id, to, {"request": request_id, "by": turn.officer.id, "reason": reason})
    after = await open_entry(turn.session, turn.officer, request_id, on=turn.today)
    if after is None:
        return screens.one_done(opened.entry.number, named(to))
    return replace(await timeline.shown(turn, after), toast=_("Handed over"))


async def hand_all(turn: Turn, leaver: Person, to: Person, *, closes: bool) -> Screen:
    """Give everything of a leaver to a colleague: entries, answers to come, covers, and the account if asked.

    Args:
        turn: The turn.
        leaver: Whose desk is cleared.
        to: Who takes it over.
        closes: Whether the leaver's account is closed with it.
    """
    within = reach_of(turn.officer)
    ended = await handover.covers(turn.session, leaver.id, turn.today, unit_id=within)
    entries = await handover.everything(turn.session, leaver.id, to=to.id, unit_id=within)
    held = await _held_by(turn, leaver)
    closed = await handover.later(turn.session, leaver.id, to=to.id, today=turn.today, unit_id=within)
    await _plan_anew(turn, [*entries, *closed])
    await expiry.ensure_all(turn.session, turn.office, turn.now, holder_id=to.id)
    taken = await _held_by(turn, to, among=held)
    await expiry_handover.tell_anew(turn.session, turn.office, [*entries, *closed], turn.now, to=to.id, held=taken)
    for request_id in (*entries, *closed):
        _note(turn, request_id, leaver.id, to, None)
    cases = await handover.referrals(turn.session, leaver.id, to=to.id, unit_id=within)
    for referral_id in cases:
        turn.note("referral.handover", ("referral", referral_id), before={"person": leaver.id}, after={"person": to.id})
    if closes:
        leaver.state = PersonState.LEFT  # first, so that the leaver is told nothing any more
        work.add(turn.session, access.MENUS, {}, now=turn.now)
    for row in ended:
        await cover.call_off(turn, row)
    said = {"to": to.id, "entries": len(entries), "later": len(closed), "referrals": len(cases), "covers": len(ended)}
    turn.note(people.LEFT if closes else "person.handover", ("person", leaver.id), after=said)
    if entries or closed or cases:
        counts = {name: said[name] for name in ("entries", "later", "referrals")}
        params = {"person": leaver.id, "by": turn.officer.id, **counts}
        await _tell(turn, ALL, leaver.id, to, params)
    done = Preview(named(leaver), len(entries), 0, len(closed), len(cases), len(ended))
    return screens.all_done(named(leaver), named(to), done, closed=closes)


def reach_of(officer: Person) -> int | None:
    """Return the unit to whose ledger an officer's hand-over of everything keeps; None where it is the bureau's."""
    return None if CLEARS_DESKS.get(officer.role) is Reach.BUREAU else officer.unit_id


async def changed(turn: Turn, opened: Opened) -> Screen:
    """Show an entry that somebody else has changed since."""
    screen = await timeline.shown(turn, await acts.reopened(turn, opened.request.id))
    return replace(screen, toast=_("The entry has changed since; this is its present state."))


async def render_one(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell the new owner of an entry; None where it has gone on to somebody else."""
    opened = await open_entry(session, person, params["request"], on=office.today(now))
    if opened is None or opened.request.owner_id != person.id:
        return None
    by = await session.get_one(Person, params["by"])
    words = timeline.wording(office, office.today(now), opened.entry.matter_code)
    return screens.received_one(opened.entry, named(by), params["reason"], words)


async def render_all(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell the new owner of everything of a leaver."""
    leaver, by = await session.get_one(Person, params["person"]), await session.get_one(Person, params["by"])
    counts = (params["entries"], 0, params.get("later", 0), params["referrals"], 0)  # queued by an older version: none
    return screens.received_all(named(by), Preview(named(leaver), *counts))


async def _plan_anew(turn: Turn, request_ids: Sequence[int]) -> None:
    """Plan entries by their new owner's hour and stages; they are told of what is open, whoever was told before."""
    rows = await turn.session.scalars(
        select(Request)
        .where(Request.id.in_(request_ids))
        .order_by(Request.id)
        .execution_options(populate_existing=True)
    )
    await planning.replan_many(turn.session, turn.office, rows.all(), turn.now, afresh=True)


async def _held_by(turn: Turn, person: Person, *, among: Sequence[Opinion] | None = None) -> Sequence[Opinion]:
    """Return the valid opinions of no entry that somebody holds, of which they were told."""
    which = (Opinion.holder_id == person.id, Opinion.item_id.is_(None), Opinion.valid_to >= turn.today)
    known = () if among is None else (Opinion.id.in_([each.id for each in among]),)
    return await expiring.told(turn.session, *which, *known)


def _note(turn: Turn, request_id: int, owner_id: int, to: Person, reason: str | None) -> None:
    """Append the line of one entry, in the form from which an act is taken back."""
    before = {"rows": {"request": {str(request_id): {"owner_id": owner_id}}}}
    turn.note(VERB, ("request", request_id), before=before, after={"owner": to.id}, reason=reason)


async def _tell(turn: Turn, kind: str, subject_id: int, to: Person, params: dict[str, Any]) -> None:
    """Tell the new owner, unless they did it themselves and see it on the screen."""
    if to.id == turn.officer.id:
        return
    dedupe = f"{kind}:{subject_id}:{turn.update_id}:{to.id}"
    await outbox.enqueue(
        turn.session, to, kind=kind, params=params, dedupe=dedupe, priority=Priority.QUESTION, now=turn.now
    )


NOTICES: Final = {ONE: render_one, ALL: render_all}
