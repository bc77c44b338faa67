"""The reminder table: the schedule itself. What is planned here is said, however late the process comes to it."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import Stage, due_at
from storage import outbox
from storage.tables import Opinion, Reminder, ReminderState, Request
from storage.types import literal
from storage.upsert import insert_new

SUBJECT: Final = "request"
OPINION: Final = "opinion"
OWNER: Final = "owner"
FEEDBACK: Final = "feedback"
OVERDUE: Final = "overdue+"

Subject = Request | Opinion
"""What is reminded of: each carries the basis of its plan."""

_UNSENT: Final = Reminder.state.in_((ReminderState.PLANNED, ReminderState.QUEUED))
_SAID: Final = Reminder.state.in_((ReminderState.SENT, ReminderState.ACKNOWLEDGED))
_URGENCY: Final = {"feedback": 1, "submit_by": 1, "expiry": 4}  # 1 deadline, 3 question, 4 to know
_QUESTION: Final = 3
SAID_BEFORE: Final = "said before"
_PUT_OFF: Final = "put off"


async def replan(
    session: AsyncSession,
    subject: Subject,
    stages: Sequence[Stage],
    *,
    now: dt.datetime,
    hour: dt.time,
    zone: ZoneInfo,
    audience: str = OWNER,
) -> None:
    """Plan the reminders of an entry or an opinion anew, in the transaction that changed it.

    What an older basis planned is cancelled together with its notifications. Of the stages whose moment is already
    past the newest of each kind is said now, and the others are kept as superseded. A stage that was said before is
    not said again, and what the officer put off keeps its moment.

    Args:
        session: The unit of work of the change.
        subject: Its ``basis_version`` has grown with the change.
        stages: What is to be said when, as the rules have it.
        now: Aware UTC time.
        hour: Local time of the reminders.
        zone: The office's time zone.
        audience: The slot that is resolved to people when the moment has come.
    """
    before = _Before((), {})
    if subject.basis_version > 1:
        before = await _of_older_bases(session, subject)
        await _cancel(session, _of(subject), Reminder.basis_version < subject.basis_version, reason="replanned")
    rows = list(_rows(subject, stages, now=now, hour=hour, zone=zone, audience=audience))
    await insert_new(session, Reminder, [_as_before(row, before, now) for row in rows])


async def add(
    session: AsyncSession, subject: Subject, stage: Stage, *, hour: dt.time, zone: ZoneInfo, audience: str = OWNER
) -> None:
    """Plan one more stage on the present basis; one that is planned already stays as it is."""
    row = _row(subject, stage, due_at(stage.on, hour, zone), ReminderState.PLANNED, audience)
    await insert_new(session, Reminder, [row])


async def snooze(session: AsyncSession, reminder: Reminder, to: dt.datetime) -> None:
    """Put a reminder off: it comes again at that moment, and its further stages before that do not come.

    Args:
        session: The unit of work.
        reminder: The reminder; whatever carries it and has not left is taken back.
        to: Aware UTC time.
    """
    await outbox.cancel_for_reminders(session, [reminder.id], reason=_PUT_OFF)
    reminder.state, reminder.reason = ReminderState.PLANNED, None
    reminder.due_at = reminder.snoozed_to = to
    await session.flush()
    meanwhile = (*_others_of(reminder), Reminder.due_at <= to)
    await _close(session, *meanwhile, state=ReminderState.SUPERSEDED, reason=_PUT_OFF)


async def overdue_of(session: AsyncSession, reminder: Reminder) -> Mapping[int, Reminder]:
    """Return the overdue stages of a reminder's kind and basis, whatever became of them: number -> row."""
    rows = await session.scalars(
        select(Reminder).where(
            Reminder.subject_kind == reminder.subject_kind,
            Reminder.subject_id == reminder.subject_id,
            Reminder.kind == reminder.kind,
            Reminder.audience == reminder.audience,
            Reminder.basis_version == reminder.basis_version,
            Reminder.stage.startswith(OVERDUE, autoescape=True),
        )
    )
    return {int(row.stage.removeprefix(OVERDUE)): row for row in rows}


