"""Which update is running: known even after the process was killed by it."""

import os
from pathlib import Path


class Suspect:
    """A note of which update is running, written without a flush: it must outlive a kill, not a power cut.

    Args:
        path: The file; None keeps no note.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = -1
        if path is not None:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def write(self, update_id: int) -> None:
        """Note the update that begins to run."""
        if self._file >= 0:
            os.pwrite(self._file, f"{update_id:<20}".encode(), 0)

    def clear(self) -> None:
        """Note that nothing runs."""
        if self._file >= 0:
            os.pwrite(self._file, b" " * 20, 0)

    def read(self) -> int | None:
        """Return the update that was running when the last process ended; None where nothing was."""
        if self._file < 0:
            return None
        noted = os.pread(self._file, 20, 0).strip()
        return int(noted) if noted else None
