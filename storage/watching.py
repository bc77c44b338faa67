"""How the bot is doing, counted from its own rows: what waits, what was not confirmed, who cannot be reached."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, inspect, or_, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from storage import migrate
from storage.outbox import ON_THEIR_WAY
from storage.tables import (
    Attempt,
    Audit,
    Inbox,
    InboxState,
    Item,
    ItemState,
    Outbox,
    OutboxReminder,
    OutboxState,
    Person,
    PersonState,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)

COPIED: Final = "database.copy"  # the audit's word for a copy that was made and checked
LATELY: Final = dt.timedelta(days=7)
_DELIVERED: Final = "delivered"
_TAKEN_BACK: Final = (ReminderState.CANCELLED, ReminderState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Day:
    """The reminders of one day.

    Args:
        wanted: Those that were to be said on it, older ones that were still unsaid included.
        delivered: Those of them that Telegram confirmed.
        unconfirmed: Those that were sent without Telegram saying whether they arrived.
    """

    wanted: int
    delivered: int
    unconfirmed: int


@dataclass(frozen=True, slots=True)
class Queue:
    """The notifications on their way.

    Args:
        states: How many stand in each state: on their way whenever they were made, ended only of the last seven days;
            a state in which none stands is missing.
        oldest: State on the way -> from when on the oldest in it could have left, aware UTC; only where it could.
        unconfirmed: Those of the last seven days that may or may not have arrived.
        refused: Those of the last seven days that Telegram refused.
        blocked: Active officers who cannot be reached.
    """

    states: Mapping[OutboxState, int]
    oldest: Mapping[OutboxState, dt.datetime]
    unconfirmed: int
    refused: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Intake:
    """What officers sent and has not taken effect.

    Args:
        waits_since: When the oldest update came in that is still to be handled, aware UTC; None where none waits.
        aside: Updates that could not be handled and are kept aside under an incident number.
    """

    waits_since: dt.datetime | None
    aside: int


async def day(session: AsyncSession, begins: dt.datetime, ends: dt.datetime) -> Day:
    """Count the reminders of a day.

    A reminder belongs to the day on which it was queued, or still waits for it; one that was taken back before it
    left belongs to none.

    Args:
        session: A session that reads.
        begins: The day's beginning, aware UTC.
        ends: Its end, aware UTC.
    """
    carried = (
        select(Outbox.id)
        .join(OutboxReminder, OutboxReminder.outbox_id == Outbox.id)
        .where(OutboxReminder.reminder_id == Reminder.id)
    )
    of_day = carried.where(Outbox.created_at >= begins, Outbox.created_at < ends)
    attempted = carried.join(Attempt, Attempt.outbox_id == Outbox.id)
    delivered = attempted.where(Attempt.outcome == _DELIVERED).exists()
    unknown = carried.where(
        or_(Outbox.state == OutboxState.HELD, Outbox.copies > 0, Outbox.state == OutboxState.CLAIMED)
    ).exists()
    waits = and_(Reminder.state == ReminderState.PLANNED, Reminder.due_at < ends)
    wanted = or_(waits, and_(of_day.exists(), or_(Reminder.state.not_in(_TAKEN_BACK), delivered)))

    async def count(*which: ColumnElement[bool]) -> int:
        return await session.scalar(select(func.count()).select_from(Reminder).where(wanted, *which)) or 0

    return Day(await count(), await count(delivered), await count(unknown, ~delivered))


async def queue(session: AsyncSession, now: dt.datetime) -> Queue:
    """Count what is on its way, and what went wrong lately."""
    on_its_way = Outbox.state.in_(ON_THEIR_WAY)
    lately = Outbox.created_at > now - LATELY
    uncertain = Outbox.state.in_((OutboxState.UNKNOWN, OutboxState.HELD))
    blocked = (Person.state == PersonState.ACTIVE) & Person.reachable.is_(False)
    shown = or_(on_its_way, lately)
    may_leave = case((on_its_way & (Outbox.not_before <= now), Outbox.not_before))
    by_state = select(Outbox.state, func.count(Outbox.id), func.min(may_leave)).where(shown).group_by(Outbox.state)
    found = (await session.execute(by_state)).all()
    states = {state: count for state, count, _oldest in found}
    return Queue(
        states=states,
        oldest={state: oldest for state, _count, oldest in found if oldest is not None},
        unconfirmed=await session.scalar(select(func.count(Outbox.id)).where(uncertain, lately)) or 0,
        refused=states.get(OutboxState.REFUSED, 0),
        blocked=await session.scalar(select(func.count(Person.id)).where(blocked)) or 0,
    )


async def intake(session: AsyncSession) -> Intake:
    """Look for updates that wait to be handled or were kept aside; the latter are kept for three days."""
    waiting = select(func.min(Inbox.received_at)).where(Inbox.state == InboxState.RECEIVED)
    aside = select(func.count(Inbox.id)).where(Inbox.state == InboxState.DEAD)
    return Intake(waits_since=await session.scalar(waiting), aside=await session.scalar(aside) or 0)


async def provisional(session: AsyncSession) -> int:
    """Count the open entries of which a date in use is provisional."""
    dated = and_(Item.due_provisional, Item.state.in_((ItemState.SUBMITTED, ItemState.RECEIVED)))
    items = select(Item.id).where(Item.request_id == Request.id, dated)
    unsubmitted = select(Item.id).where(Item.request_id == Request.id, Item.state == ItemState.DRAFT)
    counted = select(func.count(Request.id)).where(
        Request.state == RequestState.OPEN,
        or_(items.exists(), and_(Request.submit_by_provisional, unsubmitted.exists())),
    )
    return await session.scalar(counted) or 0


async def last_copy(session: AsyncSession) -> dt.datetime | None:
    """Return when the last copy of the database was made and checked."""
    newest = select(Audit.at).where(Audit.verb == COPIED).order_by(Audit.id.desc()).limit(1)
    return await session.scalar(newest)


async def missing_persons(session: AsyncSession, telegram_ids: frozenset[int]) -> frozenset[int]:
    """Return those of some Telegram ids who are not active people of the list, and can be told nothing."""
    rows = await session.scalars(
        select(Person.telegram_id).where(Person.telegram_id.in_(telegram_ids), Person.state == PersonState.ACTIVE)
    )
    return telegram_ids - frozenset(rows.all())


async def due_until(session: AsyncSession, until: dt.datetime) -> Sequence[Reminder]:
    """Return the reminders meant for before a moment that came or are to come, those taken note of among them.

    What each is about stays together, the newest plan and the latest stage last.
    """
    what = (Reminder.subject_kind, Reminder.subject_id, Reminder.kind, Reminder.audience)
    rows = await session.scalars(
        select(Reminder)
        .where(Reminder.due_at < until, Reminder.state.not_in(_TAKEN_BACK))
        .order_by(*what, Reminder.basis_version, Reminder.due_at, Reminder.id)
    )
    return rows.all()


async def is_of_this_version(session: AsyncSession) -> bool:
    """Say whether the database is of the version that this program works with."""
    connection = await session.connection()
    return await connection.run_sync(_version) == migrate.head()


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found
