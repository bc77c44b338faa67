"""Hand-over (转办): entries change their owner, one or all of a leaver's at once; reminders find the new one.

Whoever hands over for one unit only moves what stands in that unit's ledger: an officer who came from another unit may
have entries there, which are none of theirs. ``unit_id`` says so throughout; None stands for the whole bureau.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage import cover
from storage.people import JOINED, UNIT_CHANGED
from storage.reminders import SUBJECT
from storage.tables import (
    Applicant,
    Audit,
    Cover,
    Item,
    ItemState,
    Opinion,
    Person,
    Referral,
    ReferralState,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)

Owner = int | InstrumentedAttribute[int]
"""A person's key, or the column that it stands in."""
CAME: Final = (UNIT_CHANGED, JOINED)
"""Verbs of the audit by which somebody came into their unit."""


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

    def __bool__(self) -> bool:
        return any((self.entries, self.later, self.referrals, self.covers))


async def estate(session: AsyncSession, person_id: int, *, today: dt.date, unit_id: int | None = None) -> Estate:
    """Return what a leaver has.

    Args:
        session: The unit of work.
        person_id: The leaver.
        today: Local date.
        unit_id: The unit to whose ledger it belongs; None for all.
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
    opened = _open_of(person_id, unit_id)
    entries, overdue, later, referrals = [
        await session.scalar(select(func.count()).where(*which)) or 0
        for which in (opened, (*opened, late), _later_of(person_id, unit_id, today), _waiting_of(person_id, unit_id))
    ]
    return Estate(entries, overdue, later, referrals, len(await covers(session, person_id, today, unit_id=unit_id)))


def has_estate(today: dt.date) -> ColumnElement[bool]:
    """Return the condition on ``Person`` that they have something to be handed over; the same as ``estate`` counts."""
    wholes = (_open_of(Person.id, None), _later_of(Person.id, None, today), _waiting_of(Person.id, None))
    sides = or_(Cover.person_id == Person.id, Cover.by_id == Person.id)
    return or_(*(exists().where(*which) for which in (*wholes, (sides, *cover.not_over_on(today)))))


async def covers(
    session: AsyncSession, person_id: int, today: dt.date, *, unit_id: int | None = None
) -> Sequence[Cover]:
    """Return the covers that end with a leaver's work.

    For one unit these are the ones in which they stand in for a colleague there; their own leave is needed as long as
    they have open entries in another unit's ledger.
    """
    rows = await cover.standing(session, {person_id}, today)
    if unit_id is None:
        return rows
    elsewhere = select(Request.id).where(*_open_of(person_id, None), Request.unit_id != unit_id).limit(1)
    keeps = await session.scalar(elsewhere) is not None
    colleagues = set(await session.scalars(select(Person.id).where(Person.unit_id == unit_id)))
    return [row for row in rows if row.person_id in colleagues and not (keeps and row.person_id == person_id)]


async def one(session: AsyncSession, request_id: int, *, version: int, to: int) -> bool:
    """Give one entry to another officer; False where it has changed since that version."""
    rows = await _move(session, Request.id == request_id, Request.version == version, to=to)
    return bool(rows)


async def everything(session: AsyncSession, person_id: int, *, to: int, unit_id: int | None = None) -> Sequence[int]:
    """Give all open entries of an officer to another one, in one statement, so that none is left behind.

    Returns:
        The keys of the entries.
    """
    return await _move(session, *_open_of(person_id, unit_id), to=to)


async def later(
    session: AsyncSession, person_id: int, *, to: int, today: dt.date, unit_id: int | None = None
) -> Sequence[int]:
    """Give what is still to come of an officer's closed entries to another one, and the valid opinions that they hold.

    Returns:
        The keys of the entries.
    """
    ids = await _move(session, *_later_of(person_id, unit_id, today), to=to)
    held = (Opinion.holder_id == person_id, Opinion.valid_to >= today, *_of_unit(Opinion.unit_id, unit_id))
    await session.execute(
        update(Opinion).where(*held).values(holder_id=to).execution_options(synchronize_session=False)
    )
    return ids


async def referrals(session: AsyncSession, person_id: int, *, to: int, unit_id: int | None = None) -> Sequence[int]:
    """Let the answers to an officer's open cases go to another one; return the cases' keys."""
    rows = await session.scalars(
        update(Referral)
        .where(*_waiting_of(person_id, unit_id))
        .values(person_id=to)
        .execution_options(synchronize_session=False)
        .returning(Referral.id)
    )
    return sorted(rows.all())


async def _move(session: AsyncSession, *which: ColumnElement[bool], to: int) -> Sequence[int]:
    """Change the owner of entries; as each reminds by its owner's wishes, they are to be planned anew."""
    await session.flush()
    rows = await session.scalars(
        update(Request)
        .where(*which)
        .values(owner_id=to, version=Request.version + 1, basis_version=Request.basis_version + 1)
        .execution_options(synchronize_session=False)
        .returning(Request.id)
    )
    return sorted(rows.all())


def _of_unit(column: InstrumentedAttribute[Any], unit_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return () if unit_id is None else (column == unit_id,)


def _open_of(owner: Owner, unit_id: int | None) -> tuple[ColumnElement[bool], ...]:
    return Request.owner_id == owner, Request.state == RequestState.OPEN, *_of_unit(Request.unit_id, unit_id)


def _waiting_of(person: Owner, unit_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of cases without an answer; one from before a change of unit is not the new unit's."""
    waiting = Referral.person_id == person, Referral.state == ReferralState.OPEN
    if unit_id is None:
        return waiting
    changed = Audit.verb.in_(CAME), Audit.subject_kind == "person", Audit.subject_id == person
    return *waiting, ~exists().where(*changed, Audit.at > Referral.created_at)


def _later_of(owner: Owner, unit_id: int | None, today: dt.date) -> tuple[ColumnElement[bool], ...]:
    waits = Reminder.state.in_((ReminderState.PLANNED, ReminderState.QUEUED))
    reminded = exists().where(Reminder.subject_kind == SUBJECT, Reminder.subject_id == Request.id, waits)
    stands = (Opinion.valid_to >= today, Opinion.undone_at.is_(None), Opinion.superseded_at.is_(None))
    answered = exists().where(Item.request_id == Request.id, Opinion.item_id == Item.id, *stands)
    concerned = or_(reminded.correlate(Request), answered.correlate(Request))
    here = _of_unit(Request.unit_id, unit_id)
    return Request.owner_id == owner, Request.state != RequestState.OPEN, concerned, *here
