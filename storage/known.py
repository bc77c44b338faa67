"""What the register knows about the counterparts of a new entry, so that nobody asks or applies twice."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.finding import entry_number
from bot.scope import Known, Scope, UnderWay
from storage import opinions
from storage.counterparts import family, survivors
from storage.sight import Sight, visible_to
from storage.tables import Commitment, CommitmentState, Counterpart, Item, Request, RequestState, Unit


async def about(
    session: AsyncSession,
    codes: Sequence[str],
    *,
    sight: Sight,
    holds: Scope,
    on: dt.date,
    earliest_issue: dt.date | None = None,
) -> Known:
    """Return what is known about counterparts before an entry is made.

    Args:
        session: A session.
        codes: Their codes.
        sight: Whose eyes look.
        holds: What an entry for the matter may hold.
        on: The decision's local date, today where none is planned.
        earliest_issue: The oldest opinion that the coordinator still accepts for the matter.
    """
    if not codes:
        return Known()
    families = await family(session, codes)
    ids = {each for members in families.values() for each in members}
    holding = await opinions.reusable(session, codes, sight=sight, on=on)
    reusable = await opinions.reusable(session, codes, sight=sight, on=on, earliest_issue=earliest_issue)
    open_ = await under_way(session, codes, sight=sight, holds=holds)
    broken = await breaches(session, codes)
    return Known(
        reusable=reusable,
        too_old=tuple(each for code, each in holding.items() if code not in reusable),
        open_entries=tuple(dict.fromkeys(number for each in open_.values() for number in each.numbers)),
        open_elsewhere=any(each.elsewhere for each in open_.values()),
        breaches=await _breaches(session, ids),
        told_of=await keys(session, [code for code in codes if code in holding or code in open_ or code in broken]),
    )


async def keys(session: AsyncSession, codes: Sequence[str]) -> tuple[int, ...]:
    """Return the keys under which the register knows the organisations of some codes today, for the audit."""
    families = await family(session, codes)
    ids = {each for members in families.values() for each in members}
    return tuple(sorted(set((await survivors(session, ids)).values())))


async def coded(session: AsyncSession, ids: Sequence[int]) -> list[tuple[int, str, str]]:
    """Return key, code and name of organisations, in the order given; one without any code is missing."""
    rows = await session.execute(
        select(Counterpart.id, Counterpart.code, Counterpart.legacy_code, Counterpart.name).where(
            Counterpart.id.in_(ids), Counterpart.name.is_not(None)
        )
    )
    found = {key: (code, name or "") for key, unified, legacy, name in rows if (code := unified or legacy)}
    return [(key, *found[key]) for key in ids if key in found]


async def under_way(
    session: AsyncSession, codes: Sequence[str], *, sight: Sight, holds: Scope
) -> Mapping[str, UnderWay]:
    """Return the open entries for the same matter and counterpart, as far as an officer may know of them, by the code.

    Of what they may not look at they learn that it is there, so that nobody applies twice; of a
    matter whose takers are confidential before the result is published not even that.

    Args:
        session: A session.
        codes: The counterparts' codes.
        sight: Whose eyes look.
        holds: What an entry for the matter may hold; outside the catalogue open entries are not compared.
    """
    if holds.matter_code is None or not codes:
        return {}
    families = await family(session, codes)
    rows = await session.execute(
        select(Item.counterpart_id, Unit.short_name, Request.year, Request.seq, visible_to(sight).label("seen"))
        .join(Request, Item.request_id == Request.id)
        .join(Unit, Request.unit_id == Unit.id)
        .where(
            Item.counterpart_id.in_({each for members in families.values() for each in members}),
            Request.matter_code == holds.matter_code,
            Request.state == RequestState.OPEN,
        )
        .distinct()
        .order_by(Request.year, Request.seq)
    )
    numbers: dict[int, list[str]] = defaultdict(list)
    hidden: set[int] = set()
    for counterpart_id, unit, year, seq, seen in rows:
        if counterpart_id is not None and seen:
            numbers[counterpart_id].append(entry_number(unit, year, seq))
        elif counterpart_id is not None and not holds.confidential:
            hidden.add(counterpart_id)
    found = {
        code: UnderWay(
            tuple(dict.fromkeys(number for each in sorted(members) for number in numbers.get(each, ()))),
            elsewhere=bool(members & hidden),
        )
        for code, members in families.items()
    }
    return {code: each for code, each in found.items() if each.numbers or each.elsewhere}


async def breaches(session: AsyncSession, codes: Sequence[str]) -> Mapping[str, dt.date]:
    """Return when each counterpart last broke a commitment: code -> local day on which it was found."""
    families = await family(session, codes)
    rows = await session.execute(
        select(Item.counterpart_id, func.max(Commitment.settled_on))
        .join(Commitment, Commitment.item_id == Item.id)
        .where(
            Item.counterpart_id.in_({each for members in families.values() for each in members}),
            Commitment.state == CommitmentState.BREACHED,
        )
        .group_by(Item.counterpart_id)
    )
    last = {key: on for key, on in rows if on is not None}
    found = {code: [last[each] for each in members if each in last] for code, members in families.items()}
    return {code: max(days) for code, days in found.items() if days}


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
