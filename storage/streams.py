"""What is counted, each figure defined once: the same definition adds it up and finds the entries behind it.

A stream is something that happens to items on a day: letters are signed, applications go out, feedback comes. What was
taken back is in none of them.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Text, and_, case, cast, func, or_, select

from bot.figures import Measure
from bot.policy.model import ProductKind
from bot.quarters import Span
from storage.database import MAY_LAST
from storage.tables import (
    Applicant,
    Commitment,
    CommitmentState,
    FollowUp,
    Item,
    Opinion,
    OpinionUse,
    Request,
    RequestState,
)
from storage.types import literal

WEIGHT: Final = func.coalesce(Item.head_count, 1)
"""How many (家) an item stands for: its one counterpart, or all of a list that is kept elsewhere."""
VERIFIES: Final = Item.product_kind == literal(ProductKind.VERIFICATION)
CONFIRMED: Final = and_(Item.received_on.is_not(None), Item.due_on.is_not(None), Item.applicant == Applicant.BUREAU)
"""The centre's receipt is confirmed and its feedback is owed to us; only then is anything in time or late.

Source: domain.md §0 (3), A7.
"""
STANDING: Final = Request.state != literal(RequestState.UNDONE)
OPINION_STANDS: Final = and_(Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None))


@dataclass(frozen=True, slots=True)
class Stream:
    """Something that happens to items on a day.

    Args:
        on: The local date of it; None for what happens when an entry is made.
        counts: What it adds to which figure, for one item.
        where: Which items it happens to.
        joined: Further tables, each with how it belongs to the item.
    """

    on: SQLColumnExpression[Any] | None
    counts: Mapping[Measure, ColumnElement[int]]
    where: tuple[ColumnElement[bool], ...] = ()
    joined: tuple[tuple[Any, ColumnElement[bool]], ...] = field(default=())

    def select(self, span: Span, zone: ZoneInfo, *columns: Any) -> Select[Any]:
        """Return columns of the items to which it happened in a period."""
        query = select(*columns).prefix_with(MAY_LAST).select_from(Item).join(Request, Request.id == Item.request_id)
        for table, belongs in self.joined:
            query = query.join(table, belongs)
        return query.where(self._in(span, zone), STANDING, *self.where)

    def month(self, span: Span, zone: ZoneInfo) -> ColumnElement[str]:
        """Return the month in which it happened (2026-11)."""
        if self.on is not None:
            return month_of(self.on)
        ends = span.month_ends(zone)
        return case(*((Request.created_at < end, month) for month, end in ends), else_=ends[-1][0])

    def _in(self, span: Span, zone: ZoneInfo) -> ColumnElement[bool]:
        if self.on is not None:
            return self.on.between(span.begins_on, span.ends_on)
        begins_at, ends_at = span.moments(zone)
        return and_(Request.created_at >= begins_at, Request.created_at < ends_at)


def month_of(on: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """Return the month of a stored date as 2026-11; both databases write dates alike."""
    return func.substr(cast(on, Text), 1, 7)


def _where(condition: SQLColumnExpression[bool], weight: SQLColumnExpression[int]) -> ColumnElement[int]:
    return case((condition, weight), else_=0)


_ONE: Final = case((Item.id.is_not(None), 1), else_=0)
_LETTERS: Final[Mapping[Measure, ColumnElement[int]]] = {
    Measure.LETTERS: func.coalesce(Commitment.letters, 0),
    Measure.IN_FORM: _where(Commitment.in_form, Commitment.letters),
}
_COMMITTED: Final = ((Commitment, Commitment.item_id == Item.id),)

APPLICATIONS: Final = Stream(
    Item.submitted_on,
    {
        Measure.APPLIED: WEIGHT,
        Measure.BY_COUNTERPART: _where(Item.applicant == Applicant.COUNTERPART, WEIGHT),
    },
    (VERIFIES,),
)
FEEDBACK: Final = Stream(
    Item.returned_on,
    {
        Measure.RETURNED: WEIGHT,
        Measure.ON_TIME: _where(and_(CONFIRMED, Item.returned_on <= Item.due_on), WEIGHT),
        Measure.OVERDUE: _where(and_(CONFIRMED, Item.returned_on > Item.due_on), WEIGHT),
        Measure.UNCONFIRMED: _where(~CONFIRMED, WEIGHT),
    },
    (VERIFIES, Item.submitted_on.is_not(None)),
)
ADVERSE: Final = Stream(
    Item.returned_on,
    {Measure.ADVERSE: _ONE, Measure.SERIOUS: _ONE},
    (VERIFIES, OPINION_STANDS),
    ((Opinion, Opinion.item_id == Item.id), (FollowUp, FollowUp.opinion_id == Opinion.id)),
)
"""Candidates only: what an opinion says is encrypted, and a side task stays where a result was corrected."""
REPORTS: Final = Stream(None, {Measure.REPORTS: _ONE}, (Item.product_kind == literal(ProductKind.REPORT),))

STREAMS: Final[tuple[Stream, ...]] = (
    APPLICATIONS,
    FEEDBACK,
    REPORTS,
    Stream(Commitment.signed_on, _LETTERS, (), _COMMITTED),
    Stream(None, _LETTERS, (Commitment.signed_on.is_(None),), _COMMITTED),
    Stream(
        OpinionUse.on,
        {Measure.REUSED: WEIGHT},
        (VERIFIES, OpinionUse.undone_at.is_(None)),
        ((OpinionUse, OpinionUse.item_id == Item.id),),
    ),
    Stream(
        Item.withdrawn_on,
        {Measure.WITHDRAWN: WEIGHT},
        (VERIFIES, Item.submitted_on.is_not(None)),
    ),
    Stream(
        Commitment.settled_on,
        {
            Measure.FULFILLED: _where(Commitment.state == CommitmentState.FULFILLED, _ONE),
            Measure.BREACHED: _where(Commitment.state == CommitmentState.BREACHED, _ONE),
        },
        (),
        _COMMITTED,
    ),
)
"""What the database adds up by itself; ``Measure.TIMES`` are the different days in ``APPLICATIONS``."""


def open_at(on: dt.date) -> ColumnElement[bool]:
    """Return the condition that a verification was applied for before a local date and was still open on it.

    What is open is found by its end, through ``ix_item_returned``: nearly everything was applied for before, so that an
    index over the beginnings, which the planner would take, reads the whole register. Hence the expression around it.
    """
    return and_(
        VERIFIES,
        func.coalesce(Item.submitted_on, on) < on,
        or_(Item.returned_on.is_(None), Item.returned_on >= on),
        or_(Item.withdrawn_on.is_(None), Item.withdrawn_on >= on),
        STANDING,
    )


def open_overdue(span: Span, today: dt.date) -> ColumnElement[bool]:
    """Return the condition that the centre's day was over, at the end of a period or by now."""
    return and_(CONFIRMED, Item.due_on <= min(span.ends_on, today - dt.timedelta(days=1)))
