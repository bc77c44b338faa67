"""Counterparts as an officer may see them: in one line, or with everything that the bureau may tell them."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.dossier import Brief, Dossier, HeldOpinion, readable_code
from bot.opinions import Finding
from storage.counterparts import former_names, relatives, survivors
from storage.finding import may_see_counterpart
from storage.sight import Sight, opinion_known_to
from storage.tables import Commitment, CommitmentState, Counterpart, Item, Opinion, Person, Request, Unit


async def briefs(session: AsyncSession, sight: Sight, ids: Sequence[int]) -> list[Brief]:
    """Return counterparts that the officer may see, in the order given, each in one line."""
    families = await relatives(session, ids)
    everybody = {each for members in families.values() for each in members}
    rows = {row.id: row for row in await session.scalars(select(Counterpart).where(Counterpart.id.in_(ids)))}
    known = await _known_inside(session, sight, everybody)
    standing = await session.execute(
        select(Opinion.counterpart_id, Opinion.valid_to).where(*_holding(everybody, sight))
    )
    until: dict[int, dt.date] = {}
    for counterpart_id, valid_to in standing:
        if counterpart_id is not None:
            until[counterpart_id] = max(valid_to, until.get(counterpart_id, valid_to))
    return [
        Brief(
            id=each,
            name=rows[each].name or "",
            code=readable_code(rows[each].code, inside=bool(families[each] & known)) or rows[each].legacy_code or "",
            valid_to=max((until[member] for member in families[each] if member in until), default=None),
        )
        for each in ids
    ]


async def dossier(session: AsyncSession, sight: Sight, counterpart_id: int) -> tuple[Dossier, set[int]] | None:
    """Return what an officer may know about a counterpart, and the keys of all that were merged with it.

    Returns:
        None where there is none of that key for them, or where it is a natural person.
    """
    root = (await survivors(session, [counterpart_id]))[counterpart_id]
    ids = (await relatives(session, [root]))[root]
    if not await may_see_counterpart(session, sight, ids):
        return None
    row = await session.get(Counterpart, root, populate_existing=True)
    if row is None or row.name is None:
        return None
    inside = bool(await _known_inside(session, sight, ids))
    absorbed = await session.execute(
        select(Counterpart.id, Counterpart.name).where(Counterpart.merged_into_id == root).order_by(Counterpart.id)
    )
    return Dossier(
        id=row.id,
        name=row.name,
        code=readable_code(row.code, inside=inside),
        legacy_code=row.legacy_code,
        former_names=tuple(await former_names(session, ids, besides=row.name)),
        absorbed=tuple((key, name or "") for key, name in absorbed),
        opinions=tuple(await _opinions(session, sight, ids)),
        breaches=tuple(await _breaches(session, ids)),
    ), ids


async def names(session: AsyncSession, ids: Collection[int]) -> Mapping[int, str]:
    """Return the names of organisations; natural persons are missing."""
    rows = await session.execute(
        select(Counterpart.id, Counterpart.name).where(Counterpart.id.in_(ids), Counterpart.name.is_not(None))
    )
    return {key: name or "" for key, name in rows}


async def _known_inside(session: AsyncSession, sight: Sight, ids: Collection[int]) -> set[int]:
    """Return those that the officer's own unit deals with, whatever else they may see of the ledger."""
    unit_id = sight.person.unit_id
    dealt = select(Item.counterpart_id).join(Request, Request.id == Item.request_id)
    held = select(Opinion.counterpart_id).where(Opinion.counterpart_id.in_(ids), Opinion.unit_id == unit_id)
    found = await session.scalars(dealt.where(Item.counterpart_id.in_(ids), Request.unit_id == unit_id).union(held))
    return {each for each in found if each is not None}


def _holding(ids: Collection[int], sight: Sight) -> tuple[ColumnElement[bool], ...]:
    return (
        Opinion.counterpart_id.in_(ids),
        Opinion.valid_to >= sight.today,
        Opinion.undone_at.is_(None),
        Opinion.superseded_at.is_(None),
        opinion_known_to(sight),
    )


async def _opinions(session: AsyncSession, sight: Sight, ids: Collection[int]) -> list[HeldOpinion]:
    rows = await session.execute(
        select(Opinion, Unit.short_name, Person)
        .outerjoin(Unit, Unit.id == Opinion.unit_id)
        .outerjoin(Person, Person.id == Opinion.holder_id)
        .where(*_holding(ids, sight))
        .order_by(Opinion.issued_on.desc(), Opinion.id.desc())
    )
    return [
        HeldOpinion(
            number=opinion.number,
            issued_on=opinion.issued_on,
            valid_to=opinion.valid_to,
            unit=unit,
            holder=holder.name if holder else None,
            finding=Finding(str(opinion.result)) if sight.sees_all or opinion.unit_id == sight.person.unit_id else None,
        )
        for opinion, unit, holder in rows
    ]


async def _breaches(session: AsyncSession, ids: Collection[int]) -> list[tuple[dt.date, str]]:
    rows = await session.execute(
        select(Commitment.settled_on, Unit.short_name)
        .join(Item, Item.id == Commitment.item_id)
        .join(Request, Request.id == Item.request_id)
        .join(Unit, Unit.id == Request.unit_id)
        .where(Item.counterpart_id.in_(ids), Commitment.state == CommitmentState.BREACHED)
        .order_by(Commitment.settled_on)
    )
    return [(on, unit) for on, unit in rows if on is not None]
