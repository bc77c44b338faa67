"""Entries in which the bureau itself may owe something: the few that are looked at closely each morning."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.owed import OLDEST
from storage.ledger import Opened
from storage.reminders import OWNER, SUBJECT
from storage.tables import (
    Applicant,
    Audit,
    Commitment,
    CommitmentState,
    Item,
    ItemState,
    Opinion,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)

_ENDED = (RequestState.UNDONE, RequestState.WITHDRAWN)
_CORRECTED: Final = "request.correct"
_RECORDED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "submit": ("request.decide",),
    "receipt": ("request.submitted",),
    "supplement": ("request.supplement",),
    "opinion": ("request.returned", "request.results"),
    "fulfil": ("commitment.letter",),
    "feedback": ("request.received", "request.resumed"),
}
"""What is owed -> the audit's words for the acts that write down, after the entry itself, the day it is owed from."""
_CORRECTED_AS: Final[Mapping[str, str]] = {
    "receipt": "submitted_on",
    "opinion": "returned_on",
    "feedback": "received_on",
}
"""What is owed -> the line of an entry from which its day follows, where a correction may move that."""
_WRITTEN_AS: Final[Mapping[str, str]] = {"fulfil": "fulfil_by_on"}
"""What is owed -> where the audit says that day, other than as the day of the act; lines of old say it nowhere."""


async def candidates(session: AsyncSession, today: dt.date) -> Sequence[int]:
    """Return entries in which something may be owed on a day, by id; ``bot.owed`` decides."""
    oldest = today - OLDEST
    recorded = select(Opinion.id).where(Opinion.item_id == Item.id, Opinion.undone_at.is_(None))
    late = or_(
        (Item.state == ItemState.DRAFT) & (Request.submit_by_on < today) & (Request.submit_by_on >= oldest),
        (Item.state == ItemState.SUBMITTED) & (Item.submitted_on < today) & (Item.submitted_on >= oldest),
        (Item.state == ItemState.SUPPLEMENT) & (Item.supplement_on < today) & (Item.supplement_on >= oldest),
        (Item.state == ItemState.RECEIVED) & (Item.due_on < today) & (Item.due_on >= oldest),
        (Item.state == ItemState.RETURNED)
        & (Item.returned_on < today)
        & (Item.returned_on >= oldest)
        & ~recorded.exists(),
    )
    verifications = (
        select(Request.id)
        .join(Item, Item.request_id == Request.id)
        .where(Request.state.not_in(_ENDED), Item.applicant == Applicant.BUREAU, late)
    )
    promises = (
        select(Request.id)
        .join(Item, Item.request_id == Request.id)
        .join(Commitment, Commitment.item_id == Item.id)
        .where(
            Request.state.not_in(_ENDED),
            Commitment.state.in_((CommitmentState.SIGNED, CommitmentState.FULFILLING)),
            Commitment.fulfil_by_on < today,
            Commitment.fulfil_by_on >= oldest,
        )
    )
    both = verifications.union(promises).subquery()
    return (await session.scalars(select(both.c.id).order_by(both.c.id))).all()


async def recorded_at(session: AsyncSession, opened: Opened, kind: str) -> dt.datetime:
    """Return when the day from which something is owed was first written down: with the entry, or later.

    What else is recorded or corrected meanwhile does not matter, nor does the same day written once more: a debt that
    runs does not begin anew.

    Args:
        session: A session.
        opened: The entry.
        kind: What is owed, as in ``bot.owed.Debt``.
    """
    day = _day_behind(opened, kind)
    if day is None:
        return opened.request.created_at
    for line in await _lines(session, opened.request.id, kind):
        said = line.after or {}
        if line.verb == _CORRECTED and said.get("line") != _CORRECTED_AS[kind]:
            continue
        if said.get("was") == day.isoformat():
            break  # it came with the entry
        if said.get(_WRITTEN_AS.get(kind, "on"), day.isoformat()) == day.isoformat():
            written: dt.datetime = line.at
            return max(opened.request.created_at, written)
    return opened.request.created_at


async def _lines(session: AsyncSession, request_id: int, kind: str) -> Sequence[Row[Any]]:
    """Return the acts that may have written the day down, without what stood before: that is as long as the entry."""
    verbs = (*_RECORDED_BY[kind], *((_CORRECTED,) if kind in _CORRECTED_AS else ()))
    rows = await session.execute(
        select(Audit.at, Audit.verb, Audit.after)
        .where(Audit.subject_kind == SUBJECT, Audit.subject_id == request_id, Audit.verb.in_(verbs))
        .order_by(Audit.id)
    )
    return rows.all()


def _day_behind(opened: Opened, kind: str) -> dt.date | None:
    """Return the recorded day from which it follows since when something is owed."""
    entry, waiting = opened.entry, next(iter(opened.waiting), None)
    returned = [item.returned_on for item in opened.returned if item.returned_on is not None]
    return {
        "submit": entry.decide_on,
        "receipt": entry.submitted_on,
        "supplement": entry.supplement_on,
        "opinion": max(returned, default=None),  # results may have come before; only the last was not written down
        "fulfil": entry.fulfil_by_on,
        "feedback": (waiting.resumed_on if waiting else None) or entry.received_on,
    }[kind]


async def stages(session: AsyncSession, subject: tuple[str, int], kind: str, *, until: dt.datetime) -> Sequence[str]:
    """Return the stages of a debt, and of others of its kind, that were planned for its officer up to a moment.

    Args:
        session: A session.
        subject: Under which kind of subject debts are reminded of, and the entry.
        kind: What is owed.
        until: Aware UTC time.
    """
    rows = await session.scalars(
        select(Reminder.stage).where(
            Reminder.subject_kind == subject[0],
            Reminder.subject_id == subject[1],
            Reminder.kind == kind,
            Reminder.audience == OWNER,
            Reminder.due_at < until,
        )
    )
    return rows.all()


async def last_asked(session: AsyncSession, request_id: int, kind: str) -> dt.datetime | None:
    """Return when a question about an entry was asked last, or is to be; None where it never was."""
    asked: dt.datetime | None = await session.scalar(
        select(func.max(Reminder.due_at)).where(
            Reminder.subject_kind == SUBJECT,
            Reminder.subject_id == request_id,
            Reminder.kind == kind,
            Reminder.state.not_in((ReminderState.CANCELLED, ReminderState.SUPERSEDED)),
        )
    )
    return asked
