"""Enrolment: who may come in, by whose invitation, and what everybody else is told."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.errors import Refusal
from bot.language import _, negotiate
from bot.screens import frame as screens
from bot.screens.screen import Screen
from handlers import access
from handlers.office import Office
from handlers.turn import Flow, Turn
from storage import outbox, people
from storage.tables import Person, PersonState, Role, Unit

INVITE_LIFE: Final = dt.timedelta(hours=24)
PAYLOAD: Final = "i_"  # prefix of the deep link's payload


async def on_invite(turn: Turn) -> Screen:
    """/invite: choose a unit, then a role, then hand over a link that works once, for 24 hours."""
    code, _comma, role = (turn.press.arg if turn.press else "").partition(",")
    if not code:
        units = await people.units(turn.session)
        return screens.invite_units([(unit.code, unit.name) for unit in units])
    unit = await people.unit_by_code(turn.session, code)
    if unit is None:
        raise Refusal(_("This unit does not exist any more. Please choose another."))
    if role not in set(Role):
        return screens.invite_roles(unit.name, code, [(each.value, access.role_name(each)) for each in Role])
    return await _invite(turn, unit, Role(role))


async def _invite(turn: Turn, unit: Unit, role: Role) -> Screen:
    expires_at = turn.now + INVITE_LIFE
    token = await people.invite(turn.session, unit, role, by=turn.officer, expires_at=expires_at)
    turn.note(
        "invite.make",
        ("unit", unit.id),
        after={"role": role.value, "expires_at": expires_at.isoformat()},
    )
    local = expires_at.astimezone(turn.office.zone)
    moment = f"{format_day(local.date(), today=turn.today)} {local:%H:%M}"
    return screens.invite_link(unit.name, access.role_name(role), link(turn.office.bot_username, token), moment)


def link(bot_username: str, token: str) -> str:
    """Return the deep link of an invitation."""
    return f"https://t.me/{bot_username}?start={PAYLOAD}{token}"


async def enrol(turn: Turn, payload: str) -> Screen:
    """A stranger came with a deep link: let them in if it is a valid invitation, and tell the coordinators.

    Args:
        turn: The turn of somebody who is not on the list.
        payload: What followed /start.
    """
    invitation = await people.redeem(turn.session, payload.removeprefix(PAYLOAD), now=turn.now)
    if invitation is None:
        return screens.invitation_invalid()
    person = await people.by_telegram_id(turn.session, turn.sender.telegram_id)
    if person is None:
        person = Person(telegram_id=turn.sender.telegram_id, joined_at=turn.now)
        turn.session.add(person)
    person.unit_id, person.role, person.state = invitation.unit_id, invitation.role, PersonState.ACTIVE
    person.name, person.language = turn.sender.name, negotiate(turn.sender.language_tag)
    await turn.session.flush()
    invitation.used_by = person.id
    turn.person = person
    await _announce(turn, person)
    unit = await turn.unit()
    pack = turn.policy
    return screens.start(
        turn.sender.name, unit.name, access.role_name(person.role), pack.name, fictitious=pack.fictitious
    )


async def _announce(turn: Turn, person: Person) -> None:
    turn.note(
        "person.join",
        ("person", person.id),
        after={"unit": person.unit_id, "role": person.role.value},
    )
    for coordinator in await people.coordinators(turn.session):
        if coordinator.id != person.id:
            await outbox.enqueue(
                turn.session,
                coordinator,
                kind="joined",
                params={"person": person.id},
                dedupe=f"joined:{person.id}:{turn.update_id}:{coordinator.id}",
                now=turn.now,
            )


async def render_joined(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell a coordinator who has come in, so that a forwarded link is noticed the same minute."""
    joined = await session.get(Person, params["person"])
    if joined is None:
        return None
    unit = await session.get(Unit, joined.unit_id)
    return screens.joined(
        joined.name or "", joined.telegram_id, unit.name if unit else "", access.role_name(joined.role)
    )


COMMANDS: Final[Mapping[str, Flow]] = {"invite": on_invite}
PRESSES: Final[Mapping[str, Flow]] = {"inv": on_invite}
NOTICES: Final = {"joined": render_joined}
