"""Decisions and the ledger: requests, items, and what came of them."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BIG_ID, Base, partial_index
from storage.types import Encrypted, choice


class PolicySnapshot(Base):
    """A pack as it stood when it first decided something."""

    __tablename__ = "policy_snapshot"
    hash: Mapped[str] = mapped_column(primary_key=True)
    schema_version: Mapped[int]
    content: Mapped[str]
    first_used_at: Mapped[dt.datetime]


class Decision(Base):
    """Which products a matter needed, pinned: answers, rule ids and the pack's version."""

    __tablename__ = "decision"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    policy_hash: Mapped[str] = mapped_column(ForeignKey("policy_snapshot.hash"))
    matter_code: Mapped[str | None]
    answers: Mapped[Any] = mapped_column(Encrypted)
    rule_ids: Mapped[list[Any]]
    result: Mapped[dict[str, Any]]
    on: Mapped[dt.date]


class ReferralState(StrEnum):
    """What became of a case that was handed to the legal division."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Referral(Base):
    """「转政法处研究」: a case with its answers, handed to the coordinator."""

    __tablename__ = "referral"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    policy_hash: Mapped[str] = mapped_column(ForeignKey("policy_snapshot.hash"))
    answers: Mapped[Any] = mapped_column(Encrypted)
    note: Mapped[Any | None] = mapped_column(Encrypted)
    state: Mapped[ReferralState] = mapped_column(choice(ReferralState), default=ReferralState.OPEN)
    answer: Mapped[Any | None] = mapped_column(Encrypted)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime]


class Counterpart(Base):
    """An organisation, or a natural person known by surname, last four and the office's own case number."""

    __tablename__ = "counterpart"
    __table_args__ = (
        Index("ix_counterpart_name", "name"),
        Index("ix_counterpart_initials", "initials"),
        Index(
            "ix_counterpart_legacy_code",
            "legacy_code",
            sqlite_where=text("legacy_code IS NOT NULL"),
            postgresql_where=text("legacy_code IS NOT NULL"),
        ),
        Index(
            "ix_counterpart_merged_into_id",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    kind: Mapped[str]
    code: Mapped[str | None] = mapped_column(unique=True)
    legacy_code: Mapped[str | None]
    name: Mapped[str | None]
    pinyin: Mapped[str | None]
    initials: Mapped[str | None]
    person_label: Mapped[Any | None] = mapped_column(Encrypted)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("counterpart.id"))  # absorbed by another one


class CounterpartAlias(Base):
    """Another name under which the same counterpart was written down."""

    __tablename__ = "counterpart_alias"
    __table_args__ = (UniqueConstraint("counterpart_id", "name"),)
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    counterpart_id: Mapped[int] = mapped_column(ForeignKey("counterpart.id"))
    name: Mapped[str]
    pinyin: Mapped[str | None]
    initials: Mapped[str | None]


class RequestState(StrEnum):
    """Whether an entry still asks for something."""

    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    UNDONE = "undone"


class Request(Base):
    """One matter decided: the ledger entry, numbered as people say it (大气2026-1)."""

    __tablename__ = "request"
    __table_args__ = (
        UniqueConstraint("unit_id", "year", "seq"),
        Index("ix_request_owner", "owner_id", "state"),
        Index("ix_request_created", "created_at"),
        partial_index("ix_request_decide", "decide_on", where="decide_on IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[int]
    seq: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    matter_code: Mapped[str | None]
    matter_name: Mapped[str]  # as the officer saw it; the pack may change
    confidential: Mapped[bool] = mapped_column(default=False)  # likewise; who takes part, before the result is out
    state: Mapped[RequestState] = mapped_column(choice(RequestState), default=RequestState.OPEN)
    decide_on: Mapped[dt.date | None]
    submit_by_on: Mapped[dt.date | None]
    submit_by_provisional: Mapped[bool] = mapped_column(default=False)
    basis_version: Mapped[int] = mapped_column(default=1)  # only grows; reminders planned under an older one are void
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[dt.datetime]
    undone_at: Mapped[dt.datetime | None]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - two officers, one entry: the loser is told


class Applicant(StrEnum):
    """Who applies to the credit centre. Source: the Plan, 二（二）: the division or the counterpart."""

    BUREAU = "bureau"
    COUNTERPART = "counterpart"


class ItemState(StrEnum):
    """The life of one product for one counterpart."""

    DRAFT = "draft"  # 草稿
    SUBMITTED = "submitted"  # 已提交
    RECEIVED = "received"  # 中心已收件
    SUPPLEMENT = "supplement"  # 补正中
    RETURNED = "returned"  # 已反馈
    USED = "used"  # 已使用
    WITHDRAWN = "withdrawn"  # 已撤回
    RECORDED = "recorded"  # a commitment or report noted in the ledger


class Item(Base):
    """One product for one counterpart (or a count) within a request."""

    __tablename__ = "item"
    __table_args__ = (
        Index("ix_item_request", "request_id"),
        Index("ix_item_counterpart", "counterpart_id", "product_kind"),
        Index("ix_item_submitted", "submitted_on", "product_kind"),
        partial_index("ix_item_returned", "returned_on", "submitted_on", where="product_kind = 'verification'"),
        partial_index("ix_item_withdrawn", "withdrawn_on", where="withdrawn_on IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("request.id"))
    product_kind: Mapped[str]
    product_code: Mapped[str]
    counterpart_id: Mapped[int | None] = mapped_column(ForeignKey("counterpart.id"))
    head_count: Mapped[int | None]  # persons of a list kept outside the chat, or letters
    applicant: Mapped[Applicant | None] = mapped_column(choice(Applicant))
    state: Mapped[ItemState] = mapped_column(choice(ItemState))
    submitted_on: Mapped[dt.date | None]
    received_on: Mapped[dt.date | None]  # None while the centre's receipt is unconfirmed
    supplement_on: Mapped[dt.date | None]  # the centre asked for papers (补正) on this day
    supplement_left: Mapped[int | None]  # working days that were left then, where the pack pauses the clock
    resumed_on: Mapped[dt.date | None]  # the papers were handed in; the clock runs from here
    returned_on: Mapped[dt.date | None]
    withdrawn_on: Mapped[dt.date | None]
    used_on: Mapped[dt.date | None]
    used_as: Mapped[str | None]
    basis: Mapped[Any | None] = mapped_column(Encrypted)  # of a limit, in the officer's words
    due_on: Mapped[dt.date | None]  # expected while receipt is unconfirmed, owed once it is confirmed
    due_provisional: Mapped[bool] = mapped_column(default=False)
    reused_opinion_id: Mapped[int | None] = mapped_column(ForeignKey("opinion.id", use_alter=True))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as for the request
