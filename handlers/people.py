"""/office: the coordinators keep the list of people; what they change holds from the next update on."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.language import _, pgettext
from bot.screens import people as screens
from bot.screens.people import Act, Member
from bot.screens.screen import Screen, Style, is_number
from bot.search import Entry, Index
from handlers import absence, access, cover, enrolment, handover
from handlers.colleagues import named
from handlers.office import Office
from handlers.searched import Searched
from handlers.turn import Flow, Stale, Turn
from storage import cover as covers
from storage import handover as estates
from storage import invites, outbox, people, staff, work
from storage.handover import Estate
from storage.staff import Seat
from storage.tables import Person, PersonState, Role, Unit

PURPOSE: Final = "people"
CHANGED: Final = "person.changed"
_SHOWN: Final = 16  # characters of an invitation's hash that tell it from the others


async def on_person(turn: Turn) -> Screen:
    """One person."""
    return await _card(turn, await _seat(turn))


async def on_set(turn: Turn) -> Screen:
    """Something is to be done with a person: asked about first, then done if they still stand as they were shown."""
    seat = await _seat(turn)
    what, _comma, rest = turn.pressed.arg.partition(",")
    if what == "hand":
        return await handover.begin_for(turn, seat.person)
    flow = _CHANGES.get(what)
    if flow is None:
        raise Stale
    return await flow(turn, seat, rest)


async def on_invitations(turn: Turn) -> Screen:
    """〔未使用的邀请〕, a page of them, and taking one back."""
    toast, (key, _comma, page) = None, turn.pressed.arg.partition(",")
    for invite, _unit in await staff.open_invites(turn.session, now=turn.now):
        if key and invite.hash.startswith(key) and len(key) == _SHOWN:
            invite.expires_at, toast = turn.now, _("Taken back")
            turn.note("invite.revoke", ("unit", invite.unit_id), after={"role": invite.role.value})
    await turn.session.flush()
    rows = [
        (invite.hash[:_SHOWN], unit, access.role_name(invite.role), invite.expires_at.astimezone(turn.office.zone))
        for invite, unit in await staff.open_invites(turn.session, now=turn.now)
    ]
    return screens.invitations(rows, page=int(page) if is_number(page) else 0, toast=toast)


async def _suspend(turn: Turn, seat: Seat, said: str) -> Screen:
    if said != "ok":
        sentence = _("Nothing is open to a suspended person; reminders go to whoever is in charge of their entries.")
        yes = Act("stop,ok", pgettext("button", "Suspend now"), Style.DANGER)
        return screens.ask(_member(turn, seat), [sentence], [yes], today=turn.today)
    await _require(turn, seat, PersonState.ACTIVE)
    return await _stand(turn, seat, PersonState.SUSPENDED, people.SUSPENDED, _("Suspended"))


async def _resume(turn: Turn, seat: Seat, _said: str) -> Screen:
    if seat.person.state is not PersonState.SUSPENDED:
        raise Stale
    screen = await _stand(turn, seat, PersonState.ACTIVE, "person.resume", _("At work again"))
    await absence.resumed(turn.session, seat.person, turn.now)
    return screen


async def _leave(turn: Turn, seat: Seat, said: str) -> Screen:
    if await _estate(turn, seat):
        sentence = _("What they have must be handed over first; the account can be closed with it.")
        has = (await handover.preview(turn, seat.person)).facts()
        return screens.ask(_member(turn, seat), [*has, sentence], [_hand(Style.PRIMARY)], today=turn.today)
    if said != "ok":
        sentence = _("The account is closed; only a new invitation opens it again.")
        yes = Act("left,ok", pgettext("button", "Close the account"), Style.DANGER)
        return screens.ask(_member(turn, seat), [sentence], [yes], today=turn.today)
    await _require(turn, seat, PersonState.ACTIVE, PersonState.SUSPENDED)
    return await _stand(turn, seat, PersonState.LEFT, people.LEFT, _("The account is closed"))


async def _role(turn: Turn, seat: Seat, said: str) -> Screen:
    before = seat.person.role
    wanted, from_, sure = [*said.split(","), "", ""][:3]
    if wanted not in set(Role):
        choices = [Act(f"role,{each.value},{before.value}", access.role_name(each)) for each in Role if each != before]
        return screens.ask(_member(turn, seat), [_("Which role from now on?")], choices, today=turn.today)
    if from_ != before.value or wanted == before.value:
        raise Stale
    await _require(turn, seat, PersonState.ACTIVE, PersonState.SUSPENDED)
    if not access.may(Role(wanted), "entry.change") and not sure and await _estate(turn, seat):
        sentence = _("An auditor handles nothing: what they have should be handed over first.")
        has = (await handover.preview(turn, seat.person)).facts()
        change = Act(f"role,{wanted},{from_},ok", pgettext("button", "Change all the same"), Style.DANGER)
        return screens.ask(_member(turn, seat), [*has, sentence], [_hand(Style.PRIMARY), change], today=turn.today)
    seat.person.role = Role(wanted)
    return await _moved(turn, seat, {"role": before.value}, {"role": wanted}, people.ROLE_CHANGED)


async def _unit(turn: Turn, seat: Seat, said: str) -> Screen:
    before = seat.person.unit_id
    wanted, _comma, from_ = said.partition(",")
    choices = {str(unit.id): unit for unit in await _units(turn) if unit.id != before}
    if wanted not in choices:
        sentence = [_("Which unit from now on?")]
        if seat.open_entries:
            sentence.append(_("Open entries stay with them and in the old unit's ledger; hand them over where needed."))
        if await covers.standing(turn.session, {seat.person.id}, turn.today):
            sentence.append(_("Leave covers with colleagues of other units than the new one end; both sides are told."))
        acts = [Act(f"unit,{unit.id},{before}", unit.short_name) for unit in choices.values()]
        return screens.ask(_member(turn, seat), sentence, acts, today=turn.today)
    if from_ != str(before):
        raise Stale
    if seat.person.state not in (PersonState.ACTIVE, PersonState.SUSPENDED):
        raise Stale
    seat.person.unit_id = choices[wanted].id
    await cover.call_off_across_units(turn, seat.person)
    return await _moved(turn, seat, {"unit": before}, {"unit": choices[wanted].id}, people.UNIT_CHANGED)


_CHANGES: Final = {"stop": _suspend, "go": _resume, "left": _leave, "role": _role, "unit": _unit}


async def _require(turn: Turn, seat: Seat, *states: PersonState) -> None:
    """Refuse a change that leaves nobody to administer the bureau, or of somebody who stands otherwise by now.

    Raises:
        Refusal: The last coordinator stays.
        Stale: Somebody else has changed it since.
    """
    if seat.person.state not in states:
        raise Stale
    if await staff.is_last_coordinator(turn.session, seat.person):
        raise Refusal(_("This is the last coordinator. Please make somebody else a coordinator first."))


async def _stand(turn: Turn, seat: Seat, state: PersonState, verb: str, toast: str) -> Screen:
    before = seat.person.state
    seat.person.state = state
    turn.note(verb, ("person", seat.person.id), before={"state": before.value}, after={"state": state.value})
    work.add(turn.session, access.MENUS, {}, now=turn.now)
    return await _after(turn, toast)


async def _moved(turn: Turn, seat: Seat, before: dict[str, Any], after: dict[str, Any], verb: str) -> Screen:
    person = seat.person
    turn.note(verb, ("person", person.id), before=before, after=after)
    work.add(turn.session, access.MENUS, {}, now=turn.now)
    if person.id != turn.officer.id:
        dedupe = f"{CHANGED}:{person.id}:{turn.update_id}"
        await outbox.enqueue(turn.session, person, kind=CHANGED, params={}, dedupe=dedupe, now=turn.now)
    return await _after(turn, _("Recorded"))


async def _after(turn: Turn, toast: str) -> Screen:
    await turn.session.flush()
    return await _card(turn, await _seat(turn), toast=toast)


async def _card(turn: Turn, seat: Seat, *, toast: str | None = None) -> Screen:
    if seat.person.state is PersonState.WAITING:
        application = await invites.pending(turn.session, seat.person.id)
        if application is not None:
            asked = await enrolment.asking(turn.session, turn.office, seat.person, application, turn.now)
            return await enrolment.answered(turn.session, asked, application)
    acts = _acts(seat, leaves_something=bool(await _estate(turn, seat)))
    return screens.member(_member(turn, seat), acts, today=turn.today, toast=toast)


async def _estate(turn: Turn, seat: Seat) -> Estate:
    return await estates.estate(turn.session, seat.person.id, today=turn.today)


def _hand(style: Style | None = None) -> Act:
    return Act("hand", pgettext("button", "Hand over everything"), style)


def _acts(seat: Seat, *, leaves_something: bool) -> list[Act]:
    state = seat.person.state
    unit, role = Act("unit", pgettext("button", "Change unit")), Act("role", pgettext("button", "Change role"))
    leave = Act("left", pgettext("button", "Leaves the bureau"), Style.DANGER)
    hand = [_hand()] if leaves_something else []
    if state is PersonState.ACTIVE:
        return [unit, role, *hand, Act("stop", pgettext("button", "Suspend")), leave]
    if state is PersonState.SUSPENDED:
        return [Act("go", pgettext("button", "Let work again"), Style.PRIMARY), unit, role, *hand, leave]
    return hand


def _member(turn: Turn, seat: Seat) -> Member:
    person = seat.person
    return Member(
        id=person.id,
        name=named(person),
        telegram_id=person.telegram_id,
        unit=seat.unit,
        role=access.role_name(person.role),
        state=_standing(person),
        open_entries=seat.open_entries,
        joined_on=turn.office.today(person.joined_at),
    )


def _standing(person: Person) -> str | None:
    return {
        PersonState.ACTIVE: None if person.reachable else pgettext("person", "cannot be reached"),
        PersonState.WAITING: pgettext("person", "waits to be let in"),
        PersonState.SUSPENDED: pgettext("person", "suspended"),
        PersonState.LEFT: pgettext("person", "has left"),
    }[person.state]


async def _listed(turn: Turn, page: int, query: str) -> Screen:
    found = {str(seat.person.id): _member(turn, seat) for seat in await staff.everybody(turn.session)}
    if query:
        index = Index(Entry(key, each.name) for key, each in found.items())
        found = {key: found[key] for key in index.find(query, limit=len(found))}
    return screens.members(list(found.values()), page=page, query=query)


async def _seat(turn: Turn) -> Seat:
    seat = await staff.seat(turn.session, turn.pressed.id)
    if seat is None:
        raise Stale
    return seat


async def _units(turn: Turn) -> list[Unit]:
    """Return the units that the bureau has today; one that it has no more is kept for its entries alone."""
    return [unit for unit in await people.units(turn.session) if turn.policy.has_unit(unit.code, on=turn.today)]


async def render_changed(
    session: AsyncSession, _office: Office, person: Person, _params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Tell somebody their unit and role, as they are when it leaves."""
    unit = await session.get_one(Unit, person.unit_id)
    return screens.changed(unit.name, access.role_name(person.role))


_LIST: Final = Searched(PURPOSE, _listed)
PRESSES: Final[Mapping[str, Flow]] = {
    "men": _LIST.on_open,
    "man": on_person,
    "mset": on_set,
    "invs": on_invitations,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: _LIST.on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: _LIST.present}
NOTICES: Final = {CHANGED: render_changed}
