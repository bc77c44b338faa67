"""稍后提醒: a reminder is put off to a working day, comes again by itself, and is never put off past its day unsaid."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.dates import parse_day
from bot.deadlines import due_at
from bot.language import _
from bot.notices import Notice
from bot.screens import snooze as screens
from bot.screens.screen import Screen
from bot.screens.snooze import PutOff
from bot.snooze import choices, passes, working_day
from handlers import drafts_aside, planning, reminders
from handlers import reminder_access as access
from handlers.turn import Flow, Stale, Turn
from storage import cover, expected
from storage import reminders as stored
from storage.tables import Reminder, ReminderState

PURPOSE: Final = "snooze"
MOST: Final = 6  # of one list; a phone's screen takes no more
_EXAMPLE_AHEAD: Final = dt.timedelta(days=13)  # so that the example shown is a day about ten days ahead


async def on_later(turn: Turn) -> Screen:
    """稍后提醒: ask until when; a typed day is understood too."""
    reminder = await access.of_any(turn, turn.pressed.id)
    notice = await access.described(turn, reminder)
    if notice is None:
        return await access.present_state(turn, reminder)
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={"reminder": reminder.id})
    return _question(turn, notice)


async def on_put(turn: Turn) -> Screen:
    """A day was pressed, or its going beyond the deadline was confirmed."""
    day, _comma, confirmed = turn.pressed.arg.partition(",")
    try:
        on = dt.date.fromisoformat(day)
    except ValueError:
        raise Stale from None
    reminder = await access.of_any(turn, turn.pressed.id)
    return await _put_off(turn, reminder, on, confirmed=confirmed == "yes")


async def on_typed(turn: Turn) -> Screen:
    """A day was typed."""
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    reminder = await access.of_any(turn, turn.draft.answers["reminder"])
    return await _put_off(turn, reminder, parse_day(turn.text, today=turn.today, ahead=True), confirmed=False)


async def present(turn: Turn) -> Screen:
    """Return the question until when, computed from the draft alone."""
    if turn.draft is None:
        raise Stale
    reminder = await access.of_any(turn, turn.draft.answers["reminder"])
    notice = await access.described(turn, reminder)
    if notice is None:
        await drafts_aside.take_up(turn)
        return await access.present_state(turn, reminder)
    return _question(turn, notice)


async def on_list(turn: Turn) -> Screen:
    """/later: what was put off of one's own work, and of the work of whomever one stands in for."""
    owners = {turn.officer.id, *await cover.stood_in_for(turn.session, turn.officer, turn.today)}
    found = []
    for reminder in await stored.put_off(turn.session, owners):
        notice = await access.described(turn, reminder)
        if notice is not None:
            at = reminder.due_at.astimezone(turn.office.zone)
            found.append(PutOff(notice, at, reminders.words_for(turn.office, notice, turn.today)))
    return screens.listed(found[:MOST], more=max(0, len(found) - MOST))


async def on_now(turn: Turn) -> Screen:
    """现在提醒: the reminder itself, with its buttons; its further stages come as planned."""
    reminder = await access.of_any(turn, turn.pressed.id)
    await _undo(turn, reminder)
    return await access.again(turn, reminder)


async def on_undo(turn: Turn) -> Screen:
    """取消推迟: its further stages come as planned, and this one counts as said."""
    reminder = await access.of_any(turn, turn.pressed.id)
    await _undo(turn, reminder)
    shown = await on_list(turn) if turn.pressed.arg == "list" else await access.again(turn, reminder)
    return replace(shown, toast=_("No longer put off"))


async def _put_off(turn: Turn, reminder: Reminder, on: dt.date, *, confirmed: bool) -> Screen:
    notice = await access.described(turn, reminder)
    if notice is None:
        return await access.present_state(turn, reminder)
    day = working_day(turn.office.calendar, on, turn.today)
    words = reminders.words_for(turn.office, notice, turn.today)
    limit = passes(notice, day, turn.today)
    if limit is not None and not confirmed:
        return screens.beyond(notice, words, day, limit)
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        await drafts_aside.take_up(turn)
    wishes = (await expected.wishes_of(turn.session, {turn.officer.id}))[turn.officer.id]
    moment = due_at(day, planning.hour(turn.office, wishes), turn.office.zone)
    before = reminder.snoozed_to or reminder.due_at
    await stored.snooze(turn.session, reminder, moment)
    subject = (reminder.subject_kind, reminder.subject_id)
    turn.note("reminder.snooze", subject, before=before.isoformat(), after={"on": day.isoformat()})
    return screens.done(notice, words, moment.astimezone(turn.office.zone))


async def _undo(turn: Turn, reminder: Reminder) -> None:
    """Let a reminder that was put off count as said, and its further stages come as they were planned."""
    if reminder.state is not ReminderState.PLANNED or reminder.snoozed_to is None:
        return
    await stored.unsnooze(turn.session, reminder, now=turn.now)
    await planning.plan_next(turn.session, turn.office, reminder, turn.now)
    turn.note("reminder.unsnooze", (reminder.subject_kind, reminder.subject_id))


def _question(turn: Turn, notice: Notice) -> Screen:
    words = reminders.words_for(turn.office, notice, turn.today)
    days = choices(turn.office.calendar, turn.today)
    return screens.asking(notice, words, days, example=turn.today + _EXAMPLE_AHEAD)


COMMANDS: Final[Mapping[str, Flow]] = {"later": on_list}
PRESSES: Final[Mapping[str, Flow]] = {"nlat": on_later, "nput": on_put, "nnow": on_now, "nundo": on_undo}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
