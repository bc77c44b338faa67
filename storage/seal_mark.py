"""The mark of the newest seal: what was cut off the end of the chain is missed, and not sealed anew.

It is a keyed hash in a row of its own, written with each seal. Whoever has not the key can take it away, which is
missed too, or put back one that they saw earlier together with the chain of that moment: that only a value tells which
was posted meanwhile.
"""

import hmac
from typing import Any, Final

from cryptography.fernet import InvalidToken
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import AuditSeal, Outbox, Setting

MARK: Final = "audit.mark"
POSTED: Final = "audit.head"
"""The kind of the notification that tells coordinators a day's head."""


async def put(session: AsyncSession, key: bytes) -> None:
    """Mark the newest seal, or that there is none yet."""
    said = _of(key, *(await session.execute(_newest())).one())
    await session.merge(Setting(key=MARK, value=said))
    await session.flush()


async def is_there(session: AsyncSession) -> bool:
    """Say whether anything is marked."""
    return await session.get(Setting, MARK) is not None


async def why_missed(session: AsyncSession, key: bytes) -> str | None:
    """Return why the newest seal is not the one that was marked; None where it is."""
    row = (await session.execute(_newest(Setting.value).join(Setting, Setting.key == MARK))).one_or_none()
    if row is None:
        return "the mark of the newest seal is gone"
    said, *newest = row
    if not hmac.compare_digest(str(said).encode(), _of(key, *newest).encode()):
        return "the newest seal is not the one that was marked: seals were taken away"
    return None


async def why_not_as_posted(session: AsyncSession) -> str | None:
    """Return why the head that was posted last is not one of the chain's; None where it is, or none is kept."""
    newest = select(Outbox.params).where(Outbox.kind == POSTED).order_by(Outbox.id.desc()).limit(1)
    try:
        said = await session.scalar(newest)
    except InvalidToken:
        return "the value that was posted last cannot be read"
    head = said.get("head") if isinstance(said, dict) else None  # an erasure takes what was sent
    if head is None or await session.scalar(select(AuditSeal.id).where(AuditSeal.head == head).limit(1)) is not None:
        return None
    return "the value that was posted last is not in the chain: its end was cut off"


def _newest(*more: Any) -> Any:
    """Return the query of what is marked: one statement with the mark, so that no seal comes between the two."""
    newest = select(func.max(AuditSeal.id).label("id")).subquery()
    what = (*more, AuditSeal.id, AuditSeal.to_id, AuditSeal.head)
    return select(*what).select_from(newest).outerjoin(AuditSeal, AuditSeal.id == newest.c.id)


def _of(key: bytes, *newest: Any) -> str:
    return hmac.digest(key, f"mark\0{newest}".encode(), "sha256").hex()
