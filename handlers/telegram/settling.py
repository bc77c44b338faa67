"""What becomes of a notification after a send: delivered, refused, unknown; a row, its attempt and its reminders."""

import datetime as dt
import random
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from handlers import undelivered
from handlers.office import Office
from handlers.telegram.outcomes import Outcome, Verdict
from storage import audit, carrying, chats, outbox, people
from storage.tables import Outbox, OutboxState, Person, ReminderState

log = structlog.get_logger()

REPEAT_AFTER: Final = dt.timedelta(seconds=60)
LONGEST_BACKOFF: Final = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Sent:
    """How a send ended.

    Args:
        row_id: The notification.
        verdict: What became of the call.
        message_id: The message, where it is there.
    """

    row_id: int
    verdict: Verdict
    message_id: int | None = None


async def settle(session: AsyncSession, office: Office, sent: Sent, now: dt.datetime) -> Outbox | None:
    """Write down how a send ended.

    Args:
        session: The unit of work.
        office: Whom to tell where it will never arrive.
        sent: How it ended.
        now: Aware UTC time.

    Returns:
        The row; None where somebody else has settled it meanwhile.
    """
    row = await outbox.claimed(session, sent.row_id)
    if row is None:
        return None
    verdict = sent.verdict
    await outbox.close_attempt(
        session, row.id, outcome=verdict.outcome, message_id=sent.message_id, error=verdict.detail or None
    )
    row.lease_until = None
    match verdict.outcome:
        case Outcome.DELIVERED:
            row.copies += 1
            row.state, row.message_id = OutboxState.SENT, sent.message_id
            await carrying.settle(session, row.id, ReminderState.SENT)
        case Outcome.UNKNOWN:
            await unknown(session, office, row, now)
        case Outcome.RETRY_AFTER | Outcome.NOT_SENT | Outcome.CONFLICT | Outcome.TOKEN_DEAD:
            await later(session, row, verdict, now)
        case Outcome.MIGRATED if verdict.new_chat_id is not None:
            await chats.renumber(session, row.chat_id, verdict.new_chat_id)
            row.chat_id, row.state, row.not_before = verdict.new_chat_id, _waiting(row), now
        case _:
            await _refused(session, office, row, verdict, now)
    return row


async def expire(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Settle the claims of a process that died: each may have arrived; return how many there were."""
    rows = await outbox.expire_leases(session, now=now)
    for row in rows:
        await outbox.close_attempt(session, row.id, outcome=Outcome.UNKNOWN, error="the process died")
        await unknown(session, office, row, now)
    return len(rows)


async def unknown(session: AsyncSession, office: Office, row: Outbox, now: dt.datetime) -> None:
    """It may have arrived: repeat it with a label, or hold it when there may be three copies already."""
    row.copies += 1
    row.lease_until = None
    if row.copies >= outbox.MOST_COPIES:
        row.state, row.reason = OutboxState.HELD, "three copies, none confirmed"
        await carrying.settle(session, row.id, ReminderState.SENT, reason=row.reason)
        await undelivered.tell(session, office, row, now)
        log.error("a notification is held", outbox_id=row.id)
        return
    row.state = OutboxState.UNKNOWN
    row.not_before = now + REPEAT_AFTER * random.uniform(1, 2)  # noqa: S311 - spreads load


async def later(session: AsyncSession, row: Outbox, verdict: Verdict, now: dt.datetime) -> None:
    """It certainly did not arrive: try again, without a limit and without a label."""
    row.state = _waiting(row)
    if verdict.retry_after is not None:
        row.not_before = now + verdict.retry_after
        await outbox.wait_until(session, row.not_before)
        return
    row.failures += 1
    longest = min(dt.timedelta(seconds=2 ** min(row.failures, 12)), LONGEST_BACKOFF)
    row.not_before = now + longest * random.uniform(0.1, 1)  # noqa: S311 - spreads load


def _waiting(row: Outbox) -> OutboxState:
    return OutboxState.UNKNOWN if row.copies else OutboxState.DUE


async def _refused(session: AsyncSession, office: Office, row: Outbox, verdict: Verdict, now: dt.datetime) -> None:
    """It will never arrive. Where the person cannot be reached, the next tick finds somebody else to tell."""
    row.state, row.reason = OutboxState.REFUSED, verdict.detail
    person = await session.get(Person, row.person_id) if row.person_id is not None else None
    gone = verdict.outcome is Outcome.UNREACHABLE or (verdict.outcome is Outcome.MUTED and person is None)
    state = ReminderState.PLANNED if gone and person is not None else ReminderState.CANCELLED
    await carrying.settle(session, row.id, state, reason=verdict.outcome)
    log.error("a notification was refused", outbox_id=row.id, outcome=verdict.outcome, detail=verdict.detail)
    audit.note(
        session, at=now, actor_id=None, verb="notice.refused", subject=("outbox", row.id), reason=verdict.outcome
    )
    if gone and person is not None:
        people.lose(person, now)
    elif gone:
        await undelivered.lose_group(session, office, row.chat_id, now)
    else:
        await undelivered.tell(session, office, row, now)
