"""Whether the key in use is the one that this database was written with: asked before anything is read or written.

The same word says whether the audit's chain has begun here: it is made with a new database, so that whoever takes the
chain away does not make the database look new.
"""

import contextlib
from typing import Final

from cryptography.fernet import InvalidToken
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import seals
from storage.database import Database
from storage.keys import KeyFileError, decrypt, encrypt
from storage.tables import Audit, Setting

NAME: Final = "key.proof"
WORD: Final = b"xinxuan: the chain of the audit has begun"
EARLIER: Final = b"xinxuan"  # of a version that did not mark the newest seal


async def prove(database: Database) -> None:
    """Decrypt a word that was encrypted when the database was new; a new database gets its word and its chain now.

    One that has lines of an audit and no word is not new: it may work, but has no chain to go on with.

    Raises:
        KeyFileError: The key does not fit the data. Going on would mix what two keys wrote.
    """
    async with database.write() as session:
        kept = await session.get(Setting, NAME)
        if kept is None:
            session.add(Setting(key=NAME, value=encrypt(WORD).decode("ascii")))
            begins = await session.scalar(select(Audit.id).limit(1)) is None
        else:
            begins = _word(kept) == EARLIER
            if begins:
                kept.value = encrypt(WORD).decode("ascii")
        if begins:
            with contextlib.suppress(seals.NoSealKey):  # the audit's own checks say so
                await seals.begin(session)


async def check(session: AsyncSession) -> None:
    """Ask the same of a database that is only read; one that has no word yet holds nothing to be read.

    Raises:
        KeyFileError: The key does not fit the data.
    """
    kept = await session.get(Setting, NAME)
    if kept is not None:
        _word(kept)


async def renew(session: AsyncSession) -> None:
    """Encrypt the word under the newest key."""
    kept = await session.get(Setting, NAME)
    if kept is not None:
        kept.value = encrypt(_word(kept)).decode("ascii")


def _word(kept: Setting) -> bytes:
    try:
        return decrypt(kept.value.encode())
    except InvalidToken:
        raise KeyFileError("the key file is not this database's: restore it from where it is kept") from None
