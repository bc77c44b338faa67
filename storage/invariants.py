"""What must be true of the data at every moment, as queries: I1 to I8 of ``reliability.md`` §3.7.

They are written apart from the code that they watch, and read only. The service runs them hourly, tests at their end.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Text, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.id_numbers import without_id_numbers
from storage import seals, unplanned
from storage.inbox import KEPT_FOR
from storage.outbox import MOST_COPIES
from storage.tables import (
    Attempt,
    Audit,
    AuditSeal,
    Base,
    Inbox,
    InboxState,
    Outbox,
    OutboxReminder,
    OutboxState,
    Reminder,
    ReminderState,
)

PATIENCE: Final = dt.timedelta(minutes=5)  # how long a row may be due before somebody must have taken it
MOST_ATTEMPTS: Final = 3  # runs of an update; then it is kept aside
_EXAMPLES: Final = 5
_DELIVERED, _UNKNOWN = "delivered", "unknown"  # outcomes of an attempt
_OPEN: Final = Outbox.state.in_((OutboxState.DUE, OutboxState.UNKNOWN))


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold.

    Args:
        code: ``I1`` to ``I8``.
        count: How many rows break it.
        examples: A few of them, as ``table:id``; never what stands in them.
    """

    code: str
    count: int
    examples: tuple[str, ...]


async def check(session: AsyncSession, now: dt.datetime, *, opened_at: dt.datetime | None = None) -> list[Violation]:
    """Return what does not hold, in the order of the codes; nothing in good health.

    Args:
        session: A session that reads.
        now: Aware UTC time.
        opened_at: When the office hours of this moment began, aware UTC; None outside them, where no reminder leaves
            and none is missed.
    """
    found = []
    for code, query in _CHECKS.items():
        ids = sorted(set(await query(session, now, opened_at)))
        if ids:
            found.append(Violation(code, len(ids), tuple(ids[:_EXAMPLES])))
    return found


async def _unplanned(session: AsyncSession, now: dt.datetime, _opened_at: dt.datetime | None) -> Iterable[str]:
    """I1: each open entry has the reminders of what it waits for, and no other entry has any."""
    return await unplanned.found(session, now)


async def _waiting(session: AsyncSession, now: dt.datetime, opened_at: dt.datetime | None) -> Iterable[str]:
    """I2: nothing is due for over five minutes without somebody who has it, a next try, or an escalation."""
    late = now - PATIENCE
    unsent = await session.scalars(select(Outbox.id).where(_OPEN, Outbox.not_before <= late))
    lapsed = or_(Outbox.lease_until.is_(None), Outbox.lease_until <= late)
    left = await session.scalars(select(Outbox.id).where(Outbox.state == OutboxState.CLAIMED, lapsed))
    carrier = (
        select(Outbox.id)
        .join(OutboxReminder, OutboxReminder.outbox_id == Outbox.id)
        .where(OutboxReminder.reminder_id == Reminder.id, or_(_OPEN, Outbox.state == OutboxState.CLAIMED))
    )
    uncarried = await session.scalars(
        select(Reminder.id).where(Reminder.state == ReminderState.QUEUED, ~carrier.exists())
    )
    found = [*_named(Outbox, unsent), *_named(Outbox, left), *_named(Reminder, uncarried)]
    if opened_at is not None and opened_at <= late:
        missed = (Reminder.state == ReminderState.PLANNED) & (Reminder.due_at <= late)
        found += _named(Reminder, await session.scalars(select(Reminder.id).where(missed)))
    return found


async def _twice(session: AsyncSession, _now: dt.datetime, _opened_at: dt.datetime | None) -> Iterable[str]:
    """I3: nothing is delivered twice to one chat; a repetition with its label follows an unknown outcome only.

    What its officer has put off comes again, on their own wish.
    """
    rows = await session.scalars(
        select(Attempt.outbox_id)
        .where(Attempt.outcome == _DELIVERED)
        .group_by(Attempt.outbox_id)
        .having(func.count() > 1)
    )
    carried = await session.scalars(
        select(OutboxReminder.reminder_id)
        .join(Outbox, Outbox.id == OutboxReminder.outbox_id)
        .join(Attempt, Attempt.outbox_id == Outbox.id)
        .join(Reminder, Reminder.id == OutboxReminder.reminder_id)
        .where(Attempt.outcome == _DELIVERED, Reminder.snoozed_to.is_(None))
        .group_by(OutboxReminder.reminder_id, Outbox.chat_id)
        .having(func.count() > 1)
    )
    return [*_named(Outbox, rows), *_named(Reminder, carried)]


