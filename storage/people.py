"""Officers, units and invitations."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.policy.model import Policy
from storage.tables import Invite, Person, PersonState, Role, Stranger, Unit
from storage.upsert import insert_new

INVITE_BYTES: Final = 16  # 128 random bits
REFUSE_AGAIN_AFTER: Final = dt.timedelta(days=1)


async def sync_units(session: AsyncSession, policy: Policy) -> None:
    """Bring the units up to the pack: new ones are added, names follow, none is ever removed."""
    await insert_new(
        session,
        Unit,
        [
            {"code": unit.code, "short_name": unit.short_name, "name": unit.name, "kind": unit.kind.value}
            for unit in policy.units.values()
        ],
    )
    rows = {row.code: row for row in await session.scalars(select(Unit))}
    for unit in policy.units.values():
        row = rows[unit.code]
        parent = rows[unit.parent].id if unit.parent else None
        row.short_name, row.name, row.kind, row.parent_id = unit.short_name, unit.name, unit.kind.value, parent
    await session.flush()


async def unit_by_code(session: AsyncSession, code: str) -> Unit | None:
    """Return a unit by its code."""
    return await session.scalar(select(Unit).where(Unit.code == code))


async def units(session: AsyncSession) -> Sequence[Unit]:
    """Return all units in the order in which they were made."""
    return (await session.scalars(select(Unit).order_by(Unit.id))).all()


async def by_telegram_id(session: AsyncSession, telegram_id: int) -> Person | None:
    """Return whoever has this Telegram id, whatever their state."""
    return await session.scalar(select(Person).where(Person.telegram_id == telegram_id))


async def coordinators(session: AsyncSession) -> Sequence[Person]:
    """Return all active coordinators."""
    rows = await session.scalars(
        select(Person).where(Person.role == Role.COORDINATOR, Person.state == PersonState.ACTIVE).order_by(Person.id)
    )
    return rows.all()


async def appoint_admins(
    session: AsyncSession, telegram_ids: Iterable[int], unit: Unit, *, now: dt.datetime
) -> list[int]:
    """Make these people coordinators of a unit; return the ids that are new."""
    appointed = []
    for telegram_id in telegram_ids:
        person = await by_telegram_id(session, telegram_id)
        if person is None:
            session.add(Person(telegram_id=telegram_id, unit_id=unit.id, role=Role.COORDINATOR, joined_at=now))
            appointed.append(telegram_id)
        elif person.role is not Role.COORDINATOR or person.state is not PersonState.ACTIVE:
            person.role, person.state, person.unit_id = Role.COORDINATOR, PersonState.ACTIVE, unit.id
            appointed.append(telegram_id)
    await session.flush()
    return appointed


async def invite(session: AsyncSession, unit: Unit, role: Role, *, by: Person | None, expires_at: dt.datetime) -> str:
    """Make a single-use invitation and return its token; only its hash is kept."""
    token = secrets.token_urlsafe(INVITE_BYTES)
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


async def redeem(session: AsyncSession, token: str, *, now: dt.datetime) -> Invite | None:
    """Use an invitation up; None where it is unknown, expired or used. One of several racing users wins."""
    used = await session.execute(
        update(Invite)
        .where(Invite.hash == _hash(token), Invite.used_at.is_(None), Invite.expires_at > now)
        .values(used_at=now)
        .execution_options(synchronize_session=False)
        .returning(Invite.hash)
    )
    key = used.scalar_one_or_none()
    return None if key is None else await session.get(Invite, key, populate_existing=True)


async def refuse_once(session: AsyncSession, telegram_id: int, *, now: dt.datetime) -> bool:
    """Say whether a stranger is to be told; they are told once a day, and nothing else about them is kept."""
    known = await session.get(Stranger, telegram_id)
    if known is None:
        session.add(Stranger(telegram_id=telegram_id, refused_at=now))
        return True
    if now - known.refused_at < REFUSE_AGAIN_AFTER:
        return False
    known.refused_at = now
    return True


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
