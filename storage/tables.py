"""The tables: what the office remembers.

A *request* is one matter decided; an *item* is one product for one counterpart (or a count) within it. States that
follow from dates (超期, 即将到期) are never stored. Columns of type ``Encrypted`` never stand readable in the file.
"""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.types import Encrypted, UtcDateTime, choice


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


# --- where the world comes in -----------------------------------------------------------------------------------


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
    """Somebody who is not on the list and was told so once; nothing else about them is kept."""

    __tablename__ = "stranger"
    telegram_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    refused_at: Mapped[dt.datetime]


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


# --- who may do what --------------------------------------------------------------------------------------------


class Role(StrEnum):
    """Roles of the office (``design.md`` §3.10)."""

    OFFICER = "officer"  # 经办人
    LIAISON = "liaison"  # 单位联络员
    HEAD = "head"  # 单位负责人
    COORDINATOR = "coordinator"  # 政法处
    AUDITOR = "auditor"  # 只读


class PersonState(StrEnum):
    """Whether a person may use the bot."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEFT = "left"


class Unit(Base):
    """处室, 局属单位 or 分局; filled from the pack, kept when the pack drops one."""

    __tablename__ = "unit"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    short_name: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))


class Person(Base):
    """An officer; known by the numeric Telegram id alone."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[Role] = mapped_column(choice(Role))
    state: Mapped[PersonState] = mapped_column(choice(PersonState), default=PersonState.ACTIVE)
    name: Mapped[Any | None] = mapped_column(Encrypted)
    language: Mapped[str] = mapped_column(String(8), default="zh_CN")
    reachable: Mapped[bool] = mapped_column(default=True)
    screen_message_id: Mapped[int | None] = mapped_column(BigInteger)
    joined_at: Mapped[dt.datetime]


class RecentMatter(Base):
    """When an officer last looked a matter up: 常用事项 are the five newest."""

    __tablename__ = "recent_matter"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    matter_code: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[dt.datetime]


class Invite(Base):
    """A single-use enrolment link; only the token's SHA-256 is kept."""

    __tablename__ = "invite"
    hash: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[Role] = mapped_column(choice(Role))
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    used_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Cover(Base):
    """Dated leave cover: ``by_id`` stands in for ``person_id``."""

    __tablename__ = "cover"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date | None]


# --- decisions and the ledger -----------------------------------------------------------------------------------


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
    __table_args__ = (Index("ix_counterpart_name", "name"), Index("ix_counterpart_initials", "initials"))

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    kind: Mapped[str]
    code: Mapped[str | None] = mapped_column(unique=True)
    legacy_code: Mapped[str | None]
    name: Mapped[str | None]
    pinyin: Mapped[str | None]
    initials: Mapped[str | None]
    person_label: Mapped[Any | None] = mapped_column(Encrypted)


class CounterpartAlias(Base):
    """Another name under which the same counterpart was written down."""

    __tablename__ = "counterpart_alias"
    __table_args__ = (UniqueConstraint("counterpart_id", "name"),)
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    counterpart_id: Mapped[int] = mapped_column(ForeignKey("counterpart.id"))
    name: Mapped[str]


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
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[int]
    seq: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    matter_code: Mapped[str | None]
    matter_name: Mapped[str]  # as the officer saw it; the pack may change
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
    returned_on: Mapped[dt.date | None]
    used_on: Mapped[dt.date | None]
    used_as: Mapped[str | None]
    basis: Mapped[str | None]
    due_on: Mapped[dt.date | None]  # expected while receipt is unconfirmed, owed once it is confirmed
    due_provisional: Mapped[bool] = mapped_column(default=False)
    reused_opinion_id: Mapped[int | None] = mapped_column(ForeignKey("opinion.id", use_alter=True))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Opinion(Base):
    """信用信息查询意见: what came back, and until when it holds."""

    __tablename__ = "opinion"
    __table_args__ = (Index("ix_opinion_counterpart", "counterpart_id", "valid_to"),)

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    counterpart_id: Mapped[int | None] = mapped_column(ForeignKey("counterpart.id"))
    number: Mapped[str | None]
    issuer: Mapped[str | None]
    issued_on: Mapped[dt.date]
    valid_to: Mapped[dt.date]
    valid_source: Mapped[str]  # printed | policy
    result: Mapped[Any | None] = mapped_column(Encrypted)
    superseded_at: Mapped[dt.datetime | None]


class OpinionUse(Base):
    """A still-valid opinion used again instead of a new application."""

    __tablename__ = "opinion_use"
    __table_args__ = (UniqueConstraint("opinion_id", "item_id"),)
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinion.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    on: Mapped[dt.date]


class CommitmentState(StrEnum):
    """The life of a commitment letter."""

    SIGNED = "signed"
    FULFILLING = "fulfilling"
    FULFILLED = "fulfilled"
    BREACHED = "breached"


class Commitment(Base):
    """信用承诺: how many letters, and what became of them."""

    __tablename__ = "commitment"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), unique=True)
    state: Mapped[CommitmentState] = mapped_column(choice(CommitmentState))
    letters: Mapped[int]
    in_form: Mapped[bool]  # the matter's own form carries the pledge: counted, not collected again
    kind: Mapped[str | None]
    signed_on: Mapped[dt.date | None]
    fulfil_by_on: Mapped[dt.date | None]
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
    blocks: Mapped[dict[str, Any] | None]


class Attachment(Base):
    """A file kept on the server under a generated name."""

    __tablename__ = "attachment"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), index=True)
    path: Mapped[str]
    sha256: Mapped[str]
    media_type: Mapped[str]
    added_at: Mapped[dt.datetime]


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


# --- what must be said in time ----------------------------------------------------------------------------------


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
    urgency: Mapped[int] = mapped_column(default=5)  # smaller goes first
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
    )

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    params: Mapped[Any] = mapped_column(Encrypted)
    priority: Mapped[int] = mapped_column(default=5)
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


# --- what can be proven afterwards ------------------------------------------------------------------------------


class Audit(Base):
    """One line per effect; appended in the effect's own transaction, never changed."""

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
    reason: Mapped[str | None]


class AuditSeal(Base):
    """The keyed hash over a range of audit lines."""

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
