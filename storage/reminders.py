"""The reminder table: the schedule itself. What is planned here is said, however late the process comes to it."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import Stage, due_at
from storage import outbox
from storage.tables import Reminder, ReminderState, Request
from storage.types import literal
from storage.upsert import insert_new

SUBJECT: Final = "request"
OWNER: Final = "owner"

_UNSENT: Final = Reminder.state.in_((ReminderState.PLANNED, ReminderState.QUEUED))
_URGENCY: Final = {"feedback": 1, "submit_by": 1, "receipt": 3, "fulfil": 3}  # 1 deadline, 3 question


async def replan(
    session: AsyncSession,
    request: Request,
    stages: Sequence[Stage],
    *,
    now: dt.datetime,
    hour: dt.time,
    zone: ZoneInfo,
    audience: str = OWNER,
) -> None:
    """Plan an entry's reminders anew, in the transaction that changed it.

    What an older basis planned is cancelled together with its notifications. Of the stages whose moment is already
    past the newest of each kind is said now, and the others are kept as superseded.

    Args:
        session: The unit of work of the change.
        request: The entry; its ``basis_version`` has grown with the change.
        stages: What is to be said when, as the rules have it.
        now: Aware UTC time.
        hour: Local time of the reminders.
        zone: The office's time zone.
        audience: The slot that is resolved to people when the moment has come.
    """
    await _cancel(session, _of(request), Reminder.basis_version < request.basis_version, reason="replanned")
    rows = list(_rows(request, stages, now=now, hour=hour, zone=zone, audience=audience))
    await insert_new(session, Reminder, rows)


async def add(
    session: AsyncSession, request: Request, stage: Stage, *, hour: dt.time, zone: ZoneInfo, audience: str = OWNER
) -> None:
    """Plan one more stage on the present basis; one that is planned already stays as it is."""
    row = _row(request, stage, due_at(stage.on, hour, zone), ReminderState.PLANNED, audience)
    await insert_new(session, Reminder, [row])


async def due(session: AsyncSession, *, now: dt.datetime, limit: int) -> Sequence[Reminder]:
    """Return unfinished reminders whose time has come, most urgent first.

    There is no lower time bound: whatever an outage delayed is found by the next tick.

    Args:
        session: The unit of work.
        now: Aware UTC time.
        limit: Most rows to return, so that one tick stays short.
    """
    rows = await session.scalars(
        select(Reminder)
        .where(Reminder.state == literal(ReminderState.PLANNED), Reminder.due_at <= now)
        .order_by(Reminder.urgency, Reminder.due_at, Reminder.id)
        .limit(limit)
    )
    return rows.all()


async def next_due_at(session: AsyncSession) -> dt.datetime | None:
    """Return when the next planned reminder is due."""
    rows = select(Reminder.due_at).where(Reminder.state == literal(ReminderState.PLANNED))
    return await session.scalar(rows.order_by(Reminder.due_at).limit(1))


async def supersede_older(session: AsyncSession, reminder: Reminder) -> None:
    """Take back the older stages of the same kind that have not been sent: the newer one says it all."""
    older = (
        Reminder.subject_kind == reminder.subject_kind,
        Reminder.subject_id == reminder.subject_id,
        Reminder.kind == reminder.kind,
        Reminder.audience == reminder.audience,
        Reminder.due_at < reminder.due_at,
        Reminder.id != reminder.id,
    )
    await _close(session, *older, state=ReminderState.SUPERSEDED, reason="newer stage")


async def cancel(session: AsyncSession, request: Request, *, reason: str) -> None:
    """Cancel everything unsent about an entry, with its notifications."""
    await _cancel(session, _of(request), reason=reason)


def _of(request: Request) -> Any:
    return (Reminder.subject_kind == SUBJECT) & (Reminder.subject_id == request.id)


async def _cancel(session: AsyncSession, *which: Any, reason: str) -> None:
    await _close(session, *which, state=ReminderState.CANCELLED, reason=reason)


async def _close(session: AsyncSession, *which: Any, state: ReminderState, reason: str) -> None:
    ids = (await session.scalars(select(Reminder.id).where(*which, _UNSENT))).all()
    if not ids:
        return
    await session.execute(
        update(Reminder)
        .where(Reminder.id.in_(ids))
        .values(state=state, reason=reason)
        .execution_options(synchronize_session="fetch")
    )
    await outbox.cancel_for_reminders(session, ids, reason=reason)


def _rows(
    request: Request, stages: Sequence[Stage], *, now: dt.datetime, hour: dt.time, zone: ZoneInfo, audience: str
) -> Iterator[dict[str, Any]]:
    """Yield the rows kind by kind, with what is past put in order."""
    ordered = sorted(stages, key=lambda stage: (stage.kind, stage.on))
    for _kind, group in groupby(ordered, key=lambda stage: stage.kind):
        moments = [(stage, due_at(stage.on, hour, zone)) for stage in group]
        past = [stage for stage, moment in moments if moment <= now]
        for stage, moment in moments:
            newest = bool(past) and stage is past[-1]
            state = ReminderState.SUPERSEDED if stage in past and not newest else ReminderState.PLANNED
            yield _row(request, stage, now if newest else moment, state, audience)


def _row(request: Request, stage: Stage, moment: dt.datetime, state: ReminderState, audience: str) -> dict[str, Any]:
    return {
        "subject_kind": SUBJECT,
        "subject_id": request.id,
        "kind": stage.kind,
        "stage": stage.stage,
        "audience": audience,
        "basis_version": request.basis_version,
        "due_at": moment,
        "urgency": _URGENCY.get(stage.kind, 5),
        "state": state,
        "reason": "past when planned" if state is ReminderState.SUPERSEDED else None,
    }
