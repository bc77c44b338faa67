"""The seals over the audit: a keyed hash chain over ranges of its lines, so that a change behind our back shows.

Each seal's head is a keyed hash over the head before it and over a keyed hash of each line in its range. The key is
random and stands in the database only wrapped by the key file: whoever has the database alone can neither forge a
seal nor try out what an erased line may have said. The newest seal is marked (``seal_mark``). No chain can show that
all of it is an older state, so each day's head goes to the coordinators' chats and, on SQLite, into each copy's
manifest. Source: ``reliability.md`` §5.4.
"""

import datetime as dt
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.fernet import InvalidToken
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storage import seal_mark
from storage.keys import purpose_keys
from storage.tables import Audit, AuditSeal, Setting

KEY: Final = "audit.key"
PURPOSE: Final = "audit seals"
EVERY: Final = dt.timedelta(minutes=1)
MOST_LINES: Final = 1_000  # under one seal
SHORTEST_HEAD: Final = 16  # hexadecimal digits of a head by which it may be named
_HASH: Final = "sha256"


class NoSealKey(Exception):
    """The chain's key is not there or not readable: it was taken away or exchanged, or the key file is another one."""


class CutOff(Exception):
    """The newest seal is not the one that was marked; what lost its seal is not sealed anew."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A range of the audit that is not as it was sealed.

    Args:
        from_id: The first line of the range.
        to_id: The last line of the range.
        why: What does not fit, for the maintainer.
    """

    from_id: int
    to_id: int
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    Args:
        lines: How many lines are sealed.
        heads: The heads of all seals, in order.
        unsealed: How many lines wait for the next seal.
        broken: What does not fit, in order; nothing in good health.
    """

    lines: int
    heads: tuple[str, ...]
    unsealed: int
    broken: tuple[Broken, ...]

    def has(self, head: str) -> bool:
        """Say whether a head, or its beginning of at least sixteen digits, is one of this chain's."""
        said = head.strip().lower().replace(" ", "")
        return len(said) >= SHORTEST_HEAD and any(each.startswith(said) for each in self.heads)


async def begin(session: AsyncSession) -> None:
    """Make the key of the chain and mark where it stands, as far as either is missing.

    Only for a database that is new or of a version without marks: in any other, what is missing was taken away.
    """
    if await last(session) is None and await session.get(Setting, KEY) is None:
        made = purpose_keys(PURPOSE).encrypt(secrets.token_bytes(32))
        session.add(Setting(key=KEY, value=made.decode()))
        await session.flush()
    if not await seal_mark.is_there(session):
        await seal_mark.put(session, await _key(session))


async def last(session: AsyncSession) -> AuditSeal | None:
    """Return the newest seal."""
    return await session.scalar(select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1))


async def is_due(session: AsyncSession, now: dt.datetime) -> bool:
    """Say whether there are lines to be sealed, and the newest seal is a minute old."""
    seal = await last(session)
    if seal is not None and abs(now - seal.sealed_at) < EVERY:
        return False
    newest = await session.scalar(select(func.max(Audit.id)))
    return newest is not None and (seal is None or newest > seal.to_id)


async def waiting_since(session: AsyncSession) -> dt.datetime | None:
    """Return when the oldest line was written that no seal covers yet; None where all are sealed."""
    newest = await last(session)
    return await session.scalar(select(func.min(Audit.at)).where(Audit.id > (newest.to_id if newest else 0)))


async def seal(session: AsyncSession, now: dt.datetime) -> AuditSeal | None:
    """Seal the oldest unsealed lines, at most a thousand; None where there are none.

    Args:
        session: A unit of work of its own.
        now: Aware UTC time.

    Raises:
        NoSealKey: The chain's key is gone.
        CutOff: The newest seal is not the one that was marked.
    """
    await _alone(session)
    key = await _key(session)
    if (why := await seal_mark.why_missed(session, key)) is not None:
        raise CutOff(why)
    before = await last(session)
    after_id = before.to_id if before else 0
    rows = await session.scalars(select(Audit).where(Audit.id > after_id).order_by(Audit.id).limit(MOST_LINES))
    lines = rows.all()
    if not lines:
        return None
    made = AuditSeal(from_id=lines[0].id, to_id=lines[-1].id, sealed_at=now, head="")
    made.head = _head(key, before.head if before else "", made, [line_hash(key, line) for line in lines])
    session.add(made)
    await session.flush()
    await seal_mark.put(session, key)
    return made


