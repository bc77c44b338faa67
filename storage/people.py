"""Officers and units."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.policy.model import Policy
from storage import audit
from storage.tables import Audit, Draft, Person, PersonState, Role, Stranger, Unit
from storage.upsert import insert_new

ROLE_CHANGED: Final = "person.role"
UNIT_CHANGED: Final = "person.unit"
JOINED: Final = "person.join"
APPOINTED: Final = "person.appoint"
"""The audit's words for somebody who reaches less or other things from then on: who left may join another unit."""
SUSPENDED: Final = "person.suspend"
LEFT: Final = "person.leave"
"""The audit's words for somebody who is told nothing from then on."""
REFUSE_AGAIN_AFTER: Final = dt.timedelta(days=1)


async def sync_units(session: AsyncSession, policy: Policy) -> None:
    """Bring the units up to the pack: new ones are added, names follow, none is ever removed."""
    await insert_new(
        session,
        Unit,
        [
            {"code": unit.code, "short_name": unit.short_name, "name": unit.name, "kind": unit.kind.value}
            for unit in policy.units.values()
        ],
    )
    rows = {row.code: row for row in await session.scalars(select(Unit))}
    for unit in policy.units.values():
        row = rows[unit.code]
        parent = rows[unit.parent].id if unit.parent else None
        row.short_name, row.name, row.kind, row.parent_id = unit.short_name, unit.name, unit.kind.value, parent
    await session.flush()


async def unit_by_code(session: AsyncSession, code: str) -> Unit | None:
    """Return a unit by its code."""
    return await session.scalar(select(Unit).where(Unit.code == code))


async def units(session: AsyncSession) -> Sequence[Unit]:
    """Return all units in the order in which they were made."""
    return (await session.scalars(select(Unit).order_by(Unit.id))).all()


async def by_telegram_id(session: AsyncSession, telegram_id: int) -> Person | None:
    """Return whoever has this Telegram id, whatever their state."""
    return await session.scalar(select(Person).where(Person.telegram_id == telegram_id))


async def named(session: AsyncSession, text: str) -> Sequence[Person]:
    """Return the people of a name, whole; those of whose name it is a part where nobody has it whole."""
    wanted = " ".join(text.split())
    everybody = (await session.scalars(select(Person).order_by(Person.id))).all()  # names are encrypted
    whole = [person for person in everybody if person.name == wanted]
    return whole or [person for person in everybody if wanted and wanted in str(person.name or "")]


async def has_moved(session: AsyncSession, person: Person, since: dt.datetime) -> bool:
    """Say whether somebody has got another unit or role since a moment, as the record of who did what tells.

    Whoever left and was let in again has moved too, be it into the same unit: what they had asked for is over.
    """
    moved = select(Audit.id).where(
        Audit.subject_kind == "person",
        Audit.subject_id == person.id,
        Audit.verb.in_((ROLE_CHANGED, UNIT_CHANGED, JOINED, APPOINTED)),
        Audit.at > since,
    )
    return await session.scalar(moved.limit(1)) is not None


async def coordinators(session: AsyncSession) -> Sequence[Person]:
    """Return all active coordinators."""
    rows = await session.scalars(
        select(Person).where(Person.role == Role.COORDINATOR, Person.state == PersonState.ACTIVE).order_by(Person.id)
    )
    return rows.all()


async def heads(session: AsyncSession, unit_id: int) -> Sequence[Person]:
    """Return the active heads of a unit."""
    rows = await session.scalars(
        select(Person)
        .where(Person.unit_id == unit_id, Person.role == Role.HEAD, Person.state == PersonState.ACTIVE)
        .order_by(Person.id)
    )
    return rows.all()


async def active(session: AsyncSession) -> Sequence[Person]:
    """Return everybody who may use the bot."""
    return (await session.scalars(select(Person).where(Person.state == PersonState.ACTIVE).order_by(Person.id))).all()


async def stood_down(session: AsyncSession, person: Person) -> Audit | None:
    """Return the line of the audit by which somebody was suspended, or left, last; None where there is none."""
    rows = await session.scalars(
        select(Audit)
        .where(Audit.subject_kind == "person", Audit.subject_id == person.id, Audit.verb.in_((SUSPENDED, LEFT)))
        .order_by(Audit.id.desc())
        .limit(1)
    )
    return rows.one_or_none()


