"""Whose reminder a press is on: whoever does the work answers it; an answered one shows how things stand now."""

from dataclasses import replace

from bot.errors import Refusal
from bot.language import _
from bot.notices import Notice, OpinionNotice
from bot.screens import frame as frame_screens
from bot.screens import reminders as screens
from bot.screens.screen import Screen
from handlers import planning, reminders, timeline
from handlers.turn import Stale, Turn
from storage import cover, expiring
from storage import reminders as stored
from storage.ledger import Opened, open_entry
from storage.tables import Opinion, Reminder, ReminderState


async def of_entry(turn: Turn) -> tuple[Reminder, Opened]:
    """Return the reminder whose button was pressed, and its entry, if this officer may change it.

    Raises:
        Stale: There is no such reminder, or it is not theirs to see.
        Refusal: They may only read the entry.
    """
    reminder = await _reminder(turn, turn.pressed.id)
    if reminder.subject_kind != stored.SUBJECT:
        raise Stale
    return reminder, await _entry(turn, reminder)


async def of_opinion(turn: Turn) -> tuple[Reminder, Opinion]:
    """Return the reminder whose button was pressed, and its opinion, if this officer does the work that it is about.

    Raises:
        Stale: There is no such reminder, or it is not theirs.
    """
    reminder = await _reminder(turn, turn.pressed.id)
    if reminder.subject_kind != stored.OPINION:
        raise Stale
    return reminder, await _opinion(turn, reminder)


async def of_any(turn: Turn, reminder_id: int) -> Reminder:
    """Return a reminder that this officer may answer, whatever it is about.

    Raises:
        Stale: There is no such reminder, or it is not theirs.
        Refusal: They may only read the entry.
    """
    reminder = await _reminder(turn, reminder_id)
    if reminder.subject_kind == stored.OPINION:
        await _opinion(turn, reminder)
    else:
        await _entry(turn, reminder)
    return reminder


async def described(turn: Turn, reminder: Reminder) -> Notice | None:
    """Return what a reminder has to say to this officer now, None where it is outdated."""
    notice = await reminders.describe(turn.session, turn.office, reminder, turn.now)
    if notice is None:
        return None
    notice = await reminders.for_person(turn.session, notice, turn.officer, turn.today)
    if isinstance(notice, OpinionNotice) and not notice.count:
        return None  # what their own matters rely on has been applied for anew since
    return replace(notice, late_since=None)


async def again(turn: Turn, reminder: Reminder) -> Screen:
    """Return the reminder itself as it stands now; the present state of its entry where it is outdated."""
    notice = await described(turn, reminder)
    if notice is None:
        return await present_state(turn, reminder)
    turn.looked(reminder.subject_kind, reminder.subject_id)
    words = reminders.words_for(turn.office, notice, turn.today)
    return screens.reminder(notice, words, noted=reminder.state is ReminderState.ACKNOWLEDGED)


async def present_state(turn: Turn, reminder: Reminder) -> Screen:
    """Show the entry as it is, because the reminder's question has been answered already."""
    opened = await entry_behind(turn, reminder)
    if opened is None:
        said = _("This reminder is settled; nothing is to be done.")
        return replace(frame_screens.sentence(said), aside=True)
    screen = await timeline.shown(turn, opened, aside=True)
    return replace(screen, toast=_("This is the present state of the entry."))


async def entry_behind(turn: Turn, reminder: Reminder) -> Opened | None:
    """Return the entry that a reminder leads to: its own, or that of its opinion, or one that relies on it."""
    if reminder.subject_kind == stored.SUBJECT:
        return await open_entry(turn.session, turn.officer, reminder.subject_id, on=turn.today)
    opinion = await turn.session.get_one(Opinion, reminder.subject_id, populate_existing=True)
    [each] = await expiring.of_opinions(turn.session, [opinion])
    relying = await expiring.deciding_after(turn.session, each.together, turn.today)
    for request_id in (each.request_id, *(row.id for row in relying)):
        if request_id is not None:
            opened = await open_entry(turn.session, turn.officer, request_id, on=turn.today)
            if opened is not None:
                return opened
    return None


async def acknowledge(turn: Turn, reminder: Reminder) -> bool:
    """Mark a reminder as answered; False where it was before.

    What it is about is not thereby done: if it was put off, its further stages come as they were planned.
    """
    said = reminder.state in (ReminderState.QUEUED, ReminderState.SENT) or reminder.reason == stored.SAID_BEFORE
    if not said and not stored.is_put_off(reminder):
        return False
    await ended(turn, reminder, ReminderState.ACKNOWLEDGED, stored.answered_by(turn.officer))
    return True


async def ended(turn: Turn, reminder: Reminder, state: ReminderState, reason: str) -> None:
    """Let a reminder be answered, or put off no longer, and plan what follows it."""
    await stored.settle(turn.session, reminder, state, reason=reason, now=turn.now)
    await planning.plan_next(turn.session, turn.office, reminder, turn.now)


async def _reminder(turn: Turn, reminder_id: int) -> Reminder:
    """Return a reminder, or the one in its place where its subject has been planned anew since it was sent."""
    reminder = await turn.session.get(Reminder, reminder_id, populate_existing=True)
    if reminder is None:
        raise Stale
    basis = await stored.basis_of(turn.session, reminder)
    if basis is None:
        raise Stale
    return await stored.in_place_of(turn.session, reminder, basis)


async def _entry(turn: Turn, reminder: Reminder) -> Opened:
    opened = await open_entry(turn.session, turn.officer, reminder.subject_id, on=turn.today)
    if opened is None:
        raise Stale
    if not opened.may_act:
        raise Refusal(_("Only the handling officer and the coordinators change this entry."))
    return opened


async def _opinion(turn: Turn, reminder: Reminder) -> Opinion:
    """Return an opinion: the coordinators', its holder's, theirs whose matter relies on it, and their stand-ins'."""
    opinion = await turn.session.get(Opinion, reminder.subject_id, populate_existing=True)
    if opinion is None:
        raise Stale
    [each] = await expiring.of_opinions(turn.session, [opinion])
    relying = await expiring.deciding_after(turn.session, each.together or (opinion,), turn.today)
    works = [each.charge] if each.charge is not None else []
    works += [expiring.charge_of(row) for row in relying]
    if not await cover.may_act(turn.session, turn.officer, works, turn.today):
        raise Stale
    return opinion
