"""The reminders of a day as a list to be printed: for each officer what the chat would have said to them.

It reads the schedule itself, so whatever kind is planned is on it. What is owed is on it until it is done, where no
other line of its entry says it; what has climbed to a head or a coordinator repeats it, and stays away.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import due_at
from bot.due_list import DueEntry, end_of_week, printed
from bot.notices import Notice
from bot.owed import OWNER
from handlers import escalation, saying
from handlers.colleagues import named
from handlers.office import Office
from storage import reminders, watching
from storage.tables import Person, Reminder, ReminderState, Unit

_SUBJECTS: Final = (reminders.SUBJECT, reminders.OPINION)
_DAY: Final = dt.timedelta(days=1)
_SAYS_IT: Final = {"submit": "submit_by", "opinion": "use"}
"""What is owed -> the kind of reminder that says it, where that has another name."""
_ENDED: Final = (ReminderState.ACKNOWLEDGED, ReminderState.CANCELLED)


async def of_day(session: AsyncSession, office: Office, today: dt.date) -> list[DueEntry]:
    """Return what is still to be answered of what was due up to a local date, and what comes until its week ends."""
    ends = due_at(today + _DAY, dt.time(), office.zone)
    until = due_at(end_of_week(today) + _DAY, dt.time(), office.zone)
    now = ends - dt.timedelta(seconds=1)
    found: list[DueEntry] = []
    said: set[tuple[int, str]] = set()
    rows = await watching.due_until(session, until)
    planned = [row for row in rows if row.subject_kind in _SUBJECTS]
    for _kind, group in groupby(planned, key=lambda row: (row.subject_kind, row.subject_id, row.kind, row.audience)):
        reminder = await _standing(session, list(group), ends)
        notice = await saying.describe(session, office, reminder, now) if reminder is not None else None
        if reminder is not None and notice is not None:
            found += await _lines(session, office, reminder, notice, now)
            said.add((reminder.subject_id, reminder.kind))
    for reminder in _owed(rows, said):
        if (notice := await saying.describe(session, office, reminder, now)) is not None:
            found += await _lines(session, office, reminder, notice, now)
    return found


def _owed(rows: Sequence[Reminder], said: Collection[tuple[int, str]]) -> list[Reminder]:
    """Return what is owed and not said yet, as it was said last; whoever has noted a debt has not paid it."""
    own = [row for row in rows if row.subject_kind == escalation.SUBJECT and row.audience == OWNER]
    newest = {(row.subject_id, row.kind): row for row in own}
    return [row for (entry, kind), row in newest.items() if (entry, _SAYS_IT.get(kind, kind)) not in said]


async def _standing(session: AsyncSession, stages: Sequence[Reminder], ends: dt.datetime) -> Reminder | None:
    """Return the stage that speaks for its kind: the newest up to the day where it is unanswered, else the next one.

    What was said before the entry changed counts on, as the same stage of the present plan.

    Args:
        session: A session that reads.
        stages: All stages of a kind, the newest plan and the latest stage last.
        ends: When the day ends, aware UTC.
    """
    past = [row for row in stages if row.due_at < ends]
    if past:
        basis = await reminders.basis_of(session, past[-1])
        newest = await reminders.in_place_of(session, past[-1], basis or 0)
        if past[-1].state not in _ENDED and newest.state not in _ENDED and newest.due_at < ends:
            return newest
    return next((row for row in stages if row.due_at >= ends and row.state is ReminderState.PLANNED), None)


async def _lines(
    session: AsyncSession, office: Office, reminder: Reminder, notice: Notice, now: dt.datetime
) -> list[DueEntry]:
    """Return the line of each officer who would be told; the owner's where nobody can be."""
    told = await saying.receivers_of(session, office, reminder, notice, now)
    persons = told or [await session.get_one(Person, notice.charges[0].owner_id)]
    said = printed(notice, saying.words(office, notice, now))
    on = office.today(reminder.due_at)
    return [DueEntry(await _called(session, person), on, is_late=notice.has_passed, said=said) for person in persons]


async def _called(session: AsyncSession, person: Person) -> str:
    unit = await session.get_one(Unit, person.unit_id)
    return f"{unit.short_name} {named(person)}"
