"""Enrolment: a coordinator invites, whoever uses the link waits, and nothing is open before a coordinator said yes."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.errors import Refusal
from bot.language import _, negotiate
from bot.screens import enrolment as screens
from bot.screens import frame as frame_screens
from bot.screens.enrolment import Application
from bot.screens.screen import Screen, is_number
from handlers import access
from handlers.colleagues import named
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import invites, outbox, people, work
from storage.tables import Invite, Person, PersonState, Priority, Role, Unit

INVITE_LIFE: Final = dt.timedelta(hours=24)
PAYLOAD: Final = "i_"  # prefix of the deep link's payload
APPLIED, WELCOME = "enrolment.applied", "enrolment.welcome"
INVITED: Final = "invite.make"
"""The audit's word for an invitation, made in the chat or on the server."""


async def on_invite(turn: Turn) -> Screen:
    """/invite: choose a unit, then a role, then hand over a link that works once, for 24 hours."""
    code, _comma, role = (turn.press.arg if turn.press else "").partition(",")
    if not code:
        choices = [(unit.code, unit.name) for unit in turn.policy.units_on(turn.today)]
        return screens.units(choices, page=int(role) if is_number(role) else 0)
    unit = await people.unit_by_code(turn.session, code)
    if unit is None or not turn.policy.has_unit(code, on=turn.today):
        raise Refusal(_("This unit does not exist any more. Please choose another."))
    if role not in set(Role):
        return screens.roles(unit.name, code, [(each.value, access.role_name(each)) for each in Role])
    return await _invite(turn, unit, Role(role))


async def _invite(turn: Turn, unit: Unit, role: Role) -> Screen:
    expires_at = turn.now + INVITE_LIFE
    token = await invites.make(turn.session, unit, role, by=turn.officer, expires_at=expires_at)
    turn.note(INVITED, ("unit", unit.id), after=invited(role, expires_at))
    local = expires_at.astimezone(turn.office.zone)
    moment = f"{format_day(local.date(), today=turn.today)} {local:%H:%M}"
    return screens.link(unit.name, access.role_name(role), link(turn.office.bot_username, token), moment)


def invited(role: Role, expires_at: dt.datetime) -> dict[str, str]:
    """Return what the audit keeps of an invitation: never its token."""
    return {"role": role.value, "expires_at": expires_at.isoformat()}


def link(bot_username: str, token: str) -> str:
    """Return the deep link of an invitation."""
    return f"https://t.me/{bot_username}?start={PAYLOAD}{token}"


async def enrol(turn: Turn, payload: str) -> Screen | None:
    """A stranger came with a deep link: a valid invitation makes them somebody who waits to be let in.

    Args:
        turn: The turn of somebody who is not at work here.
        payload: What followed /start.

    Returns:
        What they see; None after too many wrong tries, when even the right link gets no answer.
    """
    if not await invites.may_try(turn.session, turn.sender.telegram_id, now=turn.now):
        return None
    invitation = await invites.redeem(turn.session, payload.removeprefix(PAYLOAD), now=turn.now)
    if invitation is None:
        await invites.note_wrong(turn.session, turn.sender.telegram_id, now=turn.now)
        return screens.invalid()
    person = await _newcomer(turn, invitation)
    turn.note("person.apply", ("person", person.id), after=_asked_for(invitation))
    if await _needs_no_approval(turn, invitation):
        await _let_in(turn, person, invitation)
        return await _welcome(turn.session, turn.office, person)
    for coordinator in await people.coordinators(turn.session):
        dedupe = f"{APPLIED}:{person.id}:{turn.update_id}:{coordinator.id}"
        await outbox.enqueue(turn.session, coordinator, kind=APPLIED, params={"person": person.id}, dedupe=dedupe,
                             priority=Priority.QUESTION, now=turn.now)  # fmt: skip
    unit = await turn.session.get_one(Unit, invitation.unit_id)
    return screens.applied(unit.name, access.role_name(invitation.role))


