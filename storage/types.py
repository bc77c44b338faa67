"""Column types that both databases store alike: aware UTC times, encrypted texts, enumerations by their value."""

import datetime as dt
import json
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Dialect, Enum, LargeBinary, literal_column
from sqlalchemy.types import TypeDecorator

from storage.keys import decrypt, encrypt


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware UTC time.

    SQLite gives back naive values even for ``DateTime(timezone=True)``; PostgreSQL gives aware ones. Here both do.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Turn an aware time into UTC; a naive one is a defect."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time was about to be stored")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Give the stored time back as aware UTC."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=dt.UTC)


class Encrypted(TypeDecorator[Any]):
    """A value that stands in the file only in encrypted form (``design.md`` §6, marked E).

    Any JSON value may be kept: answers, an update, a reply, a label.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """Encrypt under the newest key."""
        if value is None:
            return None
        return encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """Decrypt under whichever key wrote it."""
        return None if value is None else json.loads(decrypt(value))


def choice(kind: type[StrEnum]) -> Enum:
    """Return a column type that stores an enumeration by its value, as plain text."""
    return Enum(
        kind,
        native_enum=False,
        length=24,
        create_constraint=False,
        values_callable=lambda members: [member.value for member in members],
    )


def literal(member: StrEnum) -> ColumnElement[str]:
    """Return an enumeration's value as SQL text instead of a parameter, so that a partial index can be used."""
    return literal_column(f"'{member.value}'")
