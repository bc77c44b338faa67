"""How the commands of the command line come to the data: alone, or beside a running bot to read it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from handlers.cli_frame import Sentence, policy_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from handlers.clock import Clock
    from handlers.office import Office
    from handlers.settings import Settings
    from storage.database import Database
    from storage.tables import Unit


@contextlib.asynccontextmanager
async def opened_alone() -> AsyncIterator[tuple["Database", "Office"]]:
    """Open the database for this command alone; a refusal of the flows becomes the command's sentence."""
    from bot.errors import Refusal
    from handlers.clock import Clock
    from handlers.lock import AlreadyRunning
    from handlers.office import Office
    from handlers.opening import opened
    from handlers.settings import Settings
    from storage import calendar, people

    settings, clock = Settings(), Clock()
    policy = policy_of(settings.policy)
    try:
        async with opened(settings, clock) as database:
            async with database.write() as session:
                await people.sync_units(session, policy)
                days = await calendar.load(session)
            yield database, Office(policy, days, clock)
    except AlreadyRunning:
        raise Sentence("the bot is running with this database: use /sheet or /stats in the chat") from None
    except Refusal as refusal:
        raise Sentence(refusal.message) from None


@contextlib.asynccontextmanager
async def reading(settings: "Settings", clock: "Clock") -> "AsyncIterator[tuple[AsyncSession, Office]]":
    """Open the database to read it, beside a running bot or without one; nothing is made or brought up to date.

    Raises:
        Sentence: There is none, or it is of another version.
        DamagedDatabase: It is not sound.
        KeyFileError: The key is missing, or not this database's.
    """
    from handlers.office import Office
    from storage import backup, calendar, keyproof, keys, watching
    from storage.database import Database

    database = Database(settings.database_url)
    try:
        if database.path is not None and not database.path.is_file():
            raise Sentence(f"there is no database {database.path}: run the bot once")
        if database.path is not None:
            await asyncio.to_thread(backup.check, database.path)
        keys.unlock(settings.key_file, may_create=False)
        policy = await asyncio.to_thread(policy_of, settings.policy)
        async with database.read() as session:
            if not await watching.is_of_this_version(session):
                raise Sentence("the database is of another version: run the bot once to bring it up to date")
            await keyproof.check(session)
            office = Office(policy, await calendar.load(session), clock)
            office.maintainer_ids, office.has_page = settings.told_each_morning, bool(settings.page_url)
            yield session, office
    finally:
        await database.close()


async def unit_of(session: "AsyncSession", code: str) -> "Unit":
    """Return a unit; an unknown code becomes the command's sentence."""
    from storage import people

    unit = await people.unit_by_code(session, code)
    if unit is None:
        known = ", ".join(each.code for each in await people.units(session))
        raise Sentence(f"there is no unit {code}: use one of {known}")
    return unit
