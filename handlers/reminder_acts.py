"""What is answered in a reminder's own message, each by one press."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.deadlines import asked_again
from bot.documents.filling import fitting
from bot.documents.letters import Paper
from bot.language import _
from bot.screens import reminder_done as done
from bot.screens.screen import Press, Screen
from bot.workdays import Reckoned
from handlers import drafts_aside, ledger, onward, papers, snoozing, timeline
from handlers import reminder_access as access
from handlers.reminders import notice_of
from handlers.turn import Flow, Turn
from storage import reminders as stored
from storage.ledger import Opened
from storage.tables import Reminder

_FORMS: Final = {"decide": "pdec", "use": "use", "fulfil": "setl", "report": "rep"}
"""Kind of reminder -> the entry's button that writes down what it asks for."""


async def on_received(turn: Turn) -> Screen:
    """中心已收件: received on the day of submission, which was assumed until now; another day has its own button.

    Source: domain.md A8.
    """
    reminder, opened = await access.of_entry(turn)
    on = opened.entry.submitted_on
    if on is None or opened.entry.received_on is not None or not opened.entry.open:
        return await access.present_state(turn, reminder)
    return await _record(turn, reminder, opened, "received", on)


async def on_not_received(turn: Turn) -> Screen:
    """尚未收件, 尚未提交: noted; what the centre has not received is asked about again."""
    reminder, opened = await access.of_entry(turn)
    if opened.entry.received_on is not None or not opened.entry.open:
        return await access.present_state(turn, reminder)
    if reminder.kind == "hand_in":
        await access.acknowledge(turn, reminder)
        ledger.note(turn, opened, "reminder.acknowledge")
        said = _("Noted: not handed in yet. Record the day in the entry once the opinion is there.")
    else:
        said = await _asked_again(turn, reminder, opened)
        ledger.note(turn, opened, "request.not_received")
    return done.recorded(notice_of(turn.office, reminder, opened, turn.now), said)


async def _asked_again(turn: Turn, reminder: Reminder, opened: Opened) -> str:
    """Let the question come again, and say when; one that lies ahead comes by itself."""
    again = asked_again(
        turn.office.calendar,
        turn.today,
        opened.entry.due_on,
        soon_working_days=turn.policy.reminders.overdue_every_working_days,
        then_working_days=turn.policy.settings.feedback_working_days,
    )
    if stored.lies_ahead(reminder, turn.now):
        again = Reckoned(turn.office.today(reminder.due_at), provisional=again.provisional)
    else:
        await snoozing.to_day(turn, reminder, again.on, reason=stored.ASK_AGAIN)
    said = _("Noted: not received yet. You will be asked again on %(day)s; once the centre has it, record the day.")
    return said % {"day": timeline.words_of(turn, opened.entry).day(again.on, provisional=again.provisional)}


async def on_correct(turn: Turn) -> Screen:
    """更正收件日期: the days to choose from; a typed one is understood too."""
    reminder, opened = await access.of_entry(turn)
    entry = opened.entry
    if not entry.open or entry.submitted_on is None or entry.applicant == "counterpart":
        return await access.present_state(turn, reminder)
    return await ledger.asking(turn, opened, "received", aside=True)


async def on_day_of_opinion(turn: Turn) -> Screen:
    """更正收到日期: the opinion came on another day than the one of the press."""
    reminder, opened = await access.of_entry(turn)
    if opened.entry.withdrawn or opened.entry.submitted_on is None:
        return await access.present_state(turn, reminder)
    return await ledger.asking(turn, opened, "returned", aside=True)


async def on_returned(turn: Turn) -> Screen:
    """已收到意见: today; another day is chosen afterwards."""
    reminder, opened = await access.of_entry(turn)
    if not opened.entry.open or opened.entry.submitted_on is None:
        return await access.present_state(turn, reminder)
    return await _record(turn, reminder, opened, "returned", turn.today)


async def on_submitted(turn: Turn) -> Screen:
    """已提交: today."""
    reminder, opened = await access.of_entry(turn)
    if not opened.entry.open or opened.entry.submitted_on is not None:
        return await access.present_state(turn, reminder)
    return await _record(turn, reminder, opened, "submitted", turn.today)


