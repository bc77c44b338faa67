"""Long work, and the lists that officers send in."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BIG_ID, Base
from storage.types import Encrypted, choice


class Sheet(Base):
    """A list that an officer sent in: what was read from it, until it is confirmed or given up."""

    __tablename__ = "sheet"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str]  # check | ledger | results
    path: Mapped[str | None]  # the generated name of the file sent in
    rows: Mapped[Any | None] = mapped_column(Encrypted)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"))  # results for an entry, or made from it
    created_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]


class WorkState(StrEnum):
    """A long job outside the transaction."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Work(Base):
    """Long work: turn 1 records it, a worker does it, turn 2 commits the result."""

    __tablename__ = "work"
    __table_args__ = (Index("ix_work_state", "state", "id"),)
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    kind: Mapped[str]
    params: Mapped[Any] = mapped_column(Encrypted)
    state: Mapped[WorkState] = mapped_column(choice(WorkState), default=WorkState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[dt.datetime | None]
    error: Mapped[str | None]
    inbox_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[dt.datetime]
