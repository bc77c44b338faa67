"""Reconciling: the reminders that there should be, compared with those that there are, and the difference made good.

Every change plans its own reminders in its own transaction; what is found here is the trace of a defect or of a
damaged row. So most looks find nothing, and they only read: the writer is asked for where something is to be done.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import OVERDUE, Stage, due_at
from handlers import expiry, planning
from handlers.office import Office
from storage import audit, expected, reminders, replanning
from storage.database import Database
from storage.expected import Expected
from storage.reminders import FEEDBACK
from storage.tables import (
    Outbox,
    OutboxReminder,
    OutboxState,
    Reminder,
    ReminderState,
    Request,
)

BATCH: Final = 200  # entries of one look and of one transaction, so that nobody waits for long
RECONCILE: Final = "reminder.reconcile"
_OF_ENTRY: Final = Reminder.subject_kind == reminders.SUBJECT
_CARRIED: Final = (OutboxState.DUE, OutboxState.CLAIMED, OutboxState.UNKNOWN)
_UNCARRIED: Final = (
    select(Reminder.id)
    .where(
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
        entry: The entry, with what is expected of it.
        stages: All that should be planned on its present basis.
        missing: Those of them that are not there, as ``kind stage``.
        silenced: Those that are there, lie ahead and would never be said.
        moved: Those that are planned for another moment than they should be.
        stray: Planned ones that should not be.
    """

    entry: Expected
    stages: tuple[Stage, ...]
    missing: tuple[str, ...]
    silenced: tuple[Reminder, ...]
    moved: tuple[Reminder, ...]
    stray: tuple[Reminder, ...]

    @property
    def request(self) -> Request:
        """The entry's row."""
        return self.entry.request


async def run(database: Database, office: Office) -> int:
    """Look at all open entries, valid opinions and unfinished reminders; return how many were put right."""
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
    mended += await expiry.reconcile(database, office)
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
    watched = or_(expected.is_followed(), planned.exists())
    query = select(Request).where(Request.id > last, watched)
    if ids:
        query = query.where(Request.id.in_(ids))
    if locked:
        query = query.with_for_update()
    rows = await session.scalars(query.order_by(Request.id).limit(BATCH).execution_options(populate_existing=True))
    return rows.all()


async def _differences(session: AsyncSession, office: Office, requests: Sequence[Request]) -> list[Difference]:
    now = office.clock.now()
    planned = await session.scalars(
        select(Reminder)
        .where(
            _OF_ENTRY,
            Reminder.subject_id.in_([request.id for request in requests]),
            Reminder.audience == reminders.OWNER,
        )
        .order_by(Reminder.id)
        .execution_options(populate_existing=True)
    )
    there: dict[int, list[Reminder]] = {request.id: [] for request in requests}
    for row in planned:
        there[row.subject_id].append(row)
    entries = await expected.of_requests(session, requests)
    found = [_difference(office, entry, there[entry.request.id], now) for entry in entries]
    return [each for each in found if each is not None]


def _difference(office: Office, entry: Expected, rows: Sequence[Reminder], now: dt.datetime) -> Difference | None:
    """Return what is wrong with an entry's reminders, of whatever basis they are; None where all is well."""
    basis = entry.request.basis_version
    present = [row for row in rows if row.basis_version == basis]
    stages = _wanted(office, entry, present, now)
    wanted = {(stage.kind, stage.stage) for stage in stages}
    kinds = {kind for kind, _stage in wanted}
    overdue = any(stage.startswith(OVERDUE) for _kind, stage in wanted)
    stray = tuple(
        row
        for row in rows
        if row.state is ReminderState.PLANNED
        and (row.basis_version != basis or (row.kind, row.stage) not in wanted)
        and not (row in present and row.kind in kinds and reminders.is_put_off(row))
        and not (row in present and overdue and row.stage.startswith(OVERDUE))
    )
    missing = tuple(f"{kind} {stage}" for kind, stage in sorted(wanted - {(row.kind, row.stage) for row in present}))
    moments = _moments(office, entry, stages)
    silenced = tuple(_each_kind(reminders.silenced, present, moments, now))
    moved = tuple(_each_kind(reminders.moved, present, moments, now))
    wrong = missing or silenced or moved or stray
    return Difference(entry, stages, missing, silenced, moved, stray) if wrong else None


