"""What is incomplete in a unit's quarter, and one press that asks whoever can complete it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.returns import Gap
from bot.screens import quarter_return as screens
from bot.screens.screen import Screen
from handlers import quarter_facts
from handlers.office import Office
from handlers.quarter_return import answered_for, page, readable
from handlers.turn import Flow, Turn
from storage import cover, outbox, periodic
from storage import quarter_returns as stored
from storage.tables import Person, Priority

COMPLETE: Final = "quarter.complete"


async def on_gaps(turn: Turn) -> Screen:
    """〔补录〕: what is incomplete, and who can complete it."""
    unit = await quarter_facts.unit_return(turn.session, turn.office, await readable(turn), turn.now)
    return screens.gaps(unit, turn.officer.id, page(turn))


async def on_ask(turn: Turn) -> Screen:
    """〔请经办人补录〕: one message to each officer with their entries, at most one a day."""
    row = await answered_for(turn, turn.pressed.id)
    unit = await quarter_facts.unit_return(turn.session, turn.office, row, turn.now)
    by_owner: dict[int, list[Gap]] = defaultdict(list)
    for gap in unit.gaps:
        by_owner[gap.owner_id].append(gap)
    asked = 0
    for owner_id in by_owner:
        owner = await turn.session.get_one(Person, owner_id)
        person = await cover.effective(turn.session, owner, turn.today)
        if person is None or person.id == turn.officer.id:
            continue
        period = f"{unit.quarter.code}:{turn.today.isoformat()}"
        if await periodic.begins(turn.session, COMPLETE, period, f"{row.unit_id}:{owner_id}", now=turn.now):
            await _ask(turn.session, turn.office, row.id, owner_id, person, turn.now)
            asked += 1
    return screens.gaps(unit, turn.officer.id, 0, asked=asked)


async def _ask(
    session: AsyncSession, office: Office, return_id: int, owner_id: int, person: Person, now: dt.datetime
) -> None:
    await outbox.enqueue(
        session,
        person,
        kind=COMPLETE,
        params={"return": return_id, "owner": owner_id},
        dedupe=f"{COMPLETE}:{return_id}:{owner_id}:{office.today(now).isoformat()}:{person.id}",
        priority=Priority.QUESTION,
        now=now,
    )


async def render_complete(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Ask an officer to complete entries; None once nothing of theirs is missing.

    Whoever looks after the officer's work no more is shown none of it; whoever does now is asked in their place.
    """
    row, owner_id, today = await stored.by_id(session, params["return"]), params["owner"], office.today(now)
    if row is None:
        return None
    if person.id != owner_id and owner_id not in await cover.stood_in_for(session, person, today):
        owner = await session.get_one(Person, owner_id)
        if (other := await cover.effective(session, owner, today)) is not None:
            await _ask(session, office, row.id, owner_id, other, now)
        return None
    unit = await quarter_facts.unit_return(session, office, row, now)
    mine = [gap for gap in unit.gaps if gap.owner_id == owner_id]
    return screens.asked_to_complete(unit, mine, today=today) if mine else None


PRESSES: Final[Mapping[str, Flow]] = {"qgap": on_gaps, "qask": on_ask}
NOTICES: Final = {COMPLETE: render_complete}
QUIET: Final = dict.fromkeys((COMPLETE,))
