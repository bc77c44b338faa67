"""What the register knows about the counterparts of a new entry, so that nobody asks or applies twice."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.scope import Known
from storage import opinions
from storage.counterparts import family
from storage.tables import Commitment, CommitmentState, Counterpart, CounterpartAlias, Item, Request, RequestState, Unit


async def about(
    session: AsyncSession,
    codes: Sequence[str],
    *,
    matter_code: str | None,
    on: dt.date,
    earliest_issue: dt.date | None = None,
) -> Known:
    """Return what is known about counterparts before an entry is made.

    Args:
        session: A session.
        codes: Their codes.
        matter_code: The matter; None outside the catalogue, where open entries are not compared.
        on: The decision's local date, today where none is planned.
        earliest_issue: The oldest opinion that the coordinator still accepts for the matter.
    """
    if not codes:
        return Known()
    families = await family(session, codes)
    ids = {each for members in families.values() for each in members}
    return Known(
        reusable=await opinions.reusable(session, codes, on=on, earliest_issue=earliest_issue),
        open_entries=await _open_entries(session, ids, matter_code),
        breaches=await _breaches(session, ids),
    )


async def named(session: AsyncSession, words: str, *, limit: int) -> list[tuple[str, str]]:
    """Return code and name of organisations by code or by a part of a name, a former one included.

    Args:
        session: A session.
        words: What was typed.
        limit: Most to return.
    """
    code = words.strip().upper().replace("-", "").replace(" ", "")
    known_as = select(CounterpartAlias.counterpart_id).where(CounterpartAlias.name.contains(words, autoescape=True))
    rows = await session.execute(
        select(Counterpart.code, Counterpart.legacy_code, Counterpart.name)
        .where(
            Counterpart.name.is_not(None),
            or_(
                Counterpart.code == code,
                Counterpart.legacy_code == code,
                Counterpart.name.contains(words, autoescape=True),
                Counterpart.id.in_(known_as),
            ),
        )
        .order_by(Counterpart.name)
        .limit(limit)
    )
    return [(unified or legacy or "", name or "") for unified, legacy, name in rows]


async def _open_entries(session: AsyncSession, ids: set[int], matter_code: str | None) -> tuple[str, ...]:
    if matter_code is None:
        return ()
    rows = await session.execute(
        select(Unit.short_name, Request.year, Request.seq)
        .join(Request, Request.unit_id == Unit.id)
        .join(Item, Item.request_id == Request.id)
        .where(Item.counterpart_id.in_(ids), Request.matter_code == matter_code, Request.state == RequestState.OPEN)
        .distinct()
        .order_by(Request.year, Request.seq)
        .limit(10)
    )
    return tuple(f"{unit}{year}-{seq}" for unit, year, seq in rows)


async def _breaches(session: AsyncSession, ids: set[int]) -> tuple[tuple[str, dt.date], ...]:
    rows = await session.execute(
        select(Counterpart.name, Commitment.settled_on)
        .join(Item, Item.counterpart_id == Counterpart.id)
        .join(Commitment, Commitment.item_id == Item.id)
        .where(Item.counterpart_id.in_(ids), Commitment.state == CommitmentState.BREACHED)
        .order_by(Commitment.settled_on.desc())
        .limit(10)
    )
    return tuple((name, on) for name, on in rows if name is not None and on is not None)