def _moments(office: Office, entry: Expected, stages: Sequence[Stage]) -> dict[str, dict[str, dt.datetime]]:
    """Return when each stage should come, kind by kind."""
    own_hour = planning.hour(office, entry.wishes)
    found: dict[str, dict[str, dt.datetime]] = {stage.kind: {} for stage in stages}
    for stage in stages:
        found[stage.kind][stage.stage] = due_at(stage.on, own_hour, office.zone)
    return found


def _each_kind(
    wrong: Callable[[Sequence[Reminder], Mapping[str, dt.datetime], dt.datetime], list[Reminder]],
    present: Sequence[Reminder],
    moments: Mapping[str, Mapping[str, dt.datetime]],
    now: dt.datetime,
) -> Iterator[Reminder]:
    for kind, of_kind in moments.items():
        yield from wrong([row for row in present if row.kind == kind], of_kind, now)


def _wanted(office: Office, entry: Expected, present: Sequence[Reminder], now: dt.datetime) -> tuple[Stage, ...]:
    """Return all stages of an entry's present basis: those of its plan, and where overdue has come, the one after.

    Of the overdue stages only the next is ever planned, which may be one that the officer put off; how many were said
    is read from those that are there.
    """
    feedback = [row for row in present if row.kind == FEEDBACK]
    newest = planning.last_overdue(feedback)
    stages = planning.stages_of(office, entry, overdue_index=max(0, newest - 1))
    is_overdue = newest and any(stage.stage.startswith(OVERDUE) for stage in stages)
    if not is_overdue or planning.is_to_come(feedback):
        return stages
    coming = planning.next_overdue(office, entry, said=newest, now=now)
    return stages + ((coming,) if coming is not None else ())


async def _mend(session: AsyncSession, office: Office, ids: Sequence[int]) -> int:
    """Put entries right, each looked at anew in this transaction; return how many were still wrong."""
    now = office.clock.now()
    requests = await _watched_after(session, 0, locked=True, ids=ids)
    wrong = await _differences(session, office, requests)
    for each in wrong:
        for row in each.stray:
            row.state, row.reason = ReminderState.CANCELLED, "not of the entry's plan"
        await session.flush()
        own_hour = planning.hour(office, each.entry.wishes)
        await replanning.replan(session, each.request, each.stages, now=now, hour=own_hour, zone=office.zone)
        moments = _moments(office, each.entry, each.stages)
        for row in each.silenced:
            row.state, row.reason, row.snoozed_to = ReminderState.PLANNED, None, None
            row.due_at = moments[row.kind][row.stage]
        for row in each.moved:
            row.due_at = moments[row.kind][row.stage]
        await reminders.cover_all(session, each.request, now=now)
        done = {
            "added": [*each.missing, *_names(each.silenced)],
            "moved": _names(each.moved),
            "cancelled": _names(each.stray),
        }
        _note(session, (reminders.SUBJECT, each.request.id), now, done)
    return len(wrong)


def _names(rows: Sequence[Reminder]) -> list[str]:
    return [f"{row.kind} {row.stage}" for row in rows]


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
    subject = (reminder.subject_kind, reminder.subject_id)
    _note(session, subject, now, {"settled": name, "state": reminder.state.value})


def _note(session: AsyncSession, subject: tuple[str, int], now: dt.datetime, after: dict[str, Any]) -> None:
    audit.note(session, at=now, actor_id=None, verb=RECONCILE, subject=subject, after=after)


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
