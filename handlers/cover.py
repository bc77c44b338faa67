"""/cover: 请假代办. Who is away and who stands in; both are told, and reminders go where the work goes."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.language import _
from bot.roles import SETS_COVER, Reach, reaches
from bot.screens import cover as screens
from bot.screens.cover import Covered
from bot.screens.ledger import PAGE
from bot.screens.screen import Screen, is_number
from handlers import drafts_aside
from handlers.colleagues import named
from handlers.office import Office
from handlers.timeline import wording
from handlers.turn import Flow, Stale, Turn
from storage import colleagues, ledger, outbox
from storage import cover as stored
from storage.tables import Cover, Person, PersonState

PURPOSE: Final = "cover"
BEGINS, ENDS = "cover.begins", "cover.ends"
LOOKS_AFTER_OTHERS: Final = tuple(role for role, reach in SETS_COVER.items() if reach is not Reach.OWN)
"""Who enters and ends the covers of their unit's staff."""


async def on_cover(turn: Turn) -> Screen:
    """/cover, and a page of it: the covers that hold or will."""
    await drafts_aside.let_go(turn)
    return await overview(turn, page=_page(turn))


async def on_end(turn: Turn) -> Screen:
    """提前结束: the cover holds no longer, and whoever is concerned is told."""
    row = await stored.by_id(turn.session, turn.pressed.id)
    if row is None:
        raise Stale
    person = await stored.lock(turn.session, row.person_id)
    row = await stored.by_id(turn.session, turn.pressed.id)
    if row is None or person is None or not may_set(turn.officer, person) or stored.is_over(row, turn.today):
        raise Stale
    await call_off(turn, row)
    return replace(await overview(turn, page=_page(turn)), toast=_("Ended"))


async def on_entries(turn: Turn) -> Screen:
    """The open entries of a colleague for whom this officer stands in today."""
    row = await stored.by_id(turn.session, turn.pressed.id)
    if row is None or row.person_id not in await stored.stood_in_for(turn.session, turn.officer, turn.today):
        raise Stale
    person = await turn.session.get_one(Person, row.person_id)
    total = await ledger.count_open(turn.session, person.id)
    page = min(_page(turn), max(0, (total - 1) // PAGE))
    found = await ledger.opened_by(turn.session, person.id, limit=PAGE, offset=page * PAGE)
    words = wording(turn.office, turn.today)
    return screens.entries(row.id, named(person), found, page=page, total=total, wording=words)


async def call_off(turn: Turn, row: Cover) -> None:
    """End a cover before its time, with its audit line and a word to both sides."""
    row.ended_at = turn.now
    turn.note("cover.end", ("cover", row.id), before=as_json(row))
    sides = [await turn.session.get_one(Person, key) for key in (row.person_id, row.by_id)]
    await tell(turn, ENDS, row, sides)
    await turn.session.flush()


async def call_off_across_units(turn: Turn, person: Person) -> None:
    """End the covers of and by somebody who has changed unit, save those within their new one.

    They were entered by whoever looks after the former unit: what is dealt with in the new one was never theirs to
    give into anybody's care.
    """
    for row in await stored.standing(turn.session, {person.id}, turn.today):
        other = await turn.session.get_one(Person, row.by_id if row.person_id == person.id else row.person_id)
        if other.unit_id != person.unit_id:
            await call_off(turn, row)


async def tell(turn: Turn, kind: str, row: Cover, sides: Sequence[Person]) -> None:
    """Tell both sides of a cover, save whoever did it and sees it on the screen.

    Args:
        turn: The turn.
        kind: ``BEGINS`` or ``ENDS``.
        row: The cover.
        sides: Who is away, and who stands in.
    """
    for person in sides:
        if person.id == turn.officer.id or person.state is not PersonState.ACTIVE:
            continue
        dedupe = f"{kind}:{row.id}:{person.id}"
        await outbox.enqueue(turn.session, person, kind=kind, params={"cover": row.id}, dedupe=dedupe, now=turn.now)


async def overview(turn: Turn, *, page: int = 0) -> Screen:
    """Return the covers that concern the officer, on either side or as whoever looks after the staff; from a page."""
    me = turn.officer
    concerned = {me.id}
    if me.role in LOOKS_AFTER_OTHERS:
        staff = await colleagues.working(turn.session, unit_id=me.unit_id, whole_bureau=False)
        concerned |= {person.id for person, _unit in staff}
    covers = []
    for row in await stored.standing(turn.session, concerned, turn.today):
        person = await turn.session.get_one(Person, row.person_id)
        mine = me.id in (row.person_id, row.by_id)
        if mine or may_set(me, person):
            covers.append(
                replace(
                    await covered(turn.session, row),
                    begun=row.from_on <= turn.today,
                    may_end=may_set(me, person),
                    stands_in=me.id == row.by_id,
                )
            )
    return screens.overview(covers, page=page, today=turn.today, for_others=me.role in LOOKS_AFTER_OTHERS)


def _page(turn: Turn) -> int:
    arg = turn.press.arg if turn.press else ""
    return int(arg) if is_number(arg) else 0


async def covered(session: AsyncSession, row: Cover) -> Covered:
    """Return a cover with the names of both sides."""
    person, by = await session.get_one(Person, row.person_id), await session.get_one(Person, row.by_id)
    return Covered(row.id, named(person), named(by), row.from_on, row.to_on)


def may_set(officer: Person, person: Person) -> bool:
    """Say whether an officer enters and ends covers for a person: themselves, or whoever looks after their unit."""
    own, same_unit = officer.id == person.id, officer.unit_id == person.unit_id
    return reaches(SETS_COVER, officer.role, own=own, same_unit=same_unit)


async def render_begins(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell one of both sides that a cover was entered; None once it was called off."""
    row = await session.get(Cover, params["cover"], populate_existing=True)
    if row is None or row.ended_at is not None:
        return None
    today = office.today(now)
    return screens.begins(await covered(session, row), today=today, to_stand_in=person.id == row.by_id)


async def render_ends(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell one of both sides that a cover was called off."""
    row = await session.get(Cover, params["cover"], populate_existing=True)
    if row is None:
        return None
    today = office.today(now)
    return screens.ends(await covered(session, row), today=today, to_stand_in=person.id == row.by_id)


async def on_behalf(session: AsyncSession, screen: Screen, person: Person, owner_id: int) -> Screen:
    """Mark a reminder that goes to somebody else than the owner of its entry (代××办理)."""
    if person.id == owner_id:
        return screen
    return screens.on_behalf(screen, named(await session.get_one(Person, owner_id)))


def as_json(row: Cover) -> dict[str, Any]:
    """Return a cover for its audit line."""
    to_on = row.to_on.isoformat() if row.to_on else None
    return {"person": row.person_id, "by": row.by_id, "from": row.from_on.isoformat(), "to": to_on}


COMMANDS: Final[Mapping[str, Flow]] = {"cover": on_cover}
PRESSES: Final[Mapping[str, Flow]] = {"cover": on_cover, "cvend": on_end, "cvls": on_entries}
NOTICES: Final = {BEGINS: render_begins, ENDS: render_ends}
