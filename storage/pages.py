"""The file page's links and sessions: what has been opened, by whom, and until when it holds.

Only SHA-256 values are kept, so that whoever reads the database can open nothing with what they find.
"""

import datetime as dt
import hashlib

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import PageLink, Person
from storage.upsert import insert_new


def fingerprint(secret: str) -> str:
    """Return what is kept of a link's token or a session's cookie: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def is_used(session: AsyncSession, token: str) -> bool:
    """Say whether a link has been opened already."""
    return await session.get(PageLink, fingerprint(token)) is not None


async def open_link(
    session: AsyncSession, token: str, cookie: str, person: Person, *, now: dt.datetime, until: dt.datetime
) -> bool:
    """Use a link up and begin its session; False where it was used before. One of several racing presses wins.

    Args:
        session: The unit of work.
        token: The link's token.
        cookie: The session's cookie.
        person: Whose link it is.
        now: Aware UTC time.
        until: When the session ends at the latest.
    """
    row = {
        "hash": fingerprint(token),
        "person_id": person.id,
        "session": fingerprint(cookie),
        "opened_at": now,
        "expires_at": until,
    }
    await insert_new(session, PageLink, [row])
    opened = await session.scalar(select(PageLink.hash).where(PageLink.session == row["session"]))
    return opened is not None


async def holder(session: AsyncSession, cookie: str, *, now: dt.datetime) -> Person | None:
    """Return whose session it is, whatever their state; None where it is unknown, expired or ended."""
    return await session.scalar(
        select(Person)
        .join(PageLink, PageLink.person_id == Person.id)
        .where(PageLink.session == fingerprint(cookie), PageLink.ended_at.is_(None), PageLink.expires_at > now)
    )


async def end(session: AsyncSession, cookie: str, *, now: dt.datetime) -> bool:
    """End a session; False where it had ended before. One of several racing presses wins."""
    ended = await session.execute(
        update(PageLink)
        .where(PageLink.session == fingerprint(cookie), PageLink.ended_at.is_(None), PageLink.expires_at > now)
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
        .returning(PageLink.hash)
    )
    return ended.scalar_one_or_none() is not None


async def forget(session: AsyncSession, *, before: dt.datetime) -> None:
    """Delete links opened before a moment.

    Args:
        session: The unit of work.
        before: Aware UTC time so long past that none of them can hold any more, or they could be opened again.
    """
    await session.execute(
        delete(PageLink).where(PageLink.opened_at < before).execution_options(synchronize_session=False)
    )
