"""Opening the database: locked, checked, copied before it is changed, and brought to this version."""

import asyncio
import contextlib
import datetime as dt
import os
from collections.abc import AsyncIterator
from pathlib import Path

from handlers.clock import Clock
from handlers.lock import InstanceLock
from handlers.settings import Settings
from storage import backup, keyproof, keys, migrate
from storage.database import Database


@contextlib.asynccontextmanager
async def opened(settings: Settings, clock: Clock) -> AsyncIterator[Database]:
    """Open the database: locked, checked, copied before it is changed, and of this version.

    Raises:
        AlreadyRunning: Another process holds it.
        DamagedDatabase: It is not sound; it is left as it is.
        KeyFileError: Its key is missing.
        UnknownVersion: It is from the future.
    """
    os.umask(0o077)
    settings.data.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    async with contextlib.AsyncExitStack() as exits:
        exits.push_async_callback(database.close)
        path = database.path
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            exits.enter_context(InstanceLock(path.with_suffix(".lock")))
        await _check_and_upgrade(settings, database, path, clock.now())
        yield database


async def _check_and_upgrade(settings: Settings, database: Database, path: Path | None, now: dt.datetime) -> None:
    copies = settings.data / "copies"
    if path is not None:
        await asyncio.to_thread(backup.check_existing, path, copies)
    present = await migrate.version(database)
    keys.unlock(settings.key_file, may_create=present is None)
    if present is not None and present != migrate.head() and path is not None:
        await asyncio.to_thread(backup.copy, path, copies, label=f"before-{migrate.head()}", at=now)
    await migrate.upgrade(database)
    await keyproof.prove(database)
