"""What can be proven afterwards: the audit and the heartbeat."""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BIG_ID, Base
from storage.types import Encrypted


class Audit(Base):
    """One line per effect; appended in the effect's own transaction, never changed.

    Triggers refuse deletion and change on both databases. Two things pass: the same content under a newer key, and an
    erasure, which leaves the content's keyed hash in its place.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_subject", "subject_kind", "subject_id", "id"),)
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    at: Mapped[dt.datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    update_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    verb: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    before: Mapped[Any | None] = mapped_column(Encrypted)
    after: Mapped[Any | None] = mapped_column(Encrypted)
    reason: Mapped[Any | None] = mapped_column(Encrypted)
    content_hash: Mapped[str | None]  # stands for before, after and reason once they are erased


class AuditSeal(Base):
    """The keyed hash over a range of audit lines; never changed, see ``storage.seals``."""

    __tablename__ = "audit_seal"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    from_id: Mapped[int] = mapped_column(BigInteger)
    to_id: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str]
    sealed_at: Mapped[dt.datetime]


class Heartbeat(Base):
    """When a part of the path last proved that it lives."""

    __tablename__ = "heartbeat"
    part: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
