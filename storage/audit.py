"""The audit: one line per effect, in the effect's own transaction."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
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
        reason: Why, where the rule or the officer gave one.
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


async def timeline(session: AsyncSession, subject: tuple[str, int]) -> Sequence[Audit]:
    """Return all lines about one thing, oldest first."""
    kind, subject_id = subject
    rows = await session.scalars(
        select(Audit).where(Audit.subject_kind == kind, Audit.subject_id == subject_id).order_by(Audit.id)
    )
    return rows.all()
