"""Copies of an SQLite database: whole, checked, few.

PostgreSQL has its own tools for this; there these functions say so instead of pretending.
"""

import contextlib
import datetime as dt
import os
import sqlite3
from pathlib import Path
from typing import Final

KEPT: Final = 7


class DamagedDatabase(Exception):
    """The file is not a sound database; it is never replaced by an empty one."""


def check(path: Path) -> None:
    """Check a database file.

    Raises:
        DamagedDatabase: SQLite finds it unsound or unreadable.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            verdict = connection.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise DamagedDatabase(f"{path} cannot be read as a database ({error}): restore a copy") from error
    if verdict != "ok":
        raise DamagedDatabase(f"{path} is damaged ({verdict}): restore a copy")


def check_existing(path: Path, copies: Path) -> None:
    """Check a database file if there is one; a missing or empty file is a new database, unless there are copies of it.

    Args:
        path: The database.
        copies: Where its copies are kept.

    Raises:
        DamagedDatabase: SQLite finds it unsound or unreadable, or it is gone although copies of it exist.
    """
    if path.exists() and path.stat().st_size > 0:
        check(path)
    elif any(copies.glob(f"{path.stem}-*.db")):
        raise DamagedDatabase(f"{path} is missing or empty although {copies} holds copies of it: restore a copy")


def copy(path: Path, folder: Path, *, label: str, at: dt.datetime) -> Path:
    """Write a consistent copy, check it, and keep the newest seven of its label.

    Args:
        path: The live database; it may be in use.
        folder: Where copies are kept; made with mode 0700.
        label: Why the copy is made: ``daily`` or ``before-<version>``.
        at: The moment, for the name.

    Returns:
        The copy.

    Raises:
        DamagedDatabase: The copy did not verify.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"{path.stem}-{label}-{at:%Y%m%dT%H%M%S}.db"
    partial = target.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with (
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
        contextlib.closing(sqlite3.connect(partial)) as copied,
    ):
        source.backup(copied)
        copied.execute("PRAGMA journal_mode=DELETE")  # one file: a log beside it would be left behind at the renaming
    check(partial)
    partial.chmod(0o600)
    _flush(partial)
    partial.replace(target)
    for old in sorted(folder.glob(f"{path.stem}-{label}-*.db"))[:-KEPT]:
        old.unlink()
    return target


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