async def on_answer(turn: Turn) -> Screen:
    """〔核准〕 or 〔不予核准〕 on an application: the first coordinator who presses decides."""
    person = await turn.session.get(Person, turn.pressed.id)
    application = await invites.latest(turn.session, turn.pressed.id)
    if person is None or application is None:
        raise Stale
    asked = await asking(turn.session, turn.office, person, application, turn.now)
    if turn.pressed.arg != asked.stamp:
        raise Stale
    approved = turn.pressed.verb == "jok"
    if approved and asked.dissolved and application.answered_at is None:
        return screens.application(asked)
    if await invites.answer(turn.session, application, by=turn.officer, approved=approved, now=turn.now):
        if approved:
            await _let_in(turn, person, application)
        else:
            person.state = PersonState.LEFT
            turn.note("person.refuse", ("person", person.id), after=_asked_for(application))
    return await answered(turn.session, asked, application)


async def asking(
    session: AsyncSession, office: Office, person: Person, application: Invite, now: dt.datetime
) -> Application:
    """Return an application in words."""
    unit = await session.get_one(Unit, application.unit_id)
    by = await session.get(Person, application.invited_by) if application.invited_by else None
    return Application(
        person_id=person.id,
        name=named(person),
        telegram_id=person.telegram_id,
        unit=unit.name,
        dissolved=not office.policy.has_unit(unit.code, on=office.today(now)),
        role=access.role_name(application.role),
        invited_by=named(by) if by else None,
        used_at=application.used_at or application.expires_at,
    )


async def answered(session: AsyncSession, asked: Application, application: Invite) -> Screen:
    """Return an application as it stands: still to be answered, or by whom it was."""
    if application.answered_at is None:
        return screens.application(asked)
    by = await session.get(Person, application.answered_by) if application.answered_by else None
    return screens.answered(asked, named(by) if by else "—", approved=bool(application.approved))


async def _newcomer(turn: Turn, invitation: Invite) -> Person:
    """Return the person who came, waiting; one who had left keeps their old unit and role until they are let in."""
    person = await people.by_telegram_id(turn.session, turn.sender.telegram_id)
    if person is None:
        person = Person(
            telegram_id=turn.sender.telegram_id,
            unit_id=invitation.unit_id,
            role=invitation.role,
            joined_at=turn.now,
        )
        turn.session.add(person)
    person.state = PersonState.WAITING
    person.name, person.language = turn.sender.name or None, negotiate(turn.sender.language_tag)
    await turn.session.flush()
    invitation.used_by = person.id
    turn.person = person
    return person


async def _needs_no_approval(turn: Turn, invitation: Invite) -> bool:
    """Say whether this is the very first coordinator: made on the server, and nobody is there who could say yes."""
    is_first = invitation.invited_by is None and invitation.role is Role.COORDINATOR
    return is_first and not await people.coordinators(turn.session)


async def _let_in(turn: Turn, person: Person, application: Invite) -> None:
    before = {"unit": person.unit_id, "role": person.role.value}
    person.unit_id, person.role, person.state = application.unit_id, application.role, PersonState.ACTIVE
    people.regain(person)
    if application.answered_at is None:
        application.answered_at, application.approved = turn.now, True
    turn.note(people.JOINED, ("person", person.id), before=before, after=_asked_for(application))
    work.add(turn.session, access.MENUS, {}, now=turn.now)
    if person.id != turn.officer.id:
        dedupe = f"{WELCOME}:{person.id}:{turn.update_id}"
        await outbox.enqueue(turn.session, person, kind=WELCOME, params={}, dedupe=dedupe, priority=Priority.QUESTION,
                             now=turn.now)  # fmt: skip


async def render_applied(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Show a coordinator who wants to come in; None where another has answered already."""
    applicant = await session.get(Person, params["person"])
    application = await invites.pending(session, params["person"])
    if applicant is None or application is None:
        return None
    return screens.application(await asking(session, office, applicant, application, now))


async def render_welcome(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell a newcomer that they were let in, with what they may do first."""
    return await _welcome(session, office, person)


async def _welcome(session: AsyncSession, office: Office, person: Person) -> Screen:
    unit, pack = await session.get_one(Unit, person.unit_id), office.policy
    role = access.role_name(person.role)
    return frame_screens.start(named(person), unit.name, role, pack.name, fictitious=pack.fictitious)


def _asked_for(invitation: Invite) -> dict[str, Any]:
    return {"unit": invitation.unit_id, "role": invitation.role.value}


COMMANDS: Final[Mapping[str, Flow]] = {"invite": on_invite}
PRESSES: Final[Mapping[str, Flow]] = {"inv": on_invite, "jok": on_answer, "jno": on_answer}
NOTICES: Final = {APPLIED: render_applied, WELCOME: render_welcome}
