"""An older ledger taken over: its columns, its entries and its opinions, with a few statements whatever its length."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.counterparts import Organisation
from bot.identifiers import read_code
from bot.ledger_import import Row
from bot.policy.model import MATTER, OTHER, CounterpartKind, ProductKind
from bot.roles import CHANGES
from bot.search import pinyin_keys
from storage import opinions, registration
from storage.counterparts import family
from storage.opinions import NewOpinion
from storage.tables import (
    Applicant,
    Counterpart,
    Decision,
    Item,
    ItemState,
    Opinion,
    Person,
    PersonState,
    Request,
    RequestState,
    Role,
    Setting,
    Unit,
)
from storage.upsert import insert_new

LEDGER: Final = "ledger"  # purpose of the sheets that are kept between being read and being confirmed
_SETTING: Final = "ledger_columns:"


@dataclass(frozen=True, slots=True)
class OlderItem:
    """One counterpart of an entry.

    Args:
        row: What the older ledger says.
        state: How far it is.
        due: Expected feedback, local, and whether it is provisional; None where the bureau expects none.
        left: Working days that were left when papers were asked for; None where none were.
    """

    row: Row
    state: ItemState
    due: tuple[dt.date, bool] | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class OlderEntry:
    """One entry of an older ledger; ``submit_by`` as ``OlderItem.due``."""

    items: tuple[OlderItem, ...]
    owner_id: int
    is_open: bool
    submit_by: tuple[dt.date, bool] | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """An entry that was made, with its items in the order of its rows."""

    new: OlderEntry
    request: Request
    items: tuple[Item, ...]


async def columns(session: AsyncSession, unit_code: str) -> Any:
    """Return the columns that a unit confirmed; None where it never did."""
    row = await session.get(Setting, _SETTING + unit_code)
    return None if row is None else row.value


async def remember_columns(session: AsyncSession, unit_code: str, value: Sequence[Sequence[str]]) -> None:
    """Keep the columns that a unit confirmed, instead of those of before."""
    key, kept = _SETTING + unit_code, [list(each) for each in value]
    await insert_new(session, Setting, [{"key": key, "value": kept}])
    row = await session.get_one(Setting, key)
    row.value = kept


async def colleagues(session: AsyncSession, unit_id: int) -> dict[str, int]:
    """Return who of a unit may own entries, by name; a name that two people have names nobody."""
    people = await session.scalars(
        select(Person).where(Person.unit_id == unit_id, Person.state == PersonState.ACTIVE, Person.role.in_(CHANGES))
    )
    named: dict[str, list[int]] = {}
    for each in people:
        if each.name:
            named.setdefault(str(each.name), []).append(each.id)
    return {name: ids[0] for name, ids in named.items() if len(ids) == 1}


async def owner(session: AsyncSession, unit_id: int) -> int | None:
    """Return who keeps a unit's ledger: its liaison, else its head, else an officer; None where nobody is there."""
    ranks = {Role.LIAISON: 0, Role.HEAD: 1, Role.OFFICER: 2, Role.COORDINATOR: 3}
    people = await session.scalars(
        select(Person).where(Person.unit_id == unit_id, Person.state == PersonState.ACTIVE, Person.role.in_(ranks))
    )
    keeping = min(people, key=lambda each: (ranks[each.role], each.id), default=None)
    return None if keeping is None else keeping.id


async def lock(session: AsyncSession, unit_id: int) -> Unit:
    """Return a unit for the time of a transaction: two who import the same ledger come one after the other."""
    return (await session.scalars(select(Unit).where(Unit.id == unit_id).with_for_update())).one()


async def enter(
    session: AsyncSession,
    unit: Unit,
    new: Sequence[OlderEntry],
    *,
    subjects: Mapping[str, int],
    product_code: str,
    policy_hash: str,
    today: dt.date,
    now: dt.datetime,
) -> list[Entered]:
    """Make the entries of an older ledger, numbered in the unit in their order.

    Args:
        session: The unit of work.
        unit: Whose ledger; locked.
        new: The entries.
        subjects: Code -> counterpart; see ``counterparts``.
        product_code: The product of a verification.
        policy_hash: The pack in force; its snapshot must be there already.
        today: Local date; its year stands in the numbers.
        now: Aware UTC time.
    """
    if not new:
        return []
    decisions = await _decisions(session, new, policy_hash, today)
    highest = select(func.max(Request.seq)).where(Request.unit_id == unit.id, Request.year == today.year)
    last = await session.scalar(highest) or 0
    made = []
    for seq, each in enumerate(new, start=last + 1):
        decision_id = decisions[_matter(each.items[0].row)]
        made.append(_request(each, unit, (today.year, seq), decision_id, now))
    session.add_all(made)
    await session.flush()
    entered = [
        Entered(each, request, tuple(_item(item, request, subjects, product_code) for item in each.items))
        for each, request in zip(new, made, strict=True)
    ]
    session.add_all([item for each in entered for item in each.items])
    await session.flush()
    return entered


