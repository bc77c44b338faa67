"""Finding in the ledger: entries and counterparts that an officer may see, and no others.

Whatever is listed, counted or exported passes ``visible_to``: scoping stands in the query, not behind it.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true, union
from sqlalchemy.ext.asyncio import AsyncSession

from bot.finding import FINISHED, PAGE, EntryNumber, Standing, View, Words
from bot.ledger import Entry
from bot.policy.model import ProductKind
from storage import matching
from storage.counterparts import merges
from storage.entry_values import WAITING, entries_of
from storage.sight import Sight, opinion_known_to, own, visible_to
from storage.tables import (
    Applicant,
    Counterpart,
    Item,
    ItemState,
    Opinion,
    OpinionUse,
    Request,
    RequestState,
    Unit,
)


@dataclass(frozen=True, slots=True)
class Search:
    """What entries are listed.

    Args:
        words: What they must fit; none = all.
        near: Counterparts that come near the words where none fits them.
        view: What the list is narrowed to.
        mine: Only the officer's own, and those they stand in for.
    """

    words: Words = field(default_factory=Words)
    near: Collection[int] = ()
    view: View = field(default_factory=View)
    mine: bool = False


async def entries(
    session: AsyncSession, sight: Sight, search: Search, *, limit: int, offset: int
) -> tuple[list[Entry], int]:
    """Return entries, the open ones by the date that matters next, then the newest; and how many there are in all.

    Past the end there is nothing to count: the number is 0 then.
    """
    due = select(func.min(func.coalesce(Item.due_on, Request.submit_by_on, Request.decide_on))).where(
        Item.request_id == Request.id
    )
    is_open = Request.state == RequestState.OPEN
    next_on = case((is_open, due.correlate(Request).scalar_subquery()), else_=None)
    found = await session.execute(
        select(Request, func.count().over())
        .where(*_wanted(sight, await _kin_that_fit(session, search), search))
        .order_by(case((is_open, 0), else_=1), next_on.is_(None), next_on, Request.id.desc())
        .limit(limit)
        .offset(offset)
    )
    rows = found.all()
    return await entries_of(session, [request for request, _total in rows]), rows[0][1] if rows else 0


async def standings(session: AsyncSession, sight: Sight) -> Mapping[Standing, int]:
    """Return how many of the officer's own entries, and of those they stand in for, are how far."""
    # The group stands in a table of its own: PostgreSQL does not know an expression with parameters again.
    groups = select(_standing(sight.today).label("standing")).where(visible_to(sight), own(sight)).subquery()
    rows = await session.execute(select(groups.c.standing, func.count()).group_by(groups.c.standing))
    return {Standing(value): number for value, number in rows}


async def counterparts(session: AsyncSession, sight: Sight, words: Words) -> tuple[list[int], bool]:
    """Return the organisations that fit the words and that this officer may see, best first.

    A counterpart is seen by those who see an entry of it, and by everybody while a valid opinion on it is held in the
    bureau of which they may know; a list before its publication betrays nobody. What was absorbed is found as the one
    that stands for it.

    Returns:
        At most ``matching.MOST`` keys, and whether they only come near because nothing fits.
    """
    if not words.parts:
        return [], False
    seen = await _counterpart_seen(session, sight)
    rows = await session.scalars(
        select(Counterpart.id).where(matching.fits(words), seen).order_by(*matching.order(words)).limit(matching.MOST)
    )
    if found := rows.all():
        return list(found), False
    return await matching.near(session, words, seen), True


async def may_see_counterpart(session: AsyncSession, sight: Sight, ids: Collection[int]) -> bool:
    """Say whether an officer may see an organisation, given with all that was merged with it."""
    seen = await _counterpart_seen(session, sight)
    wanted = select(Counterpart.id).where(Counterpart.id.in_(ids), Counterpart.name.is_not(None), seen).limit(1)
    return await session.scalar(wanted) is not None


async def of_counterpart(session: AsyncSession, sight: Sight, ids: Collection[int]) -> list[Entry]:
    """Return the newest entries of an organisation that this officer may see, one screen of them."""
    rows = await session.scalars(
        select(Request)
        .where(visible_to(sight), Request.id.in_(select(Item.request_id).where(Item.counterpart_id.in_(ids))))
        .order_by(Request.id.desc())
        .limit(PAGE)
    )
    return await entries_of(session, rows.all())


def _wanted(sight: Sight, kin: Collection[int], search: Search) -> list[ColumnElement[bool]]:
    """Return the conditions on ``Request``: what the officer may see, of that what they look for."""
    view, conditions = search.view, [visible_to(sight)]
    if search.mine:
        conditions.append(own(sight))
    if search.words.parts:
        conditions.append(Request.id.in_(_named(search, kin)))
    if view.unit_id is not None:
        conditions.append(Request.unit_id == view.unit_id)
    if view.kind is not None:
        conditions.append(_has(Item.product_kind == view.kind.value))
    if view.month is not None:
        following = (view.month + dt.timedelta(days=31)).replace(day=1)
        conditions.append(_has(Item.submitted_on >= view.month, Item.submitted_on < following))
    if view.standing is not None:
        conditions.append(_standing(sight.today) == view.standing.value)
    elif search.mine:
        conditions.append(_standing(sight.today).not_in([each.value for each in FINISHED]))
    return conditions


