"""What a hand-over does for opinions: the new owner hears what was said of their end, nobody else hears it twice."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from handlers import hours
from handlers.office import Office
from storage import expiring, reminders
from storage.reminders import SAID_BEFORE
from storage.tables import Opinion, Reminder, ReminderState

_KIND: Final = "expiry"
_SAID: Final = (ReminderState.SENT, ReminderState.ACKNOWLEDGED)


async def tell_anew(
    session: AsyncSession,
    office: Office,
    request_ids: Collection[int],
    now: dt.datetime,
    *,
    to: int,
    held: Sequence[Opinion] = (),
) -> None:
    """Let the new owner of entries hear what was said last of the opinions on which these rely.

    It is planned again, as where somebody else is looked for: whoever has heard it is spared.

    Args:
        session: The unit of work of the hand-over, in which the opinions are planned by the new owner's wishes already.
        office: Rules and calendar.
        request_ids: The entries.
        now: Aware UTC time.
        to: The new owner.
        held: Opinions of no entry that were handed over with them.
    """
    await session.flush()
    relied = await expiring.relied_on_by(session, request_ids, office.today(now))
    firsts = {row.id for each in await expiring.of_opinions(session, relied) for row in each.together[:1]}
    told = await expiring.told(session, Opinion.id.in_({*firsts, *(row.id for row in held)}))
    for each in await expiring.of_opinions(session, told):
        rows = await reminders.stages(session, each.opinion, _KIND)
        put_off = next((row for row in rows if reminders.is_put_off(row)), None)
        if put_off is None:
            _pass_on(rows, hours.day_of(office, now), now)
        elif each.charge is not None and each.charge.owner_id == to:
            # Only its own officer puts an opinion off; nobody else has been told of it since.
            put_off.due_at, put_off.snoozed_to, put_off.reason = hours.day_of(office, now), None, None
            await reminders.cover(session, put_off, now=now)


def _pass_on(rows: Sequence[Reminder], since: dt.datetime, now: dt.datetime) -> None:
    """Plan the newest stage that was due again, if it was said; what is on its way finds the new owner by itself."""
    due = [row for row in rows if row.due_at <= now]
    newest = max(due, key=lambda row: (row.due_at, row.id), default=None)
    if newest is not None and (newest.state in _SAID or newest.reason == SAID_BEFORE):
        newest.state, newest.reason, newest.due_at = ReminderState.PLANNED, reminders.PASSED_ON, since
