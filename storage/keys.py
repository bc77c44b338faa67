"""The key that encrypts what the office would not want to find in a stolen file.

The key lives in a file of its own (mode 0600), outside the database and its backups. Lines are Fernet keys, the newest
first: what was written under an older one stays readable until it is rotated away.
"""

import base64
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_keyring: MultiFernet | None = None
_keys: tuple[str, ...] = ()
_path: Path | None = None
_stamp: tuple[int, int, int] | None = None  # of the file as it was read: when it was changed, its length, its number


class KeyFileError(Exception):
    """The key file is unreadable or holds no key; nothing encrypted can be read without it."""


def unlock(path: Path, *, may_create: bool) -> None:
    """Read the key file, or make one where the database is new too.

    Args:
        path: The key file.
        may_create: Whether a missing file may be made. A missing key beside existing data is a loss to be
            reported, never to be papered over with a new key.

    Raises:
        KeyFileError: The file is missing, unreadable, or holds no valid key.
    """
    if may_create and not path.exists():
        _create(path)
    try:
        stamp = _stamp_of(path)
        use(read(path))
    except (OSError, ValueError) as error:
        raise KeyFileError(
            f"key file {path} cannot be used ({type(error).__name__}): restore it from where it is kept"
        ) from error
    global _path, _stamp
    _path, _stamp = path, stamp


def read(path: Path) -> list[str]:
    """Return the keys of a key file, newest first."""
    return path.read_text("ascii").split()


def refresh() -> bool:
    """Read the key file again where it has changed since; say whether there were new keys in it.

    A file that cannot be read just now leaves the keys in use as they are.
    """
    global _stamp
    if _path is None:
        return False
    with contextlib.suppress(OSError, ValueError):
        stamp = _stamp_of(_path)
        if stamp != _stamp:
            before = _keys
            use(read(_path))
            _stamp = stamp
            return before != _keys
    return False


def add(path: Path) -> None:
    """Put a new key on top of a key file; what was written under the others stays readable."""
    _replace(path, [Fernet.generate_key().decode("ascii"), *read(path)])


def retire(path: Path) -> None:
    """Leave only the newest key in a key file. Whatever was written under another one is lost by this."""
    _replace(path, read(path)[:1])


def file() -> Path | None:
    """Return the key file in use; None where keys were given without one."""
    return _path


def in_use() -> Sequence[str]:
    """Return the keys in use, newest first."""
    return _keys


def encrypt(plain: bytes) -> bytes:
    """Encrypt under the newest key."""
    return keyring().encrypt(plain)


def decrypt(token: bytes) -> bytes:
    """Decrypt under whichever key wrote it, also one that another process has put into the file just now.

    Raises:
        InvalidToken: None of the keys did.
    """
    try:
        return keyring().decrypt(token)
    except InvalidToken:
        if not refresh():
            raise
        return keyring().decrypt(token)


def use(keys: Sequence[str]) -> None:
    """Take these Fernet keys, newest first, for the rest of the process."""
    global _keyring, _keys
    if not keys:
        raise ValueError("no key")
    _keyring = MultiFernet([Fernet(key) for key in keys])
    _keys = tuple(keys)


def keyring() -> MultiFernet:
    """Return the keys in use."""
    if _keyring is None:
        raise KeyFileError("no key is in use: the database has not been opened")
    return _keyring


def purpose_keys(purpose: str) -> MultiFernet:
    """Return keys for one purpose alone, so that what is sealed for it opens nothing else and nothing else opens it.

    Each is derived from a key in use, newest first (HKDF with SHA-256, RFC 5869): what was sealed before a new key was
    put on top stays readable for as long as the older one stands in the file.

    Args:
        purpose: A fixed name of the purpose; it is the derivation's ``info``.

    Raises:
        KeyFileError: No key is in use.
    """
    if not _keys:
        raise KeyFileError("no key is in use: the database has not been opened")
    return MultiFernet([_derived(key, purpose) for key in _keys])


def _derived(key: str, purpose: str) -> Fernet:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return Fernet(base64.urlsafe_b64encode(derivation.derive(base64.urlsafe_b64decode(key))))


def _stamp_of(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _replace(path: Path, keys: Sequence[str]) -> None:
    """Write a key file anew in one step, with the owner it has: at every moment one whole file is there."""
    was = path.stat()
    made = path.with_name(f"{path.name}.new")
    made.unlink(missing_ok=True)
    _write(made, "".join(f"{key}\n" for key in keys).encode("ascii"))
    if hasattr(os, "chown"):
        with contextlib.suppress(PermissionError):
            os.chown(made, was.st_uid, was.st_gid)
    made.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, Fernet.generate_key() + b"\n")


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
