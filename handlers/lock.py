"""One instance for one SQLite database: the second refuses to start."""

import os
import sys
from pathlib import Path
from typing import Self


class AlreadyRunning(Exception):
    """Another process holds the database."""


class InstanceLock:
    """A lock that the operating system drops when its holder dies, however it dies.

    Args:
        path: The lock file; it stays, only the lock on it comes and goes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> Self:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._file)
        except OSError as error:
            os.close(self._file)
            raise AlreadyRunning(
                f"another process works with this database (lock {self._path}): stop it first"
            ) from error
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self._file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
