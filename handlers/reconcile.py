"""Reconciling: the reminders that there should be, compared with those that there are, and the difference made good.

Every change plans its own reminders in its own transaction; what is found here is the trace of a defect or of a
damaged row. So most looks find nothing, and they only read: the writer is asked for where something is to be done.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import Stage
from bot.policy.model import ProductKind
from handlers import planning
from handlers.office import Office
from storage import audit, reminders
from storage.database import Database
from storage.ledger import WAITING
from storage.tables import (
    Commitment,
    CommitmentState,
    Item,
    Outbox,
    OutboxReminder,
    OutboxState,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)

BATCH: Final = 200  # entries of one look and of one transaction, so that nobody waits for long
RECONCILE: Final = "reminder.reconcile"
_OVERDUE: Final = "overdue+"
_OF_ENTRY: Final = Reminder.subject_kind == reminders.SUBJECT
_DUE: Final = and_(
    Commitment.fulfil_by_on.is_not(None),
    Commitment.state.in_((CommitmentState.SIGNED, CommitmentState.FULFILLING)),
)
_CARRIED: Final = (OutboxState.DUE, OutboxState.CLAIMED, OutboxState.UNKNOWN)
_UNCARRIED: Final = (
    select(Reminder.id)
    .where(
        _OF_ENTRY,
        Reminder.state == ReminderState.QUEUED,
        ~select(Outbox.id)
        .join(OutboxReminder, OutboxReminder.outbox_id == Outbox.id)
        .where(OutboxReminder.reminder_id == Reminder.id, Outbox.state.in_(_CARRIED))
        .exists(),
    )
    .order_by(Reminder.id)
    .limit(BATCH)
)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with the reminders of one entry.

    Args:
        request: The entry.
        stages: All that should be planned on its present basis.
        missing: Those of them that are not there, as ``kind stage``.
        stray: Planned ones that should not be.
    """

    request: Request
    stages: tuple[Stage, ...]
    missing: tuple[str, ...]
    stray: tuple[Reminder, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    request: Request
    waiting: Sequence[Item]
    fulfil_by_on: dt.date | None
    rows: Sequence[Reminder]  # of every basis


async def run(database: Database, office: Office) -> int:
    """Look at all open entries and all unfinished reminders; return how many were put right."""
    mended, last = 0, 0
    while True:
        async with database.read() as session:
            requests = await _watched_after(session, last)
            wrong = [each.request.id for each in await _differences(session, office, requests)]
        if wrong:
            async with database.write() as session:
                mended += await _mend(session, office, wrong)
        if len(requests) < BATCH:
            break
        last = requests[-1].id
    while count := await _settle_uncarried(database, office):
        mended += count
    return mended


async def _watched_after(
    session: AsyncSession, last: int, *, locked: bool = False, ids: Sequence[int] = ()
) -> Sequence[Request]:
    """Return the next entries of which something is, or may have to be, planned."""
    planned = select(Reminder.id).where(
        _OF_ENTRY, Reminder.subject_id == Request.id, Reminder.state == ReminderState.PLANNED
    )
    promised = (
        select(Item.id).join(Commitment, Commitment.item_id == Item.id).where(Item.request_id == Request.id, _DUE)
    )
    watched = or_(Request.state == RequestState.OPEN, planned.exists(), promised.exists())
    query = select(Request).where(Request.id > last, watched)
    if ids:
        query = query.where(Request.id.in_(ids))
    if locked:
        query = query.with_for_update()
    rows = await session.scalars(query.order_by(Request.id).limit(BATCH).execution_options(populate_existing=True))
    return rows.all()


async def _differences(session: AsyncSession, office: Office, requests: Sequence[Request]) -> list[Difference]:
    ids, now = [request.id for request in requests], office.clock.now()
    items = await session.scalars(
        select(Item)
        .where(Item.request_id.in_(ids), Item.product_kind == ProductKind.VERIFICATION, Item.state.in_(WAITING))
        .order_by(Item.id)
        .execution_options(populate_existing=True)
    )
    planned = await session.scalars(
        select(Reminder)
        .where(_OF_ENTRY, Reminder.subject_id.in_(ids), Reminder.audience == reminders.OWNER)
        .order_by(Reminder.id)
        .execution_options(populate_existing=True)
    )
    promises = await session.execute(
        select(Item.request_id, func.min(Commitment.fulfil_by_on))
        .join(Commitment, Commitment.item_id == Item.id)
        .where(Item.request_id.in_(ids), _DUE)
        .group_by(Item.request_id)
    )
    waiting: dict[int, list[Item]] = {request_id: [] for request_id in ids}
    there: dict[int, list[Reminder]] = {request_id: [] for request_id in ids}
    fulfil_by = {request_id: on for request_id, on in promises}
    for item in items:
        waiting[item.request_id].append(item)
    for row in planned:
        there[row.subject_id].append(row)
    entries = [_Entry(each, waiting[each.id], fulfil_by.get(each.id), there[each.id]) for each in requests]
    found = [_difference(office, entry, now) for entry in entries]
    return [each for each in found if each is not None]


def _difference(office: Office, entry: _Entry, now: dt.datetime) -> Difference | None:
    """Return what is wrong with an entry's reminders, None where all is well."""
    basis = entry.request.basis_version
    present = {(row.kind, row.stage): row for row in entry.rows if row.basis_version == basis}
    stages = _wanted(office, entry, present, now)
    wanted = {(stage.kind, stage.stage) for stage in stages}
    overdue = any(stage.startswith(_OVERDUE) for _kind, stage in wanted)
    allowed = wanted | {key for key in present if overdue and key[1].startswith(_OVERDUE)}
    stray = tuple(
        row
        for row in entry.rows
        if row.state is ReminderState.PLANNED and (row.basis_version != basis or (row.kind, row.stage) not in allowed)
    )
    missing = tuple(f"{kind} {stage}" for kind, stage in sorted(wanted - set(present)))
    return Difference(entry.request, stages, missing, stray) if missing or stray else None


def _wanted(
    office: Office, entry: _Entry, present: Mapping[tuple[str, str], Reminder], now: dt.datetime
) -> tuple[Stage, ...]:
    """Return all stages of an entry's present basis: those of its plan, and where overdue has come, the one after.

    Of the overdue stages only the next is ever planned; how many were said is read from those that are there.
    """
    overdue = {int(key[1].removeprefix(_OVERDUE)): row for key, row in present.items() if key[1].startswith(_OVERDUE)}
    newest = max(overdue, default=0)
    stages = planning.stages_of(office, entry.request, entry.waiting, overdue_index=max(0, newest - 1))
    prompts = planning.prompts_of(office, entry.request, entry.fulfil_by_on)
    if not stages or not newest or overdue[newest].state is ReminderState.PLANNED:
        return stages + prompts
    coming = planning.next_overdue(office, entry.request, entry.waiting, said=newest, now=now)
    return stages + prompts + ((coming,) if coming is not None else ())


async def _mend(session: AsyncSession, office: Office, ids: Sequence[int]) -> int:
    """Put entries right, each looked at anew in this transaction; return how many were still wrong."""
    now = office.clock.now()
    requests = await _watched_after(session, 0, locked=True, ids=ids)
    wrong = await _differences(session, office, requests)
    for each in wrong:
        for row in each.stray:
            row.state, row.reason = ReminderState.CANCELLED, "not of the entry's plan"
        await session.flush()
        await reminders.replan(
            session, each.request, each.stages, now=now, hour=planning.hour(office), zone=office.zone
        )
        stray = [f"{row.kind} {row.stage}" for row in each.stray]
        _note(session, each.request.id, now, {"added": list(each.missing), "cancelled": stray})
    return len(wrong)


async def _settle(session: AsyncSession, reminder: Reminder, now: dt.datetime) -> None:
    states = await session.scalars(
        select(Outbox.state)
        .join(OutboxReminder, OutboxReminder.outbox_id == Outbox.id)
        .where(OutboxReminder.reminder_id == reminder.id)
    )
    was_sent = bool(set(states) & {OutboxState.SENT, OutboxState.HELD})
    reminder.state = ReminderState.SENT if was_sent else ReminderState.PLANNED
    reminder.reason = "its notifications had ended"
    name = f"{reminder.kind} {reminder.stage}"
    _note(session, reminder.subject_id, now, {"settled": name, "state": reminder.state.value})


def _note(session: AsyncSession, request_id: int, now: dt.datetime, after: dict[str, Any]) -> None:
    audit.note(session, at=now, actor_id=None, verb=RECONCILE, subject=("request", request_id), after=after)


async def _settle_uncarried(database: Database, office: Office) -> int:
    """Settle a batch of queued reminders whose notifications have all ended; return how many there were.

    They are sent where one of their notifications was, and due again where none was.
    """
    async with database.read() as session:
        if not (await session.scalars(_UNCARRIED)).all():
            return 0
    now = office.clock.now()
    async with database.write() as session:
        rows = (await session.scalars(_UNCARRIED)).all()
        for reminder_id in rows:
            await _settle(session, await session.get_one(Reminder, reminder_id, populate_existing=True), now)
        await session.flush()
    return len(rows)
