"""Migrations: the tables of the code are those of the database, and every step can be taken back."""

import datetime as dt
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text, update
from sqlalchemy.engine import Connection

from bot.policy.model import Policy
from storage import audit, migrate, rotation, seals
from storage.database import Database
from storage.tables import Audit, Base, Item, Setting
from tests.conftest import START
from tests.ledger_rows import Ledger
from tests.oracles.figures_oracle import Happened, Report


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    config.attributes["connection"] = connection
    return config


def _schema(connection: Connection) -> dict[str, Any]:
    look = inspect(connection)
    return {
        table: {
            "columns": sorted((each["name"], str(each["type"]), each["nullable"]) for each in look.get_columns(table)),
            "indexes": sorted((each["name"], tuple(each["column_names"])) for each in look.get_indexes(table)),
            "unique": sorted(tuple(each["column_names"]) for each in look.get_unique_constraints(table)),
            "foreign": sorted(
                (tuple(each["constrained_columns"]), each["referred_table"]) for each in look.get_foreign_keys(table)
            ),
        }
        for table in look.get_table_names()
        if table != "alembic_version"
    }


async def test_migrated_schema_is_that_of_the_tables(database: Database):
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_partial_indexes_and_uniqueness_are_those_of_the_tables(database: Database, tmp_path):
    """Autogenerate does not compare an index's condition; a schema made straight from the tables does."""
    if not database.is_sqlite:
        pytest.skip("compared on SQLite, where the stored statements can be read back")
    made = Database(f"sqlite:///{tmp_path / 'made.db'}")
    question = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    async with made.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        expected = {name: " ".join(sql.split()) for name, sql in await connection.execute(question)}
    async with database.engine.connect() as connection:
        actual = {name: " ".join(sql.split()) for name, sql in await connection.execute(question)}
    await made.close()
    assert actual == expected


async def test_up_down_up_leads_to_the_same_schema(empty_database: Database):
    await migrate.upgrade(empty_database)
    async with empty_database.engine.begin() as connection:
        first = await connection.run_sync(_schema)
        await connection.run_sync(lambda c: command.downgrade(_config(c), "base"))
        assert await connection.run_sync(_schema) == {}
    await migrate.upgrade(empty_database)
    async with empty_database.engine.connect() as connection:
        assert await connection.run_sync(_schema) == first
    assert "inbox" in first


WHY = "与人事2026-7张1234同案"


async def _written(database: Database, policy: Policy) -> None:
    """Write an entry with the basis of a limit, and more audit lines with a reason than one portion takes, sealed."""
    async with database.write() as session:
        ledger = await Ledger.begin(session, policy)
        await ledger.write(Happened([], [], [Report("air", "m35", START.date(), "enterprise")]))
        await session.execute(update(Item).values(basis=WHY))
        for n in range(1_100):
            why = None if n % 11 == 0 else f"{WHY}{n}"
            audit.note(session, at=START, actor_id=None, verb="v", subject=("request", n), after={"n": n}, reason=why)
        session.add(Setting(key=rotation.PROGRESS, value={"key": "k", "table": 9, "after": [7]}))
    while True:
        async with database.write() as session:
            if await seals.seal(session, START + dt.timedelta(hours=1)) is None:
                return


async def test_reasons_of_an_older_version_are_encrypted_and_the_chain_still_verifies(
    database: Database, policy: Policy
):
    await _written(database, policy)
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(_config(c), "0014"))
        plain = (await connection.execute(text("SELECT reason FROM audit WHERE reason IS NOT NULL ORDER BY id"))).all()
        assert (len(plain), plain[0].reason) == (1_000, f"{WHY}1")
        assert await connection.scalar(text("SELECT basis FROM item")) == WHY
    assert await migrate.upgrade(database)
    async with database.read() as session:
        verdict = await seals.verify(session)
        assert (verdict.lines, verdict.broken) == (1_100, ())
        lines = (await session.scalars(select(Audit.reason).order_by(Audit.id))).all()
        assert lines == [None if n % 11 == 0 else f"{WHY}{n}" for n in range(1_100)]
        assert (await session.scalars(select(Item.basis))).all() == [WHY]
        assert await session.get(Setting, rotation.PROGRESS) is None
        raw = await session.execute(text("SELECT reason FROM audit UNION ALL SELECT basis FROM item"))
        assert not any(value and WHY.encode() in bytes(value) for (value,) in raw)
    if database.path is not None:
        await database.close()
        assert WHY.encode() not in database.path.read_bytes()


async def test_second_upgrade_has_nothing_to_do(empty_database: Database):
    assert await migrate.upgrade(empty_database) is True
    assert await migrate.upgrade(empty_database) is False
    assert await migrate.version(empty_database) == migrate.head()


async def test_database_from_the_future_is_refused_and_left_alone(database: Database):
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.UnknownVersion, match="9999"):
        await migrate.upgrade(database)
    assert await migrate.version(database) == "9999"


def test_migrations_are_numbered_and_have_one_head():
    scripts = ScriptDirectory(str(migrate.SCRIPTS))
    revisions = sorted(script.revision for script in scripts.walk_revisions())
    assert revisions == [f"{number:04d}" for number in range(1, len(revisions) + 1)]
    assert scripts.get_heads() == [revisions[-1]]
