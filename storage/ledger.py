"""The ledger: entries found, as rows to be changed and as values to be shown."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.ledger import Entry, OpinionLine, ProductLine, person_words
from bot.opinions import BY_POLICY, Finding
from bot.policy.model import ProductKind
from bot.roles import CHANGES, IDENTIFIES, READS, reaches
from storage import cover
from storage.tables import (
    Commitment,
    CommitmentState,
    Counterpart,
    FollowUp,
    Item,
    ItemState,
    Opinion,
    OpinionUse,
    Person,
    Request,
    RequestState,
    Unit,
)

WAITING = (ItemState.DRAFT, ItemState.SUBMITTED, ItemState.RECEIVED, ItemState.SUPPLEMENT)
"""States of an item that something is still expected of."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry that a person may look at, with its rows.

    Args:
        request: The entry's row.
        items: Its products.
        entry: The same as a value.
        may_act: Whether this person may change it; others only read.
        on_behalf_of: The owner's name, where this person looks after the entry for them; None for everybody else.
        identifies: Whether this person may tell natural persons apart by the last four of their ID numbers.
    """

    request: Request
    items: Sequence[Item]
    entry: Entry
    may_act: bool
    on_behalf_of: str | None = None
    identifies: bool = False

    @property
    def waiting(self) -> list[Item]:
        """The verifications that something is still expected of."""
        return [item for item in self.verifications if item.state in WAITING]

    @property
    def returned(self) -> list[Item]:
        """The verifications whose opinion has come."""
        return [item for item in self.verifications if item.state is ItemState.RETURNED]

    @property
    def verifications(self) -> list[Item]:
        """All verifications, whatever their state."""
        return [item for item in self.items if item.product_kind == ProductKind.VERIFICATION]


async def open_entry(
    session: AsyncSession, person: Person, request_id: int, *, on: dt.date | None = None
) -> Opened | None:
    """Return an entry if this person may see it; the only way to one.

    The owner, coordinators and whoever is in charge on the day act: the owner's stand-in, or the unit's head where
    nobody stands in. The liaison and the head of the same unit, and auditors, only read.

    Args:
        session: The unit of work.
        person: Who looks.
        request_id: The entry.
        on: Local date, by which a stand-in is known; None asks for what the person may in their own right.
    """
    opened = await entry_of(session, request_id)
    if opened is None:
        return None
    request = opened.request
    in_charge = on is not None and await _is_in_charge(session, person, request, on)
    if not in_charge and not _may_read(person, request):
        return None
    is_owner = person.id == request.owner_id
    may_act = reaches(CHANGES, person.role, own=is_owner or in_charge, same_unit=person.unit_id == request.unit_id)
    owner = await session.get_one(Person, request.owner_id) if in_charge and not is_owner else None
    identifies = reaches(
        IDENTIFIES, person.role, own=is_owner or in_charge, same_unit=person.unit_id == request.unit_id
    )
    entry = opened.entry
    if identifies and entry.of_person:
        [entry] = await entries_of(session, [request], whole=True)
    on_behalf_of = (owner.name or "") if owner else None
    return replace(opened, entry=entry, may_act=may_act, on_behalf_of=on_behalf_of, identifies=identifies)


async def entry_of(session: AsyncSession, request_id: int) -> Opened | None:
    """Return an entry for the assistant's own work, where nobody looks at it; for people see ``open_entry``."""
    request = await session.get(Request, request_id, populate_existing=True)
    if request is None:
        return None
    rows = await session.scalars(
        select(Item).where(Item.request_id == request.id).order_by(Item.id).execution_options(populate_existing=True)
    )
    [entry] = await entries_of(session, [request])
    return Opened(request, rows.all(), entry, may_act=False)


async def opened_by(session: AsyncSession, owner_id: int, *, limit: int, offset: int) -> Sequence[Entry]:
    """Return an officer's open entries, the date that matters next first, then by number."""
    next_on = func.min(func.coalesce(Item.due_on, Request.submit_by_on, Request.decide_on))
    rows = await session.scalars(
        select(Request)
        .join(Item, Item.request_id == Request.id)
        .where(Request.owner_id == owner_id, Request.state == RequestState.OPEN)
        .group_by(Request.id)
        .order_by(next_on.is_(None), next_on, Request.id)
        .limit(limit)
        .offset(offset)
    )
    return await entries_of(session, rows.all())


async def count_open(session: AsyncSession, owner_id: int) -> int:
    """Return how many open entries an officer has."""
    counted = select(func.count()).where(Request.owner_id == owner_id, Request.state == RequestState.OPEN)
    return await session.scalar(counted) or 0


def _may_read(person: Person, request: Request) -> bool:
    own, same_unit = person.id == request.owner_id, person.unit_id == request.unit_id
    return reaches(READS, person.role, own=own, same_unit=same_unit)


async def _is_in_charge(session: AsyncSession, person: Person, request: Request, on: dt.date) -> bool:
    if person.id == request.owner_id:
        return False  # their own right is enough, also while somebody stands in for them
    return person.id in {each.id for each in await cover.in_charge(session, request, on)}


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
    uses: int


async def _opinions(session: AsyncSession, item_ids: Sequence[int]) -> Mapping[int, _Standing]:
    """Return the opinion that stands for each item, its own or one used again, with its side task and its uses."""
    if not item_ids:
        return {}
    used = select(OpinionUse.item_id, OpinionUse.opinion_id).where(
        OpinionUse.item_id.in_(item_ids), OpinionUse.undone_at.is_(None)
    )
    standing = (Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None))
    own = select(Opinion.item_id, Opinion.id).where(Opinion.item_id.in_(item_ids), *standing)
    pairs = {item_id: opinion_id for item_id, opinion_id in await session.execute(used)}
    pairs |= {item_id: opinion_id for item_id, opinion_id in await session.execute(own) if item_id is not None}
    rows = await session.execute(
        select(Opinion, FollowUp)
        .outerjoin(FollowUp, FollowUp.opinion_id == Opinion.id)
        .where(Opinion.id.in_(set(pairs.values())))
    )
    counted = await session.execute(
        select(OpinionUse.opinion_id, func.count())
        .where(OpinionUse.opinion_id.in_(set(pairs.values())), OpinionUse.undone_at.is_(None))
        .group_by(OpinionUse.opinion_id)
    )
    uses = {opinion_id: count for opinion_id, count in counted}
    found = {opinion.id: _Standing(opinion, follow_up, uses.get(opinion.id, 0)) for opinion, follow_up in rows}
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
        opinions=tuple(
            _opinion(item, _subject(c, whole=whole) if c else "", opinions[item.id])
            for item, c, _l in lines
            if item.id in opinions
        ),
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
        uses=standing.uses,
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
