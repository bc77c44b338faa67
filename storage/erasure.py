"""Erasure: what names a natural person leaves every table, and the audit's chain stays whole.

An entry's person is known by surname, last four and case number, in a row of its own. With it goes whatever else
mentions it, in other entries too: papers' numbers and remarks, drafts, answers not yet forgotten, lists, notices, the
sheets that wait to be sent, and the content of audit lines, in whose place the keyed hash stays that the chain was made
of. The entry itself, its dates and its counts remain. Source: PIPL art. 47; ``design.md`` §3.9.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage import batch, orphans, seals
from storage.mentions import Where, persons
from storage.tables import (
    Attachment,
    Audit,
    Commitment,
    Counterpart,
    CreditReport,
    Decision,
    Draft,
    FollowUp,
    Inbox,
    InboxState,
    Item,
    Opinion,
    Outbox,
    OutboxState,
    Referral,
    Sheet,
    Work,
    WorkState,
)

_OVER: Final = (OutboxState.SENT, OutboxState.REFUSED, OutboxState.CANCELLED, OutboxState.HELD)
_COMES_YET: Final = (OutboxState.DUE, OutboxState.UNKNOWN, OutboxState.REFUSED, OutboxState.CANCELLED)
"""What may still leave: what was refused or cancelled does so where its receiver can be told again."""
_READ: Final = (InboxState.SHOWN, InboxState.DEAD)


@dataclass(slots=True)
class Erased:
    """What was erased.

    Args:
        lines: How many audit lines lost their content.
        files: The generated names of files that are to be removed.
        lists: List that was closed because it mentions the person -> who had sent it.
        elsewhere: Table -> how many rows that mention the person must be looked at by people.
    """

    lines: int = 0
    files: list[str] = field(default_factory=list)
    lists: dict[int, int] = field(default_factory=dict)
    elsewhere: dict[str, int] = field(default_factory=dict)


async def erase(
    session: AsyncSession, request_id: int, mentioned: Mapping[Where, Collection[Any]], *, now: dt.datetime
) -> Erased:
    """Erase the natural persons of an entry, in the caller's transaction.

    Args:
        session: The unit of work.
        request_id: The entry.
        mentioned: What ``mentions`` found beforehand.
        now: Aware UTC time.
    """
    erased = Erased()
    items = list(await session.scalars(select(Item.id).where(Item.request_id == request_id)))
    people = [each.counterpart_id for each in await persons(session, request_id)]
    erased.files = await _take_files(session, items)
    await _clear_products(session, items)
    await _set(session, Counterpart, people, person_label=None, name=None, code=None, pinyin=None, initials=None)
    lines = await _lines_of(session, request_id, items, people)
    for (table, column), ids in mentioned.items():
        if table == Audit.__tablename__:
            lines |= set(ids)
        elif table == Sheet.__tablename__:
            await _close_sheets(session, ids, erased, now)
        elif table in _CLEARING:
            await _CLEARING[table](session, ids)
        elif (table, column) in _BLANKED:
            await _set(session, _BLANKED[table, column].class_, ids, **{column: None})
        elif left := set(ids).difference(people if table == Counterpart.__tablename__ else ()):
            erased.elsewhere[table] = erased.elsewhere.get(table, 0) + len(left)
    erased.files = sorted({*erased.files, *await orphans.let_go(session)})
    erased.lines = await blank(session, lines)
    return erased


async def blank(session: AsyncSession, line_ids: Collection[int]) -> int:
    """Take the content out of audit lines, leaving its keyed hash; return how many had any."""
    count = 0
    ids = sorted(line_ids)
    for begin in range(0, len(ids), 500):
        rows = await session.scalars(
            select(Audit).where(Audit.id.in_(ids[begin : begin + 500]), Audit.content_hash.is_(None))
        )
        for line in rows.all():
            if line.before is None and line.after is None and line.reason is None:
                continue
            kept = await seals.content_hash(session, line)
            line.before = line.after = line.reason = None
            line.content_hash = kept
            count += 1
        await session.flush()
    return count


async def _lines_of(session: AsyncSession, request_id: int, items: list[int], people: list[int]) -> set[int]:
    opinions = list(await session.scalars(select(Opinion.id).where(Opinion.item_id.in_(items))))
    files = list(await session.scalars(select(Attachment.id).where(Attachment.item_id.in_(items))))
    about = {"request": [request_id], "item": items, "counterpart": people, "opinion": opinions, "attachment": files}
    which = or_(*((Audit.subject_kind == kind) & Audit.subject_id.in_(ids) for kind, ids in about.items()))
    return set(await session.scalars(select(Audit.id).where(which)))


async def _take_files(session: AsyncSession, items: list[int]) -> list[str]:
    rows = (await session.scalars(select(Attachment).where(Attachment.item_id.in_(items)))).all()
    for row in rows:
        row.removed_at = row.removed_at or row.added_at
    await session.flush()
    return [row.path for row in rows]


async def _clear_products(session: AsyncSession, items: list[int]) -> None:
    """Take out of the products what could name the person; what was found, and when, stays for the figures."""
    opinions = list(await session.scalars(select(Opinion.id).where(Opinion.item_id.in_(items))))
    await _set(session, Opinion, opinions, number=None, details=None)
    await _set(session, FollowUp, await _of(session, FollowUp, FollowUp.opinion_id, opinions), outcome=None)
    of_items = {"evidence": None, "handling": None}
    await _set(session, Commitment, await _of(session, Commitment, Commitment.item_id, items), **of_items)
    await _set(session, CreditReport, await _of(session, CreditReport, CreditReport.item_id, items), number=None)
    await _set(session, Item, items, basis=None, used_as=None)


async def _of(session: AsyncSession, table: Any, column: Any, ids: list[int]) -> list[int]:
    return list(await session.scalars(select(table.id).where(column.in_(ids))))


async def _set(session: AsyncSession, table: Any, ids: Collection[int], **values: Any) -> None:
    if ids:
        await session.execute(
            update(table).where(table.id.in_(ids)).values(**values).execution_options(synchronize_session=False)
        )


async def _drop(session: AsyncSession, table: Any, ids: Collection[int], *where: Any) -> None:
    await session.execute(delete(table).where(table.id.in_(ids), *where).execution_options(synchronize_session=False))


async def _clear_outbox(session: AsyncSession, ids: Collection[int]) -> None:
    await session.execute(
        update(Outbox)
        .where(Outbox.id.in_(ids), Outbox.state.in_(_COMES_YET))
        .values(state=OutboxState.CANCELLED, reason="erased")
    )
    await session.execute(update(Outbox).where(Outbox.id.in_(ids), Outbox.state.in_(_OVER)).values(params={}))


async def _clear_inbox(session: AsyncSession, ids: Collection[int]) -> None:
    await _drop(session, Inbox, ids, Inbox.state.in_(_READ))


async def _clear_work(session: AsyncSession, ids: Collection[int]) -> None:
    await _drop(session, Work, ids, Work.state.in_((WorkState.DONE, WorkState.FAILED)))


async def _clear_drafts(session: AsyncSession, ids: Collection[int]) -> None:
    await _drop(session, Draft, ids)


async def _close_sheets(session: AsyncSession, ids: Collection[int], erased: Erased, now: dt.datetime) -> None:
    """Close the lists that mention the person: an emptied one could be neither shown nor registered."""
    for sheet in (await session.scalars(select(Sheet).where(Sheet.id.in_(ids)).order_by(Sheet.id))).all():
        if sheet.closed_at is None:
            erased.lists[sheet.id] = sheet.person_id
        erased.files += batch.close(sheet, now=now)
    await session.flush()


async def _clear_referrals(session: AsyncSession, ids: Collection[int]) -> None:
    await _set(session, Referral, ids, answers={}, note=None, answer=None)


async def _clear_decisions(session: AsyncSession, ids: Collection[int]) -> None:
    await _set(session, Decision, ids, answers={})


_CLEARING: Final[Mapping[str, Callable[[AsyncSession, Collection[int]], Any]]] = {
    Inbox.__tablename__: _clear_inbox,
    Outbox.__tablename__: _clear_outbox,
    Work.__tablename__: _clear_work,
    Draft.__tablename__: _clear_drafts,
    Referral.__tablename__: _clear_referrals,
    Decision.__tablename__: _clear_decisions,
}
"""Table -> how a row of it that mentions the person is cleared."""
_OF_OTHERS: Final = (
    Item.basis,
    Opinion.number,
    Opinion.issuer,
    Opinion.details,
    FollowUp.outcome,
    Commitment.evidence,
    Commitment.handling,
    CreditReport.agency,
    CreditReport.number,
    CreditReport.grade,
)
_BLANKED: Final[Mapping[Where, InstrumentedAttribute[Any]]] = {
    (each.class_.__tablename__, each.key): each for each in _OF_OTHERS
}
"""What is blanked where another entry mentions the person; what is neither here nor above people must look at."""
TOUCHED: Final = tuple(
    sorted(
        {*(each.__tablename__ for each in (Counterpart, Audit, Sheet)), *_CLEARING, *(table for table, _ in _BLANKED)}
    )
)
"""The tables that an erasure changes."""