async def basis_of(session: AsyncSession, reminder: Reminder) -> int | None:
    """Return the present basis of what a reminder is about, None where there is no such thing."""
    column = {SUBJECT: Request.basis_version, OPINION: Opinion.basis_version}.get(reminder.subject_kind)
    key = Request.id if reminder.subject_kind == SUBJECT else Opinion.id
    if column is None:
        return None
    found: int | None = await session.scalar(select(column).where(key == reminder.subject_id))
    return found


async def in_place_of(session: AsyncSession, reminder: Reminder, basis_version: int) -> Reminder:
    """Return the same stage on the present basis of what it is about; the reminder itself where there is none."""
    if reminder.basis_version == basis_version:
        return reminder
    same = (*_others_of(reminder), Reminder.stage == reminder.stage, Reminder.basis_version == basis_version)
    found: Reminder | None = await session.scalar(
        select(Reminder).where(*same).execution_options(populate_existing=True)
    )
    return found or reminder


async def unsnooze(session: AsyncSession, reminder: Reminder, *, now: dt.datetime) -> None:
    """Let a reminder that was put off count as said; of its further stages those still ahead come as planned."""
    await session.execute(
        update(Reminder)
        .where(*_others_of(reminder), Reminder.state == ReminderState.SUPERSEDED, Reminder.reason == _PUT_OFF)
        .where(Reminder.basis_version == reminder.basis_version, Reminder.due_at > now)
        .values(state=ReminderState.PLANNED, reason=None)
        .execution_options(synchronize_session="fetch")
    )
    reminder.state, reminder.reason = ReminderState.SENT, "no longer put off"
    await session.flush()


async def put_off(session: AsyncSession, owner_ids: Collection[int]) -> Sequence[Reminder]:
    """Return what was put off of the work of some officers, the next to come first."""
    opinions = select(Opinion.id).where(Opinion.holder_id.in_(owner_ids))
    requests = select(Request.id).where(Request.owner_id.in_(owner_ids))
    whose = or_(
        (Reminder.subject_kind == SUBJECT) & Reminder.subject_id.in_(requests),
        (Reminder.subject_kind == OPINION) & Reminder.subject_id.in_(opinions),
    )
    rows = await session.scalars(
        select(Reminder)
        .where(Reminder.state == literal(ReminderState.PLANNED), Reminder.snoozed_to.is_not(None), whose)
        .order_by(Reminder.due_at, Reminder.id)
    )
    return rows.all()


async def due_ids(session: AsyncSession, *, now: dt.datetime) -> Sequence[int]:
    """Return the unfinished reminders whose time has come, the most urgent first.

    There is no lower time bound: whatever an outage delayed is found by the next tick. Of several stages of a kind
    the newest stands for all.
    """
    kind = (Reminder.subject_kind, Reminder.subject_id, Reminder.kind, Reminder.audience)
    rank = func.row_number().over(partition_by=kind, order_by=(Reminder.due_at.desc(), Reminder.id.desc()))
    waiting = (
        select(Reminder.id, Reminder.urgency, Reminder.due_at, rank.label("rank"))
        .where(Reminder.state == literal(ReminderState.PLANNED), Reminder.due_at <= now)
        .subquery()
    )
    newest = select(waiting.c.id).where(waiting.c.rank == 1)
    rows = await session.scalars(newest.order_by(waiting.c.urgency, waiting.c.due_at, waiting.c.id))
    return rows.all()


async def next_due_at(session: AsyncSession) -> dt.datetime | None:
    """Return when the next planned reminder is due."""
    rows = select(Reminder.due_at).where(Reminder.state == literal(ReminderState.PLANNED))
    return await session.scalar(rows.order_by(Reminder.due_at).limit(1))


