"""Watching the watcher: the hourly look at the data, and the maintainer's line of the morning."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.deadlines import due_at
from bot.screens import doctor as screens
from bot.screens.screen import Screen
from handlers import doctor, hours, planning, reconcile
from handlers.office import Office
from storage import invariants, outbox, people, periodic, watching
from storage.database import Database
from storage.invariants import Violation
from storage.tables import Person, PersonState

log = structlog.get_logger()

MORNING: Final = "morning"
AFTER_OPENING: Final = dt.timedelta(minutes=10)  # the day's reminders have left by then


async def look(database: Database, office: Office) -> list[Violation]:
    """Put the reminders right, then look whether everything that must be true is, and write down what is not."""
    mended = await reconcile.run(database, office)
    if mended:
        log.error("reminders were not as planned and were put right", count=mended)
    now = office.clock.now()
    async with database.read() as session:
        found = await broken(session, office, now)
    for each in found:
        log.error("an invariant does not hold", code=each.code, count=each.count, examples=each.examples)
    note = json.dumps({each.code: each.count for each in found})
    async with database.write() as session:
        await periodic.note_down(session, doctor.LOOK, hour(now), note=note, now=now)
    return found


async def broken(session: AsyncSession, office: Office, now: dt.datetime) -> list[Violation]:
    """Return the invariants that do not hold at this moment."""
    opened_at = None
    if hours.in_office_hours(office, now):
        opened_at = due_at(office.today(now), planning.hour(office), office.zone)
    return await invariants.check(session, now, opened_at=opened_at)


def hour(now: dt.datetime) -> str:
    """Return the period of an hourly look, such as ``2026-11-25T01`` in UTC."""
    return now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H")


async def looked(session: AsyncSession, now: dt.datetime) -> bool:
    """Say whether this hour's look has been done."""
    last = await periodic.last(session, doctor.LOOK)
    return last is not None and last.period == hour(now)


async def morning(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Queue the maintainers' line once on each working day, ten minutes after the reminders begin to leave.

    Maintainers who are not on the list get none, and /doctor names them; a past morning's line is of no use to whoever
    comes back later. Source: ``reliability.md`` §3.8.

    Returns:
        How many notifications were queued.
    """
    today = office.today(now)
    opening = due_at(today, planning.hour(office), office.zone)
    if not hours.in_office_hours(office, now) or now < opening + AFTER_OPENING:
        return 0
    if not office.maintainer_ids or not await periodic.begins(session, MORNING, today.isoformat(), now=now):
        return 0
    queued = 0
    for telegram_id in sorted(office.maintainer_ids):
        person = await people.by_telegram_id(session, telegram_id)
        if person is None or person.state is not PersonState.ACTIVE or not person.reachable:
            continue
        dedupe = f"{MORNING}:{today.isoformat()}:{person.id}"
        params = {"on": today.isoformat()}
        await outbox.enqueue(session, person, kind=MORNING, params=params, dedupe=dedupe, now=now)
        queued += 1
    return queued


async def render_morning(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return the maintainer's line with the figures of the moment at which it leaves."""
    on = dt.date.fromisoformat(params["on"])
    midnight = dt.time()
    begins, ends = (due_at(day, midnight, office.zone) for day in (on, on + dt.timedelta(days=1)))
    figures = await watching.day(session, begins, ends)
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    health = await doctor.examine(session, office, now, is_sqlite=is_sqlite)
    return screens.morning(
        format_day(on, today=office.today(now)),
        figures.wanted,
        figures.delivered,
        figures.unconfirmed,
        to_do=len(screens.problems(health)),
    )


NOTICES: Final = {MORNING: render_morning}
QUIET: Final = dict.fromkeys((MORNING,))
