"""稍后提醒: a reminder is put off to a working day, comes again by itself, and is never put off past its day unsaid."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from bot.cover import Charge
from bot.dates import parse_day
from bot.deadlines import due_at
from bot.errors import Refusal
from bot.language import _
from bot.notices import Notice, OpinionNotice
from bot.screens import snooze as screens
from bot.screens.screen import Screen, is_number
from bot.screens.snooze import PutOff
from bot.snooze import choices, passes, working_day
from handlers import drafts_aside, planning, receivers, reminders
from handlers import reminder_access as access
from handlers.turn import Flow, Stale, Turn, iso_day
from storage import cover, expected, snoozed
from storage import reminders as stored
from storage.tables import Reminder, ReminderState, Request, Role

PURPOSE: Final = "snooze"
_EXAMPLE_AHEAD: Final = dt.timedelta(days=13)  # so that the example shown is a day about ten days ahead


async def on_later(turn: Turn) -> Screen:
    """稍后提醒: ask until when; a typed day is understood too."""
    reminder = await access.of_any(turn, turn.pressed.id)
    notice = await _to_put_off(turn, reminder)
    if notice is None:
        return await access.present_state(turn, reminder)
    _require_alone(notice)
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={"reminder": reminder.id})
    return _question(turn, notice)


async def on_put(turn: Turn) -> Screen:
    """A day was pressed, or its going beyond the deadline was confirmed."""
    day, _comma, confirmed = turn.pressed.arg.partition(",")
    on = iso_day(day)
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
    notice = await _to_put_off(turn, reminder)
    if notice is None:
        await drafts_aside.take_up(turn)
        return await access.present_state(turn, reminder)
    return _question(turn, notice)


async def on_list(turn: Turn) -> Screen:
    """/later: what was put off of one's own work, and whatever else that was put off will come to oneself."""
    return await _listed(turn, page=0)


async def on_page(turn: Turn) -> Screen:
    """Another page of it."""
    return await _listed(turn, page=_page(turn.pressed.arg))


async def on_now(turn: Turn) -> Screen:
    """现在提醒: the reminder itself, with its buttons; its further stages come as planned."""
    reminder = await access.of_any(turn, turn.pressed.id)
    await _undo(turn, reminder)
    return await access.again(turn, reminder)


async def on_undo(turn: Turn) -> Screen:
    """取消推迟: its further stages come as planned, and this one counts as said."""
    reminder = await access.of_any(turn, turn.pressed.id)
    await _undo(turn, reminder)
    where, _comma, page = turn.pressed.arg.partition(",")
    shown = await _listed(turn, page=_page(page)) if where == "list" else await access.again(turn, reminder)
    return replace(shown, toast=_("No longer put off"))


async def to_day(turn: Turn, reminder: Reminder, on: dt.date, *, reason: str | None = None) -> None:
    """Let a reminder come again on a day, at the officer's own hour."""
    wishes = (await expected.wishes_of(turn.session, {turn.officer.id}))[turn.officer.id]
    moment = due_at(on, planning.hour(turn.office, wishes), turn.office.zone)
    await stored.snooze(turn.session, reminder, moment, now=turn.now, reason=reason)


async def _put_off(turn: Turn, reminder: Reminder, on: dt.date, *, confirmed: bool) -> Screen:
    notice = await _to_put_off(turn, reminder)
    if notice is None:
        return await access.present_state(turn, reminder)
    _require_alone(notice)
    day = working_day(turn.office.calendar, on, turn.today)
    words = reminders.words_for(turn.office, notice, turn.today)
    limit = passes(notice, day.on, turn.today)
    if limit is not None and not confirmed:
        return screens.beyond(notice, words, day, limit)
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        await drafts_aside.take_up(turn)
    before = reminder.snoozed_to or reminder.due_at
    await to_day(turn, reminder, day.on)
    subject = (reminder.subject_kind, reminder.subject_id)
    turn.note("reminder.snooze", subject, before=before.isoformat(), after={"on": day.on.isoformat()})
    return screens.done(_as_put_off(turn, reminder, notice))


