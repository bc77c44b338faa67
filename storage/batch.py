"""Lists that officers sent in, kept until they are registered or given up, and results recorded many at once."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.policy.model import ProductKind
from storage.files import handed_in
from storage.tables import (
    Applicant,
    Counterpart,
    Item,
    ItemState,
    Request,
    RequestState,
    Sheet,
)

CHECK: Final = "check"
RESULTS: Final = "results"


async def begin(
    session: AsyncSession,
    person_id: int,
    purpose: str,
    rows: Mapping[str, Any],
    *,
    now: dt.datetime,
    request_id: int | None = None,
) -> Sheet:
    """Keep a list that was sent in.

    Args:
        session: The unit of work.
        person_id: Whose list.
        purpose: ``CHECK`` or ``RESULTS``.
        rows: What is known of it; JSON values, kept encrypted.
        now: Aware UTC time.
        request_id: The entry that the results belong to.
    """
    sheet = Sheet(person_id=person_id, purpose=purpose, rows=dict(rows), created_at=now, request_id=request_id)
    session.add(sheet)
    await session.flush()
    return sheet


async def open_sheet(session: AsyncSession, person_id: int, sheet_id: int, purpose: str) -> Sheet | None:
    """Return an officer's own list that is neither registered nor given up."""
    sheet = await session.get(Sheet, sheet_id)
    if sheet is None or sheet.closed_at is not None or (sheet.person_id, sheet.purpose) != (person_id, purpose):
        return None
    return sheet


def content(sheet: Sheet) -> dict[str, Any]:
    """Return what is known of a list, nothing where it was emptied."""
    return dict(sheet.rows or {})


def close(sheet: Sheet, *, now: dt.datetime, request_id: int | None = None) -> list[str]:
    """Empty a list and close it; return the kept files that go with it, as it was handed in or as it goes back."""
    keys = [*([sheet.path] if sheet.path else []), *handed_in(content(sheet).get("ref", ""))]
    sheet.rows, sheet.path, sheet.closed_at = None, None, now
    sheet.request_id = request_id or sheet.request_id
    return keys


async def close_older(session: AsyncSession, newer: Sheet, *, now: dt.datetime) -> list[str]:
    """Close the lists of the same purpose that a newer one of the officer replaces; return their kept files."""
    rows = await session.scalars(
        select(Sheet).where(
            Sheet.person_id == newer.person_id,
            Sheet.purpose == newer.purpose,
            Sheet.id < newer.id,
            Sheet.closed_at.is_(None),
        )
    )
    return [key for row in rows for key in close(row, now=now)]


async def close_unread(session: AsyncSession, sheet_id: int, *, now: dt.datetime) -> list[str]:
    """Close a list that could not be read: its officer sends another one; return its kept file."""
    sheet = await session.get_one(Sheet, sheet_id)
    return close(sheet, now=now) if "ref" in content(sheet) else []


async def close_unasked(session: AsyncSession, before: dt.datetime, *, now: dt.datetime) -> list[str]:
    """Close the lists from the file page of which nobody has said what they are for; return their kept files.

    Args:
        session: The unit of work.
        before: The first moment that is still waited for.
        now: Aware UTC time.
    """
    rows = await session.scalars(
        select(Sheet).where(Sheet.purpose == CHECK, Sheet.closed_at.is_(None), Sheet.created_at < before)
    )
    unasked = [row for row in rows if content(row).get("unasked") and handed_in(content(row)["ref"])]
    return [key for row in unasked for key in close(row, now=now)]


async def add_persons(
    session: AsyncSession,
    request: Request,
    *,
    product_code: str,
    count: int,
    state: ItemState,
    applicant: Applicant | None,
    submitted_on: dt.date | None,
    due: tuple[dt.date, bool] | None,
) -> None:
    """Add the natural persons of a list to an entry: one item with their number, names are never kept.

    Args:
        session: The unit of work.
        request: The entry; it is waited for from now on.
        product_code: The product of the verification.
        count: How many persons.
        state: Submitted, or a draft.
        applicant: Who applies.
        submitted_on: Local date; None while the application has not gone out.
        due: Expected feedback, local, and whether it is provisional; None where the bureau expects none.
    """
    due_on, provisional = due or (None, False)
    session.add(
        Item(
            request_id=request.id,
            product_kind=ProductKind.VERIFICATION.value,
            product_code=product_code,
            head_count=count,
            state=state,
            applicant=applicant,
            submitted_on=submitted_on,
            due_on=due_on,
            due_provisional=provisional,
        )
    )
    request.state = RequestState.OPEN
    await session.flush()


async def take_in(session: AsyncSession, item_ids: Collection[int], *, returned_on: dt.date) -> None:
    """Record that the results of many items are back; one statement whatever the number.

    Where the day of the return is on record already, it stays.

    Args:
        session: The unit of work.
        item_ids: The items.
        returned_on: When the feedback came, local date; a counterpart's application counts from then at the latest.
    """
    by_counterpart = Item.applicant == Applicant.COUNTERPART
    counted = case((and_(by_counterpart, Item.submitted_on > returned_on), returned_on), else_=Item.submitted_on)
    await session.execute(
        update(Item)
        .where(Item.id.in_(item_ids), Item.state != ItemState.RETURNED)
        .values(state=ItemState.RETURNED, returned_on=returned_on, submitted_on=counted, version=Item.version + 1)
    )


async def codes_of(session: AsyncSession, items: Sequence[Item]) -> dict[str, Item]:
    """Return the items of an entry by the code of their counterpart, the older one where it has no other.

    Counts and persons have none.
    """
    by_counterpart = {item.counterpart_id: item for item in items if item.counterpart_id is not None}
    code = func.coalesce(Counterpart.code, Counterpart.legacy_code)
    rows = await session.execute(
        select(Counterpart.id, code).where(Counterpart.id.in_(by_counterpart), code.is_not(None))
    )
    return {str(code): by_counterpart[counterpart_id] for counterpart_id, code in rows}
