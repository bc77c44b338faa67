"""Entries as values: made from their rows with a few queries whatever their number, as their reader may see them."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.ledger import Entry, OpinionLine, ProductLine, person_words
from bot.opinions import BY_POLICY, Finding
from bot.policy.model import ProductKind
from storage.tables import (
    Commitment,
    CommitmentState,
    Counterpart,
    FollowUp,
    Item,
    ItemState,
    Opinion,
    OpinionUse,
    Request,
    RequestState,
    Unit,
)

WAITING = (ItemState.DRAFT, ItemState.SUBMITTED, ItemState.RECEIVED, ItemState.SUPPLEMENT)
"""States of an item that something is still expected of."""


async def entries_of(session: AsyncSession, requests: Sequence[Request], *, whole: bool = False) -> list[Entry]:
    """Return entries as values, with a few queries whatever their number.

    Args:
        session: The unit of work.
        requests: Their rows.
        whole: Whether natural persons are shown by the last four of their ID numbers; see ``open_entry``.
    """
    ids = [request.id for request in requests]
    rows = await session.execute(
        select(Item, Counterpart, Commitment)
        .outerjoin(Counterpart, Counterpart.id == Item.counterpart_id)
        .outerjoin(Commitment, Commitment.item_id == Item.id)
        .where(Item.request_id.in_(ids))
        .order_by(Item.id)
    )
    lines: dict[int, list[_Line]] = {request_id: [] for request_id in ids}
    for item, counterpart, commitment in rows:
        lines[item.request_id].append((item, counterpart, commitment))
    opinions = await _opinions(session, [item.id for each in lines.values() for item, _c, _l in each])
    units = await session.execute(
        select(Unit.id, Unit.short_name).where(Unit.id.in_({request.unit_id for request in requests}))
    )
    names = {unit_id: name for unit_id, name in units}
    return [_entry(request, names[request.unit_id], lines[request.id], opinions, whole=whole) for request in requests]


@dataclass(frozen=True, slots=True)
class _Standing:
    opinion: Opinion
    follow_up: FollowUp | None


async def _opinions(session: AsyncSession, item_ids: Sequence[int]) -> Mapping[int, _Standing]:
    """Return the opinion that stands for each item, its own or one used again, with its side task."""
    if not item_ids:
        return {}
    used = select(OpinionUse.item_id, OpinionUse.opinion_id).where(
        OpinionUse.item_id.in_(item_ids), OpinionUse.undone_at.is_(None)
    )
    standing = (Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None))
    own = select(Opinion.item_id, Opinion.id).where(Opinion.item_id.in_(item_ids), *standing)
    pairs = {item_id: opinion_id for item_id, opinion_id in await session.execute(used)}
    pairs |= {item_id: opinion_id for item_id, opinion_id in await session.execute(own) if item_id is not None}
    if not pairs:
        return {}
    rows = await session.execute(
        select(Opinion, FollowUp)
        .outerjoin(FollowUp, FollowUp.opinion_id == Opinion.id)
        .where(Opinion.id.in_(set(pairs.values())))
    )
    found = {opinion.id: _Standing(opinion, follow_up) for opinion, follow_up in rows}
    return {item_id: found[opinion_id] for item_id, opinion_id in pairs.items()}


_Line = tuple[Item, Counterpart | None, Commitment | None]


def _entry(
    request: Request,
    unit: str,
    lines: Sequence[_Line],
    opinions: Mapping[int, _Standing],
    *,
    whole: bool,
) -> Entry:
    items = [item for item, _counterpart, _commitment in lines]
    checked = [item for item in items if item.product_kind == ProductKind.VERIFICATION]
    standing = [item for item in checked if item.state is not ItemState.WITHDRAWN]
    first = next((item for item in checked if item.state in WAITING), checked[0] if checked else None)
    subjects = {c.id: c for _item, c, _commitment in lines if c is not None}
    entry = Entry(
        id=request.id,
        version=request.version,
        number=f"{unit}{request.year}-{request.seq}",
        matter=request.matter_name,
        matter_code=request.matter_code,
        subjects=tuple(_subject(each, whole=whole) for each in subjects.values()),
        head_count=next((item.head_count for item in items if item.head_count), None),
        of_person=any(each.name is None for each in subjects.values()),
        products=_products(lines),
        applicant=first.applicant.value if first and first.applicant else None,
        open=request.state is RequestState.OPEN,
        withdrawn=request.state in (RequestState.WITHDRAWN, RequestState.UNDONE),
        submitted_on=first.submitted_on if first else None,
        received_on=first.received_on if first else None,
        returned_on=first.returned_on if first else None,
        due_on=first.due_on if first else None,
        due_provisional=first.due_provisional if first else False,
        decide_on=request.decide_on,
        submit_by_on=request.submit_by_on,
        submit_by_provisional=request.submit_by_provisional,
        supplement_on=first.supplement_on if first and first.state is ItemState.SUPPLEMENT else None,
        opinions=tuple(_opinions_of(lines, opinions, whole=whole)),
        without_opinion=sum(item.state is ItemState.RETURNED and item.id not in opinions for item in checked),
        fulfil_by_on=min((on for _i, _c, row in lines if row and (on := _to_fulfil(row))), default=None),
    )
    return _with_uses(entry, standing)


def _with_uses(entry: Entry, items: Sequence[Item]) -> Entry:
    """Return an entry with what its opinions were used for: of how many each, the commonest first."""
    counted: Counter[str] = Counter()
    for item in items:
        if item.used_as:
            counted[item.used_as] += item.head_count or 1
    bases = tuple(dict.fromkeys(item.basis for item in items if item.basis))
    entry = replace(entry, uses=tuple(counted.most_common()), bases=bases)
    if not items or any(item.state is not ItemState.USED for item in items):
        return entry
    used_on = max((item.used_on for item in items if item.used_on), default=None)
    return replace(entry, used_on=used_on, used_as=next((item.used_as for item in items if item.used_as), None))


def _to_fulfil(commitment: Commitment) -> dt.date | None:
    """Return until when a commitment is still to be fulfilled."""
    is_open = commitment.state in (CommitmentState.SIGNED, CommitmentState.FULFILLING)
    return commitment.fulfil_by_on if is_open else None


def _subject(counterpart: Counterpart, *, whole: bool) -> str:
    return counterpart.name or person_words(counterpart.person_label, whole=whole)


def _opinions_of(lines: Sequence[_Line], opinions: Mapping[int, _Standing], *, whole: bool) -> Iterator[OpinionLine]:
    for item, counterpart, _commitment in lines:
        if item.id in opinions:
            yield _opinion(item, _subject(counterpart, whole=whole) if counterpart else "", opinions[item.id])


def _opinion(item: Item, subject: str, standing: _Standing) -> OpinionLine:
    opinion = standing.opinion
    return OpinionLine(
        item_id=item.id,
        opinion_id=opinion.id,
        subject=subject,
        finding=Finding(str(opinion.result)),
        issued_on=opinion.issued_on,
        valid_to=opinion.valid_to,
        by_policy=opinion.valid_source == BY_POLICY,
        number=opinion.number,
        reused=item.reused_opinion_id is not None,
        follow_up=standing.follow_up.state.value if standing.follow_up else None,
    )


def _products(lines: Sequence[_Line]) -> tuple[ProductLine, ...]:
    found: dict[str, ProductLine] = {}
    for item, _counterpart, commitment in lines:
        count = commitment.letters if commitment else item.head_count or 1
        before = found.get(item.product_code)
        found[item.product_code] = ProductLine(
            item.product_code,
            ProductKind(item.product_kind),
            count + (before.count if before else 0),
            in_form=commitment.in_form if commitment else False,
        )
    return tuple(found.values())


async def labels(session: AsyncSession, items: Sequence[Item], *, whole: bool) -> dict[int, str]:
    """Return whom each item is about, as the officer may read it; empty where no counterpart is named.

    Args:
        session: The unit of work.
        items: The items.
        whole: Whether natural persons are shown by the last four of their ID numbers (``Opened.identifies``).
    """
    ids = {item.counterpart_id for item in items if item.counterpart_id is not None}
    rows = await session.scalars(select(Counterpart).where(Counterpart.id.in_(ids)))
    named = {row.id: _subject(row, whole=whole) for row in rows}
    return {item.id: named.get(item.counterpart_id or 0, "") for item in items}