async def _copies(session: AsyncSession, _now: dt.datetime, _opened_at: dt.datetime | None) -> Iterable[str]:
    """I4: of one notification there are at most three copies, by its own count and by that of its attempts."""
    counted = await session.scalars(select(Outbox.id).where(Outbox.copies > MOST_COPIES))
    tried = await session.scalars(
        select(Attempt.outbox_id)
        .where(Attempt.outcome.in_((_DELIVERED, _UNKNOWN)))
        .group_by(Attempt.outbox_id)
        .having(func.count() > MOST_COPIES)
    )
    return [*_named(Outbox, counted), *_named(Outbox, tried)]


async def _unhandled(session: AsyncSession, now: dt.datetime, _opened_at: dt.datetime | None) -> Iterable[str]:
    """I5: each update is done, or about to run, or kept aside under a number that its officer knows."""
    runnable = or_(Inbox.not_before.is_(None), Inbox.not_before <= now - PATIENCE)
    forgotten = (Inbox.received_at <= now - PATIENCE) & runnable
    broken = or_(
        and_(Inbox.state == InboxState.DEAD, Inbox.incident.is_(None)),
        and_(Inbox.state == InboxState.RECEIVED, or_(Inbox.attempts >= MOST_ATTEMPTS, forgotten)),
    )
    return _named(Inbox, await session.scalars(select(Inbox.id).where(broken)))


async def _doubled(session: AsyncSession, _now: dt.datetime, _opened_at: dt.datetime | None) -> Iterable[str]:
    """I6: no update has an effect twice.

    All that an update does is committed at one moment: the same act of the same update at two moments is a double.
    Telegram may give an update's number again, but not before its first bearer is forgotten.
    """
    rows = await session.execute(
        select(Audit.update_id, func.min(Audit.id), func.min(Audit.at), func.max(Audit.at))
        .where(Audit.update_id.is_not(None))
        .group_by(Audit.update_id, Audit.verb)
        .having(func.min(Audit.at) != func.max(Audit.at))
    )
    return _named(Audit, [first for _update, first, began, ended in rows if ended - began < KEPT_FOR])


async def _unsealed(session: AsyncSession, _now: dt.datetime, _opened_at: dt.datetime | None) -> Iterable[str]:
    """I7: seals follow each other without overlap, the last line of each is still there, and none was cut off the end.

    The hashes of all lines take minutes, and are for the command that verifies the audit.
    """
    before = func.lag(AuditSeal.to_id).over(order_by=AuditSeal.id)
    ordered = select(AuditSeal.id, AuditSeal.from_id, AuditSeal.to_id, before.label("before")).subquery()
    last = select(Audit.id).where(Audit.id == ordered.c.to_id)
    overlaps = or_(ordered.c.from_id > ordered.c.to_id, ordered.c.from_id <= ordered.c.before)
    found = _named(AuditSeal, await session.scalars(select(ordered.c.id).where(or_(overlaps, ~last.exists()))))
    if await seals.why_cut_off(session) is not None:
        found.append(f"{AuditSeal.__tablename__}:end")
    return found


async def _readable_id_numbers(
    session: AsyncSession, _now: dt.datetime, _opened_at: dt.datetime | None
) -> Iterable[str]:
    """I8: no ID number stands readable in any column; the database narrows down, the check digit decides."""
    found: list[str] = []
    for table in Base.metadata.sorted_tables:
        texts = [column for column in table.columns if _is_readable(column.type)]
        if not texts:
            continue
        values = [cast(column, Text) for column in texts]
        suspicious = or_(*(_has_long_number(value, session.get_bind().dialect.name) for value in values))
        keys = list(table.primary_key.columns)
        for row in await session.execute(select(*keys, *values).where(suspicious)):
            if any(text is not None and without_id_numbers(text)[1] for text in row[len(keys) :]):
                found.append(f"{table.name}:{_key(row[: len(keys)])}")
    return found


def _is_readable(kind: Any) -> bool:
    return isinstance(kind, (Text, JSON))  # what is encrypted is bytes, and no enumeration is free text


def _has_long_number(value: ColumnElement[str], dialect: str) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return value.op("~")("[0-9]{17}[0-9Xx]")
    return value.op("GLOB")("*" + "[0-9]" * 17 + "[0-9Xx]*")


def _key(values: Sequence[Any]) -> str:
    """Return a row's key for an example; a text may be the very thing that must not be shown."""
    return ".".join(str(value) if isinstance(value, int) else "?" for value in values)


def _named(table: type[Base], ids: Iterable[int]) -> list[str]:
    return [f"{table.__tablename__}:{each}" for each in ids]


_Check = Callable[[AsyncSession, dt.datetime, dt.datetime | None], Awaitable[Iterable[str]]]

_CHECKS: Final[dict[str, _Check]] = {
    "I1": _unplanned,
    "I2": _waiting,
    "I3": _twice,
    "I4": _copies,
    "I5": _unhandled,
    "I6": _doubled,
    "I7": _unsealed,
    "I8": _readable_id_numbers,
}
