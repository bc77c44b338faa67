"""Bringing a database to this version, with a verified copy first."""

import functools
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from storage.database import Database

SCRIPTS: Final = Path(__file__).parent / "migrations"


class UnknownVersion(Exception):
    """The database was written by a later version of the program; running on it could lose what it holds."""


def head() -> str:
    """Return the newest migration that this program knows."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise RuntimeError("no migrations are installed")
    return revision


async def version(database: Database) -> str | None:
    """Return the database's version; None where it is new."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_version)


async def upgrade(database: Database) -> bool:
    """Bring the database to the newest version and say whether anything was done.

    Raises:
        UnknownVersion: The database is from the future.
    """
    present = await version(database)
    known = {script.revision for script in _scripts().walk_revisions()}
    if present is not None and present not in known:
        raise UnknownVersion(
            f"the database has version {present}, this program knows up to {head()}: update the program"
        )
    if present == head():
        return False
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade)
    return True


@functools.cache
def _scripts() -> ScriptDirectory:
    """The migrations, read once: Alembic compiles them anew for each directory object."""
    return ScriptDirectory(str(SCRIPTS))


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
