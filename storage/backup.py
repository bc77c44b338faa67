"""Copies of an SQLite database: whole, checked, few.

PostgreSQL has its own tools for this; there these functions say so instead of pretending.
"""

import contextlib
import datetime as dt
import hashlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any, Final

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

    Beside each copy stands its manifest: what it holds, and the head of the audit's chain, by which a chain whose end
    was cut off afterwards is found out.

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
        said = _manifest(copied, at)
    check(partial)
    partial.chmod(0o600)
    _flush(partial)
    _write_manifest(target, said | {"sha256": _sha256(partial)})
    partial.replace(target)
    for old in sorted(folder.glob(f"{path.stem}-{label}-*.db"))[:-KEPT]:
        old.unlink()
        manifest(old).unlink(missing_ok=True)
    return target


def manifest(copied: Path) -> Path:
    """Return where a copy's manifest stands."""
    return copied.with_suffix(".json")


def _manifest(copied: sqlite3.Connection, at: dt.datetime) -> dict[str, Any]:
    """Return what a copy holds; one of an earlier version may lack the tables."""
    tables = {name for (name,) in copied.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def newest(table: str, columns: str) -> tuple[Any, ...]:
        row = copied.execute(f"SELECT {columns} FROM {table} ORDER BY rowid DESC LIMIT 1").fetchone()  # noqa: S608 - names of ours
        return tuple(row) if row is not None else (None,) * 2

    version = newest("alembic_version", "version_num")[0] if "alembic_version" in tables else None
    head, to_id = newest("audit_seal", "head, to_id") if "audit_seal" in tables else (None, None)
    return {"made_at": at.isoformat(), "version": version, "audit_head": head, "audit_to": to_id}


def _write_manifest(target: Path, said: dict[str, Any]) -> None:
    path = manifest(target)
    partial = path.with_suffix(".json.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(said, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
