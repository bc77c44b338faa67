"""A newly installed pack: shown with what it would change, put in force by a press, and never from the chat itself."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import _
from bot.policy.difference import difference
from bot.policy.loader import restore
from bot.policy.model import Policy
from bot.policy.overlay import Layer, lay_what_fits
from bot.screens import rules as screens
from bot.screens.rules import Effect
from bot.screens.screen import Screen
from handlers import calendar_change, rule_change
from handlers.office import Office
from handlers.rulekeeping import FAULTY, WAITING
from handlers.turn import Flow, Stale, Turn
from storage import overlay
from storage.tables import Person

_SHOWN: Final = 12  # characters of a hash that officers see


async def on_pack(turn: Turn) -> Screen:
    """〔规则包〕: the one that waits, or the faults of the one that was refused."""
    screen = await _present(turn.session, turn.office, turn.now)
    if screen is None:
        raise Stale
    return screen


async def on_approve(turn: Turn) -> Screen:
    """〔启用〕: the new pack decides from now on; what was decided before keeps the rules of its day."""
    found = await _waiting(turn.session, turn.office)
    if found is None:
        raise Stale
    pack, policy, _left_out = found
    if policy.hash[:_SHOWN] != turn.pressed.arg:
        return replace(await on_pack(turn), toast=rule_change.changed_since())
    before = await overlay.mark(turn.session, overlay.PACK)
    await overlay.set_mark(turn.session, overlay.PACK, pack.hash)
    await overlay.set_mark(turn.session, overlay.CANDIDATE, None)
    moved = await rule_change.hold(turn, policy, pack.name)
    turn.note("rules.pack", ("policy", None), before={"hash": before}, after={"hash": pack.hash})
    return screens.pack_in_force(policy, pack.hash[:_SHOWN], dates=moved)


async def note_of(session: AsyncSession) -> str | None:
    """Return the line about an installed pack for the coordinator's desk; None where there is nothing to say."""
    mark = await overlay.mark(session, overlay.CANDIDATE)
    if not mark:
        return None
    if "faults" in mark:
        return _("The installed pack has faults and is refused; the rules stay as they are")
    return _("A newly installed pack waits to be put in force")


async def render(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell a coordinator about a pack; None once it is another one, or in force."""
    mark = await overlay.mark(session, overlay.CANDIDATE) or {}
    same = mark.get("hash") == params.get("hash") and mark.get("mark") == params.get("mark")
    return await _present(session, office, now) if mark and same else None


async def _present(session: AsyncSession, office: Office, now: dt.datetime) -> Screen | None:
    mark = await overlay.mark(session, overlay.CANDIDATE)
    if mark and "faults" in mark:
        return screens.pack_faulty(mark["faults"], mark["more"])
    found = await _waiting(session, office)
    if found is None:
        return None
    pack, policy, left_out = found
    changed = difference(office.policy, policy, on=office.today(now))
    entries = await overlay.open_entries_of(session, changed.codes)
    shifts = await calendar_change.foresee(session, office, office.policy, policy, now)
    effect = Effect(changed, entries, sum(each.changes_dates for each in shifts))
    names = [layer.content.get("name", layer.key) for layer in left_out]
    return screens.pack_waiting(effect, policy, pack.hash[:_SHOWN], left_out=names)


async def _waiting(session: AsyncSession, office: Office) -> tuple[Policy, Policy, tuple[Layer, ...]] | None:
    """Return the pack that waits, as it is, with the overlay on it, and what of the overlay does not fit."""
    mark = await overlay.mark(session, overlay.CANDIDATE)
    kept = await overlay.snapshot(session, mark["hash"]) if mark and "hash" in mark else None
    if kept is None:
        return None
    pack = restore(kept, office.pack.templates)
    policy, left_out = lay_what_fits(pack, await overlay.layers(session))
    return pack, policy, left_out


PRESSES: Final[Mapping[str, Flow]] = {"pack": on_pack, "pkok": on_approve}
NOTICES: Final = {WAITING: render, FAULTY: render}
QUIET: Final = dict.fromkeys((WAITING, FAULTY))
