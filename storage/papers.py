"""What the ledger knows about an entry for its letters."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.documents.filling import BLANK, Facts
from bot.documents.letters import Subject
from bot.policy.model import CounterpartKind, Policy
from storage.ledger import Opened
from storage.tables import Counterpart, Decision, Item, ItemState, PolicySnapshot, Unit, Work, WorkState


async def facts_of(session: AsyncSession, opened: Opened, policy: Policy) -> Facts:
    """Return what stands in an entry's letters; natural persons are blank in it.

    Args:
        session: A session.
        opened: An entry that the officer may see.
        policy: Today's pack.
    """
    decision = await session.get_one(Decision, opened.request.decision_id)
    unit = await session.get_one(Unit, opened.request.unit_id)
    standing = [item for item in opened.items if item.state is not ItemState.WITHDRAWN]
    ids = {item.counterpart_id for item in standing if item.counterpart_id is not None}
    rows = await session.scalars(select(Counterpart).where(Counterpart.id.in_(ids)))
    known = {row.id: row for row in rows}
    matter = policy.matters.get(opened.request.matter_code or "")
    return Facts(
        entry=opened.entry,
        unit=unit.name,
        rule_ids=frozenset(decision.rule_ids),
        decided_on=decision.on,
        offered=tuple(decision.result),
        verified=_subjects(opened.waiting, known),
        subjects=_subjects(standing, known),
        persons=sum(item.head_count or 0 for item in opened.waiting) if _subjects(opened.waiting, known) else 0,
        of_persons=matter is not None and matter.kinds == (CounterpartKind.NATURAL_PERSON,),
    )


async def snapshot_of(session: AsyncSession, opened: Opened) -> PolicySnapshot:
    """Return the pack as it stood when the entry was decided."""
    decision = await session.get_one(Decision, opened.request.decision_id)
    return await session.get_one(PolicySnapshot, decision.policy_hash)


async def is_being_made(session: AsyncSession, kind: str, params: Mapping[str, Any]) -> bool:
    """Say whether the same job waits or runs already, as after a second tap on its button."""
    rows = await session.scalars(
        select(Work).where(Work.kind == kind, Work.state.in_((WorkState.WAITING, WorkState.RUNNING)))
    )
    return any(row.params == params for row in rows)


def _subjects(items: Iterable[Item], known: Mapping[int, Counterpart]) -> tuple[Subject, ...]:
    ids = dict.fromkeys(item.counterpart_id for item in items if item.counterpart_id is not None)
    return tuple(_subject(known[each]) for each in ids)


def _subject(row: Counterpart) -> Subject:
    """Return whom a letter names; of a person the office knows less than a letter needs, so it names nothing."""
    return BLANK if row.name is None else Subject(row.name, row.code or row.legacy_code or "")
