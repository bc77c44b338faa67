"""Making a ledger entry: its number, its pinned decision, its counterparts and its items."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.counterparts import NaturalPerson, Organisation
from bot.policy.model import ProductKind
from bot.search import pinyin_keys
from storage.tables import (
    Applicant,
    Commitment,
    CommitmentState,
    Counterpart,
    CounterpartAlias,
    CreditReport,
    Decision,
    Item,
    ItemState,
    Person,
    Request,
    RequestState,
    Unit,
)
from storage.upsert import insert_new


@dataclass(frozen=True, slots=True)
class NewItem:
    """One product to be recorded for each counterpart, or once for a count."""

    product_code: str
    product_kind: ProductKind
    in_form: bool = False
    letters: int = 1  # commitments: letters for each counterpart, or in all where none is named
    head_count: int | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What the officer confirmed.

    Args:
        matter_code: The matter; None outside the catalogue.
        matter_name: As the officer saw it.
        policy_hash: The pack that decided; its snapshot must be there already.
        answers: Question id -> options, as JSON.
        rule_ids: The rules that decided.
        result: Product -> strength, everything that was recommended.
        decided_on: The local date whose rules decided.
        items: The products recorded.
        applicant: Who applies for the verification.
        submitted_on: Local date; None while the application has not gone out.
        due_on: Expected feedback; None where the bureau expects none.
        decide_on: Planned day of the decision, with the last day to submit that follows from it.
    """

    matter_code: str | None
    matter_name: str
    policy_hash: str
    answers: dict[str, Any]
    rule_ids: tuple[str, ...]
    result: dict[str, str]
    decided_on: dt.date
    items: tuple[NewItem, ...]
    organisations: tuple[Organisation, ...] = ()
    person: NaturalPerson | None = None
    applicant: Applicant | None = None
    submitted_on: dt.date | None = None
    due_on: dt.date | None = None
    due_provisional: bool = False
    decide_on: dt.date | None = None
    submit_by_on: dt.date | None = None
    submit_by_provisional: bool = False


async def register(session: AsyncSession, new: NewEntry, *, owner: Person, today: dt.date, now: dt.datetime) -> Request:
    """Make an entry with its number, decision, counterparts and items.

    Args:
        session: The unit of work.
        new: What was confirmed.
        owner: Whose entry it is; it is numbered in their unit.
        today: Local date; its year stands in the number.
        now: Aware UTC time.
    """
    decision = Decision(
        policy_hash=new.policy_hash,
        matter_code=new.matter_code,
        answers=new.answers,
        rule_ids=list(new.rule_ids),
        result=dict(new.result),
        on=new.decided_on,
    )
    session.add(decision)
    waits = any(item.product_kind is ProductKind.VERIFICATION for item in new.items)
    seq = await _next_seq(session, owner.unit_id, today.year)
    await session.flush()
    request = Request(
        unit_id=owner.unit_id,
        year=today.year,
        seq=seq,
        owner_id=owner.id,
        decision_id=decision.id,
        matter_code=new.matter_code,
        matter_name=new.matter_name,
        state=RequestState.OPEN if waits else RequestState.CLOSED,
        decide_on=new.decide_on,
        submit_by_on=new.submit_by_on,
        submit_by_provisional=new.submit_by_provisional,
        basis_version=1,
        created_at=now,
    )
    session.add(request)
    await session.flush()
    await _add_items(session, request, new)
    return request


async def _next_seq(session: AsyncSession, unit_id: int, year: int) -> int:
    """Return the unit's next number; the unit's row is locked, so that two entries never get the same one."""
    await session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update())
    highest = select(func.max(Request.seq)).where(Request.unit_id == unit_id, Request.year == year)
    return (await session.scalar(highest) or 0) + 1


async def _add_items(session: AsyncSession, request: Request, new: NewEntry) -> None:
    counterparts: list[int | None] = [await _organisation(session, each) for each in new.organisations]
    if new.person is not None:
        counterparts.append(await _natural_person(session, new.person))
    made = [
        (_item(request, new, each, counterpart_id), each)
        for each in new.items
        for counterpart_id in counterparts or [None]
    ]
    session.add_all([item for item, _each in made])
    await session.flush()
    for item, each in made:
        if each.product_kind is ProductKind.COMMITMENT:
            session.add(
                Commitment(item_id=item.id, state=CommitmentState.SIGNED, letters=each.letters, in_form=each.in_form)
            )
        elif each.product_kind is ProductKind.REPORT:
            session.add(CreditReport(item_id=item.id))
    await session.flush()


def _item(request: Request, new: NewEntry, each: NewItem, counterpart_id: int | None) -> Item:
    item = Item(
        request_id=request.id,
        product_kind=each.product_kind.value,
        product_code=each.product_code,
        counterpart_id=counterpart_id,
        head_count=each.head_count if counterpart_id is None else None,
        state=ItemState.RECORDED,
        due_provisional=False,
    )
    if each.product_kind is ProductKind.VERIFICATION:
        item.state = ItemState.SUBMITTED if new.submitted_on else ItemState.DRAFT
        item.applicant, item.submitted_on = new.applicant, new.submitted_on
        item.due_on, item.due_provisional = new.due_on, new.due_provisional
    return item


async def _organisation(session: AsyncSession, organisation: Organisation) -> int:
    """Return the counterpart of a code, made if it is new; another name for a known code is kept as an alias."""
    pinyin, initials = pinyin_keys(organisation.name)
    await insert_new(
        session,
        Counterpart,
        [
            {
                "kind": organisation.code.kind,
                "code": organisation.code.value,
                "name": organisation.name,
                "pinyin": pinyin,
                "initials": initials,
            }
        ],
    )
    known = await session.scalars(select(Counterpart).where(Counterpart.code == organisation.code.value))
    row = known.one()
    if row.name != organisation.name:
        await insert_new(session, CounterpartAlias, [{"counterpart_id": row.id, "name": organisation.name}])
    return row.id


async def _natural_person(session: AsyncSession, person: NaturalPerson) -> int:
    """Return a natural person's row; never shared between entries, since the label is encrypted."""
    label = {"surname": person.surname, "last4": person.last4, "case_number": person.case_number}
    row = Counterpart(kind="natural_person", person_label=label)
    session.add(row)
    await session.flush()
    return row.id
