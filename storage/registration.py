"""Making a ledger entry: its number, its pinned decision, its counterparts and its items."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, insert, select
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
    OpinionUse,
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
        confidential: Whether who takes part is nobody else's business before the result.
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
        reused: Code -> the still-valid opinion that serves it instead of a new application.
    """

    matter_code: str | None
    matter_name: str
    confidential: bool
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
    reused: Mapping[str, int] = field(default_factory=dict)


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
    verifies = any(item.product_kind is ProductKind.VERIFICATION for item in new.items)
    served = (
        bool(new.organisations)
        and new.person is None
        and all(each.code.value in new.reused for each in new.organisations)
    )
    waits = verifies and not served
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
        confidential=new.confidential,
        state=RequestState.OPEN if waits else RequestState.CLOSED,
        decide_on=new.decide_on,
        submit_by_on=new.submit_by_on,
        submit_by_provisional=new.submit_by_provisional,
        basis_version=1,
        created_at=now,
    )
    session.add(request)
    await session.flush()
    await _add_items(session, request, new, today)
    return request


async def _next_seq(session: AsyncSession, unit_id: int, year: int) -> int:
    """Return the unit's next number; the unit's row is locked, so that two entries never get the same one."""
    await session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update())
    highest = select(func.max(Request.seq)).where(Request.unit_id == unit_id, Request.year == year)
    return (await session.scalar(highest) or 0) + 1


async def _add_items(session: AsyncSession, request: Request, new: NewEntry, today: dt.date) -> None:
    """Add the items and what stands behind each, in a few statements whatever the number of counterparts."""
    ids = await organisations(session, new.organisations)
    subjects = [_Subject(ids[each.code.value], new.reused.get(each.code.value)) for each in new.organisations]
    if new.person is not None:
        subjects.append(_Subject(await _natural_person(session, new.person), None))
    wanted = {each.product_code: each for each in new.items}
    rows = [_item(request, new, each, subject, today) for each in new.items for subject in subjects or [_NOBODY]]
    await session.execute(insert(Item), rows)
    made = await session.execute(
        select(Item.id, Item.product_code, Item.reused_opinion_id).where(Item.request_id == request.id)
    )
    letters: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    uses: list[dict[str, Any]] = []
    for item_id, code, opinion_id in made:
        each = wanted[code]
        if each.product_kind is ProductKind.COMMITMENT:
            signed = {"state": CommitmentState.SIGNED, "letters": each.letters, "in_form": each.in_form}
            letters.append({"item_id": item_id, **signed})
        elif each.product_kind is ProductKind.REPORT:
            reports.append({"item_id": item_id})
        elif opinion_id is not None:
            uses.append({"opinion_id": opinion_id, "item_id": item_id, "on": today})
    for table, found in ((Commitment, letters), (CreditReport, reports), (OpinionUse, uses)):
        if found:
            await session.execute(insert(table), found)


@dataclass(frozen=True, slots=True)
class _Subject:
    counterpart_id: int | None
    opinion_id: int | None  # the still-valid opinion that serves instead of a new application


_NOBODY: Final = _Subject(None, None)


def _item(request: Request, new: NewEntry, each: NewItem, subject: _Subject, today: dt.date) -> dict[str, Any]:
    """Return an item's row; all rows have the same columns, so that they go in together."""
    verifies = each.product_kind is ProductKind.VERIFICATION
    reuses = verifies and subject.opinion_id is not None
    applies = verifies and not reuses
    state = ItemState.RECORDED
    if verifies:
        state = ItemState.USED if reuses else ItemState.SUBMITTED if new.submitted_on else ItemState.DRAFT
    return {
        "request_id": request.id,
        "product_kind": each.product_kind.value,
        "product_code": each.product_code,
        "counterpart_id": subject.counterpart_id,
        "head_count": each.head_count if subject.counterpart_id is None else None,
        "state": state,
        "applicant": new.applicant if applies else None,
        "submitted_on": new.submitted_on if applies else None,
        "due_on": new.due_on if applies else None,
        "due_provisional": new.due_provisional if applies else False,
        "reused_opinion_id": subject.opinion_id if reuses else None,
        "used_on": today if reuses else None,
        "version": 1,
    }


async def organisations(session: AsyncSession, named: Sequence[Organisation]) -> dict[str, int]:
    """Return the counterpart of each code, made where it is new; another name for a known code is kept as an alias.

    A few statements whatever the number, so that a long list does not keep the others waiting.
    """
    if not named:
        return {}
    rows = []
    for each in named:
        pinyin, initials = pinyin_keys(each.name)
        rows.append(
            {"kind": each.code.kind, "code": each.code.value, "name": each.name, "pinyin": pinyin, "initials": initials}
        )
    await insert_new(session, Counterpart, rows)
    codes = [each.code.value for each in named]
    known = {row.code: row for row in await session.scalars(select(Counterpart).where(Counterpart.code.in_(codes)))}
    aliases = [
        {"counterpart_id": known[row["code"]].id} | {key: row[key] for key in ("name", "pinyin", "initials")}
        for row in rows
        if known[row["code"]].name != row["name"]
    ]
    await insert_new(session, CounterpartAlias, aliases)
    return {str(code): row.id for code, row in known.items()}


async def _natural_person(session: AsyncSession, person: NaturalPerson) -> int:
    """Return a natural person's row; never shared between entries, since the label is encrypted."""
    label = {"surname": person.surname, "last4": person.last4, "case_number": person.case_number}
    row = Counterpart(kind="natural_person", person_label=label)
    session.add(row)
    await session.flush()
    return row.id
