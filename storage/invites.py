"""Invitations: a link used once is that person's application, which a coordinator answers."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.roles import ADMINISTERS
from storage.tables import Invite, Person, PersonState, Role, Stranger, Unit

TOKEN_BYTES: Final = 16  # 128 random bits; reliability.md §5.2
MOST_TRIES: Final = 5
TRIES_WITHIN: Final = dt.timedelta(hours=1)


async def make(session: AsyncSession, unit: Unit, role: Role, *, by: Person | None, expires_at: dt.datetime) -> str:
    """Make a single-use invitation and return its token; only its hash is kept.

    Args:
        session: The unit of work.
        unit: Where the newcomer will sit.
        role: What they will be.
        by: The coordinator; None where it is made on the server.
        expires_at: From this moment on it is not valid any more.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        Invite(
            hash=_hash(token),
            unit_id=unit.id,
            role=role,
            invited_by=by.id if by else None,
            expires_at=expires_at,
        )
    )
    await session.flush()
    return token


async def may_try(session: AsyncSession, telegram_id: int, *, now: dt.datetime) -> bool:
    """Say whether somebody may still try an invitation; after five wrong ones they may not for an hour."""
    known = await session.get(Stranger, telegram_id)
    return known is None or _is_over(known, now) or known.tries < MOST_TRIES


async def note_wrong(session: AsyncSession, telegram_id: int, *, now: dt.datetime) -> None:
    """Count a wrong invitation; that it is wrong is what they are told today."""
    known = await session.get(Stranger, telegram_id)
    if known is None:
        known = Stranger(telegram_id=telegram_id, refused_at=now, tries=0, tries_from=now)
        session.add(known)
    if _is_over(known, now):
        known.tries, known.tries_from = 0, now
    known.tries, known.refused_at = known.tries + 1, now


async def redeem(session: AsyncSession, token: str, *, now: dt.datetime) -> Invite | None:
    """Use an invitation up; None where it is unknown, expired or used. One of several racing users wins.

    One of a coordinator who was suspended, has left or is none any more is worth no more than an expired one.
    """
    may_invite = select(Person.id).where(Person.state == PersonState.ACTIVE, Person.role.in_(ADMINISTERS))
    used = await session.execute(
        update(Invite)
        .where(Invite.hash == _hash(token), Invite.used_at.is_(None), Invite.expires_at > now)
        .where(or_(Invite.invited_by.is_(None), Invite.invited_by.in_(may_invite)))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
        .returning(Invite.hash)
    )
    key = used.scalar_one_or_none()
    return None if key is None else await session.get(Invite, key, populate_existing=True)


async def pending(session: AsyncSession, person_id: int) -> Invite | None:
    """Return the application of somebody who waits to be let in."""
    return await session.scalar(
        select(Invite)
        .join(Person, Person.id == Invite.used_by)
        .where(Invite.used_by == person_id, Invite.answered_at.is_(None), Person.state == PersonState.WAITING)
        .order_by(Invite.used_at.desc())
        .limit(1)
    )


async def latest(session: AsyncSession, person_id: int) -> Invite | None:
    """Return the newest application of somebody, answered or not."""
    rows = select(Invite).where(Invite.used_by == person_id).order_by(Invite.used_at.desc()).limit(1)
    return await session.scalar(rows)


async def waiting(session: AsyncSession) -> Sequence[tuple[Person, Invite]]:
    """Return everybody who waits to be let in, oldest first."""
    rows = await session.execute(
        select(Person, Invite)
        .join(Invite, Invite.used_by == Person.id)
        .where(Person.state == PersonState.WAITING, Invite.answered_at.is_(None))
        .order_by(Invite.used_at, Person.id)
    )
    return [(person, invite) for person, invite in rows]


async def answer(session: AsyncSession, application: Invite, *, by: Person, approved: bool, now: dt.datetime) -> bool:
    """Answer an application; False where another coordinator has done so already."""
    answered = await session.execute(
        update(Invite)
        .where(Invite.hash == application.hash, Invite.answered_at.is_(None))
        .values(answered_at=now, answered_by=by.id, approved=approved)
        .execution_options(synchronize_session=False)
        .returning(Invite.hash)
    )
    won = answered.scalar_one_or_none() is not None
    await session.refresh(application)
    return won


def _is_over(known: Stranger, now: dt.datetime) -> bool:
    """Say whether the hour of somebody's wrong tries is over."""
    return known.tries_from is None or now - known.tries_from >= TRIES_WITHIN


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
