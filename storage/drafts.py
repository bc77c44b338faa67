"""Drafts: what an officer has answered so far, one active draft per officer."""

import datetime as dt
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Draft, Person


async def begin(
    session: AsyncSession,
    person: Person,
    *,
    purpose: str,
    answers: dict[str, Any],
    awaiting: str | None = None,
    now: dt.datetime,
) -> Draft:
    """Begin a draft; an older one of the same officer is given up.

    Args:
        session: The unit of work.
        person: Whose draft.
        purpose: Which flow it belongs to.
        answers: What is known already; JSON values only.
        awaiting: What typed text would answer now.
        now: Aware UTC time.
    """
    await session.execute(delete(Draft).where(Draft.person_id == person.id, Draft.active))
    draft = Draft(
        person_id=person.id,
        active=True,
        purpose=purpose,
        answers=answers,
        awaiting=awaiting,
        version=1,
        updated_at=now,
    )
    session.add(draft)
    await session.flush()
    return draft


def keep(
    draft: Draft, *, answers: dict[str, Any], purpose: str | None = None, awaiting: str | None = None, now: dt.datetime
) -> None:
    """Keep new answers; older keyboards of the draft are stale from here on.

    Args:
        draft: The draft.
        answers: All answers, in a dictionary of their own (never the stored one changed in place).
        purpose: The flow it belongs to from now on; None leaves it.
        awaiting: What typed text would answer now; None = nothing.
        now: Aware UTC time.
    """
    draft.answers = answers
    draft.purpose = purpose or draft.purpose
    draft.awaiting = awaiting
    draft.version += 1
    draft.updated_at = now


async def end(session: AsyncSession, draft: Draft) -> None:
    """Give up or finish a draft; what it recorded stands elsewhere."""
    await session.delete(draft)
    await session.flush()