async def on_noted(turn: Turn) -> Screen:
    """已知悉: this stage is answered and comes no more; what it is about stays as it is."""
    reminder = await access.of_any(turn, turn.pressed.id)
    if await access.described(turn, reminder) is None:
        return await access.present_state(turn, reminder)
    if await access.acknowledge(turn, reminder):
        turn.note("reminder.acknowledge", (reminder.subject_kind, reminder.subject_id))
    return await access.again(turn, reminder)


async def on_wording(turn: Turn) -> Screen:
    """商请用语, ready to be copied."""
    reminder, opened = await access.of_entry(turn)
    if not opened.entry.open or opened.entry.received_on is None:
        return await access.present_state(turn, reminder)
    words = timeline.words_of(turn, opened.entry)
    bureau = turn.policy.term("bureau", on=turn.today)
    facts, desk = await papers.written_by(turn.session, turn.office, opened, turn.today)
    notice = notice_of(turn.office, reminder, opened, turn.now)
    return done.wording_to_ask(notice, words, bureau, has_letter=Paper.INQUIRY in fitting(facts, desk))


async def on_back(turn: Turn) -> Screen:
    """Back to the reminder, be it from one of its questions, which ends, or from a digest."""
    if turn.draft is not None and turn.draft.answers.get("reminder") == turn.pressed.id:
        await drafts_aside.take_up(turn)
    return await access.again(turn, await access.of_any(turn, turn.pressed.id))


async def on_open(turn: Turn) -> Screen:
    """The entry that the reminder is about, or that its opinion answers."""
    reminder = await access.of_any(turn, turn.pressed.id)
    opened = await access.entry_behind(turn, reminder)
    if opened is None:
        return await access.present_state(turn, reminder)
    return await timeline.shown(turn, opened, aside=True)


async def on_do(turn: Turn) -> Screen:
    """What the reminder asks to be written down: the decision, the opinion, its use, the fulfilment, the report."""
    reminder, opened = await access.of_entry(turn)
    if await access.described(turn, reminder) is None or reminder.kind not in _FORMS:
        return await access.present_state(turn, reminder)
    verb = "opn" if reminder.kind == "use" and opened.entry.without_opinion else _FORMS[reminder.kind]
    return await _going_on(turn, opened, verb)


async def on_hand(turn: Turn) -> Screen:
    """转办, from the reminder: whoever takes the entry over gets its reminders too."""
    reminder, opened = await access.of_entry(turn)
    if opened.entry.withdrawn:
        return await access.present_state(turn, reminder)
    return await _going_on(turn, opened, "hand")


async def on_letter(turn: Turn) -> Screen:
    """商请函, made aside; it comes as a file."""
    reminder, opened = await access.of_entry(turn)
    if not opened.entry.open or opened.entry.received_on is None:
        return await access.present_state(turn, reminder)
    await _going_on(turn, opened, "pmake", Paper.INQUIRY.value)
    said = _("The letter is being made; it comes as a file")
    return replace(await access.again(turn, reminder), toast=said)


async def _going_on(turn: Turn, opened: Opened, verb: str, arg: str = "") -> Screen:
    """Go on with what a button of the entry does, from its present state."""
    return await onward.press(turn, Press(verb, opened.request.id, opened.request.version, arg))


async def _record(turn: Turn, reminder: Reminder, opened: Opened, act: str, on: dt.date) -> Screen:
    await access.acknowledge(turn, reminder)
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
    return replace(done.recorded(notice, said % {"day": day, "due": due}), toast=_("Recorded"))


PRESSES: Final[Mapping[str, Flow]] = {
    "nrcv": on_received,
    "nnot": on_not_received,
    "nfix": on_correct,
    "nret": on_returned,
    "nday": on_day_of_opinion,
    "nsub": on_submitted,
    "nack": on_noted,
    "nask": on_wording,
    "nlet": on_letter,
    "ndo": on_do,
    "nhan": on_hand,
    "nback": on_back,
    "nopen": on_open,
}
