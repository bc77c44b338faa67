"""Officers whom nothing reaches: they count as absent at once, and whoever looks after their work learns of it.

Source: features.md N11.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cover import Charge
from bot.dates import format_day
from bot.screens import delivery as screens
from bot.screens.screen import Screen
from handlers import hours, receivers
from handlers.colleagues import named
from handlers.office import Office
from storage import cover, ledger, notified, outbox, people, staff
from storage.tables import Person, PersonState, Priority

AWAY, BACK = "absence.away", "absence.back"


async def tell(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Tell the stand-in and the head of each officer out of reach, once for each absence, from the office's hour on.

    Returns:
        How many notifications were queued.
    """
    if not hours.has_begun(office, now):
        return 0
    queued = 0
    for person in await staff.out_of_reach(session, office.today(now)):
        which = await _which(session, person)
        for receiver in await _concerned(session, office, person, now):
            dedupe = f"{AWAY}:{person.id}:{which}:{receiver.id}"
            if await notified.is_queued(session, dedupe):
                continue
            params = {"person": person.id}
            await outbox.enqueue(
                session, receiver, kind=AWAY, params=params, dedupe=dedupe, priority=Priority.ESCALATION, now=now
            )
            queued += 1
    return queued


async def back(session: AsyncSession, person: Person, now: dt.datetime) -> None:
    """An officer writes again: whoever was told that they were away hears of it, and what they missed goes out anew."""
    since = person.unreachable_since
    people.regain(person)
    if person.state is PersonState.ACTIVE and since is not None:
        await _is_back(session, person, since.isoformat(), since=since, now=now)


async def resumed(session: AsyncSession, person: Person, now: dt.datetime) -> None:
    """Somebody who was suspended is at work again: the same, unless nothing reaches them all the same."""
    line = await people.stood_down(session, person)
    if line is not None and person.reachable:
        await _is_back(session, person, str(line.id), since=line.at, now=now)


async def _is_back(session: AsyncSession, person: Person, which: str, *, since: dt.datetime, now: dt.datetime) -> None:
    await notified.revive(session, person, since=since, now=now)
    for receiver in await notified.receivers_of(session, f"{AWAY}:{person.id}:{which}:"):
        params, dedupe = {"person": person.id}, f"{BACK}:{person.id}:{which}:{receiver.id}"
        await outbox.enqueue(session, receiver, kind=BACK, params=params, dedupe=dedupe, now=now)


async def _which(session: AsyncSession, person: Person) -> str:
    """Return what tells an absence from the one before it: since when, or by which act."""
    if person.state is PersonState.ACTIVE and person.unreachable_since is not None:
        return person.unreachable_since.isoformat()
    line = await people.stood_down(session, person)
    return str(line.id) if line is not None else person.state.value


async def _concerned(session: AsyncSession, office: Office, person: Person, now: dt.datetime) -> Sequence[Person]:
    """Return the stand-in and the heads; the coordinators where there is neither."""
    stand_in = await cover.effective(session, person, office.today(now))
    found = [*([stand_in] if stand_in else []), *await receivers.heads(session, office, person.unit_id, now)]
    found = [each for each in receivers.distinct(found) if each.id != person.id]
    return found or [each for each in await receivers.coordinators(session, office, now) if each.id != person.id]


async def render_away(
    session: AsyncSession, office: Office, reader: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Say who is out of reach, how much is open, and whom it goes to; None where they are back.

    None too for whom it does not concern any more; whoever it concerns now is found by the next look.
    """
    person = await session.get_one(Person, params["person"], populate_existing=True)
    if person.state is PersonState.ACTIVE and person.reachable:
        return None
    if reader.id not in {each.id for each in await _concerned(session, office, person, now)}:
        return None
    charge = Charge(person.id, person.unit_id)
    goes_to = [each for each in await receivers.of_charge(session, office, charge, now) if each.id != person.id]
    since = person.unreachable_since
    return screens.away(
        named(person),
        format_day(office.today(since), today=office.today(now)) if since else None,
        await ledger.count_open(session, person.id),
        [named(each) for each in goes_to if each.id != reader.id],
        to_reader=any(each.id == reader.id for each in goes_to),
    )


async def render_back(
    session: AsyncSession, _office: Office, _reader: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Say that somebody can be told again; None where they are out of reach once more."""
    person = await session.get_one(Person, params["person"], populate_existing=True)
    return screens.back(named(person)) if person.reachable and person.state is PersonState.ACTIVE else None


NOTICES: Final = {AWAY: render_away, BACK: render_back}
QUIET: Final = dict.fromkeys((AWAY, BACK))
