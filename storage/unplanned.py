"""I1 of ``reliability.md`` §3.7: what is owed has its reminders, none of them is silenced, and nothing else has any.

It is written apart from ``handlers.planning``, which it watches, and reads only.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.policy.model import ProductKind
from storage.entry_values import WAITING
from storage.expected import OUTLIVING
from storage.reminders import SUBJECT
from storage.tables import (
    Applicant,
    Commitment,
    CommitmentState,
    Item,
    ItemState,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)

_PROMPT: Final = "fulfil"  # the kind of a commitment's prompts
_PROMISED: Final = (CommitmentState.SIGNED, CommitmentState.FULFILLING)
_ENDED: Final = (RequestState.UNDONE, RequestState.WITHDRAWN)
_UNSENT: Final = Reminder.state.in_((ReminderState.PLANNED, ReminderState.QUEUED))


async def found(session: AsyncSession, now: dt.datetime) -> list[str]:
    """Return entries without the reminders of what they wait for, and reminders that are silenced or should not be.

    The plan itself is ``handlers.planning``; this asks, without it, whether anything at all was planned of the kind
    that the entry is at. An overdue entry always has a reminder still to come.

    Args:
        session: A session that reads.
        now: Aware UTC time.
    """
    first = (
        select(func.min(Item.id))
        .where(Item.product_kind == ProductKind.VERIFICATION, Item.state.in_(WAITING))
        .group_by(Item.request_id)
    )
    kind = case((Item.submitted_on.is_(None), "submit_by"), (Item.received_on.is_(None), "receipt"), else_="feedback")
    watched = or_(
        and_(Item.submitted_on.is_(None), Request.submit_by_on.is_not(None)),
        and_(Item.submitted_on.is_not(None), or_(Item.received_on.is_(None), Item.due_on.is_not(None))),
    )
    of_entry = (Reminder.subject_kind == SUBJECT) & (Reminder.subject_id == Request.id)
    planned = select(Reminder.id).where(
        of_entry,
        Reminder.kind == kind,
        Reminder.basis_version == Request.basis_version,
        or_(kind != "feedback", _UNSENT),
    )
    missing = await session.scalars(
        select(Request.id)
        .join(Item, Item.request_id == Request.id)
        .where(Request.state == RequestState.OPEN, Item.id.in_(first), watched)
        .where(Item.applicant == Applicant.BUREAU, Item.state != ItemState.SUPPLEMENT, ~planned.exists())
    )
    entries = [*missing, *await _unprompted(session)]
    return [f"request:{each}" for each in entries] + [
        f"reminder:{each}" for each in (*await _stray(session), *await _silenced(session, now))
    ]


async def _unprompted(session: AsyncSession) -> Iterable[int]:
    """Return entries that stand, with a commitment still to be fulfilled by a day, and no prompt for it."""
    prompt = select(Reminder.id).where(
        Reminder.subject_kind == SUBJECT,
        Reminder.subject_id == Request.id,
        Reminder.kind == _PROMPT,
        Reminder.basis_version == Request.basis_version,
    )
    promised = (Commitment.fulfil_by_on.is_not(None), Commitment.state.in_(_PROMISED))
    rows = await session.scalars(
        select(Request.id)
        .join(Item, Item.request_id == Request.id)
        .join(Commitment, Commitment.item_id == Item.id)
        .where(*promised, Request.state.not_in(_ENDED), ~prompt.exists())
    )
    return rows.all()


async def _stray(session: AsyncSession) -> Iterable[int]:
    """Return unsent reminders of an entry that has ended or changed since."""
    rows = await session.scalars(select(Reminder.id).where(Reminder.subject_kind == SUBJECT, _UNSENT, ~_is_owed()))
    return rows.all()


async def _silenced(session: AsyncSession, now: dt.datetime) -> Iterable[int]:
    """Return stages of what is owed that lie ahead and are superseded, though nothing that is put off stands for them.

    Only what was put off or said later can have superseded them; what was cancelled need not be of the plan.
    """
    put_off = aliased(Reminder)
    stands_for = select(put_off.id).where(
        put_off.subject_kind == Reminder.subject_kind,
        put_off.subject_id == Reminder.subject_id,
        put_off.kind == Reminder.kind,
        put_off.audience == Reminder.audience,
        put_off.basis_version == Reminder.basis_version,
        put_off.state == ReminderState.PLANNED,
        put_off.snoozed_to.is_not(None),
        put_off.due_at >= Reminder.due_at,
    )
    rows = await session.scalars(
        select(Reminder.id).where(
            Reminder.subject_kind == SUBJECT,
            Reminder.state == ReminderState.SUPERSEDED,
            Reminder.due_at > now,
            _is_owed(),
            ~stands_for.exists(),
        )
    )
    return rows.all()


def _is_owed() -> ColumnElement[bool]:
    """Return whether a reminder is of its entry as it is now; prompts outlive an entry that is done."""
    lives = or_(Request.state == RequestState.OPEN, and_(Reminder.kind.in_(OUTLIVING), Request.state.not_in(_ENDED)))
    return (
        select(Request.id)
        .where(Request.id == Reminder.subject_id, Request.basis_version == Reminder.basis_version, lives)
        .exists()
    )
