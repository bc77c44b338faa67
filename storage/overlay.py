"""The overlay's rows and the marks of the pack in force."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.guidance import Answers
from bot.policy.overlay import Layer, LayerKind
from storage.tables import Decision, Overlay, OverlayState, Person, PolicySnapshot, Request, RequestState, Setting

PACK, CANDIDATE, VERSION = "policy.pack", "policy.candidate", "policy.version"


async def layers(session: AsyncSession) -> list[Layer]:
    """Return the overlay in force, in the order in which it was laid."""
    rows = await session.scalars(select(Overlay).where(Overlay.state == OverlayState.IN_FORCE).order_by(Overlay.id))
    return [Layer(LayerKind(row.kind), row.key, row.content) for row in rows]


async def put(session: AsyncSession, row: Overlay, *, by: Person, now: dt.datetime) -> None:
    """Put an entry in force; an older one of the same key is replaced by it and stays in the history."""
    await session.execute(
        update(Overlay)
        .where(Overlay.kind == row.kind, Overlay.key == row.key, Overlay.state == OverlayState.IN_FORCE)
        .values(state=OverlayState.REPLACED)
        .execution_options(synchronize_session=False)
    )
    row.state, row.answered_by, row.answered_at = OverlayState.IN_FORCE, by.id, now
    session.add(row)
    await session.flush()


async def proposals(session: AsyncSession, *, limit: int, offset: int = 0) -> Sequence[tuple[Overlay, Person | None]]:
    """Return what was proposed and not answered yet, oldest first, with whoever proposed it.

    Args:
        session: The unit of work.
        limit: Most of them.
        offset: How many of the oldest are passed over.
    """
    rows = await session.execute(
        select(Overlay, Person)
        .outerjoin(Person, Person.id == Overlay.proposed_by)
        .where(Overlay.state == OverlayState.PROPOSED)
        .order_by(Overlay.id)
        .limit(limit)
        .offset(offset)
    )
    return [(row, person) for row, person in rows]


async def proposed(session: AsyncSession, *, by: int | None = None) -> int:
    """Count what was proposed and not answered yet, by one person or by anybody."""
    waiting = select(func.count(Overlay.id)).where(Overlay.state == OverlayState.PROPOSED)
    return await session.scalar(waiting if by is None else waiting.where(Overlay.proposed_by == by)) or 0


async def history(session: AsyncSession, kind: LayerKind, key: str) -> Sequence[Overlay]:
    """Return every version of one matter, unit or setting of the bureau's own, newest first."""
    rows = await session.scalars(
        select(Overlay).where(Overlay.kind == kind.value, Overlay.key == key).order_by(Overlay.id.desc())
    )
    return rows.all()


async def next_key(session: AsyncSession, prefix: str) -> str:
    """Return a code that no matter or unit of the bureau's own has had."""
    return f"{prefix}{(await session.scalar(select(func.max(Overlay.id))) or 0) + 1}"


async def open_entries_of(session: AsyncSession, codes: frozenset[str]) -> int:
    """Return how many open entries are about any of these matters."""
    counted = select(func.count()).where(Request.state == RequestState.OPEN, Request.matter_code.in_(codes))
    return await session.scalar(counted) or 0


async def open_entries_outside(session: AsyncSession, answers: Answers) -> int:
    """Return how many open entries outside the catalogue were decided by these answers."""
    rows = await session.scalars(
        select(Decision.answers)
        .join(Request, Request.decision_id == Decision.id)
        .where(Request.state == RequestState.OPEN, Request.matter_code.is_(None))
    )
    wanted = {question: sorted(given) for question, given in answers.items()}
    return sum(all(sorted(found.get(question, ())) == given for question, given in wanted.items()) for found in rows)


async def mark(session: AsyncSession, key: str) -> Any:
    """Return a mark of the pack in force; None where there is none."""
    row = await session.get(Setting, key, populate_existing=True)
    return None if row is None else row.value


async def set_mark(session: AsyncSession, key: str, value: Any) -> None:
    """Write a mark of the pack in force."""
    row = await session.get(Setting, key, populate_existing=True)
    if row is None:
        session.add(Setting(key=key, value=value))
    else:
        row.value = value
    await session.flush()


async def next_version(session: AsyncSession) -> int:
    """Count a change of the rules, by which every process notices it."""
    version = int(await mark(session, VERSION) or 0) + 1
    await set_mark(session, VERSION, version)
    return version


async def snapshot(session: AsyncSession, policy_hash: str) -> str | None:
    """Return a kept policy's content."""
    row = await session.get(PolicySnapshot, policy_hash)
    return None if row is None else row.content


def values_of(settings: Mapping[str, Any]) -> list[Layer]:
    """Return settings as entries of the overlay: path -> value."""
    return [Layer(LayerKind.SETTING, path, {"value": value}) for path, value in settings.items()]
