"""A unit's group: bound in the group by whoever speaks for the unit, told each working morning how things stand.

Nothing else is said there: no names, no codes, nothing to press. Source: features.md N7, S6.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.deadlines import due_at
from bot.roles import Reach, reaches
from bot.screens import groups as screens
from bot.screens.frame import private_only
from bot.screens.screen import Screen
from handlers import access, hours, undelivered
from handlers.office import Office
from handlers.turn import Turn
from storage import chats, outbox, periodic
from storage.tables import ChatBinding, Person, PersonState, Unit

RIGHT: Final = "group.bind"
DIGEST: Final = "group.digest"
WITHIN: Final = 3  # working days ahead that the digest looks for last days to submit


async def on_command(turn: Turn, chat_id: int, text: str) -> Screen:
    """A command in a group: /bind and /unbind of whoever may; everything else belongs into the private chat."""
    command = text.split(maxsplit=1)[0].partition("@")[0]
    person = turn.person
    may = person is not None and person.state is PersonState.ACTIVE and access.may(person.role, RIGHT)
    if not may or command not in ("/bind", "/unbind"):
        return private_only()
    unit = await turn.unit()
    binding = await chats.binding_of(turn.session, chat_id)
    if command == "/bind":
        if binding is not None and binding.unit_id != unit.id and turn.reach(RIGHT) is not Reach.BUREAU:
            return screens.of_another()
        await chats.bind(turn.session, chat_id, unit, by=turn.officer, now=turn.now)
        turn.note("chat.bind", ("unit", unit.id))
        return screens.bound(unit.name)
    if binding is None:
        return screens.not_bound()
    if binding.unit_id != unit.id and turn.reach(RIGHT) is not Reach.BUREAU:
        return screens.of_another()
    turn.note("chat.unbind", ("unit", binding.unit_id))
    await chats.unbind(turn.session, binding, reason="unbound in the group")
    return screens.unbound()


async def tell(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Queue the morning's digest of each bound group, once on each working day; return how many."""
    today = office.today(now)
    opening = due_at(today, hours.of_office(office), office.zone)
    if not hours.in_office_hours(office, now) or now < opening:
        return 0
    if not await periodic.begins(session, DIGEST, today.isoformat(), now=now):
        return 0
    bound = await chats.bound(session)
    for binding in bound:
        if not await is_spoken_for(session, binding):
            await undelivered.orphan_group(session, office, binding, now)
            continue
        dedupe = f"{DIGEST}:{binding.id}:{today.isoformat()}"
        params = {"on": today.isoformat()}
        await outbox.enqueue_for_chat(session, binding.chat_id, kind=DIGEST, params=params, dedupe=dedupe, now=now)
    return len(bound)


async def render(
    session: AsyncSession, office: Office, binding: ChatBinding, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Say how the unit's entries stand by numbers and dates; None where nothing is due, so that nobody is disturbed.

    None also on another day than the one it was queued for: that day's own says how they stand.
    """
    today = office.today(now)
    if params.get("on") not in (today.isoformat(), None):  # None: queued by an older version
        return None
    unit = await session.get_one(Unit, binding.unit_id)
    ahead = office.calendar.add(today, WITHIN).on
    figures = await chats.standing(session, unit, today=today, ahead=ahead)
    if not (figures.due_today or figures.overdue or figures.to_submit or figures.not_submitted):
        return None
    return screens.digest(unit.name, format_day(today, today=today), figures)


async def is_spoken_for(session: AsyncSession, binding: ChatBinding) -> bool:
    """Say whether whoever bound a group may still bind it: suspension, another role or unit ends that at once."""
    binder = await session.get_one(Person, binding.bound_by, populate_existing=True)
    may = reaches(access.row(RIGHT), binder.role, own=False, same_unit=binder.unit_id == binding.unit_id)
    return binder.state is PersonState.ACTIVE and may


GROUP_NOTICES: Final = {DIGEST: render}
QUIET: Final = dict.fromkeys((DIGEST,))
