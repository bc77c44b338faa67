"""What is still expected of entries: the facts from which their reminders are planned, read for many at a time."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import OVERDUE, overdue_number
from bot.policy.model import ProductKind
from bot.wishes import Wishes
from storage import reminders
from storage.entry_values import WAITING
from storage.reminders import SUBJECT
from storage.tables import (
    Commitment,
    CommitmentState,
    CreditReport,
    Item,
    ItemState,
    Person,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)

OUTLIVING: Final = ("fulfil", "use", "report")
"""Kinds of reminders of what is still to be done when nothing is waited for any more and the entry is closed."""
ENDED: Final = (RequestState.UNDONE, RequestState.WITHDRAWN)
_SAID: Final = (ReminderState.SENT, ReminderState.ACKNOWLEDGED)
_PROMISED: Final = (CommitmentState.SIGNED, CommitmentState.FULFILLING)
_VERIFIES: Final = Item.product_kind == ProductKind.VERIFICATION


@dataclass(frozen=True, slots=True)
class Expected:
    """An entry with what is still expected of it.

    Args:
        request: The entry's row.
        waiting: Its verifications that are waited for, by id; only of an open entry.
        fulfil_by_on: Local date of the earliest of its commitments that is still to be fulfilled.
        unused_since: Local date on which the last opinion came, where none is waited for and one was not used yet.
        lacks_report: Whether a credit report is recorded of which nothing has been written down.
        overdue_said: How many overdue stages have been said already.
        overdue_put_off: Which of them was put off and comes again; 0 where none was.
        wishes: How its owner wants to be reminded.
    """

    request: Request
    waiting: Sequence[Item] = ()
    fulfil_by_on: dt.date | None = None
    unused_since: dt.date | None = None
    lacks_report: bool = False
    overdue_said: int = 0
    overdue_put_off: int = 0
    wishes: Wishes = Wishes()  # noqa: RUF009 - frozen

    @property
    def is_any(self) -> bool:
        """Whether anything is."""
        return bool(self.waiting or self.fulfil_by_on or self.unused_since or self.lacks_report)


async def of_request(session: AsyncSession, request: Request) -> Expected:
    """Return what is expected of one entry."""
    return (await of_requests(session, [request]))[0]


async def of_requests(session: AsyncSession, requests: Sequence[Request]) -> list[Expected]:
    """Return what is expected of entries, with a few queries whatever their number."""
    ids = [request.id for request in requests]
    waiting = await _waiting(session, ids)
    fulfil_by = await _dates(
        session,
        select(Item.request_id, func.min(Commitment.fulfil_by_on))
        .join(Commitment, Commitment.item_id == Item.id)
        .where(Commitment.state.in_(_PROMISED)),
        ids,
    )
    unused = await _dates(
        session,
        select(Item.request_id, func.max(Item.returned_on)).where(_VERIFIES, Item.state == ItemState.RETURNED),
        ids,
    )
    lacking = await session.scalars(
        select(Item.request_id).join(CreditReport).where(Item.request_id.in_(ids), CreditReport.agency.is_(None))
    )
    unreported = set(lacking)
    said = await _overdue(session, ids, Reminder.state.in_(_SAID))
    put_off = await _overdue(session, ids, reminders.IS_PUT_OFF)
    wishes = await wishes_of(session, {request.owner_id for request in requests})
    return [
        Expected(
            each,
            waiting.get(each.id, ()) if each.state is RequestState.OPEN else (),
            fulfil_by.get(each.id) if each.state not in ENDED else None,
            unused.get(each.id) if each.state is RequestState.CLOSED else None,
            each.id in unreported and each.state not in ENDED,
            said.get(each.id, 0),
            put_off.get(each.id, 0),
            wishes[each.owner_id],
        )
        for each in requests
    ]


async def standing(session: AsyncSession) -> list[Expected]:
    """Return every entry of which something is still expected, by id."""
    requests = await session.scalars(select(Request).where(is_followed()).order_by(Request.id))
    return [each for each in await of_requests(session, requests.all()) if each.is_any]


def is_followed() -> ColumnElement[bool]:
    """Return the condition under which something may be expected of an entry."""
    promised = select(Item.request_id).join(Commitment, Commitment.item_id == Item.id)
    reports = select(Item.request_id).join(CreditReport, CreditReport.item_id == Item.id)
    unused = select(Item.request_id).where(_VERIFIES, Item.state == ItemState.RETURNED)
    return or_(
        Request.state == RequestState.OPEN,
        Request.id.in_(promised.where(Commitment.fulfil_by_on.is_not(None), Commitment.state.in_(_PROMISED))),
        Request.id.in_(reports.where(CreditReport.agency.is_(None))),
        Request.id.in_(unused),
    )


async def wishes_of(session: AsyncSession, person_ids: set[int]) -> Mapping[int, Wishes]:
    """Return how officers want to be reminded."""
    rows = await session.execute(
        select(Person.id, Person.reminder_hour, Person.reminder_stages).where(Person.id.in_(person_ids))
    )
    return {person_id: Wishes(hour, stages or {}) for person_id, hour, stages in rows}


async def _waiting(session: AsyncSession, ids: Sequence[int]) -> Mapping[int, Sequence[Item]]:
    rows = await session.scalars(
        select(Item)
        .where(Item.request_id.in_(ids), _VERIFIES, Item.state.in_(WAITING))
        .order_by(Item.id)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[Item]] = {}
    for item in rows:
        found.setdefault(item.request_id, []).append(item)
    return found


async def _dates(session: AsyncSession, query: Any, ids: Sequence[int]) -> Mapping[int, dt.date]:
    rows = await session.execute(query.where(Item.request_id.in_(ids)).group_by(Item.request_id))
    return {request_id: on for request_id, on in rows if on is not None}


async def _overdue(session: AsyncSession, ids: Sequence[int], which: ColumnElement[bool]) -> Mapping[int, int]:
    """Return the number of the last overdue stage of some that each entry's newest basis to have any has."""
    rows = await session.execute(
        select(Reminder.subject_id, Reminder.basis_version, Reminder.stage).where(
            Reminder.subject_kind == SUBJECT,
            Reminder.subject_id.in_(ids),
            Reminder.stage.startswith(OVERDUE, autoescape=True),
            which,
        )
    )
    newest: dict[int, tuple[int, int]] = {}
    for request_id, basis, stage in rows:
        newest[request_id] = max(newest.get(request_id, (0, 0)), (basis, overdue_number(stage)))
    return {request_id: number for request_id, (_basis, number) in newest.items()}
