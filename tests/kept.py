"""What is kept, looked through as whoever has the machine and the key can: each file, each part of one, each value."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

from bot.id_numbers import id_number_spans
from handlers.telegram.scrubbing import NOT_WRITTEN
from storage import keys, rotation
from storage.database import Database
from storage.tables import Inbox

Place = tuple[str, bytes]
"""Where something is kept, and what."""
NUMBERED: Final = {Inbox.__tablename__: {*NOT_WRITTEN, "update_id", "query"}}
"""What Telegram numbers, by table: so long that one in ten thousand happens to be somebody's ID number."""


def files(folder: Path) -> Iterator[Place]:
    """Yield every file of a folder but the key, and the parts of those that are packed."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != "key":
            yield from parts(path.name, path.read_bytes())


def parts(name: str, content: bytes) -> Iterator[Place]:
    """Yield a file, and the parts of a packed one, such as a sheet or a letter."""
    yield name, content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.namelist():
                yield f"{name}/{part}", archive.read(part)


async def sealed(database: Database) -> AsyncIterator[Place]:
    """Yield what is kept encrypted, text by text, as whoever has the key reads it."""
    async for table, column, _name, text in _unsealed(database):
        yield f"{table}.{column}", text.encode()


async def id_numbers(database: Database) -> list[str]:
    """Return where an ID number is kept encrypted; none may be, not even so."""
    return [
        f"{table}.{column}"
        async for table, column, name, text in _unsealed(database)
        if name not in NUMBERED.get(table, ()) and id_number_spans(text)
    ]


async def _unsealed(database: Database) -> AsyncIterator[tuple[str, str, str, str]]:
    async with database.read() as session:
        async for table, _key, column, value in rotation.rows(session):
            for name, text in _texts(json.loads(keys.decrypt(value))):
                yield table, column, name, text


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of a JSON value by itself, and its name: figures that stand side by side are not one number."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield "", key
            yield from _texts(inner, key)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, name)
    elif value is not None:
        yield name, str(value)
