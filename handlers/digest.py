"""The morning digest: rendered when it leaves, read page by page, noted in one press. Source: features.md N7."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.language import _
from bot.notices import Notice
from bot.owed import OwedNotice
from bot.screens import digest as screens
from bot.screens.digest import Line
from bot.screens.reminders import reminder as reminder_screen
from bot.screens.screen import Screen
from handlers import cover, due, escalation, reminders, saying, timeline
from handlers.colleagues import named
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import notified
from storage.ledger import open_entry
from storage.tables import Outbox, Person, Reminder, ReminderState

OPENED: Final = (ReminderState.QUEUED, ReminderState.SENT)
_ALIVE: Final = (*OPENED, ReminderState.ACKNOWLEDGED)


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return the digest as it leaves; what has nothing to say any more is taken out of it, with the reason."""
    row = await session.get_one(Outbox, params["outbox"])
    for reminder in await notified.carried(session, row.id):
        if reminder.state is ReminderState.QUEUED and await saying.describe(session, office, reminder, now) is None:
            reminder.state, reminder.reason = (
                ReminderState.CANCELLED,
                await saying.outdated(session, office, reminder, now),
            )
    await session.flush()
    alone = [reminder for reminder in await notified.carried(session, row.id) if _is_alive(reminder, now)]
    if len(alone) == 1 and alone[0].subject_kind != escalation.SUBJECT:  # a list of one would only be one press more
        screen = await reminders.render(session, office, person, {"reminder_id": alone[0].id}, now)
        return replace(screen, silent=True) if screen else None
    return await _drawn(session, office, person, row, now, page=0)


async def on_page(turn: Turn) -> Screen:
    """Another page of the digest, or the same as it stands now."""
    row = await _pressed(turn)
    return await _again(turn, row)


async def on_noted(turn: Turn) -> Screen:
    """全部已知悉: each of its reminders is answered; the entries stay as they are."""
    row = await _pressed(turn)
    noted = [reminder for reminder in await notified.carried(turn.session, row.id) if reminder.state in OPENED]
    for reminder in noted:
        reminder.state, reminder.reason = ReminderState.ACKNOWLEDGED, f"answered by {turn.officer.id}"
    if noted:
        turn.note("digest.acknowledge", ("outbox", row.id), after={"reminders": [each.id for each in noted]})
    await turn.session.flush()
    return await _again(turn, row)


async def on_open(turn: Turn) -> Screen:
    """One reminder of the digest, in a message of its own below it; one that has settled itself leaves the digest."""
    row = await _pressed(turn, int(turn.pressed.arg) if turn.pressed.arg.isdecimal() else 0)
    found = {reminder.id: reminder for reminder in await notified.carried(turn.session, row.id)}
    reminder = found.get(turn.pressed.id)
    if reminder is None:
        raise Stale
    notice = await saying.describe(turn.session, turn.office, reminder, turn.now)
    if notice is None:
        return replace(await _again(turn, row), toast=_("This has been settled meanwhile."))
    if isinstance(notice, OwedNotice):
        return await _entry(turn, notice)
    notice = await _as_left(turn.session, turn.office, row, reminder, notice, turn.now)
    notice = await reminders.for_person(turn.session, notice, turn.officer, turn.today)
    noted = reminder.state is ReminderState.ACKNOWLEDGED
    screen = reminder_screen(notice, saying.words(turn.office, notice, turn.now), noted=noted)
    screen = await cover.on_behalf(turn.session, screen, turn.officer, saying.owner_of(notice, turn.officer))
    return replace(screen, stays=True)


async def _entry(turn: Turn, notice: OwedNotice) -> Screen:
    """Return the entry in which something is owed.

    Raises:
        Stale: The officer may not see it any more.
    """
    opened = await open_entry(turn.session, turn.officer, notice.entry.id, on=turn.today)
    if opened is None:
        raise Stale
    return replace(await timeline.shown(turn, opened, aside=True), stays=True)


async def _pressed(turn: Turn, row_id: int | None = None) -> Outbox:
    """Return the digest whose button was pressed.

    Raises:
        Stale: It is not this officer's.
    """
    row = await turn.session.get(Outbox, turn.pressed.id if row_id is None else row_id, populate_existing=True)
    if row is None or row.kind != due.DIGEST or row.person_id != turn.officer.id:
        raise Stale
    return row


async def _again(turn: Turn, row: Outbox) -> Screen:
    page = int(turn.pressed.arg) if turn.pressed.verb != "dgopn" and turn.pressed.arg.isdecimal() else 0
    screen = await _drawn(turn.session, turn.office, turn.officer, row, turn.now, page=page)
    if screen is None:
        return screens.settled(format_day(turn.office.today(row.not_before), today=turn.today))
    return screen


async def _drawn(
    session: AsyncSession, office: Office, person: Person, row: Outbox, now: dt.datetime, *, page: int
) -> Screen | None:
    """Return the digest as it stands; None where nothing of it is left to be said."""
    carried = [reminder for reminder in await notified.carried(session, row.id) if _is_alive(reminder, now)]
    notices = [(each, await saying.describe(session, office, each, now)) for each in carried]
    alive = [
        (reminder, await _as_left(session, office, row, reminder, notice, now))
        for reminder, notice in notices
        if notice is not None
    ]
    alive.sort(key=lambda pair: (not pair[1].single, pair[1].working_days, pair[0].urgency, pair[0].id))
    if not alive:
        return None
    found = [await _line(session, office, person, reminder, notice, now) for reminder, notice in alive]
    today = office.today(now)
    day = format_day(office.today(row.not_before), today=today)
    silent = not any(notice.single for _reminder, notice in alive)
    return screens.digest(row.id, day, found, page=page, done=len(carried) - len(alive), silent=silent)


async def _as_left(
    session: AsyncSession, office: Office, row: Outbox, reminder: Reminder, notice: Notice, now: dt.datetime
) -> Notice:
    """Return a reminder that says so where it was late when the digest left, whenever that is read."""
    said_at = await notified.left_at(session, row.id) or now
    return replace(notice, late_since=await saying.late_since(session, office, reminder, notice, said_at))


def _is_alive(reminder: Reminder, now: dt.datetime) -> bool:
    """Say whether a line stands: also while its reminder is planned again, for want of another of its receivers."""
    planned_again = reminder.state is ReminderState.PLANNED and reminder.due_at <= now
    return planned_again or reminder.state in _ALIVE


async def _line(
    session: AsyncSession, office: Office, person: Person, reminder: Reminder, notice: Notice, now: dt.datetime
) -> Line:
    owner_id, today = saying.owner_of(notice, person), office.today(now)
    owner = await session.get_one(Person, owner_id) if owner_id != person.id else None
    notice = await reminders.for_person(session, notice, person, today)
    return Line(
        reminder.id,
        saying.line(notice, saying.words(office, notice, now)),
        on_behalf_of=named(owner) if owner else None,
        meant_for=format_day(notice.late_since, today=today) if notice.late_since else None,
        noted=reminder.state is ReminderState.ACKNOWLEDGED,
    )


PRESSES: Final[Mapping[str, Flow]] = {"dgopn": on_open, "dgpg": on_page, "dgack": on_noted}
NOTICES: Final = {due.DIGEST: render}