def lose(person: Person, now: dt.datetime) -> None:
    """Note that a person can be told nothing: they blocked the bot, or their account is gone."""
    if person.reachable:
        person.reachable, person.unreachable_since = False, now


def regain(person: Person) -> None:
    """Note that a person can be told something again."""
    person.reachable, person.unreachable_since = True, None


async def with_menus(session: AsyncSession) -> Sequence[Person]:
    """Return everybody whose command menu is, or should be, another than an officer's."""
    other = (Person.role != Role.OFFICER) & (Person.state == PersonState.ACTIVE)
    return (await session.scalars(select(Person).where(other | Person.menu.is_not(None)).order_by(Person.id))).all()


async def leading(session: AsyncSession, roles: Collection[Role]) -> Sequence[Person]:
    """Return the active people of all units who have one of these roles, by unit."""
    rows = await session.scalars(
        select(Person)
        .where(Person.role.in_(roles), Person.state == PersonState.ACTIVE)
        .order_by(Person.unit_id, Person.id)
    )
    return rows.all()


async def appoint_admins(
    session: AsyncSession, telegram_ids: Iterable[int], unit: Unit, *, now: dt.datetime
) -> list[Person]:
    """Make these people the first coordinators of a unit, each on record; return those who were appointed.

    Whoever is on the list already stays what the coordinators have made of them since, unless no coordinator is left.
    """
    nobody_is_left = not await coordinators(session)
    appointed = []
    for telegram_id in telegram_ids:
        person, before = await by_telegram_id(session, telegram_id), None
        if person is None:
            person = Person(telegram_id=telegram_id, unit_id=unit.id, role=Role.COORDINATOR, joined_at=now)
            session.add(person)
        elif nobody_is_left:
            before = {"unit": person.unit_id, "role": person.role.value, "state": person.state.value}
            person.role, person.state, person.unit_id = Role.COORDINATOR, PersonState.ACTIVE, unit.id
        else:
            continue
        await session.flush()
        after = {"unit": unit.id, "role": person.role.value}
        audit.note(session, at=now, actor_id=None, verb=APPOINTED, subject=("person", person.id),
                   before=before, after=after)  # fmt: skip
        appointed.append(person)
    await session.flush()
    return appointed


async def refuse_once(session: AsyncSession, telegram_id: int, *, now: dt.datetime) -> bool:
    """Say whether a stranger is to be told; they are told once a day, and nothing else about them is kept."""
    known = await session.get(Stranger, telegram_id)
    if known is None:
        session.add(Stranger(telegram_id=telegram_id, refused_at=now))
        return True
    if now - known.refused_at < REFUSE_AGAIN_AFTER:
        return False
    known.refused_at = now
    return True


async def at_work(session: AsyncSession, telegram_ids: Collection[int]) -> tuple[dict[int, Person], dict[int, Draft]]:
    """Return people by their Telegram id, and their active drafts by their own id, in two queries."""
    if not telegram_ids:
        return {}, {}
    found = await session.scalars(_PEOPLE, {"ids": list(telegram_ids)})
    people = {person.telegram_id: person for person in found}
    drafts = await session.scalars(_DRAFTS, {"ids": [person.id for person in people.values()]})
    return people, {draft.person_id: draft for draft in drafts}


async def note_screens(session: AsyncSession, screens: Mapping[int, int]) -> None:
    """Note which message now carries the keyboard of each private chat.

    Args:
        session: The unit of work.
        screens: Chat (the officer's Telegram id) -> message.
    """
    if screens:
        await session.execute(_NOTE_SCREEN, [{"chat": chat, "message": message} for chat, message in screens.items()])


# Statements of every batch are built once: building one costs several times its execution.
_PEOPLE: Final = select(Person).where(Person.telegram_id.in_(bindparam("ids", expanding=True)))
_DRAFTS: Final = select(Draft).where(Draft.person_id.in_(bindparam("ids", expanding=True)), Draft.active)
_TABLE: Final = cast("Table", Person.__table__)
_NOTE_SCREEN: Final = (
    update(_TABLE)
    .where(_TABLE.c.telegram_id == bindparam("chat"), _TABLE.c.screen_message_id.is_distinct_from(bindparam("message")))
    .values(screen_message_id=bindparam("message"))
)
