"""Changing the rules: what it would do, shown before it holds, and doing it in one transaction.

Whatever is changed (a matter, a unit, a setting, the whole pack), the way is the same: the new policy is built and
checked, its difference from the present one and the open entries concerned are shown, and a coordinator confirms.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.language import _
from bot.policy.difference import difference
from bot.policy.loader import PolicyFaults
from bot.policy.model import Policy
from bot.policy.overlay import Layer, lay
from bot.screens.rules import Effect
from handlers import access, calendar_change
from handlers.office import Office
from handlers.turn import Turn
from storage import overlay, people, work
from storage.policies import ensure_snapshot
from storage.tables import Overlay, OverlayState

_RIGHT: Final = "rules.keep"  # asked for here too, because whatever comes this way binds the whole bureau


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A change that would hold.

    Args:
        policy: The rules as they would be.
        effect: What would be different.
    """

    policy: Policy
    effect: Effect


def changed_since() -> str:
    """Return what is said where a change was to be made whose effect is another one by now."""
    return _("The rules have changed since; this is what would change now. Please check it and press again.")


async def foresee(session: AsyncSession, office: Office, layers: Sequence[Layer], now: dt.datetime) -> Foreseen:
    """Return what entries of the overlay would change, and change nothing.

    Args:
        session: The unit of work.
        office: The rules and the calendar.
        layers: What is to hold.
        now: Aware UTC time.

    Raises:
        Refusal: They do not make a sound policy; the first fault is named.
    """
    standing = {(each.kind, each.key): each for each in await overlay.layers(session)}
    wanted = {**standing, **{(each.kind, each.key): each for each in layers}}
    try:
        after = lay(office.pack, list(wanted.values()))
    except PolicyFaults as refused:
        where = refused.faults[0].key
        raise Refusal(
            _("This does not fit the rest of the rules (%(where)s). Please check what was filled in.")
            % {"where": where}
        ) from None
    found = difference(office.policy, after, on=office.today(now))
    entries = await overlay.open_entries_of(session, found.codes)
    shifts = await calendar_change.foresee(session, office, office.policy, after, now)
    return Foreseen(after, Effect(found, entries, sum(each.changes_dates for each in shifts)))


async def put(turn: Turn, layers: Sequence[Layer], *, basis: str, proposal: Overlay | None = None) -> Foreseen:
    """Put entries of the overlay in force: rows with their history, dates reckoned again, officers told, audit.

    Args:
        turn: The coordinator's turn.
        layers: What is to hold from now on.
        basis: Why.
        proposal: The officer's proposal that this takes up.

    Raises:
        Stale: The officer does not keep the rules.
    """
    turn.require(_RIGHT)
    foreseen = await foresee(turn.session, turn.office, layers, turn.now)
    for layer in layers:
        before = next(iter(await overlay.history(turn.session, layer.kind, layer.key)), None)
        row = proposal or Overlay(
            kind=layer.kind.value, key=layer.key, content={}, proposed_by=turn.officer.id, created_at=turn.now,
            state=OverlayState.PROPOSED,
        )  # fmt: skip
        row.content, row.basis = dict(layer.content), basis
        await overlay.put(turn.session, row, by=turn.officer, now=turn.now)
        turn.note(f"rules.{layer.kind.value}", ("overlay", row.id), before=before.content if before else None,
                  after={"key": layer.key, **layer.content}, reason=basis)  # fmt: skip
    await hold(turn, foreseen.policy, basis)
    return foreseen


async def hold(turn: Turn, policy: Policy, reason: str) -> int:
    """Let other rules hold from this transaction on; return how many open entries have other dates now.

    Raises:
        Stale: The officer does not keep the rules.
    """
    turn.require(_RIGHT)
    await ensure_snapshot(turn.session, policy, turn.now)
    await people.sync_units(turn.session, policy)
    shifts = await calendar_change.carry_out(
        turn.session, turn.office, turn.office.policy, policy, reason=reason, now=turn.now,
        actor_id=turn.officer.id, update_id=turn.update_id,
    )  # fmt: skip
    await overlay.next_version(turn.session)
    work.add(turn.session, access.ADOPT, {}, now=turn.now)
    return sum(each.changes_dates for each in shifts)
