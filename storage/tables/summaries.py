"""What was summed up of a quarter, as it was reported."""

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BIG_ID, Base


class QuarterSummary(Base):
    """A quarter's figures, frozen: counts only, with the rules and the calendar that they were reckoned by."""

    __tablename__ = "quarter_summary"
    __table_args__ = (UniqueConstraint("year", "quarter"),)

    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    year: Mapped[int]
    quarter: Mapped[int]  # 1 to 4
    policy_hash: Mapped[str] = mapped_column(ForeignKey("policy_snapshot.hash"))
    calendar_version: Mapped[int]
    schema_version: Mapped[int]  # of the content's JSON
    content: Mapped[dict[str, Any]]  # see bot.summary
    digest: Mapped[str]  # SHA-256 of the content
    frozen_at: Mapped[dt.datetime]
