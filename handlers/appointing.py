"""Coordinators by the server's settings: the first ones, and somebody to go on with where none is left."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.screens import enrolment as screens
from bot.screens.screen import Screen
from handlers import access
from handlers.office import Office
from storage import outbox, people
from storage.tables import Person, PersonState, Priority, Role, Unit

KIND: Final = "enrolment.appointed"


async def appoint(session: AsyncSession, telegram_ids: Iterable[int], unit: Unit, *, now: dt.datetime) -> None:
    """Make people coordinators of a unit as ``XINXUAN_ADMIN_IDS`` says; whoever is one already is told of each.

    What the server does nobody has approved: so it stands in the audit, and those who answer for access hear of it.

    Args:
        session: The unit of work.
        telegram_ids: Whom the settings name.
        unit: The legal division.
        now: Aware UTC time.
    """
    others = await people.coordinators(session)
    for person in await people.appoint_admins(session, telegram_ids, unit, now=now):
        for coordinator in others:
            await outbox.enqueue(session, coordinator, kind=KIND, params={"person": person.id},
                                 dedupe=f"{KIND}:{person.id}:{coordinator.id}", priority=Priority.QUESTION,
                                 now=now)  # fmt: skip


async def render(
    session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Tell a coordinator whom the server's settings made one; None where they are none any more."""
    person = await session.get_one(Person, params["person"])
    if person.role is not Role.COORDINATOR or person.state is not PersonState.ACTIVE:
        return None
    unit = await session.get_one(Unit, person.unit_id)
    role = access.role_name(person.role)
    return screens.appointed(person.id, person.name, person.telegram_id, f"{unit.name} · {role}")


NOTICES: Final = {KIND: render}
