"""Whose eyes look: what officers may see follows from who they are, whom they stand in for, and the rules in force."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncSession

from bot.scope import confidential_matters
from handlers.office import Office
from storage import cover
from storage.sight import Sight
from storage.tables import Person


async def sight_of(session: AsyncSession, office: Office, person: Person, today: dt.date) -> Sight:
    """Return whose eyes look: the officer's own, and those of the colleagues they stand in for today."""
    stood_in_for = await cover.stood_in_for(session, person, today)
    return Sight(person, today, stood_in_for, confidential=confidential_matters(office.policy))
