"""Files that were made as far as somebody could see: handed to them only as long as they see as far.

Between the making and the sending may lie a night, or the days until somebody can be reached again; a file cannot be
cut down when it leaves, as a list on the screen is.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.screens.screen import Screen
from handlers.office import Office
from handlers.rights import Renderer
from storage import cover
from storage.tables import Person

_REACH: Final = "reach"


async def reach_of(session: AsyncSession, person: Person, today: dt.date) -> dict[str, Any]:
    """Return how far somebody sees, for the params of the notification with the file.

    Args:
        session: The one in which the file's content is read.
        person: For whom it is made.
        today: Local date, by which it is known for whom they stand in.
    """
    return {_REACH: [person.role.value, person.unit_id, sorted(await cover.stood_in_for(session, person, today))]}


def in_reach(renderer: Renderer) -> Renderer:
    """Return the renderer of a notification with a file that shows nothing once its receiver does not see as far."""

    async def render(
        session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
    ) -> Screen | None:
        role, unit_id, stood_in_for = params.get(_REACH, (None, None, ()))
        if (person.role.value, person.unit_id) != (role, unit_id):
            return None
        if not set(stood_in_for) <= await cover.stood_in_for(session, person, office.today(now)):
            return None
        return await renderer(session, office, person, params, now)

    return render
