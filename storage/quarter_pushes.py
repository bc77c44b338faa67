"""The bureau's summaries on their way: begun once, and where their copies have arrived."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.quarters import Quarter
from bot.returns import Delivery, PushState
from storage.tables import Outbox, OutboxState, Person, QuarterPush, Unit
from storage.upsert import insert_new

KIND: Final = "quarter.push"
_REFUSED: Final = (OutboxState.REFUSED, OutboxState.CANCELLED)


def dedupe(push_id: int, receiver: str) -> str:
    """Return the key of a receiver's copy; with it each receiver is served once."""
    return f"{KIND}:{push_id}:{receiver}"


async def begin(session: AsyncSession, quarter: Quarter) -> None:
    """Let the summary of a quarter begin; one that has begun stays as it is."""
    row = {
        "year": quarter.year,
        "quarter": quarter.number,
        "state": PushState.DRAFTING,
        "named": [],
        "files": {},
        "version": 1,
    }
    await insert_new(session, QuarterPush, [row])


async def by_id(session: AsyncSession, push_id: int, *, lock: bool = False) -> QuarterPush | None:
    """Return a summary as it stands in this transaction."""
    return await session.get(QuarterPush, push_id, populate_existing=True, with_for_update=lock)


async def delivery(session: AsyncSession, push_id: int) -> Delivery:
    """Return what became of a summary's copies."""
    copies = Outbox.dedupe.startswith(dedupe(push_id, ""), autoescape=True)
    rows = await session.execute(select(Outbox.state, func.count()).where(copies).group_by(Outbox.state))
    counts = {state: count for state, count in rows}
    unconfirmed = (OutboxState.UNKNOWN, OutboxState.HELD)
    in_person = select(Unit.name).join(Person, Person.unit_id == Unit.id).join(Outbox, Outbox.person_id == Person.id)
    missed = await session.scalars(in_person.where(copies, Outbox.state.in_(_REFUSED)).distinct().order_by(Unit.name))
    groups = await session.scalars(
        select(Outbox.params).where(copies, Outbox.person_id.is_(None), Outbox.state.in_(_REFUSED))
    )
    of_groups = select(Unit.name).where(Unit.id.in_([each["unit"] for each in groups])).order_by(Unit.name)
    return Delivery(
        delivered=counts.get(OutboxState.SENT, 0),
        unconfirmed=sum(counts.get(each, 0) for each in unconfirmed),
        waiting=counts.get(OutboxState.DUE, 0) + counts.get(OutboxState.CLAIMED, 0),
        refused=sum(counts.get(each, 0) for each in _REFUSED),
        missed=tuple(missed),
        missed_groups=tuple(await session.scalars(of_groups)),
    )


async def unserved(session: AsyncSession, push_id: int, receivers: Collection[str]) -> int:
    """Return how many of the receivers of now have no copy that arrived, or may still.

    Args:
        session: A session that reads.
        push_id: The summary.
        receivers: As ``dedupe`` names them.
    """
    copies = Outbox.dedupe.startswith(dedupe(push_id, ""), autoescape=True)
    served = set(await session.scalars(select(Outbox.dedupe).where(copies, Outbox.state.not_in(_REFUSED))))
    return sum(dedupe(push_id, each) not in served for each in receivers)


async def unfinished(session: AsyncSession) -> Sequence[QuarterPush]:
    """Return the summaries whose draft or last files are still being made, the oldest first."""
    states = (PushState.DRAFTING, PushState.CONFIRMED)
    rows = select(QuarterPush).where(QuarterPush.state.in_(states)).order_by(QuarterPush.year, QuarterPush.quarter)
    return (await session.scalars(rows)).all()


async def add_report(session: AsyncSession, push_id: int, version: int, key: str) -> None:
    """Add the report that was made anew, unless something has changed since.

    Args:
        session: The unit of work.
        push_id: The summary.
        version: Its version when the report was begun; it is not counted up, so that an open screen is not outdated.
        key: The file's generated name.
    """
    row = await by_id(session, push_id, lock=True)
    if row is None or row.version != version:
        return
    values = {"files": {**row.files, "report": key}}
    await session.execute(update(QuarterPush).where(QuarterPush.id == push_id).values(**values))
