"""What the bureau lays over the installed pack."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BIG_ID, Base
from storage.types import choice


class OverlayState(StrEnum):
    """How far an entry of the overlay is."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    REPLACED = "replaced"  # by a newer one of the same key


class Overlay(Base):
    """A matter, unit or setting of the bureau's own; every version stays."""

    __tablename__ = "overlay"
    __table_args__ = (Index("ix_overlay_state", "state", "id"),)
    id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    content: Mapped[dict[str, Any]]
    state: Mapped[OverlayState] = mapped_column(choice(OverlayState))
    basis: Mapped[str | None]
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[dt.datetime | None]
    answer: Mapped[str | None]
