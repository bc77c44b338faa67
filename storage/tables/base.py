"""The base of all tables."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Index, Integer, MetaData, Text, text
from sqlalchemy.orm import DeclarativeBase

from storage.types import UtcDateTime


class Base(DeclarativeBase):
    """Common naming of constraints, so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        dt.datetime: UtcDateTime(),
        dt.date: Date(),
        str: Text(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }


BIG_ID = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER is SQLite's row id


def partial_index(name: str, *columns: str, where: str) -> Index:
    """Return an index over some of a table's rows; both databases write the condition alike."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
