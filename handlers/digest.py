"""The morning digest: rendered when it leaves, read page by page, noted in one press. Source: features.md N7."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.cover import Charge
from bot.dates import format_day
from bot.language import _
from bot.notices import Notice
from bot.owed import OwedNotice
from bot.screens import digest as screens
from bot.screens.digest import Line
from bot.screens.reminders import reminder as reminder_screen
from bot.screens.screen import Screen, is_number
from handlers import cover, due, escalation, reminders, saying, timeline
from handlers.colleagues import named
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import carrying, notified, outbox
from storage import cover as stand_ins
from storage import reminders as stored
from storage.ledger import open_entry
from storage.tables import Outbox, Person, Reminder, ReminderState, Request

OPENED: Final = (ReminderState.QUEUED, ReminderState.SENT)


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return the digest as it leaves.

    What has nothing to say any more is taken out of it, with the reason; so is what is somebody else's since the list
    was begun: that is planned again, for whoever is in charge now.
    """
    row = await session.get_one(Outbox, params["outbox"])
    for reminder in await notified.carried(session, row.id):
        notice = await saying.describe(session, office, reminder, now)
        if notice is None and reminder.state is ReminderState.QUEUED:
            reminder.state, reminder.reason = (
                ReminderState.CANCELLED,
                await saying.outdated(session, office, reminder, now),
            )
        elif notice is not None and not await saying.is_for(session, office, reminder, notice, person, now):
            await notified.take_out(session, row.id, reminder)
            carrying.pass_on(reminder, person)
    await session.flush()
    alone = [reminder for reminder in await notified.carried(session, row.id) if _is_alive(reminder, now)]
    if len(alone) == 1 and alone[0].subject_kind != escalation.SUBJECT:  # a list of one would only be one press more
        screen = await reminders.render(session, office, person, {"reminder_id": alone[0].id}, now)
        return replace(screen, silent=True) if screen else None
    standing = await _standing(session, office, person, row, now)
    return await _drawn(session, office, person, row, standing, now, page=0) if standing.lines else None


async def on_page(turn: Turn) -> Screen:
    """Another page of the digest, or the same as it stands now."""
    row = await _pressed(turn)
    return await _again(turn, row)


async def on_noted(turn: Turn) -> Screen:
    """全部已知悉: each of its reminders that is still theirs is answered; the entries stay as they are."""
    row = await _pressed(turn)
    standing = await _standing(turn.session, turn.office, turn.officer, row, turn.now)
    noted = [reminder for reminder, _notice in standing.lines if reminder.state in OPENED]
    for reminder in noted:
        reminder.state, reminder.reason = ReminderState.ACKNOWLEDGED, stored.answered_by(turn.officer)
    if noted:
        turn.note("digest.acknowledge", ("outbox", row.id), after={"reminders": [each.id for each in noted]})
    await turn.session.flush()
    return await _again(turn, row)


async def on_open(turn: Turn) -> Screen:
    """One reminder of the digest, in a message of its own below it; one that has settled itself leaves the digest."""
    row = await _pressed(turn, int(turn.pressed.arg) if is_number(turn.pressed.arg) else 0)
    found = {reminder.id: reminder for reminder in await notified.carried(turn.session, row.id)}
    reminder = found.get(turn.pressed.id)
    if reminder is None:
        raise Stale
    notice = await saying.describe(turn.session, turn.office, reminder, turn.now)
    if notice is None:
        gone = await _went_over(turn.session, turn.officer, reminder, turn.today)
        said = _("This is in somebody else's hands now.") if gone else _("This has been settled meanwhile.")
        return replace(await _again(turn, row), toast=said)
    if not await _is_theirs(turn.session, turn.office, turn.officer, reminder, notice, turn.now):
        return replace(await _again(turn, row), toast=_("This is in somebody else's hands now."))
    if isinstance(notice, OwedNotice):
        return await _entry(turn, row, notice)
    notice = await _as_left(turn.session, turn.office, row, reminder, notice, turn.now)
    notice = await reminders.for_person(turn.session, notice, turn.officer, turn.today)
    noted = reminder.state is ReminderState.ACKNOWLEDGED
    screen = reminder_screen(notice, saying.words(turn.office, notice, turn.now), noted=noted)
    screen = await cover.on_behalf(turn.session, screen, turn.officer, saying.owner_of(notice, turn.officer))
    return replace(screen, stays=True)