def _named(search: Search, kin: Collection[int]) -> Any:
    """Return the entries that fit the words: by number, counterpart, opinion or matter."""
    words = search.words
    fitting = select(Counterpart.id).where(matching.fits(words))
    of_them = or_(Item.counterpart_id.in_(fitting), Item.counterpart_id.in_([*kin, *search.near]))
    matter = and_(*(Request.matter_name.icontains(part, autoescape=True) for part in words.parts))
    found = [select(Item.request_id).where(of_them), select(Request.id).where(matter)]
    if any(character.isdecimal() for character in words.text):
        numbered = Opinion.number.icontains(words.text, autoescape=True)
        own = select(Item.request_id).join(Opinion, Opinion.item_id == Item.id)
        used = select(Item.request_id).join(Opinion, Opinion.id == Item.reused_opinion_id)
        found += [each.where(numbered, Opinion.undone_at.is_(None)) for each in (own, used)]
    if words.number is not None:
        found.append(of_number(words.number))
    return union(*found)


def of_number(number: EntryNumber) -> Select[Any]:
    """Return the query for the entries that bear a number, whole or in part."""
    query = select(Request.id).where(Request.seq == number.seq)
    if number.year is not None:
        query = query.where(Request.year == number.year)
    if number.unit is not None:
        query = query.join(Unit, Unit.id == Request.unit_id).where(func.upper(Unit.short_name) == number.unit)
    return query


async def _kin_that_fit(session: AsyncSession, search: Search) -> set[int]:
    """Return all that were merged with something that fits the words; merges are rare."""
    families = await merges(session) if search.words.parts else {}
    if not families:
        return set()
    rows = await session.scalars(
        select(Counterpart.id).where(Counterpart.id.in_(families), matching.fits(search.words))
    )
    return {kin for each in rows for kin in families[each]}


async def _counterpart_seen(session: AsyncSession, sight: Sight) -> ColumnElement[bool]:
    if sight.sees_all:
        return true()
    touched = select(Item.counterpart_id).join(Request, Request.id == Item.request_id).where(visible_to(sight))
    held = select(Opinion.counterpart_id).where(
        Opinion.valid_to >= sight.today,
        Opinion.undone_at.is_(None),
        Opinion.superseded_at.is_(None),
        opinion_known_to(sight),
    )
    known = Item.counterpart_id.is_not(None), Opinion.counterpart_id.is_not(None)
    seen = or_(Counterpart.id.in_(touched.where(known[0])), Counterpart.id.in_(held.where(known[1])))
    families = await merges(session)
    rows = await session.scalars(select(Counterpart.id).where(Counterpart.id.in_(families), seen))
    return or_(seen, Counterpart.id.in_({kin for each in rows for kin in families[each]}))


_VERIFIES: Final = Item.product_kind == ProductKind.VERIFICATION.value


def _has(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Item.request_id == Request.id, *conditions).correlate(Request)


def _standing(today: dt.date) -> ColumnElement[str]:
    """Return how far an entry is on a day, as SQL; the first verification that is waited for decides."""
    waiting = case(
        (Item.submitted_on.is_(None), Standing.UNSUBMITTED.value),
        (Item.applicant == Applicant.COUNTERPART, Standing.AWAITED.value),
        (Item.received_on.is_(None), Standing.UNCONFIRMED.value),
        (and_(Item.state != ItemState.SUPPLEMENT, Item.due_on < today), Standing.OVERDUE.value),
        else_=Standing.AWAITED.value,
    )
    first = (
        select(waiting)
        .where(Item.request_id == Request.id, _VERIFIES, Item.state.in_(WAITING))
        .order_by(Item.id)
        .limit(1)
        .correlate(Request)
        .scalar_subquery()
    )
    returned = (_VERIFIES, Item.state == ItemState.RETURNED)
    # As lists, each read once: neither table is found by its item.
    own = select(Opinion.item_id).where(
        Opinion.item_id.is_not(None), Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None)
    )
    has_opinion = or_(Item.id.in_(own), Item.id.in_(select(OpinionUse.item_id).where(OpinionUse.undone_at.is_(None))))
    return case(
        (Request.state.in_((RequestState.WITHDRAWN, RequestState.UNDONE)), Standing.WITHDRAWN.value),
        (Request.state == RequestState.OPEN, func.coalesce(first, Standing.UNSUBMITTED.value)),
        (_has(*returned, ~has_opinion), Standing.UNWRITTEN.value),
        (_has(*returned), Standing.UNUSED.value),
        else_=Standing.DONE.value,
    )
