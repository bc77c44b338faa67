"""Bringing a database to this version; the caller makes a verified copy first."""

from pathlib import Path
from typing import Final

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from storage.database import Database

SCRIPTS: Final = Path(__file__).parent / "migrations"


class UnknownVersion(Exception):
    """The database was written by a later version of the program; running on it could lose what it holds."""


def known() -> frozenset[str]:
    """Return all migrations that this program has; the number before a file's name is its revision."""
    return frozenset(path.name.partition("_")[0] for path in (SCRIPTS / "versions").glob("[0-9]*.py"))


def head() -> str:
    """Return the newest migration that this program has."""
    return max(known())


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
    if present is not None and present not in known():
        raise UnknownVersion(
            f"the database has version {present}, this program knows up to {head()}: update the program"
        )
    if present == head():
        return False
    async with database.engine.begin() as connection:
        await connection.run_sync(_upgrade)
    return True


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    present: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return present


def _upgrade(connection: Connection) -> None:
    from alembic import command  # takes a quarter of a second to import, and only a changed database needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
