"""What came of the products: opinions and their uses, commitments, reports, and the papers kept of them."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BIG_ID, Base, partial_index
from storage.types import Encrypted, choice


class Opinion(Base):
    """信用信息查询意见: what came back, and until when it holds."""

    __tablename__ = "opinion"
    __table_args__ = (
        Index("ix_opinion_counterpart", "counterpart_id", "valid_to"),
        Index("ix_opinion_item_id", "item_id"),
        Index("ix_opinion_valid_to", "valid_to"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))  # None: taken over from the older ledger
    counterpart_id: Mapped[int | None] = mapped_column(ForeignKey("counterpart.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))  # who holds it; None: another bureau
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    number: Mapped[str | None]
    issuer: Mapped[str | None]
    issued_on: Mapped[dt.date]
    cut_off_on: Mapped[dt.date | None]  # until when the centre looked
    valid_to: Mapped[dt.date]
    valid_source: Mapped[str]  # printed | policy
    result: Mapped[Any | None] = mapped_column(Encrypted)  # a Finding's value
    details: Mapped[Any | None] = mapped_column(Encrypted)
    recorded_at: Mapped[dt.datetime]
    watched: Mapped[bool] = mapped_column(default=False)  # its expiry is told in a message of its own
    let_lapse: Mapped[bool] = mapped_column(default=False)  # 届时不再使用: its expiry is told no more
    basis_version: Mapped[int] = mapped_column(default=1)  # only grows; as for the request
    superseded_at: Mapped[dt.datetime | None]
    undone_at: Mapped[dt.datetime | None]


class OpinionUse(Base):
    """A still-valid opinion used again instead of a new application."""

    __tablename__ = "opinion_use"
    __table_args__ = (
        UniqueConstraint("opinion_id", "item_id"),
        Index("ix_opinion_use_item_id", "item_id"),
        Index("ix_opinion_use_on", "on"),
    )
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinion.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    on: Mapped[dt.date]
    undone_at: Mapped[dt.datetime | None]


class FollowUpState(StrEnum):
    """How far the counterpart has been helped after an adverse finding."""

    OPEN = "open"  # the counterpart has not been told yet
    INFORMED = "informed"  # told about objection and repair
    OBJECTION = "objection"  # they object
    REPAIR = "repair"  # they have applied for repair
    CLOSED = "closed"


class FollowUp(Base):
    """The side task of an adverse finding: tell the counterpart about objection and repair, note what came of it."""

    __tablename__ = "follow_up"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinion.id"), unique=True)
    state: Mapped[FollowUpState] = mapped_column(choice(FollowUpState), default=FollowUpState.OPEN)
    informed_on: Mapped[dt.date | None]
    closed_on: Mapped[dt.date | None]
    outcome: Mapped[Any | None] = mapped_column(Encrypted)
    created_at: Mapped[dt.datetime]


class CommitmentState(StrEnum):
    """The life of a commitment letter."""

    SIGNED = "signed"
    FULFILLING = "fulfilling"
    FULFILLED = "fulfilled"
    BREACHED = "breached"


class Commitment(Base):
    """信用承诺: how many letters, and what became of them."""

    __tablename__ = "commitment"
    __table_args__ = tuple(
        partial_index(f"ix_commitment_{name}", name, where=f"{name} IS NOT NULL")
        for name in ("signed_on", "settled_on", "fulfil_by_on")
    )
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), unique=True)
    state: Mapped[CommitmentState] = mapped_column(choice(CommitmentState))
    letters: Mapped[int]
    in_form: Mapped[bool]  # the matter's own form carries the pledge: counted, not collected again
    kind: Mapped[str | None]
    signed_on: Mapped[dt.date | None]
    fulfil_by_on: Mapped[dt.date | None]
    settled_on: Mapped[dt.date | None]  # fulfilled, or found to be breached, on this day
    evidence: Mapped[Any | None] = mapped_column(Encrypted)
    handling: Mapped[Any | None] = mapped_column(Encrypted)


class CreditReport(Base):
    """信用报告 of a third-party agency."""

    __tablename__ = "credit_report"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), unique=True)
    agency: Mapped[str | None]
    number: Mapped[str | None]
    on: Mapped[dt.date | None]
    grade: Mapped[str | None]
    blocks: Mapped[dict[str, Any] | None]  # block id -> present | missing | not_applicable
    matches: Mapped[bool | None]  # the report names the same organisation and code as the entry


class Attachment(Base):
    """A file kept on the server under a generated name."""

    __tablename__ = "attachment"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    purpose: Mapped[str]  # opinion | letter | report
    path: Mapped[str]  # the generated name under which the file is kept
    sha256: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]
