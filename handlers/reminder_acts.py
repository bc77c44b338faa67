"""What is answered in a reminder's own message, each by one press."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.errors import Refusal
from bot.language import _
from bot.screens import reminders as screens
from bot.screens.screen import Screen
from handlers import ledger, reminders, timeline
from handlers.reminders import notice_of
from handlers.turn import Flow, Stale, Turn
from storage import reminders as stored
from storage.ledger import Opened, open_entry
from storage.tables import Reminder, ReminderState


async def on_received(turn: Turn) -> Screen:
    """中心已收件: received on the day of submission, which was assumed until now; another day has its own button.

    Source: domain.md A8.
    """
    reminder, opened = await _pressed(turn)
    on = opened.entry.submitted_on
    if on is None or opened.entry.received_on is not None or not opened.entry.open:
        return await _present_state(turn, opened)
    return await _record(turn, reminder, opened, "received", on)


async def on_not_received(turn: Turn) -> Screen:
    """尚未收件: noted; the period has not begun."""
    reminder, opened = await _pressed(turn)
    if opened.entry.received_on is not None or not opened.entry.open:
        return await _present_state(turn, opened)
    _acknowledge(turn, reminder)
    ledger.note(turn, opened, "request.not_received")
    said = _("Noted: not received yet. Record the day in the entry once the centre has received it.")
    return screens.recorded(notice_of(turn.office, reminder, opened, turn.now), said)


async def on_correct(turn: Turn) -> Screen:
    """更正收件日期: the days to choose from; a typed one is understood too."""
    _reminder, opened = await _pressed(turn)
    entry = opened.entry
    if not entry.open or entry.submitted_on is None or entry.applicant == "counterpart":
        return await _present_state(turn, opened)
    return await ledger.asking(turn, opened, "received", aside=True)


async def on_day_of_opinion(turn: Turn) -> Screen:
    """更正收到日期: the opinion came on another day than the one of the press."""
    _reminder, opened = await _pressed(turn)
    if opened.entry.withdrawn or opened.entry.submitted_on is None:
        return await _present_state(turn, opened)
    return await ledger.asking(turn, opened, "returned", aside=True)


async def on_returned(turn: Turn) -> Screen:
    """已收到意见: today; another day is chosen afterwards."""
    reminder, opened = await _pressed(turn)
    if not opened.entry.open or opened.entry.submitted_on is None:
        return await _present_state(turn, opened)
    return await _record(turn, reminder, opened, "returned", turn.today)


async def on_submitted(turn: Turn) -> Screen:
    """已提交: today."""
    reminder, opened = await _pressed(turn)
    if not opened.entry.open or opened.entry.submitted_on is not None:
        return await _present_state(turn, opened)
    return await _record(turn, reminder, opened, "submitted", turn.today)


async def on_noted(turn: Turn) -> Screen:
    """已知悉: the reminder is answered; the entry stays as it is."""
    reminder, opened = await _pressed(turn)
    if await reminders.outdated(turn.session, reminder) is not None:
        return await _present_state(turn, opened)
    if _acknowledge(turn, reminder):
        ledger.note(turn, opened, "reminder.acknowledge")
    return _again(turn, reminder, opened)


async def on_wording(turn: Turn) -> Screen:
    """商请用语, ready to be copied."""
    reminder, opened = await _pressed(turn)
    if not opened.entry.open or opened.entry.received_on is None:
        return await _present_state(turn, opened)
    words = timeline.words_of(turn, opened.entry)
    bureau = turn.policy.term("bureau", on=turn.today)
    return screens.wording_to_ask(notice_of(turn.office, reminder, opened, turn.now), words, bureau)


async def on_back(turn: Turn) -> Screen:
    """Back to the reminder."""
    reminder, opened = await _pressed(turn)
    if await reminders.outdated(turn.session, reminder) is not None:
        return await _present_state(turn, opened)
    return _again(turn, reminder, opened)


async def on_open(turn: Turn) -> Screen:
    """The entry that the reminder is about."""
    _reminder, opened = await _pressed(turn)
    return await timeline.shown(turn, opened, aside=True)


async def _pressed(turn: Turn) -> tuple[Reminder, Opened]:
    """Return the reminder whose button was pressed, and its entry, if this officer may change it.

    Raises:
        Stale: There is no such reminder, or it is not theirs to see.
        Refusal: They may only read the entry.
    """
    reminder = await turn.session.get(Reminder, turn.pressed.id, populate_existing=True)
    if reminder is None or reminder.subject_kind != stored.SUBJECT:
        raise Stale
    opened = await open_entry(turn.session, turn.officer, reminder.subject_id, on=turn.today)
    if opened is None:
        raise Stale
    if not opened.may_act:
        raise Refusal(_("Only the handling officer and the coordinators change this entry."))
    return reminder, opened


async def _present_state(turn: Turn, opened: Opened) -> Screen:
    """Show the entry as it is, because the reminder's question has been answered already."""
    screen = await timeline.shown(turn, opened, aside=True)
    return replace(screen, toast=_("This is the present state of the entry."))


async def _record(turn: Turn, reminder: Reminder, opened: Opened, act: str, on: dt.date) -> Screen:
    _acknowledge(turn, reminder)
    after = await ledger.record(turn, opened, act, on)
    words = timeline.words_of(turn, after.entry)
    day = words.day(on)
    said = {
        "received": _("Receipt by the centre: %(day)s, feedback due on %(due)s."),
        "returned": _("Opinion received on %(day)s. Please write down what it says, so that it can be used again."),
        "submitted": _("Submitted on %(day)s, feedback expected on %(due)s."),
    }[act]
    due = words.day(after.entry.due_on, provisional=after.entry.due_provisional) if after.entry.due_on else ""
    notice = notice_of(turn.office, reminder, after, turn.now)
    return replace(screens.recorded(notice, said % {"day": day, "due": due}), toast=_("Recorded"))


def _again(turn: Turn, reminder: Reminder, opened: Opened) -> Screen:
    notice = notice_of(turn.office, reminder, opened, turn.now)
    words = timeline.words_of(turn, opened.entry)
    return screens.reminder(notice, words, noted=reminder.state is ReminderState.ACKNOWLEDGED)


def _acknowledge(turn: Turn, reminder: Reminder) -> bool:
    """Mark a reminder as answered; False where it was before."""
    if reminder.state not in (ReminderState.QUEUED, ReminderState.SENT):
        return False
    reminder.state, reminder.reason = ReminderState.ACKNOWLEDGED, f"answered by {turn.officer.id}"
    return True


PRESSES: Final[Mapping[str, Flow]] = {
    "nrcv": on_received,
    "nnot": on_not_received,
    "nfix": on_correct,
    "nret": on_returned,
    "nday": on_day_of_opinion,
    "nsub": on_submitted,
    "nack": on_noted,
    "nask": on_wording,
    "nback": on_back,
    "nopen": on_open,
}
