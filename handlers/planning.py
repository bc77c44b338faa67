"""Which dates an entry has and which reminders it needs: the rules of the pack applied to what is recorded."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import Stage, due_at, feedback_due, fulfilment_stages, submit_by_stages, verification_stages
from handlers.office import Office
from storage import commitments, reminders
from storage.ledger import entry_of
from storage.tables import Applicant, Item, ItemState, Reminder, Request, RequestState


def hour(office: Office) -> dt.time:
    """Return the local time at which reminders leave."""
    return dt.time.fromisoformat(office.policy.reminders.hour)


async def replan(
    session: AsyncSession, office: Office, request: Request, waiting: Sequence[Item], now: dt.datetime
) -> None:
    """Plan an entry's reminders anew after a change, in the change's own transaction.

    Args:
        session: The unit of work of the change.
        office: Rules and calendar.
        request: The entry, its ``basis_version`` grown with the change.
        waiting: The verifications that something is still expected of.
        now: Aware UTC time.
    """
    fulfil_by_on = await commitments.next_fulfilment(session, request.id)
    stages = stages_of(office, request, waiting) + prompts_of(office, request, fulfil_by_on)
    await reminders.replan(session, request, stages, now=now, hour=hour(office), zone=office.zone)


def stages_of(
    office: Office, request: Request, waiting: Sequence[Item], *, overdue_index: int = 0
) -> tuple[Stage, ...]:
    """Return what is to be said when about an entry.

    Where the counterpart applied the result goes to them: nothing is chased. All verifications of an entry carry the
    same dates, so the first one stands for them.

    Args:
        office: Rules and calendar.
        request: The entry.
        waiting: The verifications that something is still expected of.
        overdue_index: How many overdue stages have been said already.
    """
    if request.state is not RequestState.OPEN or not waiting or waiting[0].applicant is not Applicant.BUREAU:
        return ()
    item, rules = waiting[0], office.policy.reminders
    if item.state is ItemState.SUPPLEMENT:
        return ()  # the centre waits for papers: nothing is owed by it until they are handed in
    if item.submitted_on is None:
        if request.submit_by_on is None:
            return ()
        return submit_by_stages(
            office.calendar,
            submit_by_on=request.submit_by_on,
            before_working_days=rules.submit_by_before_working_days,
        )
    return verification_stages(
        office.calendar,
        submitted_on=item.submitted_on,
        received_on=item.received_on,
        due_on=item.due_on,
        receipt_after_working_days=rules.receipt_after_working_days,
        before_due_working_days=rules.before_due_working_days,
        overdue_first_working_days=rules.overdue_first_working_days,
        overdue_every_working_days=rules.overdue_every_working_days,
        overdue_index=overdue_index,
    )


def prompts_of(office: Office, request: Request, fulfil_by_on: dt.date | None) -> tuple[Stage, ...]:
    """Return the prompts of an entry's commitments, which outlive the entry's own end.

    Args:
        office: Rules and calendar.
        request: The entry.
        fulfil_by_on: The earliest local date until which one of them is to be fulfilled; None where none is open.
    """
    if fulfil_by_on is None or request.state in (RequestState.UNDONE, RequestState.WITHDRAWN):
        return ()
    before = office.policy.reminders.fulfil_before_working_days
    return fulfilment_stages(office.calendar, fulfil_by_on=fulfil_by_on, before_working_days=before)


def next_overdue(
    office: Office, request: Request, waiting: Sequence[Item], *, said: int, now: dt.datetime
) -> Stage | None:
    """Return the overdue stage after those said already; moments that an outage swallowed are left out.

    Args:
        office: Rules and calendar.
        request: The entry.
        waiting: The verifications that something is still expected of.
        said: How many overdue stages have been said.
        now: Aware UTC time.
    """
    while stages := stages_of(office, request, waiting, overdue_index=said):
        stage = stages[-1]
        if due_at(stage.on, hour(office), office.zone) > now:
            return stage
        said += 1
    return None


async def plan_next(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> None:
    """Plan what follows a reminder that is on its way: after an overdue stage the next one, after all else nothing.

    Args:
        session: The unit of work that queues the reminder.
        office: Rules and calendar.
        reminder: The reminder.
        now: Aware UTC time.
    """
    name, _plus, number = reminder.stage.partition("+")
    if name != "overdue" or (opened := await entry_of(session, reminder.subject_id)) is None:
        return
    stage = next_overdue(office, opened.request, opened.waiting, said=int(number), now=now)
    if stage is not None:
        await reminders.add(session, opened.request, stage, hour=hour(office), zone=office.zone)


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
