"""Where the world comes in: updates and drafts."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BIG_ID, Base
from storage.types import Encrypted, choice


class InboxState(StrEnum):
    """How far an update has come."""

    RECEIVED = "received"
    DONE = "done"  # its effects are committed; its screen may not have been shown
    SHOWN = "shown"
    DEAD = "dead"  # kept aside with an incident number


class Inbox(Base):
    """One update as Telegram delivered it; ID numbers are replaced before this row is first written."""

    __tablename__ = "inbox"
    __table_args__ = (
        Index(
            "ix_inbox_waiting",
            "lane",
            "id",
            sqlite_where=text("state = 'received'"),
            postgresql_where=text("state = 'received'"),
        ),
        Index(
            "ix_inbox_unshown",
            "id",
            sqlite_where=text("reply IS NOT NULL"),
            postgresql_where=text("reply IS NOT NULL"),
        ),
        Index("ix_inbox_finished", "received_at"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    lane: Mapped[str]
    raw: Mapped[Any] = mapped_column(Encrypted)
    state: Mapped[InboxState] = mapped_column(choice(InboxState))
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[dt.datetime | None]
    reply: Mapped[Any | None] = mapped_column(Encrypted)
    incident: Mapped[str | None]
    received_at: Mapped[dt.datetime]


class Stranger(Base):
    """Somebody who is not on the list: when they were told so, and how often they guessed at an invitation."""

    __tablename__ = "stranger"
    telegram_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    refused_at: Mapped[dt.datetime]
    tries: Mapped[int] = mapped_column(default=0)  # wrong invitations since ``tries_from``
    tries_from: Mapped[dt.datetime | None]


class Draft(Base):
    """What an officer has answered so far; the step is computed from it, never stored."""

    __tablename__ = "draft"
    __table_args__ = (
        Index(
            "uq_draft_active",
            "person_id",
            unique=True,
            sqlite_where=text("active"),
            postgresql_where=text("active"),
        ),
        {"sqlite_autoincrement": True},  # an id is never given again: an old keyboard must not fit a new draft
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    purpose: Mapped[str]
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    answers: Mapped[Any] = mapped_column(Encrypted)
    awaiting: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[dt.datetime]
