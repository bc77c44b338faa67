"""The database: one writer, many readers, and the same code for SQLite and PostgreSQL.

SQLite runs in WAL mode with synchronous=FULL: what was committed survives a power cut. All writing goes through one
connection that begins IMMEDIATE, because a read that later writes would fail at once whenever another writer came in
between; readers have an engine of their own that cannot write.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import aiosqlite
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA busy_timeout=5000",  # milliseconds
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # a deleted value leaves no byte in the file
)


class Database:
    """The open database.

    Args:
        url: ``sqlite:///path`` or ``postgresql://...``; the async driver is filled in here.
    """

    def __init__(self, url: str) -> None:
        self.url = async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._open(writing=True)
        self._reader = self._open(writing=False) if self.is_sqlite else self.engine
        self._writing = asyncio.Lock() if self.is_sqlite else contextlib.nullcontext()
        self._sessions_asked_for = 0
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False, autoflush=False)

    @property
    def path(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    @property
    def in_use(self) -> bool:
        """Whether anybody in this process reads or writes, or waits to."""
        return self._sessions_asked_for > 0

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One write transaction: committed at the end of the block, rolled back by any exception."""
        with self._counted():
            async with self._writing, self._sessions() as session, session.begin():
                yield session

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads; it never waits for a writer."""
        with self._counted():
            async with self._read_sessions() as session:
                yield session

    async def vacuum(self, tables: Sequence[str]) -> None:
        """Let PostgreSQL take the former versions of changed rows out of these tables; readers and writers go on.

        SQLite needs nothing of it: it overwrites what is changed or deleted (``secure_delete``).
        """
        if not self.is_sqlite:
            async with self.engine.connect() as connection:
                alone = await connection.execution_options(isolation_level="AUTOCOMMIT")  # in no transaction
                await alone.execute(text(f"VACUUM {', '.join(tables)}"))

    async def close(self) -> None:
        """Close all connections; SQLite then folds its write-ahead log into the file."""
        if self._reader is not self.engine:
            await self._reader.dispose()
        await self.engine.dispose()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._sessions_asked_for += 1
        try:
            yield
        finally:
            self._sessions_asked_for -= 1

    def _open(self, *, writing: bool) -> AsyncEngine:
        if not self.is_sqlite:
            return create_async_engine(self.url, pool_pre_ping=True, hide_parameters=True)
        size = 1 if writing else 4
        options = {"async_creator_fn": _writer} if writing else {}
        engine = create_async_engine(
            self.url,
            pool_size=size,
            max_overflow=0,
            pool_timeout=60,  # seconds
            connect_args=options,
            hide_parameters=True,  # an error's text goes into the log, and values do not belong there
        )
        _prepare_sqlite(engine, writing=writing)
        return engine


def async_url(url: str) -> URL:
    """Return the URL with the async driver of its database.

    Raises:
        ValueError: Neither SQLite nor PostgreSQL.
    """
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    try:
        parsed = make_url(url)
        return parsed.set(drivername=drivers[parsed.drivername.split("+")[0]])
    except (KeyError, ArgumentError):
        raise ValueError("not a database's address: use sqlite:///path or postgresql://...") from None


# A full disk makes SQLite roll the whole transaction back by itself; what then comes to light is the missing savepoint.
_AWAY = (
    "locked",
    "busy",
    "disk is full",
    "disk i/o error",
    "no such savepoint",
    "no transaction is active",
    "readonly",
    "unable to open",
    "closed",
    "connection",
)


def is_away(error: BaseException) -> bool:
    """Say whether an error means that the database cannot work now, rather than that a statement is wrong."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    return isinstance(error, OperationalError) and any(word in str(error.orig).lower() for word in _AWAY)


MAY_LAST: Final = "/* may last */"
"""What a query begins with that reads a whole register (``Select.prefix_with``): it must leave the loop free."""
_BEGIN: Final = "BEGIN IMMEDIATE"
_LASTING: Final = (_BEGIN, "DELETE", f"SELECT {MAY_LAST}")


class _Writer(aiosqlite.Connection):
    """The writing connection: short statements run where they are made, and only what may last goes to the thread.

    A guide step makes some twenty calls of a few microseconds, and the way to the thread and back costs far more than
    the call. What waits for the lock or the disk, deletions, which may be many, and queries that say that they may last
    still leave the loop free; what comes while the thread works (after a cancellation) queues behind it.
    """

    _sent = 0  # counted by the loop alone,
    _ran = 0  # and this by the thread alone

    async def _execute(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        if self._sent == self._ran and not _may_last(fn, args):
            return fn(*args, **kwargs)
        self._sent += 1
        return await super()._execute(self._counted, fn, *args, **kwargs)  # type: ignore[no-untyped-call]

    def _counted(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        finally:
            self._ran += 1


def _may_last(fn: Any, args: tuple[Any, ...]) -> bool:
    if isinstance(fn.__self__, sqlite3.Connection):
        return str(fn.__name__) != "cursor"  # commit, rollback, close
    return bool(args) and str(args[0]).startswith(_LASTING)


def _writer(path: str, **options: Any) -> _Writer:
    connection = _Writer(lambda: sqlite3.connect(path, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # as SQLAlchemy does for connections that it makes itself
    return connection


def _prepare_sqlite(engine: AsyncEngine, *, writing: bool) -> None:
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the begin event below decides how a transaction begins
        cursor = connection.cursor()
        for pragma in SQLITE_PRAGMAS:
            cursor.execute(pragma)
        if not writing:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(_BEGIN if writing else "BEGIN")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
