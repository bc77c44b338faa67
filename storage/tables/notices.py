"""What must be said in time: reminders, the outbox, and the days they count by."""

import datetime as dt
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BIG_ID, Base
from storage.types import Encrypted, choice


class Priority(IntEnum):
    """What leaves first, smaller before greater. Source: ``reliability.md`` §3, deadline before digest."""

    DEADLINE = 1
    ESCALATION = 2  # what climbs, and word of who cannot be reached
    QUESTION = 3  # also the answer that somebody waits for
    TO_KNOW = 4
    NOTICE = 5
    DIGEST = 6
    GROUP = 7  # after the officers


class ReminderState(StrEnum):
    """Where a reminder stands; every end has a reason."""

    PLANNED = "planned"
    QUEUED = "queued"  # an outbox row carries it
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class Reminder(Base):
    """A planned reminder: the table is the schedule, APScheduler only says "look now"."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "kind", "stage", "audience", "basis_version"),
        Index(
            "ix_reminder_due",
            "due_at",
            sqlite_where=text("state = 'planned'"),
            postgresql_where=text("state = 'planned'"),
        ),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    subject_kind: Mapped[str]  # request | item | unit ...
    subject_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    stage: Mapped[str]
    audience: Mapped[str]  # a slot: owner | head | coordinator; resolved to people when due
    basis_version: Mapped[int]
    due_at: Mapped[dt.datetime]
    urgency: Mapped[int] = mapped_column(default=Priority.NOTICE)
    state: Mapped[ReminderState] = mapped_column(choice(ReminderState), default=ReminderState.PLANNED)
    reason: Mapped[str | None]
    snoozed_to: Mapped[dt.datetime | None]


class OutboxState(StrEnum):
    """The three outcomes of a send, and what comes before and after."""

    DUE = "due"
    CLAIMED = "claimed"
    SENT = "sent"
    UNKNOWN = "unknown"  # Telegram may have delivered it; repeated with a label, at most three copies
    REFUSED = "refused"
    HELD = "held"  # three copies without a confirmation: escalated instead
    CANCELLED = "cancelled"


class Outbox(Base):
    """One notification to one chat."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_open",
            "priority",
            "not_before",
            "id",
            sqlite_where=text("state IN ('due', 'claimed', 'unknown')"),
            postgresql_where=text("state IN ('due', 'claimed', 'unknown')"),
        ),
        Index(
            "ix_outbox_claimed",
            "lease_until",
            sqlite_where=text("state = 'claimed'"),
            postgresql_where=text("state = 'claimed'"),
        ),
        Index("ix_outbox_person", "person_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    params: Mapped[Any] = mapped_column(Encrypted)
    priority: Mapped[int] = mapped_column(default=Priority.NOTICE)
    not_before: Mapped[dt.datetime]
    state: Mapped[OutboxState] = mapped_column(choice(OutboxState), default=OutboxState.DUE)
    lease_until: Mapped[dt.datetime | None]
    copies: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None]
    dedupe: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[dt.datetime]


class OutboxReminder(Base):
    """Which reminders a notification carries (many to one where a digest fits)."""

    __tablename__ = "outbox_reminder"
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"), primary_key=True)
    reminder_id: Mapped[int] = mapped_column(ForeignKey("reminder.id"), primary_key=True, index=True)


class Attempt(Base):
    """One try to send; written before any byte leaves, closed by its outcome."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("outbox_id", "n"),)
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"))
    n: Mapped[int]
    started_at: Mapped[dt.datetime]
    outcome: Mapped[str | None]
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None]


class PeriodicRun(Base):
    """Periodic work that was done for a period; a missed moment costs nothing."""

    __tablename__ = "periodic_run"
    __table_args__ = (UniqueConstraint("kind", "period", "scope"),)
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    kind: Mapped[str]
    period: Mapped[str]
    scope: Mapped[str]
    note: Mapped[str | None]
    ran_at: Mapped[dt.datetime]


class CalendarDay(Base):
    """A day that differs from, or confirms, the packaged calendar."""

    __tablename__ = "calendar_day"
    date: Mapped[dt.date] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source: Mapped[str]
    notice: Mapped[str | None]


class Setting(Base):
    """A setting that belongs to the data: the trial's clock, the bureau's choices."""

    __tablename__ = "setting"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
