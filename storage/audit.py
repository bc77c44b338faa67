"""The audit: one line per effect, in the effect's own transaction."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select
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


async def timeline(session: AsyncSession, subject: tuple[str, int]) -> Sequence[Audit]:
    """Return all lines about one thing, oldest first; looks at it are left out."""
    kind, subject_id = subject
    rows = await session.scalars(
        select(Audit)
        .where(Audit.subject_kind == kind, Audit.subject_id == subject_id, Audit.verb.not_in(LOOKS))
        .order_by(Audit.id)
    )
    return rows.all()
