"""Who may do what: units, officers, invitations, cover."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.roles import Role
from storage.tables.base import BIG_ID, Base
from storage.types import Encrypted, choice


class PersonState(StrEnum):
    """Whether a person may use the bot."""

    WAITING = "waiting"  # came by an invitation; a coordinator has not let them in yet
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
    unreachable_since: Mapped[dt.datetime | None]  # when the bot learnt of it; None while they can be told something
    screen_message_id: Mapped[int | None] = mapped_column(BigInteger)
    reminder_hour: Mapped[str | None]  # HH:MM, local; None = the pack's
    reminder_stages: Mapped[dict[str, Any] | None]  # kind -> offsets; a kind that is left out = the pack's
    menu: Mapped[str | None]  # which command menu Telegram was given for their chat; None = everybody's
    joined_at: Mapped[dt.datetime]


class RecentMatter(Base):
    """When an officer last looked a matter up: 常用事项 are the five newest."""

    __tablename__ = "recent_matter"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    matter_code: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[dt.datetime]


class Invite(Base):
    """A single-use enrolment link; only the token's SHA-256 is kept. Once used it is that person's application."""

    __tablename__ = "invite"
    hash: Mapped[str] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[Role] = mapped_column(choice(Role))
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    used_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    answered_at: Mapped[dt.datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    approved: Mapped[bool | None]


class Cover(Base):
    """Dated leave cover: ``by_id`` stands in for ``person_id``."""

    __tablename__ = "cover"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    from_on: Mapped[dt.date]
    to_on: Mapped[dt.date | None]
    ended_at: Mapped[dt.datetime | None]  # called off before its time


class ChatBinding(Base):
    """A group chat that gets a unit's digests, bound by its liaison; its title is not kept."""

    __tablename__ = "chat_binding"
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    bound_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    bound_at: Mapped[dt.datetime]


class Summary(Base):
    """The pinned live summary of an officer's private chat, as it was last shown there."""

    __tablename__ = "summary"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    wanted: Mapped[bool] = mapped_column(default=True)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    shows: Mapped[str | None]  # SHA-256 of what it shows
    tried_at: Mapped[dt.datetime | None]


class PageLink(Base):
    """A one-time link to the file page that has been opened; only its SHA-256 is kept."""

    __tablename__ = "page_link"
    hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    session: Mapped[str] = mapped_column(unique=True)  # SHA-256 of the session's cookie
    opened_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
