"""After an outage of more than a day Telegram has dropped what officers wrote in it: all are told the exact gap.

Telegram keeps undelivered updates for 24 hours at most. Source: ``reliability.md`` §3.4.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.screens import delivery as screens
from bot.screens.screen import Screen
from handlers.office import Office
from storage import heartbeat, outbox, people, periodic
from storage.tables import Person

KIND: Final = "outage"
TOLD: Final = "outage.told"


async def tell(session: AsyncSession, _office: Office, now: dt.datetime) -> int:
    """Queue the word about the newest outage to every active officer, once; return how many were queued."""
    run = await periodic.last(session, heartbeat.OUTAGE)
    if run is None or not await periodic.begins(session, TOLD, run.period, now=now):
        return 0
    persons = await people.active(session)
    params = {"from": run.period, "to": run.note}
    await outbox.enqueue_all(session, persons, kind=KIND, params=params, dedupe=f"{KIND}:{run.period}", now=now)
    return len(persons)


async def render(
    _session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Name the gap and ask for what was written in it."""
    begins, ends = (dt.datetime.fromisoformat(params[key]).astimezone(office.zone) for key in ("from", "to"))
    return screens.outage(begins, ends, today=office.today(now))


NOTICES: Final = {KIND: render}
QUIET: Final = dict.fromkeys((KIND,))