def _require_alone(notice: Notice) -> None:
    """Let nobody put off what others are told of as well.

    Raises:
        Refusal: Matters of several officers rely on the opinion.
    """
    if isinstance(notice, OpinionNotice) and notice.of_several:
        raise Refusal(_("Several officers are told of this, so it cannot be put off. Please press “Noted” instead."))


async def _to_put_off(turn: Turn, reminder: Reminder) -> Notice | None:
    """Return what a reminder has to say, None where there is nothing to put off.

    That is where it is outdated, or lies ahead because a date has moved since its message: it comes by itself, and
    would not come on its day if an old message could move it to an earlier one.
    """
    if stored.lies_ahead(reminder, turn.now):
        return None
    return await access.described(turn, reminder)


async def _listed(turn: Turn, *, page: int) -> Screen:
    """Return what comes again to this officer, the next first; its own cover and the coordinators' are asked for once.

    So whoever was told of something because nobody else could be finds here what they put off.
    """
    mine = {turn.officer.id, *await cover.stood_in_for(turn.session, turn.officer, turn.today)}
    comes: dict[Charge, bool] = {}
    found = []
    for reminder in await snoozed.put_off(turn.session, owners=mine if _hears_own(turn, mine) else None):
        charges = await _charges(turn, reminder)
        for each in charges:
            if each not in comes:
                told = await receivers.of_charge(turn.session, turn.office, each, turn.now)
                comes[each] = each.owner_id in mine or turn.officer.id in {person.id for person in told}
        if any(comes[each] for each in charges) and (notice := await access.described(turn, reminder)) is not None:
            found.append(_as_put_off(turn, reminder, notice))
    return screens.listed(found, page=page)


def _hears_own(turn: Turn, mine: Collection[int]) -> bool:
    """Say whether nobody else's work can come to this officer: that is told to heads, coordinators and stand-ins."""
    return len(mine) == 1 and turn.officer.role not in (Role.HEAD, Role.COORDINATOR)


async def _charges(turn: Turn, reminder: Reminder) -> Sequence[Charge]:
    """Return whose work a reminder is about; nobody's where it has nothing to say any more."""
    if reminder.subject_kind == stored.SUBJECT:
        request = await turn.session.get_one(Request, reminder.subject_id)
        return (Charge(request.owner_id, request.unit_id),)
    notice = await access.described(turn, reminder)
    return notice.charges if notice is not None else ()


def _as_put_off(turn: Turn, reminder: Reminder, notice: Notice) -> PutOff:
    at = reminder.due_at.astimezone(turn.office.zone)
    doubtful = turn.office.calendar.day(at.date()).provisional
    return PutOff(notice, at, doubtful, reminders.words_for(turn.office, notice, turn.today))


def _page(text: str) -> int:
    return int(text) if is_number(text) else 0


async def _undo(turn: Turn, reminder: Reminder) -> None:
    """Let a reminder that was put off count as said, and its further stages come as they were planned."""
    if not stored.is_put_off(reminder):
        return
    await access.ended(turn, reminder, ReminderState.SENT, "no longer put off")
    turn.note("reminder.unsnooze", (reminder.subject_kind, reminder.subject_id))


def _question(turn: Turn, notice: Notice) -> Screen:
    words = reminders.words_for(turn.office, notice, turn.today)
    days = choices(turn.office.calendar, turn.today)
    return screens.asking(notice, words, days, example=turn.today + _EXAMPLE_AHEAD)


COMMANDS: Final[Mapping[str, Flow]] = {"later": on_list}
PRESSES: Final[Mapping[str, Flow]] = {
    "nlat": on_later,
    "nput": on_put,
    "nlst": on_page,
    "nnow": on_now,
    "nundo": on_undo,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
