"""Opinions: recorded, superseded, and found again while they hold, whichever unit holds them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.opinions import Finding, Reusable, best
from storage.counterparts import family
from storage.sight import Sight, opinion_known_to
from storage.tables import (
    Commitment,
    CommitmentState,
    Counterpart,
    FollowUp,
    FollowUpState,
    Item,
    Opinion,
    OpinionUse,
    Person,
    Unit,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOpinion:
    """An opinion to be recorded.

    Args:
        counterpart_id: Whom it is about; None for a count of persons whose names are not kept.
        item_id: The verification that it answers; None where it was taken over from an older ledger.
        unit_id: The unit that holds it; None = another bureau's.
        holder_id: The officer who holds it.
        issued_on: Local date.
        valid_to: Last valid day, local.
        valid_source: ``printed`` or ``policy``; see ``bot.opinions.validity``.
        finding: What it says.
        number: As printed.
        issuer: Who issued it, where it is not the city's centre.
        cut_off_on: Until when the centre looked.
        details: The officer's words about an adverse finding; kept encrypted.
    """

    counterpart_id: int | None
    item_id: int | None
    unit_id: int | None
    holder_id: int | None
    issued_on: dt.date
    valid_to: dt.date
    valid_source: str
    finding: Finding
    number: str | None = None
    issuer: str | None = None
    cut_off_on: dt.date | None = None
    details: str | None = None


async def record(session: AsyncSession, new: Sequence[NewOpinion], *, now: dt.datetime) -> list[Opinion]:
    """Record opinions and return them in the order given; a few statements whatever the number.

    An adverse finding opens its side task: tell the counterpart about objection and repair.

    Args:
        session: The unit of work.
        new: The opinions.
        now: Aware UTC time.
    """
    if not new:
        return []
    rows = [_values(each) | {"recorded_at": now} for each in new]
    # Asked for rows in their order, SQLAlchemy sends SQLite a statement for each: 2,000 of them hold everybody up.
    made: dict[Any, list[Opinion]] = defaultdict(list)
    for opinion in await session.scalars(insert(Opinion).returning(Opinion), rows):
        made[_identity(opinion, str(opinion.result))].append(opinion)
    found = [made[_identity(each, each.finding)].pop() for each in new]
    adverse = [opinion.id for each, opinion in zip(new, found, strict=True) if each.finding.is_adverse]
    if adverse:
        await session.execute(insert(FollowUp), [{"opinion_id": each, "created_at": now} for each in adverse])
    return found


def _values(new: NewOpinion) -> dict[str, Any]:
    return {
        "counterpart_id": new.counterpart_id,
        "item_id": new.item_id,
        "unit_id": new.unit_id,
        "holder_id": new.holder_id,
        "number": new.number,
        "issuer": new.issuer,
        "issued_on": new.issued_on,
        "cut_off_on": new.cut_off_on,
        "valid_to": new.valid_to,
        "valid_source": new.valid_source,
        "result": new.finding.value,
        "details": new.details,
    }


def _identity(opinion: NewOpinion | Opinion, result: str) -> tuple[Any, ...]:
    return (opinion.item_id, opinion.counterpart_id, opinion.number, opinion.issued_on, opinion.valid_to, result)


async def subjects(session: AsyncSession, ids: Collection[int]) -> Mapping[int, tuple[int | None, int | None]]:
    """Return for each opinion the keys of its counterpart and of its entry, as far as it has them."""
    rows = await session.execute(
        select(Opinion.id, Opinion.counterpart_id, Item.request_id)
        .outerjoin(Item, Item.id == Opinion.item_id)
        .where(Opinion.id.in_(ids))
    )
    return {key: (counterpart_id, request_id) for key, counterpart_id, request_id in rows}


async def of_items(session: AsyncSession, item_ids: Sequence[int]) -> Mapping[int, Opinion]:
    """Return the opinion that stands for each item: its own, or the one that was used again."""
    own = await session.scalars(
        select(Opinion)
        .where(Opinion.item_id.in_(item_ids), Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None))
        .order_by(Opinion.id)
    )
    found = {row.item_id: row for row in own if row.item_id is not None}
    used = await session.execute(
        select(OpinionUse.item_id, Opinion)
        .join(Opinion, Opinion.id == OpinionUse.opinion_id)
        .where(OpinionUse.item_id.in_(item_ids), OpinionUse.undone_at.is_(None))
    )
    return {item_id: opinion for item_id, opinion in used} | found


async def uses(session: AsyncSession, opinion_ids: Collection[int], *, sight: Sight) -> Mapping[int, int]:
    """Return how often each opinion was used again, as far as an officer may learn of it; those never used are missing.

    Args:
        session: A session.
        opinion_ids: The opinions.
        sight: Whose eyes look.
    """
    rows = await session.execute(
        select(OpinionUse.opinion_id, func.count())
        .where(OpinionUse.opinion_id.in_(opinion_ids), OpinionUse.undone_at.is_(None))
        .where(opinion_known_to(sight, of=OpinionUse.item_id))
        .group_by(OpinionUse.opinion_id)
    )
    return {opinion_id: count for opinion_id, count in rows}


async def reusable(
    session: AsyncSession, codes: Iterable[str], *, sight: Sight, on: dt.date, earliest_issue: dt.date | None = None
) -> dict[str, Reusable]:
    """Return the opinion to rely on for each counterpart that has one, whichever unit of the bureau holds it.

    Args:
        session: A session.
        codes: Unified social credit codes, or legacy codes.
        sight: Whose eyes look.
        on: The decision's local date; today where none is planned.
        earliest_issue: The oldest issue that the coordinator still accepts for the matter.

    Returns:
        Code as given -> opinion; codes without one are missing.
    """
    families = await family(session, list(codes))
    everybody = {each for ids in families.values() for each in ids}
    candidates, breaches = await _candidates(session, sight, everybody), await _breaches(session, everybody)
    found: dict[str, Reusable] = {}
    for code, ids in families.items():
        rows = [row for each in ids for row in candidates.get(each, ())]
        if (chosen := best(rows, on=on, earliest_issue=earliest_issue)) is not None:
            broken = [on for each in ids for on in breaches.get(each, ())]
            found[code] = replace(chosen, code=code, adverse_since=_adverse_after(chosen, rows, broken))
    return found


async def _candidates(session: AsyncSession, sight: Sight, counterpart_ids: set[int]) -> dict[int, list[Reusable]]:
    rows = await session.execute(
        select(Opinion, Counterpart, Unit.short_name, Person, FollowUp.state)
        .join(Counterpart, Counterpart.id == Opinion.counterpart_id)
        .outerjoin(FollowUp, FollowUp.opinion_id == Opinion.id)
        .outerjoin(Unit, Unit.id == Opinion.unit_id)
        .outerjoin(Person, Person.id == Opinion.holder_id)
        .where(
            Opinion.counterpart_id.in_(counterpart_ids),
            Opinion.undone_at.is_(None),
            Opinion.superseded_at.is_(None),
            opinion_known_to(sight),
            Counterpart.name.is_not(None),  # natural persons are not found again by anything
        )
    )
    found: dict[int, list[Reusable]] = defaultdict(list)
    for opinion, counterpart, unit, holder, follow_up in rows:
        found[counterpart.id].append(
            Reusable(
                opinion_id=opinion.id,
                counterpart_id=counterpart.id,
                code=counterpart.code or counterpart.legacy_code or "",
                name=counterpart.name or "",
                number=opinion.number,
                issued_on=opinion.issued_on,
                valid_to=opinion.valid_to,
                unit=unit,
                holder=holder.name if holder else None,
                finding=Finding(str(opinion.result)),
                contested=follow_up in (FollowUpState.OBJECTION, FollowUpState.REPAIR),
            )
        )
    return found


async def _breaches(session: AsyncSession, counterpart_ids: set[int]) -> dict[int, list[dt.date]]:
    rows = await session.execute(
        select(Item.counterpart_id, Commitment.settled_on)
        .join(Item, Item.id == Commitment.item_id)
        .where(Item.counterpart_id.in_(counterpart_ids), Commitment.state == CommitmentState.BREACHED)
    )
    found: dict[int, list[dt.date]] = defaultdict(list)
    for counterpart_id, on in rows:
        if counterpart_id is not None and on is not None:
            found[counterpart_id].append(on)
    return found


def _adverse_after(chosen: Reusable, rows: Sequence[Reusable], breaches: Sequence[dt.date]) -> dt.date | None:
    """Return when something adverse was last logged after an opinion's issue, None where nothing was."""
    later = [each.issued_on for each in rows if each.finding.is_adverse and each.issued_on > chosen.issued_on]
    return max([*later, *(on for on in breaches if on >= chosen.issued_on)], default=None)
