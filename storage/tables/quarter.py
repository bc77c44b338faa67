"""The quarter: what each unit reported, what officers found wrong or lacking, and the summary on its way."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.issues import IssueKind, IssueState
from bot.returns import PushState, ReturnState
from storage.tables.base import BIG_ID, Base
from storage.types import Encrypted, choice


class QuarterReturn(Base):
    """What a unit reports of a quarter. Source: the Plan, 三（四）."""

    __tablename__ = "quarter_return"
    __table_args__ = (UniqueConstraint("unit_id", "year", "quarter"),)

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[int]
    quarter: Mapped[int]
    state: Mapped[ReturnState] = mapped_column(choice(ReturnState), default=ReturnState.NOT_STARTED)
    nil: Mapped[bool] = mapped_column(default=False)  # 零报告
    problems: Mapped[Any | None] = mapped_column(Encrypted)  # 存在问题与建议, as the unit wrote it
    figures: Mapped[Any | None] = mapped_column(Encrypted)  # as they stood when the unit reported
    filled_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    filled_at: Mapped[dt.datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reported_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - two people, one return: the loser is told


class Issue(Base):
    """A problem or suggestion that somebody fed back (问题与建议)."""

    __tablename__ = "issue"
    __table_args__ = (Index("ix_issue_person_id", "person_id"), Index("ix_issue_unit_id", "unit_id"))

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    year: Mapped[int]  # of the quarter in which it was fed back
    quarter: Mapped[int]
    kind: Mapped[IssueKind] = mapped_column(choice(IssueKind))
    matter_code: Mapped[str | None]
    product_kind: Mapped[str | None]
    text: Mapped[Any] = mapped_column(Encrypted)
    state: Mapped[IssueState] = mapped_column(choice(IssueState), default=IssueState.NEW)
    answers: Mapped[Any | None] = mapped_column(Encrypted)  # each with its date, the oldest first
    created_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as for the return


class QuarterPush(Base):
    """The summary of a quarter on its way: drafted by itself, confirmed by a coordinator, pushed once."""

    __tablename__ = "quarter_push"
    __table_args__ = (UniqueConstraint("year", "quarter"),)

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    year: Mapped[int]
    quarter: Mapped[int]
    state: Mapped[PushState] = mapped_column(choice(PushState), default=PushState.DRAFTING)
    content: Mapped[dict[str, Any] | None]  # the figures that were drafted, see bot.summary; frozen when sent on
    wording: Mapped[Any | None] = mapped_column(Encrypted)  # what a coordinator made of its paragraphs, see bot.wording
    problems: Mapped[Any | None] = mapped_column(Encrypted)  # by the unit's code, as they stood when it was drafted
    named: Mapped[list[Any]]  # codes of the units that the circular may name
    files: Mapped[dict[str, Any]]  # what it is (chart, sheet, report) -> the generated name
    drafted_at: Mapped[dt.datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    pushed_at: Mapped[dt.datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as for the return
