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
from storage import cover, ledger, notified, outbox, people
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
    for person in await people.out_of_reach(session):
        for receiver in await _concerned(session, office, person, now):
            dedupe = f"{_name(AWAY, person)}{receiver.id}"
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
    told = await notified.receivers_of(session, _name(AWAY, person))
    since, name = person.unreachable_since, _name(BACK, person)
    people.regain(person)
    await notified.revive(session, person, since=since or now, now=now)
    for receiver in told:
        params = {"person": person.id}
        await outbox.enqueue(session, receiver, kind=BACK, params=params, dedupe=f"{name}{receiver.id}", now=now)


def _name(kind: str, person: Person) -> str:
    since = person.unreachable_since.isoformat() if person.unreachable_since else person.state.value
    return f"{kind}:{person.id}:{since}:"


async def _concerned(session: AsyncSession, office: Office, person: Person, now: dt.datetime) -> Sequence[Person]:
    """Return the stand-in and the heads; the coordinators where there is neither."""
    stand_in = await cover.effective(session, person, office.today(now))
    found = [*([stand_in] if stand_in else []), *await receivers.heads(session, office, person.unit_id, now)]
    found = [each for each in receivers.distinct(found) if each.id != person.id]
    return found or [each for each in await receivers.coordinators(session, office, now) if each.id != person.id]


async def render_away(
    session: AsyncSession, office: Office, reader: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Say who is out of reach, how much is open, and whom it goes to; None where they are back."""
    person = await session.get_one(Person, params["person"], populate_existing=True)
    if person.state is PersonState.ACTIVE and person.reachable:
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
