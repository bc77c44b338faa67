"""Whose eyes look, and what of the ledger they may see: asked within the queries, not behind them."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, not_, or_, true
from sqlalchemy.orm import InstrumentedAttribute

from bot.roles import READS, Reach
from storage.tables import Item, Opinion, Person, Request


@dataclass(frozen=True, slots=True)
class Sight:
    """Whose eyes look, on which day.

    Args:
        person: The officer.
        today: Local date.
        stands_in_for: Keys of the colleagues for whom they stand in today.
        on_the_server: Whether it is the maintainer at the command line, from whom nothing is hidden.
        confidential: Codes of the matters of which nobody else learns before the result who takes part, beside the
            entries that were made as such.
    """

    person: Person
    today: dt.date
    stands_in_for: Collection[int] = ()
    on_the_server: bool = False
    confidential: Collection[str] = ()

    def is_inside(self, unit_id: int) -> bool:
        """Say whether they may read the codes of persons in business that a unit deals with."""
        return self.on_the_server or self.person.unit_id == unit_id

    @property
    def sees_all(self) -> bool:
        """Whether they see the whole bureau's ledger."""
        return READS.get(self.person.role) is Reach.BUREAU


def visible_to(sight: Sight) -> ColumnElement[bool]:
    """Return the condition on ``Request`` that an officer may look at the entry; the same as ``open_entry`` asks.

    Source: features.md R17. Own entries and those stood in for; the liaison and the head see their unit's; the
    coordinator and the auditor see all. One case differs: what falls to a head's stand-in, for want of the owner and
    of whoever stands in for them, they open from its reminders alone; it stands in no list of theirs.
    """
    if sight.sees_all:
        return true()
    theirs = own(sight)
    if READS.get(sight.person.role) is Reach.UNIT:
        return or_(theirs, Request.unit_id == sight.person.unit_id)
    return theirs


def is_confidential(sight: Sight) -> ColumnElement[bool]:
    """Return the condition on ``Request`` that who takes part is nobody else's business before the result."""
    return or_(Request.confidential, func.coalesce(Request.matter_code, "").in_(sight.confidential))


def opinion_known_to(sight: Sight, of: InstrumentedAttribute[Any] = Opinion.item_id) -> ColumnElement[bool]:
    """Return the condition that an officer may learn that the bureau holds an opinion, or (``of``) uses one again.

    Everybody may, so that nobody applies twice; one that serves a confidential matter only whoever may look at that
    entry, until it says what the opinion was used for: the entry itself is complete before the result is out, and one
    that uses an opinion again has its day of use from the beginning.
    """
    held_back = exists().where(
        Item.id == of,
        Item.used_as.is_(None),
        Request.id == Item.request_id,
        is_confidential(sight),
        not_(visible_to(sight)),
    )
    return true() if sight.sees_all else ~held_back.correlate_except(Item, Request)


def own(sight: Sight) -> ColumnElement[bool]:
    """Return the condition on ``Request`` that the entry is the officer's, or of somebody they stand in for."""
    return Request.owner_id.in_([sight.person.id, *sight.stands_in_for])
