"""What is counted beside the figures: the centre's time, agencies, what comes next, opinions used again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, SQLColumnExpression, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.quarters import Span
from bot.statistics import Ahead, Wait
from bot.workdays import Calendar
from storage.database import MAY_LAST
from storage.entry_values import WAITING
from storage.streams import (
    CONFIRMED,
    FEEDBACK,
    OPINION_STANDS,
    REPORTS,
    STANDING,
    VERIFIES,
    WEIGHT,
)
from storage.tables import (
    Applicant,
    Commitment,
    CommitmentState,
    CreditReport,
    Item,
    Opinion,
    OpinionUse,
    Request,
    RequestState,
)

_TO_FULFIL = (CommitmentState.SIGNED, CommitmentState.FULFILLING)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at.

    Args:
        session: A reading session.
        span: The period.
        units: Key -> code.
        unit_id: The one unit that is meant; None for all.
    """

    session: AsyncSession
    span: Span
    units: Mapping[int, str]
    unit_id: int | None

    async def rows(self, query: Select[*tuple[Any, ...]], unit_id: SQLColumnExpression[Any]) -> list[Any]:
        """Return a query's rows, of the one unit where one is meant; ``unit_id`` is the column that holds it."""
        if self.unit_id is not None:
            query = query.where(unit_id == self.unit_id)
        return list(await self.session.execute(query.prefix_with(MAY_LAST)))


async def waits(scope: Scope, calendar: Calendar, *, pauses_of: int | None) -> tuple[Wait, ...]:
    """Return the centre's working days, from its confirmed receipt or the papers handed in later, to its feedback.

    The database only says how often each pair of days occurred; see ``storage.figures.statistics`` for ``pauses_of``.
    """
    since = func.coalesce(Item.resumed_on, Item.received_on)
    left = case((Item.resumed_on.is_not(None), Item.supplement_left), else_=None)
    days = (Request.unit_id, since.label("since"), Item.returned_on, left.label("days_left"))
    query = (
        select(*days, func.sum(WEIGHT))
        .select_from(Item)
        .join(Request, Request.id == Item.request_id)
        .where(Item.returned_on.between(scope.span.begins_on, scope.span.ends_on), STANDING, CONFIRMED)
        .where(*FEEDBACK.where)
        .group_by(Request.unit_id, "since", Item.returned_on, "days_left")
    )
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for unit_id, begun_on, returned_on, days_left, weight in await scope.rows(query, Request.unit_id):
        before = 0 if pauses_of is None or days_left is None else max(0, pauses_of - days_left)
        took = max(0, calendar.between(begun_on, returned_on)) + before
        key = (scope.units[unit_id], f"{returned_on:%Y-%m}")
        answers, together, longest = found.get(key, (0, 0, 0))
        found[key] = (answers + int(weight), together + took * int(weight), max(longest, took))
    return tuple(Wait(unit, month, *counts) for (unit, month), counts in sorted(found.items()))


async def agencies(scope: Scope, zone: ZoneInfo) -> tuple[tuple[str, str | None, int], ...]:
    """Return the credit reports of each unit by agency."""
    query = (
        REPORTS.select(scope.span, zone, Request.unit_id, CreditReport.agency, func.count())
        .outerjoin(CreditReport, CreditReport.item_id == Item.id)
        .group_by(Request.unit_id, CreditReport.agency)
    )
    rows = await scope.rows(query, Request.unit_id)
    return tuple(
        sorted(((scope.units[key], name, n) for key, name, n in rows), key=lambda each: (each[0], each[1] or ""))
    )


async def opinions_used(scope: Scope) -> tuple[tuple[str, int], ...]:
    """Return how many different opinions each unit used again."""
    query = _uses(scope, Request.unit_id, func.count(OpinionUse.opinion_id.distinct())).group_by(Request.unit_id)
    rows = await scope.rows(query, Request.unit_id)
    return tuple(sorted((scope.units[key], count) for key, count in rows))


async def opinions_in_all(scope: Scope) -> int:
    """Return how many different opinions were used again, whichever the units."""
    query = _uses(scope, func.count(OpinionUse.opinion_id.distinct()))
    return int((await scope.rows(query, Request.unit_id))[0][0])


def _uses(scope: Scope, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(OpinionUse)
        .join(Item, Item.id == OpinionUse.item_id)
        .join(Request, Request.id == Item.request_id)
        .where(OpinionUse.on.between(scope.span.begins_on, scope.span.ends_on), OpinionUse.undone_at.is_(None))
        .where(VERIFIES, STANDING)
    )


async def ahead(scope: Scope, following: Span) -> tuple[Ahead, ...]:
    """Return what falls due in another period."""
    span = (following.begins_on, following.ends_on)
    items = select(Request.unit_id).join(Item, Item.request_id == Request.id).where(STANDING)
    feedback = items.add_columns(func.sum(WEIGHT)).where(
        VERIFIES,
        Item.returned_on.is_(None),
        Item.state.in_(WAITING),
        Item.applicant == Applicant.BUREAU,
        Item.due_on.between(*span),
    )
    commitments = (
        items.add_columns(func.count())
        .join(Commitment, Commitment.item_id == Item.id)
        .where(Commitment.state.in_(_TO_FULFIL), Commitment.fulfil_by_on.between(*span))
    )
    decisions = select(Request.unit_id, func.count()).where(
        Request.state.in_((RequestState.OPEN, RequestState.CLOSED)), Request.decide_on.between(*span)
    )
    opinions = select(Opinion.unit_id, func.count()).where(
        OPINION_STANDS, Opinion.unit_id.is_not(None), Opinion.valid_to.between(*span)
    )
    found: dict[str, dict[str, int]] = {}
    for name, query in (("feedback", feedback), ("commitments", commitments), ("decisions", decisions)):
        _note(found, name, await scope.rows(query.group_by(Request.unit_id), Request.unit_id), scope.units)
    _note(found, "opinions", await scope.rows(opinions.group_by(Opinion.unit_id), Opinion.unit_id), scope.units)
    return tuple(Ahead(unit, **counts) for unit, counts in sorted(found.items()))


def _note(found: dict[str, dict[str, int]], name: str, rows: list[Any], units: Mapping[int, str]) -> None:
    for unit_id, count in rows:
        found.setdefault(units[unit_id], {})[name] = int(count)
