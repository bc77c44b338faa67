"""Reminders: what is due is queued in office hours, said with the figures of that moment, and answered by one press."""

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import due_at
from bot.errors import Refusal
from bot.language import _
from bot.policy.model import CounterpartKind
from bot.screens import reminders as screens
from bot.screens.screen import Screen
from handlers import ledger, planning
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from storage import audit, outbox, people, reminders
from storage.ledger import Opened, entry_of, open_entry
from storage.tables import Person, PersonState, Reminder, ReminderState

CLOSING: Final = dt.time(18)  # local; a reminder that falls due later waits for the next working morning
MOST_PER_TICK: Final = 200
LATE: Final = dt.timedelta(days=1)

Renderer = Callable[[AsyncSession, Office, Person, Mapping[str, Any], dt.datetime], Awaitable[Screen | None]]


async def tick(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Turn the reminders that are due into notifications.

    Nothing is queued outside office hours: what fell due in the meantime is found on the next working morning. The
    rows of one transaction; a reminder that no longer fits is cancelled with its reason.

    Args:
        session: The unit of work.
        office: Rules and calendar.
        now: Aware UTC time.

    Returns:
        How many notifications were queued.
    """
    if not in_office_hours(office, now):
        return 0
    queued = 0
    newest: dict[tuple[int, str, str], Reminder] = {}
    for reminder in await reminders.due(session, now=now, limit=MOST_PER_TICK):
        newest[reminder.subject_id, reminder.kind, reminder.audience] = reminder  # the later stage says it all
    for reminder in newest.values():
        queued += await _queue(session, office, reminder, now)
    return queued


def in_office_hours(office: Office, now: dt.datetime) -> bool:
    """Say whether reminders may leave: from the pack's hour to closing time on a working day."""
    local = now.astimezone(office.zone)
    return planning.hour(office) <= local.time() < CLOSING and office.calendar.is_workday(local.date())


def next_opening(office: Office, now: dt.datetime) -> dt.datetime:
    """Return the next moment after ``now``, aware UTC, at which office hours begin."""
    hour, today = planning.hour(office), office.today(now)
    if office.calendar.is_workday(today) and (opening := due_at(today, hour, office.zone)) > now:
        return opening
    return due_at(office.calendar.next_workday(today).on, hour, office.zone)


async def render(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return a reminder's screen with the figures of this moment; None where it has nothing to say any more."""
    reminder = await session.get(Reminder, params["reminder_id"], populate_existing=True)
    if reminder is None or reminder.state not in (ReminderState.PLANNED, ReminderState.QUEUED, ReminderState.SENT):
        return None
    opened = await entry_of(session, reminder.subject_id)
    if opened is None or _outdated(reminder, opened) is not None:
        return None
    notice = _notice(office, reminder, opened, now)
    if now - reminder.due_at > LATE:
        notice = replace(notice, late_since=office.today(reminder.due_at))
    return screens.reminder(notice, ledger.wording(office, office.today(now), opened.entry.matter_code))


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
    ledger.note(turn, opened, "request.not_received", None)
    said = _("Noted: not received yet. Record the day in the entry once the centre has received it.")
    return screens.recorded(_notice(turn.office, reminder, opened, turn.now), said)


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
    if _outdated(reminder, opened) is not None:
        return await _present_state(turn, opened)
    if _acknowledge(turn, reminder):
        ledger.note(turn, opened, "reminder.acknowledge", None)
    return _again(turn, reminder, opened)


async def on_wording(turn: Turn) -> Screen:
    """商请用语, ready to be copied."""
    reminder, opened = await _pressed(turn)
    if not opened.entry.open or opened.entry.received_on is None:
        return await _present_state(turn, opened)
    words = ledger.wording(turn.office, turn.today, opened.entry.matter_code)
    bureau = turn.policy.term("bureau", on=turn.today)
    return screens.wording_to_ask(_notice(turn.office, reminder, opened, turn.now), words, bureau)


async def on_back(turn: Turn) -> Screen:
    """Back to the reminder."""
    reminder, opened = await _pressed(turn)
    if _outdated(reminder, opened) is not None:
        return await _present_state(turn, opened)
    return _again(turn, reminder, opened)


async def on_open(turn: Turn) -> Screen:
    """The entry that the reminder is about."""
    _reminder, opened = await _pressed(turn)
    return await ledger.shown(turn, opened, aside=True)


async def _queue(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> int:
    opened = await entry_of(session, reminder.subject_id)
    outdated = "no such entry" if opened is None else _outdated(reminder, opened)
    if opened is None or outdated is not None:
        reminder.state, reminder.reason = ReminderState.CANCELLED, outdated
        await session.flush()
        return 0
    receivers = await _receivers(session, office, opened, now)
    if not receivers:
        return 0  # nobody can be told yet: it stays due and is found again
    await reminders.supersede_older(session, reminder)
    owner = opened.request.owner_id
    for person in receivers:
        await outbox.enqueue(
            session,
            person,
            kind="reminder",
            params={"reminder_id": reminder.id},
            dedupe=f"reminder:{reminder.id}" + ("" if person.id == owner else f":{person.id}"),
            priority=reminder.urgency,
            now=now,
            reminder_ids=[reminder.id],
        )
    reminder.state = ReminderState.QUEUED
    await session.flush()
    await _plan_next_overdue(session, office, reminder, opened, now)
    _note_queued(session, reminder, opened, now)
    return len(receivers)


async def _plan_next_overdue(
    session: AsyncSession, office: Office, reminder: Reminder, opened: Opened, now: dt.datetime
) -> None:
    name, _plus, number = reminder.stage.partition("+")
    if name != "overdue":
        return
    stage = planning.next_overdue(office, opened.request, opened.waiting, said=int(number), now=now)
    if stage is not None:
        await reminders.add(session, opened.request, stage, hour=planning.hour(office), zone=office.zone)


async def _receivers(session: AsyncSession, office: Office, opened: Opened, now: dt.datetime) -> Sequence[Person]:
    """Return whom a reminder goes to: the owner, else the coordinators of the legal division, else all of them."""
    owner = await session.get_one(Person, opened.request.owner_id)
    if _reachable(owner):
        return [owner]
    coordinators = [person for person in await people.coordinators(session) if _reachable(person)]
    unit = await people.unit_by_code(session, office.policy.legal_division(on=office.today(now)).code)
    of_division = [person for person in coordinators if unit is not None and person.unit_id == unit.id]
    return of_division or coordinators


def _reachable(person: Person) -> bool:
    return person.state is PersonState.ACTIVE and person.reachable


def _outdated(reminder: Reminder, opened: Opened) -> str | None:
    """Return why a reminder has nothing to say any more, or None while it has."""
    entry = opened.entry
    if not entry.open:
        return "the entry is no longer open"
    if reminder.basis_version != opened.request.basis_version:
        return "the entry has changed"
    fits = {
        "receipt": entry.submitted_on is not None and entry.received_on is None,
        "feedback": entry.received_on is not None and entry.due_on is not None,
        "submit_by": entry.submitted_on is None and entry.submit_by_on is not None,
    }
    return None if fits.get(reminder.kind, False) else "the entry has moved on"


def _notice(office: Office, reminder: Reminder, opened: Opened, now: dt.datetime) -> screens.Notice:
    entry, today = opened.entry, office.today(now)
    until = entry.submit_by_on if reminder.kind == "submit_by" else entry.due_on
    matter = office.policy.matters.get(entry.matter_code or "")
    return screens.Notice(
        reminder_id=reminder.id,
        kind=reminder.kind,
        entry=entry,
        working_days=office.calendar.between(today, until) if until else 0,
        late_since=None,
        of_persons=matter is not None and CounterpartKind.NATURAL_PERSON in matter.kinds,
    )


async def _pressed(turn: Turn) -> tuple[Reminder, Opened]:
    """Return the reminder whose button was pressed, and its entry, if this officer may change it.

    Raises:
        Stale: There is no such reminder, or it is not theirs to see.
        Refusal: They may only read the entry.
    """
    reminder = await turn.session.get(Reminder, turn.pressed.id, populate_existing=True)
    if reminder is None or reminder.subject_kind != reminders.SUBJECT:
        raise Stale
    opened = await open_entry(turn.session, turn.officer, reminder.subject_id)
    if opened is None:
        raise Stale
    if not opened.may_act:
        raise Refusal(_("Only the handling officer and the coordinators change this entry."))
    return reminder, opened


async def _present_state(turn: Turn, opened: Opened) -> Screen:
    """Show the entry as it is, because the reminder's question has been answered already."""
    screen = await ledger.shown(turn, opened, aside=True)
    return replace(screen, toast=_("This is the present state of the entry."))


async def _record(turn: Turn, reminder: Reminder, opened: Opened, act: str, on: dt.date) -> Screen:
    _acknowledge(turn, reminder)
    after = await ledger.record(turn, opened, act, on)
    words = ledger.wording(turn.office, turn.today, after.entry.matter_code)
    day = words.day(on)
    said = {
        "received": _("Receipt by the centre: %(day)s, feedback due on %(due)s."),
        "returned": _("Opinion received on %(day)s; the entry is complete."),
        "submitted": _("Submitted on %(day)s, feedback expected on %(due)s."),
    }[act]
    due = words.day(after.entry.due_on, provisional=after.entry.due_provisional) if after.entry.due_on else ""
    notice = _notice(turn.office, reminder, after, turn.now)
    return replace(screens.recorded(notice, said % {"day": day, "due": due}), toast=_("Recorded"))


def _again(turn: Turn, reminder: Reminder, opened: Opened) -> Screen:
    notice = _notice(turn.office, reminder, opened, turn.now)
    words = ledger.wording(turn.office, turn.today, opened.entry.matter_code)
    return screens.reminder(notice, words, noted=reminder.state is ReminderState.ACKNOWLEDGED)


def _acknowledge(turn: Turn, reminder: Reminder) -> bool:
    """Mark a reminder as answered; False where it was before."""
    if reminder.state not in (ReminderState.QUEUED, ReminderState.SENT):
        return False
    reminder.state, reminder.reason = ReminderState.ACKNOWLEDGED, f"answered by {turn.officer.id}"
    return True


def _note_queued(session: AsyncSession, reminder: Reminder, opened: Opened, now: dt.datetime) -> None:
    audit.note(
        session,
        at=now,
        actor_id=None,
        verb="reminder.queue",
        subject=("request", opened.request.id),
        after={"reminder": reminder.id, "kind": reminder.kind, "stage": reminder.stage},
    )


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
NOTICES: Final[Mapping[str, Renderer]] = {"reminder": render}
