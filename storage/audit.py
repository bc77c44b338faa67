"""The audit: one line per effect, in the effect's own transaction."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Audit


def note(
    session: AsyncSession,
    *,
    at: dt.datetime,
    actor_id: int | None,
    verb: str,
    subject: tuple[str, int | None],
    update_id: int | None = None,
    before: Any = None,
    after: Any = None,
    reason: str | None = None,
) -> None:
    """Append a line.

    Args:
        session: The unit of work of the effect.
        at: Aware UTC time.
        actor_id: The officer; None where the bot itself acted.
        verb: What was done, such as ``request.register``.
        subject: Kind and id of what it was done to.
        update_id: The update that caused it.
        before: What stood there, as JSON; kept encrypted.
        after: What stands there now, as JSON; kept encrypted.
        reason: Why, where the rule or the officer gave one; kept encrypted.
    """
    kind, subject_id = subject
    session.add(
        Audit(
            at=at,
            actor_id=actor_id,
            update_id=update_id,
            verb=verb,
            subject_kind=kind,
            subject_id=subject_id,
            before=before,
            after=after,
            reason=reason,
        )
    )


LOOKS: Final = ("request.look",)
"""Looks at an entry: on record, and no part of its life."""


async def page(
    session: AsyncSession,
    *,
    limit: int,
    before: int | None = None,
    subject: tuple[str, int | None] | None = None,
    actor_id: int | None = None,
) -> Sequence[Audit]:
    """Return lines of the audit, newest first.

    Args:
        session: A session.
        limit: Most lines.
        before: The line before which they begin; None for the newest.
        subject: Only those about this thing.
        actor_id: Only those of this person.
    """
    query = select(Audit).order_by(Audit.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Audit.id < before)
    if subject is not None:
        query = query.where(Audit.subject_kind == subject[0], Audit.subject_id == subject[1])
    if actor_id is not None:
        query = query.where(Audit.actor_id == actor_id)
    return (await session.scalars(query)).all()


async def count(session: AsyncSession, *, up_to: int) -> int:
    """Count the lines up to one, itself included."""
    return await session.scalar(select(func.count(Audit.id)).where(Audit.id <= up_to)) or 0


@dataclass(frozen=True, slots=True)
class Mark:
    """That something was done to a thing, without any of its content.

    Args:
        id: The line's number.
        at: Aware UTC time.
        actor_id: The officer; None where the bot itself acted.
        verb: What was done.
        keeps: Whether the line keeps what stood there before.
    """

    id: int
    at: dt.datetime
    actor_id: int | None
    verb: str
    keeps: bool


@dataclass(frozen=True, slots=True)
class Line(Mark):
    """A line of a timeline, without what stood there before: of an act on a long list that is a megabyte.

    Args:
        after: What stands there now.
        reason: Why, where the rule or the officer gave one.
    """

    after: Any
    reason: Any


_MARK: Final = (Audit.id, Audit.at, Audit.actor_id, Audit.verb, Audit.before.is_not(None))


async def timeline(
    session: AsyncSession, subject: tuple[str, int], *, limit: int | None = None, offset: int = 0, after: int = 0
) -> Sequence[Line]:
    """Return the newest lines about one thing, oldest first; looks at it are left out.

    Args:
        session: A session.
        subject: Kind and id of the thing.
        limit: Most lines; all of them unless given.
        offset: How many of the newest are passed over; only with ``limit``.
        after: Only lines with a greater number.
    """
    rows = await session.execute(
        select(*_MARK, Audit.after, Audit.reason)
        .where(*_about(subject), Audit.id > after)
        .order_by(Audit.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [Line(*row) for row in reversed(rows.all())]


async def marks(session: AsyncSession, subject: tuple[str, int]) -> Sequence[Mark]:
    """Return that, when and by whom things were done to one thing, oldest first; looks at it are left out."""
    rows = await session.execute(select(*_MARK).where(*_about(subject)).order_by(Audit.id))
    return [Mark(*row) for row in rows]


async def length(session: AsyncSession, subject: tuple[str, int]) -> int:
    """Return how many lines the timeline of one thing has."""
    return await session.scalar(select(func.count(Audit.id)).where(*_about(subject))) or 0


async def newest(session: AsyncSession, subject: tuple[str, int]) -> int:
    """Return the number of the newest line in the timeline of one thing; 0 where there is none."""
    return await session.scalar(select(func.max(Audit.id)).where(*_about(subject))) or 0


async def said(session: AsyncSession, subject: tuple[str, int], verb: str) -> Sequence[Any]:
    """Return what the lines of one kind about one thing say that stands there since; erased ones say nothing."""
    rows = await session.scalars(select(Audit.after).where(*_about(subject), Audit.verb == verb))
    return [each for each in rows if each]


async def kept(session: AsyncSession, line_id: int) -> Any:
    """Return what stood there before the effect of one line; None where it keeps nothing."""
    return await session.scalar(select(Audit.before).where(Audit.id == line_id))


def _about(subject: tuple[str, int]) -> tuple[ColumnElement[bool], ...]:
    kind, subject_id = subject
    return Audit.subject_kind == kind, Audit.subject_id == subject_id, Audit.verb.not_in(LOOKS)
