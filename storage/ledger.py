"""The ledger: entries found, as rows to be changed and as values to be shown."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.cover import Charge
from bot.ledger import Entry
from bot.policy.model import ProductKind
from bot.roles import CHANGES, IDENTIFIES, READS, reaches
from storage import cover
from storage.entry_values import WAITING, entries_of
from storage.tables import (
    Item,
    ItemState,
    Person,
    Request,
    RequestState,
)


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


async def may_read(session: AsyncSession, person: Person, work: Request | Charge, on: dt.date) -> bool:
    """Say whether a person may look at an entry, or at somebody's work in a unit: the same as ``open_entry`` asks.

    Args:
        session: The unit of work.
        person: Who would look.
        work: The entry, or whose work of which unit it is.
        on: Local date, by which a stand-in is known.
    """
    return _may_read(person, work) or await _is_in_charge(session, person, work, on)


def _may_read(person: Person, work: Request | Charge) -> bool:
    own, same_unit = person.id == work.owner_id, person.unit_id == work.unit_id
    return reaches(READS, person.role, own=own, same_unit=same_unit)


async def _is_in_charge(session: AsyncSession, person: Person, work: Request | Charge, on: dt.date) -> bool:
    if person.id == work.owner_id:
        return False  # their own right is enough, also while somebody stands in for them
    return person.id in {each.id for each in await cover.in_charge(session, work, on)}
