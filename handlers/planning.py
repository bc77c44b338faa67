"""Which dates an entry has and which reminders it needs: the rules of the pack applied to what is recorded."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import (
    OVERDUE,
    Stage,
    decision_stages,
    due_at,
    feedback_due,
    fulfilment_stages,
    hand_in_stages,
    overdue_number,
    questions_after,
    submit_by_stages,
    verification_stages,
)
from bot.policy.content import Reminders
from bot.wishes import Wishes
from handlers import hours
from handlers.office import Office
from storage import expected, reminders, replanning
from storage.expected import Expected
from storage.reminders import FEEDBACK
from storage.tables import Applicant, Item, ItemState, Reminder, ReminderState, Request


def hour(office: Office, wishes: Wishes | None = None) -> dt.time:
    """Return the local time at which reminders leave: the officer's own, or the bureau's."""
    return dt.time.fromisoformat(rules_of(office, wishes).hour)


def rules_of(office: Office, wishes: Wishes | None = None) -> Reminders:
    """Return when to remind: the bureau's rules, with an officer's wishes laid over them."""
    rules = office.policy.reminders
    return wishes.laid_over(rules) if wishes is not None else rules


async def replan(session: AsyncSession, office: Office, request: Request, now: dt.datetime) -> None:
    """Plan an entry's reminders anew after a change, in the change's own transaction.

    Args:
        session: The unit of work of the change.
        office: Rules and calendar.
        request: The entry, its ``basis_version`` grown with the change.
        now: Aware UTC time.
    """
    await replan_many(session, office, [request], now)


async def replan_many(
    session: AsyncSession, office: Office, requests: Sequence[Request], now: dt.datetime, *, afresh: bool = False
) -> None:
    """Plan the reminders of entries anew, as ``replan`` does for one; ``afresh`` for an owner who has heard nothing."""
    await session.flush()
    since = hours.day_of(office, now) if afresh else None
    for each in await expected.of_requests(session, requests):
        own_hour = hour(office, each.wishes)
        put_off = () if afresh else _put_off(office, each, now)
        stages = (*stages_of(office, each), *put_off)
        await replanning.replan(session, each.request, stages, now=now, hour=own_hour, zone=office.zone, afresh=since)
        if _is_overdue(office, each, now):
            await _plan_overdue(session, office, each.request, known=each, said=each.overdue_said, now=now)


def stages_of(office: Office, entry: Expected, *, overdue_index: int = 0) -> tuple[Stage, ...]:
    """Return what is to be said when about an entry.

    Args:
        office: Rules and calendar.
        entry: The entry, with what is expected of it.
        overdue_index: How many overdue stages have been said already.
    """
    verifications = _of_verifications(office, entry, overdue_index)
    known_since = office.today(entry.request.created_at)
    questions = (*_hand_in(office, entry), *_use(office, entry), *_report(office, entry, known_since))
    asked = (*_decision(office, entry), *questions)
    return (
        *verifications,
        *_fulfilments(office, entry),
        *(stage for stage in asked if stage.on > known_since),
    )  # an older ledger is not asked about at once


def _of_verifications(office: Office, entry: Expected, overdue_index: int) -> tuple[Stage, ...]:
    """Return the stages of an application that the bureau itself makes, or has made.

    All verifications of an entry carry the same dates, so the first one stands for them.
    """
    if not entry.waiting or entry.waiting[0].applicant is not Applicant.BUREAU:
        return ()
    item, rules = entry.waiting[0], rules_of(office, entry.wishes)
    if item.state is ItemState.SUPPLEMENT:
        return ()  # the centre waits for papers: nothing is owed by it until they are handed in
    if item.submitted_on is None:
        on, before = entry.request.submit_by_on, rules.submit_by_before_working_days
        return submit_by_stages(office.calendar, submit_by_on=on, before_working_days=before) if on else ()
    return verification_stages(
        office.calendar,
        submitted_on=item.submitted_on,
        received_on=item.received_on,
        due_on=item.due_on,
        receipt_after_working_days=rules.receipt_after_working_days,
        before_due_working_days=rules.before_due_working_days,
        overdue_first_working_days=rules.overdue_first_working_days,
        overdue_every_working_days=rules.overdue_every_working_days,
        overdue_most=rules.overdue_most,
        overdue_index=overdue_index,
    )


def _decision(office: Office, entry: Expected) -> tuple[Stage, ...]:
    """Return the reminders that a decision is near and the opinion that the bureau applied for is not there.

    Whatever keeps it away, submitted or not. Whether a warning of the feedback says enough is looked up when the moment
    has come: it may have been put off.
    """
    on = entry.request.decide_on
    if not entry.waiting or entry.waiting[0].applicant is not Applicant.BUREAU or on is None:
        return ()
    before = rules_of(office, entry.wishes).decide_before_working_days
    return decision_stages(office.calendar, decide_on=on, before_working_days=before)


def _hand_in(office: Office, entry: Expected) -> tuple[Stage, ...]:
    """Return the questions after an opinion that goes to the counterpart: nothing is chased, nothing is overdue."""
    if not entry.waiting or entry.waiting[0].applicant is not Applicant.COUNTERPART:
        return ()
    rules = rules_of(office, entry.wishes)
    return hand_in_stages(
        office.calendar,
        applied_on=entry.waiting[0].submitted_on,
        decide_on=entry.request.decide_on,
        after_working_days=rules.hand_in_after_working_days,
        before_working_days=rules.hand_in_before_working_days,
    )


def _use(office: Office, entry: Expected) -> tuple[Stage, ...]:
    """Return the questions what the decision made of an opinion: after the decision, or after the opinion came."""
    if entry.unused_since is None:
        return ()
    since = max(entry.unused_since, entry.request.decide_on or entry.unused_since)
    after = rules_of(office, entry.wishes).use_after_working_days
    return questions_after(office.calendar, "use", since, after_working_days=after)


def _report(office: Office, entry: Expected, known_since: dt.date) -> tuple[Stage, ...]:
    """Return the questions after a credit report that is to come and of which nothing was written down."""
    if not entry.lacks_report:
        return ()
    after = rules_of(office, entry.wishes).report_after_working_days
    return questions_after(office.calendar, "report", known_since, after_working_days=after)


def _fulfilments(office: Office, entry: Expected) -> tuple[Stage, ...]:
    """Return the prompts of an entry's commitments, which outlive the entry's own end."""
    if entry.fulfil_by_on is None:
        return ()
    before = rules_of(office, entry.wishes).fulfil_before_working_days
    return fulfilment_stages(office.calendar, fulfil_by_on=entry.fulfil_by_on, before_working_days=before)


def _put_off(office: Office, entry: Expected, now: dt.datetime) -> Sequence[Stage]:
    """Return the overdue stage that was put off, where it is a further one of what is overdue."""
    if entry.overdue_put_off <= 1 or not _is_overdue(office, entry, now):
        return ()
    return _overdue(office, entry, entry.overdue_put_off - 1)


def _is_overdue(office: Office, entry: Expected, now: dt.datetime) -> bool:
    return any(stage.on <= office.today(now) for stage in _overdue(office, entry, 0))


def _overdue(office: Office, entry: Expected, said: int) -> Sequence[Stage]:
    """Return the overdue stage after a number of them, none where nothing can be overdue."""
    return [stage for stage in _of_verifications(office, entry, said) if stage.stage.startswith(OVERDUE)]


def next_overdue(office: Office, entry: Expected, *, said: int, now: dt.datetime) -> Stage | None:
    """Return the overdue stage after those said already; moments that an outage swallowed are left out.

    Args:
        office: Rules and calendar.
        entry: The entry, with what is expected of it.
        said: How many overdue stages have been said.
        now: Aware UTC time.
    """
    own_hour = hour(office, entry.wishes)
    while late := _overdue(office, entry, said):
        if due_at(late[-1].on, own_hour, office.zone) > now:
            return late[-1]
        said += 1
    return None


async def plan_next(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> None:
    """Plan what follows a reminder that is on its way, or answered: while feedback is owed something is always to come.

    That is one overdue stage, or what was put off.

    Args:
        session: The unit of work that queues the reminder.
        office: Rules and calendar.
        reminder: The reminder; it may be an earlier stage that was put off until its deadline had passed.
        now: Aware UTC time.
    """
    if reminder.subject_kind != reminders.SUBJECT or reminder.kind != FEEDBACK:
        return
    request = await session.get_one(Request, reminder.subject_id)
    if reminder.basis_version == request.basis_version:
        await _plan_overdue(session, office, request, known=None, said=0, now=now)


async def _plan_overdue(
    session: AsyncSession, office: Office, request: Request, *, known: Expected | None, said: int, now: dt.datetime
) -> None:
    """Plan the overdue stage after those of the present basis, and after those said before, if none is to come."""
    present = await reminders.stages(session, request, FEEDBACK)
    if is_to_come(present):
        return
    entry = known or await expected.of_request(session, request)
    stage = next_overdue(office, entry, said=max(said, last_overdue(present)), now=now)
    if stage is not None:
        await replanning.add(session, entry.request, stage, hour=hour(office, entry.wishes), zone=office.zone)


def is_to_come(feedback: Sequence[Reminder]) -> bool:
    """Say whether of the stages of an owed feedback one is planned that is overdue, or was put off."""
    return any(
        row.state is ReminderState.PLANNED and (row.snoozed_to is not None or row.stage.startswith(OVERDUE))
        for row in feedback
    )


def last_overdue(feedback: Sequence[Reminder]) -> int:
    """Return the number of the last overdue stage of a feedback, whatever became of it; 0 where there is none."""
    return max((overdue_number(row.stage) for row in feedback if row.stage.startswith(OVERDUE)), default=0)


def reckon(office: Office, item: Item, on: dt.date) -> None:
    """Fill in when the centre's feedback is due; where the counterpart applied nothing is expected here."""
    if item.applicant is not Applicant.BUREAU:
        return
    due = feedback_due(office.calendar, on, working_days=office.policy.settings.feedback_working_days)
    item.due_on, item.due_provisional = due.on, due.provisional


def stop_clock(office: Office, item: Item, on: dt.date) -> None:
    """The centre asked for papers (补正): its period stands still from that day.

    Source: domain.md A8; whether it restarts or only pauses is the pack's setting.
    """
    item.state, item.supplement_on, item.resumed_on = ItemState.SUPPLEMENT, on, None
    item.supplement_left = max(0, office.calendar.between(on, item.due_on)) if item.due_on else None


def resume_clock(office: Office, item: Item, on: dt.date) -> None:
    """The papers were handed in: the centre's period begins anew, or goes on with the working days that were left."""
    item.state, item.resumed_on = ItemState.RECEIVED, on
    period = office.policy.settings.feedback_working_days
    if office.policy.settings.supplement == "pause" and item.supplement_left is not None:
        period = max(1, item.supplement_left)
    due = feedback_due(office.calendar, on, working_days=period)
    item.due_on, item.due_provisional = due.on, due.provisional
