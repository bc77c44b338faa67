"""Hand-over (转办): entries change their owner, one or all of a leaver's at once; reminders find the new one."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import outbox
from storage.reminders import OWNER, SUBJECT
from storage.tables import (
    Applicant,
    Item,
    ItemState,
    Opinion,
    Referral,
    ReferralState,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)


@dataclass(frozen=True, slots=True)
class Estate:
    """What a leaver has.

    Args:
        entries: Open entries.
        overdue: How many of them wait for a feedback whose confirmed date is past.
        later: Closed entries with something to come: a reminder, or a valid opinion that runs out.
        referrals: Cases that the coordinators have not answered yet.
        covers: Leaves of theirs, and of colleagues whom they stand in for, that hold or will.
    """

    entries: int
    overdue: int
    later: int
    referrals: int
    covers: int


async def estate(session: AsyncSession, person_id: int, *, covers: int, today: dt.date) -> Estate:
    """Return what a leaver has, for the preview.

    Args:
        session: The unit of work.
        person_id: The leaver.
        covers: How many covers concern them.
        today: Local date.
    """
    late = (
        exists()
        .where(
            Item.request_id == Request.id,
            Item.state == ItemState.RECEIVED,
            Item.applicant == Applicant.BUREAU,
            Item.due_on < today,
        )
        .correlate(Request)
    )
    entries = await session.scalar(select(func.count()).select_from(Request).where(*_open_of(person_id))) or 0
    overdue = await session.scalar(select(func.count()).select_from(Request).where(*_open_of(person_id), late)) or 0
    closed = select(func.count()).select_from(Request).where(*_later_of(person_id, today))
    later = await session.scalar(closed) or 0
    waiting = (Referral.person_id == person_id, Referral.state == ReferralState.OPEN)
    referrals = await session.scalar(select(func.count()).select_from(Referral).where(*waiting)) or 0
    return Estate(entries, overdue, later, referrals, covers)


async def one(session: AsyncSession, request_id: int, *, version: int, to: int) -> bool:
    """Give one entry to another officer; False where it has changed since that version.

    What is planned for the owner stays planned: the basis of its dates is the same, and the slot is resolved to
    people when the moment comes.
    """
    rows = await _move(session, Request.id == request_id, Request.version == version, to=to)
    return bool(rows)


async def everything(session: AsyncSession, person_id: int, *, to: int) -> Sequence[int]:
    """Give all open entries of an officer to another one, in one statement, so that none is left behind.

    Returns:
        The keys of the entries.
    """
    return await _move(session, *_open_of(person_id), to=to)


async def later(session: AsyncSession, person_id: int, *, to: int, today: dt.date) -> Sequence[int]:
    """Give what is still to come of an officer's closed entries to another one, and the valid opinions that they hold.

    Returns:
        The keys of the entries.
    """
    ids = await _move(session, *_later_of(person_id, today), to=to)
    await session.execute(
        update(Opinion)
        .where(Opinion.holder_id == person_id, Opinion.valid_to >= today)
        .values(holder_id=to)
        .execution_options(synchronize_session=False)
    )
    return ids


async def referrals(session: AsyncSession, person_id: int, *, to: int) -> Sequence[int]:
    """Let the answers to an officer's open cases go to another one; return the cases' keys."""
    rows = await session.scalars(
        update(Referral)
        .where(Referral.person_id == person_id, Referral.state == ReferralState.OPEN)
        .values(person_id=to)
        .execution_options(synchronize_session=False)
        .returning(Referral.id)
    )
    return sorted(rows.all())


async def _move(session: AsyncSession, *which: ColumnElement[bool], to: int) -> Sequence[int]:
    await session.flush()
    rows = await session.scalars(
        update(Request)
        .where(*which)
        .values(owner_id=to, version=Request.version + 1)
        .execution_options(synchronize_session=False)
        .returning(Request.id)
    )
    ids = sorted(rows.all())
    await _take_back_unsent(session, ids)
    return ids


async def _take_back_unsent(session: AsyncSession, request_ids: Collection[int]) -> None:
    """Let reminders that wait in the outbox for the old owner be resolved again."""
    queued: tuple[Any, ...] = (
        Reminder.subject_kind == SUBJECT,
        Reminder.subject_id.in_(request_ids),
        Reminder.audience == OWNER,
        Reminder.state == ReminderState.QUEUED,
    )
    ids = (await session.scalars(select(Reminder.id).where(*queued))).all()
    await outbox.cancel_for_reminders(session, ids, reason="handed over")
    await session.execute(
        update(Reminder)
        .where(Reminder.id.in_(ids))
        .values(state=ReminderState.PLANNED)
        .execution_options(synchronize_session=False)
    )


def _open_of(person_id: int) -> tuple[ColumnElement[bool], ...]:
    return Request.owner_id == person_id, Request.state == RequestState.OPEN


def _later_of(person_id: int, today: dt.date) -> tuple[ColumnElement[bool], ...]:
    waits = Reminder.state.in_((ReminderState.PLANNED, ReminderState.QUEUED))
    reminded = exists().where(Reminder.subject_kind == SUBJECT, Reminder.subject_id == Request.id, waits)
    stands = (Opinion.valid_to >= today, Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None))
    answered = exists().where(Item.request_id == Request.id, Opinion.item_id == Item.id, *stands)
    concerned = or_(reminded.correlate(Request), answered.correlate(Request))
    return Request.owner_id == person_id, Request.state != RequestState.OPEN, concerned
