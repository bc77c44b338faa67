"""Faults of the database, ordered: the nth call fails, once or for good, before or after it has taken effect."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import aiosqlite

from storage import database

HARMLESS = frozenset({"cursor", "close", "create_function", "description", "rowcount"})
SENTENCE = "disk I/O error"  # as SQLite says it
_inside: ContextVar[bool] = ContextVar("inside", default=False)


class FailingDisk:
    """Counts the calls to the database, and lets one of them fail when ordered."""

    def __init__(self) -> None:
        self.calls = 0
        self._at: int | None = None
        self._lasting = self._done = False
        self.struck = 0

    def order(self, at: int, *, lasting: bool, done: bool) -> None:
        """Let the ``at``-th call from now fail; ``lasting`` those after it too; ``done``: after it has taken effect."""
        self.calls, self.struck, self._at, self._lasting, self._done = 0, 0, at, lasting, done

    def heal(self) -> None:
        """End all faults."""
        self._at = None

    @contextlib.contextmanager
    def installed(self) -> Iterator["FailingDisk"]:
        """Stand between the product and its database."""
        kept = [(kind, kind._execute) for kind in (aiosqlite.Connection, database._Writer)]
        for kind, execute in kept:
            kind._execute = self._around(execute)
        try:
            yield self
        finally:
            for kind, execute in kept:
                kind._execute = execute

    def _around(self, execute: Any) -> Any:
        async def executed(connection: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
            # The writer's own way leads through its base class: one call is counted once.
            counts = not _inside.get() and getattr(fn, "__name__", "") not in HARMLESS
            fails = counts and self._fails()
            if fails and not self._done:
                raise sqlite3.OperationalError(SENTENCE)
            token = _inside.set(True)
            try:
                result = await execute(connection, fn, *args, **kwargs)
            finally:
                _inside.reset(token)
            if fails:
                raise sqlite3.OperationalError(SENTENCE)
            return result

        return executed

    def _fails(self) -> bool:
        self.calls += 1
        if self._at is None or self.calls < self._at:
            return False
        strikes = self._lasting or self.calls == self._at
        self.struck += strikes
        return strikes
