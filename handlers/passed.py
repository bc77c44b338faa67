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
from storage import notified, outbox
from storage.ledger import may_read
from storage.tables import Outbox, Person, Priority, Reminder

KIND: Final = "passed"
MOST_LINES: Final = 20


async def tell(
    session: AsyncSession, office: Office, reminder_ids: Sequence[int], now: dt.datetime, *, not_before: dt.datetime
) -> Sequence[Outbox]:
    """Queue one notification of all of them to each coordinator, and to whoever stands in where none is present.

    While the last one of somebody waits, they go into that.

    Args:
        session: The unit of work that queues the reminders.
        office: Who the coordinators are.
        reminder_ids: Reminders queued now whose deadline went by before.
        now: Aware UTC time.
        not_before: When it may leave unless it is let go earlier; until then it takes up more.

    Returns:
        The notifications that were made.
    """
    made: list[Outbox] = []
    if not reminder_ids:
        return made
    told = [
        *await receivers.coordinators(session, office, now),
        *await receivers.stand_ins(session, office, now),
    ]
    for person in receivers.distinct(told):
        last = await notified.waiting(session, person, KIND)
        if last is not None:
            last.params = {"reminders": [*last.params["reminders"], *reminder_ids]}
            continue
        row = await outbox.enqueue(
            session,
            person,
            kind=KIND,
            params={"reminders": list(reminder_ids)},
            dedupe=f"{KIND}:{reminder_ids[0]}:{now:%Y%m%dT%H%M%S}:{person.id}",
            priority=Priority.TO_KNOW,
            now=now,
            not_before=not_before,
        )
        made.append(row)
    await session.flush()
    return made


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
