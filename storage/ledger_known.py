"""What of an older ledger a unit's ledger has already, so that importing it twice adds nothing."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.finding import entry_number
from bot.ledger_import import Row
from bot.near_names import plain_name
from bot.policy.model import ProductKind
from storage.counterparts import family
from storage.sight import Sight, is_confidential, opinion_known_to, visible_to
from storage.tables import Item, Opinion, Request, RequestState, Unit


@dataclass(frozen=True, slots=True)
class _Entry:
    year: int
    seq: int
    matter_code: str | None
    matter: str
    counterpart_id: int | None
    submitted_on: dt.date | None
    count: int | None
    is_seen: bool

    def is_of(self, row: Row) -> bool:
        """Say whether a row is about the same matter and submission."""
        same_code = row.matter_code is not None and row.matter_code == self.matter_code
        same_matter = same_code or plain_name(row.matter) == plain_name(self.matter)
        return same_matter and (row.submitted_on, row.count) == (self.submitted_on, self.count)


@dataclass(frozen=True, slots=True)
class _Opinion:
    counterpart_id: int | None
    number: str | None
    issued_on: dt.date

    def is_of(self, row: Row) -> bool:
        """Say whether a row brings the same opinion."""
        if row.opinion and self.number:
            return row.opinion == self.number
        return row.issued_on == self.issued_on


async def present(session: AsyncSession, unit: Unit, rows: Sequence[Row], sight: Sight) -> dict[int, str | None]:
    """Return which rows a unit's ledger has already: the same opinion, or the same counterpart, matter and submission.

    Of a colleague's entry for a matter whose takers are confidential nothing is known, nor of its opinion before the
    result: whoever sends in guesses would learn who takes part. Such a row is entered a second time.

    Returns:
        Row -> number of the entry that has it, empty where they may not look at it; None for an opinion without one.
    """
    families = await family(session, sorted({code for row in rows if (code := row.code or row.legacy_code)}))
    ids = {each for members in families.values() for each in members}
    counts = {row.count for row in rows if row.count is not None}
    entries = await _entries(session, unit.id, ids, counts, sight)
    held = await _opinions(session, unit.id, ids, sight)
    found: dict[int, str | None] = {}
    for row in rows:
        members = families.get(row.code or row.legacy_code, set()) if not row.count else {None}
        same = [each for one in members for each in entries.get(one, ()) if each.is_of(row)]
        if same:
            seen = next((each for each in same if each.is_seen), None)
            found[row.row] = entry_number(unit.short_name, seen.year, seen.seq) if seen else ""
        elif row.brings_opinion and any(each.is_of(row) for one in members for each in held.get(one, ())):
            found[row.row] = None
    return found


async def _entries(
    session: AsyncSession, unit_id: int, ids: set[int], counts: set[int], sight: Sight
) -> Mapping[int | None, list[_Entry]]:
    rows = await session.execute(
        select(
            Request.year, Request.seq, Request.matter_code, Request.matter_name,
            Item.counterpart_id, Item.submitted_on, Item.head_count, visible_to(sight).label("is_seen"),
        )
        .join(Item, Item.request_id == Request.id)
        .where(
            Request.unit_id == unit_id,
            Request.state != RequestState.UNDONE,
            Item.product_kind == ProductKind.VERIFICATION.value,
            or_(Item.counterpart_id.in_(ids), Item.counterpart_id.is_(None) & Item.head_count.in_(counts)),
            or_(visible_to(sight), ~is_confidential(sight)),
        )
        .order_by(Request.id)
    )  # fmt: skip
    found: dict[int | None, list[_Entry]] = defaultdict(list)
    for row in rows:
        entry = _Entry(*row)
        found[entry.counterpart_id].append(entry)
    return found


async def _opinions(
    session: AsyncSession, unit_id: int, ids: set[int], sight: Sight
) -> Mapping[int | None, list[_Opinion]]:
    rows = await session.execute(
        select(Opinion.counterpart_id, Opinion.number, Opinion.issued_on).where(
            Opinion.counterpart_id.in_(ids),
            Opinion.unit_id == unit_id,
            Opinion.undone_at.is_(None),
            opinion_known_to(sight),
        )
    )
    found: dict[int | None, list[_Opinion]] = defaultdict(list)
    for row in rows:
        opinion = _Opinion(*row)
        found[opinion.counterpart_id].append(opinion)
    return found
