"""A small office for the flows: a real migrated database, the shipped pack, one fictitious officer at a desk."""

import datetime as dt
from functools import partial
from pathlib import Path

import pytest

from bot.policy.loader import load, packaged
from bot.policy.model import Policy
from bot.workdays import Calendar
from handlers.clock import Clock
from handlers.office import Office
from storage import people
from storage.database import Database
from storage.tables import Person, Role
from tests import commands

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)  # Monday, 10:00 in the office


@pytest.fixture
def told(tmp_path: Path) -> commands.Command:
    """Run a command in an empty folder: ``code, out, err = await told("doctor", XINXUAN_TOKEN=token)``."""
    return partial(commands.told, tmp_path)


@pytest.fixture
async def database(sqlite: Database) -> Database:
    return sqlite


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load(packaged("zhengzhou"))


@pytest.fixture
def office(policy: Policy) -> Office:
    return Office(policy, Calendar(), Clock())


@pytest.fixture
def enrol(database: Database, policy: Policy):
    """Put a fictitious person on the list: ``await enrol(900001, unit="air", role=Role.HEAD)``."""

    async def enrolled(telegram_id: int, *, unit: str = "air", role: Role = Role.OFFICER) -> Person:
        async with database.write() as session:
            await people.sync_units(session, policy)
            row = await people.unit_by_code(session, unit)
            assert row is not None
            person = Person(
                telegram_id=telegram_id, unit_id=row.id, role=role, name=f"虚构{telegram_id % 100}", joined_at=NOW
            )
            session.add(person)
        return person

    return enrolled


@pytest.fixture
async def officer(enrol) -> Person:
    return await enrol(900001)


@pytest.fixture
def desk(database: Database, office: Office, officer: Person):
    from tests.handlers.desk import Desk  # it stands on the constants above

    return Desk(database, office, officer)
