"""Files kept on the server: under generated names, readable by this user alone."""

import hashlib
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = "page:"  # begins the reference of a file that came through the file page and is kept here
GONE: Final = "0" * 32  # names no file: whoever is sent it reads that it is no longer kept, and asks again
_KEY: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it was put away: its generated name, SHA-256 in hex, and bytes."""

    key: str
    sha256: str
    size: int


def handed_in(ref: str) -> list[str]:
    """Return the kept file behind the reference of one that was sent; none where the messenger has it."""
    return [ref.removeprefix(PAGE)] if ref.startswith(PAGE) else []


class FileStore:
    """A folder of files whose names say nothing.

    The calls block; they are made off the event loop. A file is whole or not there.

    Args:
        folder: Where the files are kept; made when the first one comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def free_mb(self) -> int:
        """Return the megabytes that are free where the files are kept."""
        there = next(each for each in (self._folder, *self._folder.absolute().parents) if each.exists())
        return shutil.disk_usage(there).free // 1_000_000

    def put(self, content: bytes) -> Kept:
        """Keep a file and return how it is found again."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_hex(16)
        part = self._folder / f"{key}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(self.path(key))
        return Kept(key, hashlib.sha256(content).hexdigest(), len(content))

    def path(self, key: str) -> Path:
        """Return where a file is kept.

        Raises:
            ValueError: The key is not one of ours, so that no path can be smuggled in.
        """
        if _KEY.fullmatch(key) is None:
            raise ValueError("not the name of a kept file")
        return self._folder / key

    def read(self, key: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: It is not there any more.
        """
        return self.path(key).read_bytes()

    def remove(self, key: str) -> None:
        """Take a file away; one that is gone already is as good."""
        self.path(key).unlink(missing_ok=True)
