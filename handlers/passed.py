"""Deadlines that went by before anybody was told: the coordinators hear of them beside the officers.

Source: ``reliability.md`` §3.4.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.language import pgettext
from bot.notices import EntryNotice
from bot.screens import digest as screens
from bot.screens.reminders import line
from bot.screens.screen import Screen
from handlers import receivers, reminders, timeline
from handlers.colleagues import named
from handlers.office import Office
from storage import outbox
from storage.ledger import may_read
from storage.tables import Person, Priority, Reminder

KIND: Final = "passed"
MOST_LINES: Final = 20


async def tell(session: AsyncSession, office: Office, reminder_ids: Sequence[int], now: dt.datetime) -> None:
    """Queue one notification of all of them to each coordinator, and to whoever stands in where none is present.

    Args:
        session: The unit of work.
        office: Who the coordinators are.
        reminder_ids: Reminders queued now whose deadline went by before.
        now: Aware UTC time.
    """
    if not reminder_ids:
        return
    told = [
        *await receivers.coordinators(session, office, now),
        *await receivers.stand_ins(session, office, now),
    ]
    for person in receivers.distinct(told):
        dedupe = f"{KIND}:{reminder_ids[0]}:{now:%Y%m%dT%H%M%S}:{person.id}"
        params = {"reminders": list(reminder_ids)}
        await outbox.enqueue(
            session, person, kind=KIND, params=params, dedupe=dedupe, priority=Priority.TO_KNOW, now=now
        )


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Name the entries that the reader may see and whose they are; None where all have been dealt with meanwhile."""
    found: dict[int, str] = {}
    today = office.today(now)
    for reminder_id in params["reminders"]:
        reminder = await session.get(Reminder, reminder_id, populate_existing=True)
        notice = await reminders.describe(session, office, reminder, now) if reminder is not None else None
        if not isinstance(notice, EntryNotice) or not notice.has_passed:
            continue
        if await may_read(session, person, notice.charges[0], today):
            owner = await session.get_one(Person, notice.charges[0].owner_id)
            words = timeline.wording(office, today, notice.entry.matter_code)
            found[notice.entry.id] = pgettext("list", ", ").join((line(notice, words), named(owner)))
    if not found:
        return None
    shown = list(found.values())[:MOST_LINES]
    return screens.passed(shown, len(found) - len(shown), format_day(today, today=today))


NOTICES: Final = {KIND: render}
QUIET: Final = dict.fromkeys((KIND,))
