"""The key that encrypts what the office would not want to find in a stolen file.

The key lives in a file of its own (mode 0600), outside the database and its backups. Lines are Fernet keys, the newest
first: what was written under an older one stays readable until it is rotated away.
"""

import base64
import os
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_keyring: MultiFernet | None = None
_keys: tuple[str, ...] = ()


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
        lines = path.read_text("ascii").split()
        use(lines)
    except (OSError, ValueError) as error:
        raise KeyFileError(
            f"key file {path} cannot be used ({type(error).__name__}): restore it from where it is kept"
        ) from error


def use(keys: list[str]) -> None:
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


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