async def verify(session: AsyncSession) -> Verdict:
    """Compare every sealed line with its seal, and the end of the chain with its mark and the value posted last.

    Args:
        session: A session that reads.

    Raises:
        NoSealKey: The chain's key is gone.
    """
    key = await _key(session)
    heads: list[str] = []
    broken: list[Broken] = []
    counted, before_id, before_head = 0, 0, ""
    async for each in _seals(session):
        between = Audit.id > before_id, Audit.id <= max(each.to_id, before_id)
        lines: Sequence[Audit] = ()
        try:
            lines = (await session.scalars(select(Audit).where(*between).order_by(Audit.id))).all()
            why = _why_broken(key, before_head, before_id, each, lines)
        except InvalidToken:  # whoever has not the key cannot write what is kept encrypted
            why = "what stands in a line cannot be read"
        if why is not None:
            broken.append(Broken(each.from_id, each.to_id, why))
        heads.append(each.head)
        counted += len(lines)
        before_id, before_head = max(each.to_id, before_id), each.head
        session.expunge_all()  # a million lines are not kept in memory
    unsealed = await _count_after(session, before_id)
    if (why := await _why_cut_off(session, key)) is not None:
        broken.append(Broken(before_id + 1, before_id + max(unsealed, 1), why))
    return Verdict(counted, tuple(heads), unsealed, tuple(broken))


async def why_cut_off(session: AsyncSession) -> str | None:
    """Return why the chain does not end where it did, or cannot go on; None in good health. Its lines are not read."""
    try:
        return await _why_cut_off(session, await _key(session))
    except NoSealKey as fault:
        return str(fault)


async def rewrap(session: AsyncSession) -> None:
    """Wrap the chain's key by the newest key of the key file; the chain itself stays as it is."""
    kept = await session.get(Setting, KEY)
    if kept is not None:
        kept.value = purpose_keys(PURPOSE).rotate(kept.value.encode()).decode()


async def content_hash(session: AsyncSession, line: Audit) -> str:
    """Return what stands in the chain for a line's content, to be kept in its place when it is erased.

    Raises:
        NoSealKey: The chain's key is gone.
    """
    return _content(await _key(session), line)


def line_hash(key: bytes, line: Audit) -> bytes:
    """Return the keyed hash of a line; of an erased one its content's hash stands for the content."""
    said = [
        line.id,
        line.at.astimezone(dt.UTC).isoformat(),
        line.actor_id,
        line.update_id,
        line.verb,
        line.subject_kind,
        line.subject_id,
        line.content_hash or _content(key, line),
    ]
    return hmac.digest(key, b"line\0" + _plain(said), _HASH)


async def _why_cut_off(session: AsyncSession, key: bytes) -> str | None:
    return await seal_mark.why_missed(session, key) or await seal_mark.why_not_as_posted(session)


def _why_broken(key: bytes, before_head: str, before_id: int, seal: AuditSeal, lines: Sequence[Audit]) -> str | None:
    if not before_id < seal.from_id <= seal.to_id:
        return "its seal overlaps another or runs backwards"
    if not lines or lines[-1].id != seal.to_id or all(line.id != seal.from_id for line in lines):
        return "lines were taken out"
    if lines[0].id < seal.from_id:
        return "lines were put in before it"
    erased = [line for line in lines if line.content_hash is not None]
    if any(line.before is not None or line.after is not None or line.reason is not None for line in erased):
        return "an erased line was written on again"
    if not hmac.compare_digest(_head(key, before_head, seal, [line_hash(key, line) for line in lines]), seal.head):
        return "lines or the seal were changed, taken out or put in"
    return None


def _head(key: bytes, before: str, seal: AuditSeal, hashes: Sequence[bytes]) -> str:
    said = [before, seal.from_id, seal.to_id, seal.sealed_at.astimezone(dt.UTC).isoformat(), len(hashes)]
    return hmac.digest(key, b"seal\0" + _plain(said) + b"".join(hashes), _HASH).hex()


def _content(key: bytes, line: Audit) -> str:
    return hmac.digest(key, b"content\0" + _plain([line.before, line.after, line.reason]), _HASH).hex()


def _plain(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


async def _key(session: AsyncSession) -> bytes:
    kept = await session.get(Setting, KEY)
    if kept is None:
        raise NoSealKey("the key of the audit's seals is gone")
    try:
        return purpose_keys(PURPOSE).decrypt(str(kept.value).encode())
    except InvalidToken:
        raise NoSealKey("the key of the audit's seals cannot be read with this key file") from None


async def _alone(session: AsyncSession) -> None:
    """On PostgreSQL wait until every line with a smaller number is there; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("LOCK TABLE audit_seal IN EXCLUSIVE MODE"))
        await session.execute(text("LOCK TABLE audit IN SHARE MODE"))


async def _seals(session: AsyncSession) -> AsyncIterator[AuditSeal]:
    after = 0
    while True:
        rows = await session.scalars(select(AuditSeal).where(AuditSeal.id > after).order_by(AuditSeal.id).limit(100))
        page = rows.all()
        if not page:
            return
        after = page[-1].id
        for each in page:
            yield each


async def _count_after(session: AsyncSession, line_id: int) -> int:
    return await session.scalar(select(func.count(Audit.id)).where(Audit.id > line_id)) or 0
