"""Opinions that run out: whose they are, what hangs on them, and whether anybody needs to hear of it.

The opinions of one entry that run out on one day are told together, by the first of them: a list of hundreds is one
reminder.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.cover import Charge
from bot.opinions import Finding
from bot.policy.model import ProductKind
from bot.wishes import Wishes
from storage.counterparts import relatives
from storage.entry_values import WAITING
from storage.expected import ENDED, wishes_of
from storage.reminders import OPINION
from storage.tables import (
    Counterpart,
    Item,
    ItemState,
    Opinion,
    OpinionUse,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)

_STANDS: Final = (Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None))
_ITEM, _REQUEST = aliased(Item), aliased(Request)
_RELIED_ON: Final = (
    exists()
    .where(OpinionUse.opinion_id == Opinion.id, OpinionUse.undone_at.is_(None))
    .where(_ITEM.id == OpinionUse.item_id, _ITEM.state != ItemState.WITHDRAWN)
    .where(_REQUEST.id == _ITEM.request_id, _REQUEST.state.not_in(ENDED), _REQUEST.decide_on > Opinion.valid_to)
    .correlate(Opinion)
)  # some entry has used it again, and is to be decided after its last day


@dataclass(frozen=True, slots=True)
class Expiring:
    """An opinion with whose work it is.

    Args:
        opinion: Its row.
        charge: The owner of the entry that it answers, else its holder; None for another bureau's.
        wishes: How they want to be reminded.
        request_id: The entry that it answers; None where it was taken over from an older ledger.
        together: The opinions that are told with it, by id, itself among them where it can still be used.
        relied_on: Whether some entry that has used it again is to be decided after its last day.
    """

    opinion: Opinion
    charge: Charge | None
    wishes: Wishes
    request_id: int | None
    together: tuple[Opinion, ...]
    relied_on: bool

    @property
    def lapses(self) -> bool:
        """Whether its own officer uses it no more, nor what is told with it; others may rely on it still."""
        return all(each.let_lapse for each in self.together)

    @property
    def silent_because(self) -> str | None:
        """Why nobody is told when it runs out, None where somebody is."""
        opinion = self.opinion
        if opinion.undone_at is not None or opinion.superseded_at is not None:
            return "the opinion stands no more"
        if opinion.let_lapse and not self.relied_on:
            return "not to be used any more"
        if not _can_be_used(opinion):
            return "an opinion that nobody can use"
        if self.together[0].id != opinion.id:
            return "told with the others of its entry"
        return "nobody of the bureau holds it" if self.charge is None else None


async def of_opinions(session: AsyncSession, opinions: Sequence[Opinion]) -> list[Expiring]:
    """Return opinions with whose work they are, with a few queries whatever their number."""
    items = [opinion.item_id for opinion in opinions if opinion.item_id is not None]
    rows = await session.execute(
        select(Item.id, Request.id, Request.owner_id, Request.unit_id)
        .join(Request, Request.id == Item.request_id)
        .where(Item.id.in_(items))
    )
    entries = {item_id: (request_id, Charge(owner_id, unit_id)) for item_id, request_id, owner_id, unit_id in rows}
    found = [(opinion, *entries.get(opinion.item_id or 0, (None, _held(opinion)))) for opinion in opinions]
    wishes = await wishes_of(session, {charge.owner_id for _opinion, _entry, charge in found if charge is not None})
    groups = await _groups(session, {request_id for request_id, _charge in entries.values()})
    ids = [opinion.id for opinion in opinions]
    relied_on = set(await session.scalars(select(Opinion.id).where(Opinion.id.in_(ids), _RELIED_ON)))
    return [
        Expiring(
            opinion,
            charge,
            wishes[charge.owner_id] if charge else Wishes(),
            request_id,
            groups.get((request_id, opinion.valid_to), (opinion,)),
            opinion.id in relied_on,
        )
        for opinion, request_id, charge in found
    ]


async def _groups(
    session: AsyncSession, request_ids: Collection[int]
) -> Mapping[tuple[int | None, dt.date], tuple[Opinion, ...]]:
    rows = await session.execute(
        select(Item.request_id, Opinion)
        .join(Item, Item.id == Opinion.item_id)
        .where(Item.request_id.in_(request_ids), or_(Opinion.let_lapse.is_(False), _RELIED_ON), *_STANDS)
        .order_by(Opinion.id)
    )
    found: dict[tuple[int | None, dt.date], tuple[Opinion, ...]] = {}
    for request_id, opinion in rows:
        if _can_be_used(opinion):
            key = request_id, opinion.valid_to
            found[key] = (*found.get(key, ()), opinion)
    return found


async def of_request(session: AsyncSession, request_id: int) -> Sequence[Opinion]:
    """Return all opinions that an entry's verifications were ever answered by, those taken back included."""
    rows = await session.scalars(
        select(Opinion)
        .join(Item, Item.id == Opinion.item_id)
        .where(Item.request_id == request_id)
        .order_by(Opinion.id)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def page(
    session: AsyncSession, *, after: int, today: dt.date, limit: int, holder_id: int | None = None
) -> Sequence[Opinion]:
    """Return the next opinions that have not run out, by id, be they told of or not.

    Args:
        session: A session.
        after: The last id that was looked at.
        today: Local date.
        limit: Most of them.
        holder_id: Only those of one officer's work.
    """
    query = select(Opinion).where(Opinion.id > after, Opinion.valid_to >= today).order_by(Opinion.id).limit(limit)
    if holder_id is not None:
        owned = select(Item.id).join(Request, Request.id == Item.request_id).where(Request.owner_id == holder_id)
        query = query.where(or_(Opinion.holder_id == holder_id, Opinion.item_id.in_(owned)))
    return (await session.scalars(query.execution_options(populate_existing=True))).all()


async def deciding_after(session: AsyncSession, opinions: Sequence[Opinion], today: dt.date) -> Sequence[Request]:
    """Return the matters that rely on opinions of one day and are to be decided after it, the earliest first."""
    ids, last_day = [each.id for each in opinions], opinions[0].valid_to
    uses = select(OpinionUse.item_id).where(OpinionUse.opinion_id.in_(ids), OpinionUse.undone_at.is_(None))
    relies = or_(
        and_(Item.id.in_([each.item_id for each in opinions if each.item_id]), Item.state == ItemState.RETURNED),
        and_(Item.id.in_(uses), Item.state != ItemState.WITHDRAWN),
    )
    relying = select(Item.request_id).where(relies)
    rows = await session.scalars(
        select(Request)
        .where(Request.id.in_(relying), Request.state.not_in(ENDED))
        .where(Request.decide_on > last_day, Request.decide_on >= today)
        .order_by(Request.decide_on, Request.id)
    )
    return rows.all()


async def deciding(session: AsyncSession, today: dt.date) -> Sequence[Request]:
    """Return all matters that stand and are still to be decided, whatever they rely on."""
    where = (Request.state.not_in(ENDED), Request.decide_on >= today)
    return (await session.scalars(select(Request).where(*where).order_by(Request.id))).all()


async def told(session: AsyncSession, *which: ColumnElement[bool]) -> Sequence[Opinion]:
    """Return the opinions whose end somebody has been told or has put off, by id."""
    heard = or_(Reminder.state.in_((ReminderState.SENT, ReminderState.ACKNOWLEDGED)), Reminder.snoozed_to.is_not(None))
    about = select(Reminder.subject_id).where(Reminder.subject_kind == OPINION, heard)
    rows = await session.scalars(
        select(Opinion)
        .where(Opinion.id.in_(about), *_STANDS, *which)
        .order_by(Opinion.id)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def relied_on_by(session: AsyncSession, request_ids: Collection[int], today: dt.date) -> Sequence[Opinion]:
    """Return the opinions on which entries rely: those that answer them, and those that they have used again.

    Args:
        session: A session.
        request_ids: The entries.
        today: Local date; what ran out before concerns those only that are still to be decided.
    """
    items = select(Item.id).join(Request, Request.id == Item.request_id).where(Request.id.in_(request_ids))

    def rely(of: Select[int]) -> ColumnElement[bool]:
        used = select(OpinionUse.opinion_id).where(OpinionUse.item_id.in_(of), OpinionUse.undone_at.is_(None))
        return or_(Opinion.item_id.in_(of), Opinion.id.in_(used))

    still = or_(and_(Opinion.valid_to >= today, rely(items)), rely(items.where(Request.decide_on >= today)))
    return (await session.scalars(select(Opinion).where(still, *_STANDS).order_by(Opinion.id))).all()


async def not_renewed(session: AsyncSession, opinions: Sequence[Opinion]) -> list[Opinion]:
    """Return those of some opinions on whose counterpart no later opinion is there, nor applied for since."""
    families = await relatives(session, {each.counterpart_id for each in opinions if each.counterpart_id})
    everybody = {each for ids in families.values() for each in ids}
    later: dict[int, dt.date] = {}
    for row in await session.scalars(select(Opinion).where(Opinion.counterpart_id.in_(everybody), *_STANDS)):
        if row.counterpart_id is not None and _can_be_used(row):
            later[row.counterpart_id] = max(later.get(row.counterpart_id, row.valid_to), row.valid_to)
    rows = await session.execute(
        select(Item.counterpart_id, func.max(Item.id))
        .join(Request, Request.id == Item.request_id)
        .where(Item.counterpart_id.in_(everybody), Item.product_kind == ProductKind.VERIFICATION)
        .where(Item.state.in_(WAITING), Request.state == RequestState.OPEN)
        .group_by(Item.counterpart_id)
    )
    applied = {counterpart_id: item_id for counterpart_id, item_id in rows}

    def is_renewed(opinion: Opinion) -> bool:
        family = families.get(opinion.counterpart_id or 0, set())
        return any(later.get(each, opinion.valid_to) > opinion.valid_to for each in family) or any(
            applied.get(each, 0) > (opinion.item_id or 0) for each in family
        )

    return [each for each in opinions if not is_renewed(each)]


async def used_by(
    session: AsyncSession, opinions: Sequence[Opinion], request_ids: Collection[int]
) -> tuple[Opinion, ...]:
    """Return those of some opinions that entries have used again."""
    rows = await session.scalars(
        select(OpinionUse.opinion_id)
        .join(Item, Item.id == OpinionUse.item_id)
        .where(OpinionUse.opinion_id.in_([each.id for each in opinions]), OpinionUse.undone_at.is_(None))
        .where(Item.request_id.in_(request_ids), Item.state != ItemState.WITHDRAWN)
    )
    used = set(rows)
    return tuple(each for each in opinions if each.id in used)


async def organisations(session: AsyncSession, opinions: Sequence[Opinion]) -> list[Counterpart]:
    """Return the organisations that opinions are about, by id; natural persons and counts are left out."""
    ids = {each.counterpart_id for each in opinions if each.counterpart_id is not None}
    rows = await session.scalars(
        select(Counterpart).where(Counterpart.id.in_(ids), Counterpart.name.is_not(None)).order_by(Counterpart.id)
    )
    return list(rows)


def _can_be_used(opinion: Opinion) -> bool:
    return str(opinion.result) != Finding.UNKNOWN.value


def charge_of(request: Request) -> Charge:
    """Return whose work an entry is."""
    return Charge(request.owner_id, request.unit_id)


def _held(opinion: Opinion) -> Charge | None:
    if opinion.holder_id is None or opinion.unit_id is None:
        return None
    return Charge(opinion.holder_id, opinion.unit_id)