async def record_opinions(
    session: AsyncSession,
    found: Sequence[tuple[Row, int | None, int]],
    *,
    subjects: Mapping[str, int],
    unit_id: int,
    now: dt.datetime,
) -> list[tuple[Row, Opinion]]:
    """Record the opinions of an older ledger.

    Args:
        session: The unit of work.
        found: Each row with the item that it answers (None where the matter is over) and the officer who holds it.
        subjects: Code -> counterpart; see ``counterparts``.
        unit_id: The unit that holds them.
        now: Aware UTC time.
    """
    new = [
        _opinion(row, item_id=item_id, holder_id=holder_id, subjects=subjects, unit_id=unit_id)
        for row, item_id, holder_id in found
    ]
    made = await opinions.record(session, new, now=now)
    return [(row, opinion) for (row, _item_id, _holder_id), opinion in zip(found, made, strict=True)]


async def counterparts(session: AsyncSession, rows: Iterable[Row]) -> dict[str, int]:
    """Return the counterpart of each code, unified or older, made where it is new."""
    named = {row.code or row.legacy_code: row for row in rows if row.code or row.legacy_code}
    unified = [Organisation(row.name, read_code(row.code)) for row in named.values() if row.code]
    found = await registration.organisations(session, unified)
    old = {code: row for code, row in named.items() if not row.code}
    families = await family(session, sorted(old))
    made = []
    for code, row in old.items():
        if families[code]:
            found[code] = min(families[code])
            continue
        pinyin, initials = pinyin_keys(row.name)
        kind = (row.kind or CounterpartKind.ENTERPRISE).value
        made.append(Counterpart(kind=kind, legacy_code=code, name=row.name, pinyin=pinyin, initials=initials))
    session.add_all(made)
    await session.flush()
    return found | {str(each.legacy_code): each.id for each in made}


def _request(new: OlderEntry, unit: Unit, number: tuple[int, int], decision_id: int, now: dt.datetime) -> Request:
    first = new.items[0].row
    submit_by_on, provisional = new.submit_by or (None, False)
    return Request(
        unit_id=unit.id,
        year=number[0],
        seq=number[1],
        owner_id=new.owner_id,
        decision_id=decision_id,
        matter_code=first.matter_code,
        matter_name=first.matter,
        state=RequestState.OPEN if new.is_open else RequestState.CLOSED,
        decide_on=first.decide_on,
        submit_by_on=submit_by_on,
        submit_by_provisional=provisional,
        basis_version=1,
        created_at=now,
    )


def _item(new: OlderItem, request: Request, subjects: Mapping[str, int], product_code: str) -> Item:
    row = new.row
    due_on, provisional = new.due or (None, False)
    returned_on = (row.returned_on or row.issued_on) if new.state is ItemState.RETURNED else None
    return Item(
        request_id=request.id,
        product_kind=ProductKind.VERIFICATION.value,
        product_code=product_code,
        counterpart_id=None if row.count else subjects[row.code or row.legacy_code],
        head_count=row.count,
        applicant=Applicant(row.applicant),
        state=new.state,
        submitted_on=row.submitted_on or returned_on,  # what came back was applied for; no later day is known
        received_on=row.received_on,
        supplement_on=row.supplement_on if new.state is ItemState.SUPPLEMENT else None,
        supplement_left=new.left,
        returned_on=returned_on,
        due_on=due_on,
        due_provisional=provisional,
    )


def _opinion(row: Row, *, item_id: int | None, holder_id: int, subjects: Mapping[str, int], unit_id: int) -> NewOpinion:
    if row.finding is None or row.issued_on is None or row.valid_to is None:
        raise ValueError("a row that brings no opinion")
    return NewOpinion(
        item_id=item_id,
        counterpart_id=subjects[row.code or row.legacy_code],
        unit_id=unit_id,
        holder_id=holder_id,
        number=row.opinion or None,
        issued_on=row.issued_on,
        valid_to=row.valid_to,
        valid_source=row.valid_source,
        finding=row.finding,
        details=(row.note or None) if row.finding.is_adverse else None,
    )


def _matter(row: Row) -> tuple[str | None, str]:
    return row.matter_code, "" if row.matter_code else row.matter


async def _decisions(
    session: AsyncSession, new: Sequence[OlderEntry], policy_hash: str, on: dt.date
) -> dict[tuple[str | None, str], int]:
    """Return one decision for each matter: nothing but the matter is known of how it was decided."""
    matters = list(dict.fromkeys(_matter(each.items[0].row) for each in new))
    made = [
        Decision(
            policy_hash=policy_hash, matter_code=code, answers={MATTER: [code or OTHER]}, rule_ids=[], result={}, on=on
        )
        for code, _name in matters
    ]
    session.add_all(made)
    await session.flush()
    return {matter: decision.id for matter, decision in zip(matters, made, strict=True)}
