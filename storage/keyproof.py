"""Whether the key in use is the one that this database was written with: asked before anything is read or written."""

from typing import Final

from cryptography.fernet import InvalidToken
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.keys import KeyFileError, decrypt, encrypt
from storage.tables import Setting

NAME: Final = "key.proof"
WORD: Final = b"xinxuan"


async def prove(database: Database) -> None:
    """Decrypt a word that was encrypted when the database was new; a new database gets its word now.

    Raises:
        KeyFileError: The key does not fit the data. Going on would mix what two keys wrote.
    """
    async with database.write() as session:
        kept = await session.get(Setting, NAME)
        if kept is None:
            session.add(Setting(key=NAME, value=encrypt(WORD).decode("ascii")))
            return
        _require(kept)


async def check(session: AsyncSession) -> None:
    """Ask the same of a database that is only read; one that has no word yet holds nothing to be read.

    Raises:
        KeyFileError: The key does not fit the data.
    """
    kept = await session.get(Setting, NAME)
    if kept is not None:
        _require(kept)


async def renew(session: AsyncSession) -> None:
    """Encrypt the word under the newest key."""
    kept = await session.get(Setting, NAME)
    if kept is not None:
        _require(kept)
        kept.value = encrypt(WORD).decode("ascii")


def _require(kept: Setting) -> None:
    try:
        decrypt(kept.value.encode())
    except InvalidToken:
        raise KeyFileError("the key file is not this database's: restore it from where it is kept") from None