async def supersede_older(session: AsyncSession, reminder: Reminder) -> None:
    """Take back the older stages of the same kind that have not been sent: the newer one says it all."""
    older = (*_others_of(reminder), Reminder.due_at < reminder.due_at)
    await _close(session, *older, state=ReminderState.SUPERSEDED, reason="newer stage")


def _others_of(reminder: Reminder) -> tuple[Any, ...]:
    """Return the conditions of the other stages of a reminder's kind."""
    return (
        Reminder.subject_kind == reminder.subject_kind,
        Reminder.subject_id == reminder.subject_id,
        Reminder.kind == reminder.kind,
        Reminder.audience == reminder.audience,
        Reminder.id != reminder.id,
    )


async def cancel(session: AsyncSession, subject: Subject, *, reason: str) -> None:
    """Cancel everything unsent about an entry or an opinion, with its notifications."""
    await _cancel(session, _of(subject), reason=reason)


def kind_of(subject: Subject) -> str:
    """Return under which kind of subject a row is reminded of."""
    return SUBJECT if isinstance(subject, Request) else OPINION


def _of(subject: Subject) -> Any:
    return (Reminder.subject_kind == kind_of(subject)) & (Reminder.subject_id == subject.id)


@dataclass(frozen=True, slots=True)
class _Before:
    """What older bases said, and what was put off of them until when; by kind, stage and audience."""

    said: Collection[tuple[str, str, str]]
    put_off: Mapping[tuple[str, str, str], dt.datetime]


async def _of_older_bases(session: AsyncSession, subject: Subject) -> _Before:
    rows = (await session.scalars(select(Reminder).where(_of(subject), or_(_SAID, _UNSENT)))).all()
    older = [row for row in rows if row.basis_version < subject.basis_version]
    said = {_name(row) for row in older if row.state in (ReminderState.SENT, ReminderState.ACKNOWLEDGED)}
    put_off = {_name(row): row.due_at for row in older if row.snoozed_to and row.state is ReminderState.PLANNED}
    return _Before(said, put_off)


def _name(row: Reminder) -> tuple[str, str, str]:
    return row.kind, row.stage, row.audience


def _as_before(row: dict[str, Any], before: _Before, now: dt.datetime) -> dict[str, Any]:
    """Let a stage that is past be silent where it was said before, or come when it was put off to."""
    name = row["kind"], row["stage"], row["audience"]
    if row["state"] is not ReminderState.PLANNED or row["due_at"] > now:
        return row
    if (moment := before.put_off.get(name)) is not None and moment > now:
        return row | {"due_at": moment, "snoozed_to": moment}
    if name in before.said:
        return row | {"state": ReminderState.SUPERSEDED, "reason": SAID_BEFORE}
    return row


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
    subject: Subject, stages: Sequence[Stage], *, now: dt.datetime, hour: dt.time, zone: ZoneInfo, audience: str
) -> Iterator[dict[str, Any]]:
    """Yield the rows kind by kind, with what is past put in order."""
    ordered = sorted(stages, key=lambda stage: (stage.kind, stage.on))
    for _kind, group in groupby(ordered, key=lambda stage: stage.kind):
        moments = [(stage, due_at(stage.on, hour, zone)) for stage in group]
        past = [stage for stage, moment in moments if moment <= now]
        for stage, moment in moments:
            newest = bool(past) and stage is past[-1]
            state = ReminderState.SUPERSEDED if stage in past and not newest else ReminderState.PLANNED
            yield _row(subject, stage, now if newest else moment, state, audience)


def _row(subject: Subject, stage: Stage, moment: dt.datetime, state: ReminderState, audience: str) -> dict[str, Any]:
    return {
        "subject_kind": kind_of(subject),
        "subject_id": subject.id,
        "kind": stage.kind,
        "stage": stage.stage,
        "audience": audience,
        "basis_version": subject.basis_version,
        "due_at": moment,
        "snoozed_to": None,
        "urgency": _URGENCY.get(stage.kind, _QUESTION),
        "state": state,
        "reason": "past when planned" if state is ReminderState.SUPERSEDED else None,
    }
