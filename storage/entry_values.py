"""Entries as values: made from their rows with a few queries whatever their number, as their reader may see them."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.finding import entry_number
from bot.ledger import Entry, OpinionLine, ProductLine, person_words
from bot.opinions import BY_POLICY, Finding
from bot.policy.model import ProductKind
from storage.tables import (
    Applicant,
    Commitment,
    CommitmentState,
    Counterpart,
    FollowUp,
    FollowUpState,
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


class _Line(NamedTuple):
    """One item of an entry with whom it concerns and its commitment: columns alone, because a list has thousands."""

    id: int
    request_id: int
    product_kind: str
    product_code: str
    head_count: int | None
    applicant: Applicant | None
    state: ItemState
    submitted_on: dt.date | None
    received_on: dt.date | None
    supplement_on: dt.date | None
    returned_on: dt.date | None
    due_on: dt.date | None
    due_provisional: bool
    used_on: dt.date | None
    used_as: str | None
    basis: str | None
    reused_opinion_id: int | None
    counterpart_id: int | None
    name: str | None
    person_label: Mapping[str, str] | None
    commitment: CommitmentState | None
    letters: int | None  # None: no commitment
    in_form: bool | None
    fulfil_by_on: dt.date | None


_LINE: Final = (
    *(getattr(Item, name) for name in _Line._fields[: _Line._fields.index("name")]),
    Counterpart.name,
    Counterpart.person_label,
    Commitment.state,
    Commitment.letters,
    Commitment.in_form,
    Commitment.fulfil_by_on,
)


class _Standing(NamedTuple):
    """The opinion that stands for an item, with the state of its side task."""

    id: int
    result: Any
    issued_on: dt.date
    valid_to: dt.date
    valid_source: str
    number: str | None
    follow_up: FollowUpState | None


_STANDING: Final = (*(getattr(Opinion, name) for name in _Standing._fields[:-1]), FollowUp.state)


async def entries_of(session: AsyncSession, requests: Sequence[Request], *, whole: bool = False) -> list[Entry]:
    """Return entries as values, with a few queries whatever their number.

    Args:
        session: The unit of work; what it has not written yet is written.
        requests: Their rows.
        whole: Whether natural persons are shown by the last four of their ID numbers; see ``open_entry``.
    """
    await session.flush()
    ids = [request.id for request in requests]
    rows = await session.execute(
        select(*_LINE)
        .outerjoin(Counterpart, Counterpart.id == Item.counterpart_id)
        .outerjoin(Commitment, Commitment.item_id == Item.id)
        .where(Item.request_id.in_(ids))
        .order_by(Item.id)
    )
    lines: dict[int, list[_Line]] = {request_id: [] for request_id in ids}
    for line in map(_Line._make, rows):
        lines[line.request_id].append(line)
    opinions = await _opinions(session, ids)
    units = await session.execute(
        select(Unit.id, Unit.short_name).where(Unit.id.in_({request.unit_id for request in requests}))
    )
    names = {unit_id: name for unit_id, name in units}
    return [_entry(request, names[request.unit_id], lines[request.id], opinions, whole=whole) for request in requests]


async def _opinions(session: AsyncSession, request_ids: Sequence[int]) -> Mapping[int, _Standing]:
    """Return the opinion that stands for each item, its own or one used again, with its side task."""
    of_items = select(Item.id, *_STANDING).where(Item.request_id.in_(request_ids))
    used = of_items.join(OpinionUse, OpinionUse.item_id == Item.id).join(Opinion, Opinion.id == OpinionUse.opinion_id)
    own = of_items.join(Opinion, Opinion.item_id == Item.id)
    found: dict[int, _Standing] = {}
    for query in (
        used.where(OpinionUse.undone_at.is_(None)),
        own.where(Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None)),
    ):
        for item_id, *standing in await session.execute(query.outerjoin(FollowUp, FollowUp.opinion_id == Opinion.id)):
            found[item_id] = _Standing._make(standing)
    return found


def _entry(
    request: Request,
    unit: str,
    lines: Sequence[_Line],
    opinions: Mapping[int, _Standing],
    *,
    whole: bool,
) -> Entry:
    checked = [line for line in lines if line.product_kind == ProductKind.VERIFICATION]
    standing = [line for line in checked if line.state is not ItemState.WITHDRAWN]
    first = next((line for line in checked if line.state in WAITING), checked[0] if checked else None)
    subjects = {line.counterpart_id: line for line in lines if line.counterpart_id is not None}
    entry = Entry(
        id=request.id,
        version=request.version,
        number=entry_number(unit, request.year, request.seq),
        matter=request.matter_name,
        matter_code=request.matter_code,
        subjects=tuple(_subject(each, whole=whole) for each in subjects.values()),
        head_count=next((line.head_count for line in lines if line.head_count), None),
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
        without_opinion=sum(line.state is ItemState.RETURNED and line.id not in opinions for line in checked),
        fulfil_by_on=min((on for line in lines if (on := _to_fulfil(line))), default=None),
    )
    return _with_uses(entry, standing)


def _with_uses(entry: Entry, lines: Sequence[_Line]) -> Entry:
    """Return an entry with what its opinions were used for: of how many each, the commonest first."""
    counted: Counter[str] = Counter()
    for line in lines:
        if line.used_as:
            counted[line.used_as] += line.head_count or 1
    bases = tuple(dict.fromkeys(line.basis for line in lines if line.basis))
    entry = replace(entry, uses=tuple(counted.most_common()), bases=bases)
    if not lines or any(line.state is not ItemState.USED for line in lines):
        return entry
    used_on = max((line.used_on for line in lines if line.used_on), default=None)
    return replace(entry, used_on=used_on, used_as=next((line.used_as for line in lines if line.used_as), None))


def _to_fulfil(line: _Line) -> dt.date | None:
    """Return until when a commitment is still to be fulfilled."""
    is_open = line.commitment in (CommitmentState.SIGNED, CommitmentState.FULFILLING)
    return line.fulfil_by_on if is_open else None


def _subject(of: _Line | Counterpart, *, whole: bool) -> str:
    return of.name or person_words(of.person_label, whole=whole)


def _opinions_of(lines: Sequence[_Line], opinions: Mapping[int, _Standing], *, whole: bool) -> Iterator[OpinionLine]:
    for line in lines:
        if line.id in opinions:
            subject = _subject(line, whole=whole) if line.counterpart_id is not None else ""
            yield _opinion(line, subject, opinions[line.id])


def _opinion(line: _Line, subject: str, standing: _Standing) -> OpinionLine:
    return OpinionLine(
        item_id=line.id,
        opinion_id=standing.id,
        subject=subject,
        finding=Finding(str(standing.result)),
        issued_on=standing.issued_on,
        valid_to=standing.valid_to,
        by_policy=standing.valid_source == BY_POLICY,
        number=standing.number,
        reused=line.reused_opinion_id is not None,
        follow_up=standing.follow_up.value if standing.follow_up else None,
    )


def _products(lines: Sequence[_Line]) -> tuple[ProductLine, ...]:
    found: dict[str, ProductLine] = {}
    for line in lines:
        count = line.head_count or 1 if line.letters is None else line.letters
        before = found.get(line.product_code)
        found[line.product_code] = ProductLine(
            line.product_code,
            ProductKind(line.product_kind),
            count + (before.count if before else 0),
            in_form=bool(line.in_form),
        )
    return tuple(found.values())


async def numbers(session: AsyncSession, request_ids: Collection[int]) -> Mapping[int, str]:
    """Return the entries' numbers as people say them (大气2026-17)."""
    rows = await session.execute(
        select(Request.id, Unit.short_name, Request.year, Request.seq)
        .join(Unit, Unit.id == Request.unit_id)
        .where(Request.id.in_(request_ids))
    )
    return {request_id: entry_number(unit, year, seq) for request_id, unit, year, seq in rows}


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