async def _entry(turn: Turn, row: Outbox, notice: OwedNotice) -> Screen:
    """Return the entry in which something is owed; the list again, with a word, to a head's stand-in.

    They are told that it is owed, but a cover hands over no look at what a unit keeps.
    """
    opened = await open_entry(turn.session, turn.officer, notice.entry.id, on=turn.today)
    if opened is None:
        told = _("Only its unit may look at this entry. Please remind %(owner)s.") % {"owner": notice.owner}
        return replace(await _again(turn, row), toast=told)
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
    page = int(turn.pressed.arg) if turn.pressed.verb != "dgopn" and is_number(turn.pressed.arg) else 0
    standing = await _standing(turn.session, turn.office, turn.officer, row, turn.now)
    if not standing.lines:
        return screens.nothing_left(
            format_day(turn.office.today(row.not_before), today=turn.today), gone=standing.gone > 0
        )
    return await _drawn(turn.session, turn.office, turn.officer, row, standing, turn.now, page=page)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a digest stands.

    Args:
        lines: The reminders that its reader may still answer, the most urgent first, with what they say now.
        settled: How many have nothing to say any more.
        gone: How many are in somebody else's hands since.
    """

    lines: list[tuple[Reminder, Notice]]
    settled: int
    gone: int


async def _standing(session: AsyncSession, office: Office, person: Person, row: Outbox, now: dt.datetime) -> _Standing:
    """Return how a digest stands: a list of yesterday shows nothing of what is not its reader's any more."""
    lines, settled, gone = [], 0, 0
    for reminder in await notified.carried(session, row.id):
        if not _is_alive(reminder, now):
            continue
        notice = await saying.describe(session, office, reminder, now)
        if notice is None and await _went_over(session, person, reminder, office.today(now)):
            gone += 1
        elif notice is None:
            settled += 1
        elif not await _is_theirs(session, office, person, reminder, notice, now):
            gone += 1
        else:
            lines.append((reminder, await _as_left(session, office, row, reminder, notice, now)))
    lines.sort(key=lambda pair: (not pair[1].single, pair[1].working_days, pair[0].urgency, pair[0].id))
    return _Standing(lines, settled, gone)


async def _is_theirs(
    session: AsyncSession, office: Office, person: Person, reminder: Reminder, notice: Notice, now: dt.datetime
) -> bool:
    """Say whether a line is for its reader: they may act on the work, or are told today of what others owe."""
    if await stand_ins.may_act(session, person, notice.charges, office.today(now)):
        return True
    return isinstance(notice, OwedNotice) and await saying.is_for(session, office, reminder, notice, person, now)


async def _went_over(session: AsyncSession, person: Person, reminder: Reminder, today: dt.date) -> bool:
    """Say whether a line that has nothing to say any more is of an entry that is not its reader's any more."""
    if reminder.subject_kind != stored.SUBJECT:
        return False
    request = await session.get_one(Request, reminder.subject_id)
    return not await stand_ins.may_act(session, person, (Charge(request.owner_id, request.unit_id),), today)


async def _drawn(
    session: AsyncSession,
    office: Office,
    person: Person,
    row: Outbox,
    standing: _Standing,
    now: dt.datetime,
    *,
    page: int,
) -> Screen:
    """Return the digest as it stands, of which something is left to be said."""
    found = [await _line(session, office, person, reminder, notice, now) for reminder, notice in standing.lines]
    today = office.today(now)
    day = format_day(office.today(row.not_before), today=today)
    silent = not any(notice.single for _reminder, notice in standing.lines)
    return screens.digest(row.id, day, found, page=page, done=standing.settled, gone=standing.gone, silent=silent)


async def _as_left(
    session: AsyncSession, office: Office, row: Outbox, reminder: Reminder, notice: Notice, now: dt.datetime
) -> Notice:
    """Return a reminder that says so where it was late when the digest left, whenever that is read."""
    said_at = await notified.left_at(session, row.id) or now
    return replace(notice, late_since=await saying.late_since(session, office, reminder, notice, said_at))


def _is_alive(reminder: Reminder, now: dt.datetime) -> bool:
    """Say whether a line stands: also while its reminder is planned again, for want of another of its receivers."""
    planned_again = reminder.state is ReminderState.PLANNED and reminder.due_at <= now
    return planned_again or reminder.state in outbox.ALIVE


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
