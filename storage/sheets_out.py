"""The rows of an exported list, read in portions."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.dossier import readable_code
from bot.ledger import Entry
from bot.ledger_sheet import Line
from bot.opinions import Finding
from bot.policy.model import ProductKind
from storage import finding, opinions
from storage.finding import Search
from storage.sight import Sight
from storage.tables import Counterpart, Item, Opinion, Person, Request

MOST: Final = 20_000  # lines of one sheet
_PORTION: Final = 500  # entries read at once


async def lines(session: AsyncSession, sight: Sight, search: Search) -> list[Line]:
    """Return the lines of all entries that a search finds, more than ``MOST`` where there are more."""
    made: list[Line] = []
    read = 0
    while len(made) <= MOST:
        entries, _total = await finding.entries(session, sight, search, limit=_PORTION, offset=read)
        made += await of_entries(session, entries, sight=sight)
        read += len(entries)
        if len(entries) < _PORTION:
            break
    return made


async def of_entries(session: AsyncSession, entries: Sequence[Entry], *, sight: Sight | None) -> list[Line]:
    """Return the lines of entries, in their order.

    Args:
        session: The unit of work.
        entries: The entries.
        sight: Who reads; the codes of persons in business are whole for their own unit only. None: for nobody.
    """
    by_id = {entry.id: entry for entry in entries}
    rows = await session.execute(
        select(Item, Counterpart, Person, Request.unit_id)
        .join(Request, Request.id == Item.request_id)
        .join(Person, Person.id == Request.owner_id)
        .outerjoin(Counterpart, Counterpart.id == Item.counterpart_id)
        .where(Item.request_id.in_(by_id))
        .order_by(Item.id)
    )
    found = list(rows)
    came = await opinions.of_items(session, [item.id for item, _counterpart, _owner, _unit in found])
    made: dict[int, list[Line]] = {key: [] for key in by_id}
    for item, counterpart, owner, unit in found:
        code = _code(counterpart, inside=sight is not None and sight.is_inside(unit))
        name = counterpart.name if counterpart else None
        line = _line(by_id[item.request_id], item, came.get(item.id), name=name, code=code, owner=owner.name)
        made[item.request_id].append(line)
    return [line for each in made.values() for line in each]


def _line(
    entry: Entry, item: Item, opinion: Opinion | None, *, name: str | None, code: str | None, owner: str | None
) -> Line:
    return Line(
        entry=entry,
        kind=ProductKind(item.product_kind),
        name=name,
        code=code,
        count=item.head_count,
        owner=owner,
        submitted_on=item.submitted_on,
        received_on=item.received_on,
        due_on=item.due_on,
        returned_on=item.returned_on,
        used_on=item.used_on,
        finding=Finding(str(opinion.result)) if opinion else None,
        number=opinion.number if opinion else None,
        issued_on=opinion.issued_on if opinion else None,
        valid_to=opinion.valid_to if opinion else None,
        used_as=item.used_as,
        basis=item.basis,
        item_id=item.id,
    )


def _code(counterpart: Counterpart | None, *, inside: bool) -> str | None:
    if counterpart is None:
        return None
    return readable_code(counterpart.code, inside=inside) or counterpart.legacy_code
