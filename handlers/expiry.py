"""An opinion's last valid day: when it is told, to whom, and what hangs on it.

Its plan follows from the opinion alone; what hangs on it is looked up when the moment has come. So one comparison of
what is planned with what should be serves every change: of the opinion, of the calendar, of an officer's wishes.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.deadlines import Stage, due_at, expiry_stages, is_single, latest_submission
from bot.notices import Deciding, OpinionNotice
from bot.workdays import Reckoned
from handlers import planning
from handlers.office import Office
from storage import cover, entry_values, expiring, reminders, replanning
from storage.database import Database
from storage.expiring import Expiring
from storage.ledger import open_entry
from storage.tables import Opinion, Person, Reminder, ReminderState, Request

BATCH: Final = 200  # opinions of one look and of one transaction


def stages_of(office: Office, each: Expiring) -> tuple[Stage, ...]:
    """Return when an opinion's expiry is told; what lay past when it came into the ledger is not.

    Args:
        office: Rules and calendar.
        each: The opinion.
    """
    if each.silent_because is not None:
        return ()
    rules = planning.rules_of(office, each.wishes)
    before = rules.watched_before_days if each.opinion.watched else rules.expiry_before_days
    known_since = office.today(each.opinion.recorded_at)
    stages = expiry_stages(office.calendar, valid_to=each.opinion.valid_to, before_days=before)
    return tuple(stage for stage in stages if stage.on > known_since)


async def ensure(session: AsyncSession, office: Office, opinions: Sequence[Opinion], now: dt.datetime) -> list[int]:
    """Plan anew what is planned otherwise than it should be; return the opinions of which something was.

    Args:
        session: The unit of work of the change.
        office: Rules and calendar.
        opinions: Those that may be concerned.
        now: Aware UTC time.
    """
    await session.flush()
    wrong = await _wrong(session, office, opinions, now)
    for each, is_new in wrong:
        if each.silent_because is not None:
            await reminders.cancel(session, each.opinion, reason=each.silent_because)
            continue
        if not is_new:
            each.opinion.basis_version += 1
            await session.flush()
        hour = planning.hour(office, each.wishes)
        stages = stages_of(office, each)
        await replanning.replan(session, each.opinion, stages, now=now, hour=hour, zone=office.zone)
    return [each.opinion.id for each, _is_new in wrong]


async def ensure_of_entry(session: AsyncSession, office: Office, request: Request, now: dt.datetime) -> None:
    """Plan anew what an act on an entry has changed for its opinions."""
    opinions = await expiring.of_request(session, request.id)
    if opinions:
        await ensure(session, office, opinions, now)


async def ensure_all(
    session: AsyncSession, office: Office, now: dt.datetime, *, holder_id: int | None = None
) -> list[int]:
    """Plan anew wherever the calendar, or one officer's wishes, have changed something."""
    changed, last = [], 0
    while page := await expiring.page(session, after=last, today=office.today(now), limit=BATCH, holder_id=holder_id):
        changed += await ensure(session, office, page, now)
        last = page[-1].id
    return changed


async def reconcile(database: Database, office: Office) -> int:
    """Compare the reminders of all opinions that hold with those that there should be; return how many were put right.

    Most looks find nothing: the writer is asked for only where something is to be done.
    """
    mended, last, now = 0, 0, office.clock.now()
    while True:
        async with database.read() as session:
            page = await expiring.page(session, after=last, today=office.today(now), limit=BATCH)
            wrong = [each.opinion.id for each, _is_new in await _wrong(session, office, page, now)]
        if wrong:
            async with database.write() as session:
                rows = (await session.scalars(select(Opinion).where(Opinion.id.in_(wrong)))).all()
                mended += len(await ensure(session, office, rows, now))
        if len(page) < BATCH:
            return mended
        last = page[-1].id


async def describe(session: AsyncSession, office: Office, reminder: Reminder, now: dt.datetime) -> OpinionNotice | str:
    """Return what a reminder about an opinion has to say now, or why it has nothing to say any more."""
    opinion = await session.get(Opinion, reminder.subject_id, populate_existing=True)
    if opinion is None:
        return "no such opinion"
    [each] = await expiring.of_opinions(session, [opinion])
    if (why := each.silent_because) is not None or each.charge is None:
        return why or "nobody of the bureau holds it"
    is_unsent = reminder.state in (ReminderState.PLANNED, ReminderState.QUEUED)
    if is_unsent and reminder.basis_version != opinion.basis_version:
        return "the opinion has changed"
    return await _notice(session, office, reminder, each, now)


async def _notice(
    session: AsyncSession, office: Office, reminder: Reminder, each: Expiring, now: dt.datetime
) -> OpinionNotice | str:
    opinion, today = each.opinion, office.today(now)
    left = await expiring.not_renewed(session, each.together)
    if not left:
        return "a later opinion is there, or was applied for"
    requests = await expiring.deciding_after(session, left, today)
    if each.lapses and each.charge is not None:
        requests = [row for row in requests if row.owner_id != each.charge.owner_id]
        if not requests:
            return "not to be used any more"
    named = await expiring.organisations(session, left)
    if not requests and not named:
        return "nobody could use it again"
    numbers = await entry_values.numbers(session, {*(row.id for row in requests), each.request_id or 0})
    matters = tuple(_deciding(office, row, numbers[row.id]) for row in requests)
    own = (each.charge,) if each.charge and not each.lapses else ()
    charges = own + tuple(matter.charge for matter in matters)
    sent_alone = is_single(reminder.kind, reminder.stage) or reminder.snoozed_to is not None or opinion.watched
    return OpinionNotice(
        reminder_id=reminder.id,
        kind=reminder.kind,
        stage=reminder.stage,
        working_days=office.calendar.between(today, opinion.valid_to),
        single=sent_alone or bool(matters),
        charges=tuple(dict.fromkeys(charges)),
        opinion_id=opinion.id,
        entry_id=each.request_id,
        number=numbers.get(each.request_id or 0),
        subjects=tuple(row.name or "" for row in named),
        count=len(left),
        issued_on=opinion.issued_on,
        valid_to=opinion.valid_to,
        days=(opinion.valid_to - today).days,
        matters=matters,
        watched=opinion.watched,
    )


async def for_reader(session: AsyncSession, notice: OpinionNotice, person: Person, on: dt.date) -> OpinionNotice:
    """Return a reminder as one person may read it.

    Whoever may look at the opinion's entry reads all of it. Others use one of the entry's opinions again: they read of
    that one, by the number of their own entry, and nothing of what stands beside it.

    Args:
        session: A session that reads.
        notice: The reminder as the assistant knows it.
        person: Who reads.
        on: Local date, by which a stand-in is known.
    """
    opinion = await session.get_one(Opinion, notice.opinion_id)
    [each] = await expiring.of_opinions(session, [opinion])
    matters = tuple([row for row in notice.matters if await _may_open(session, person, row.request_id, on)])
    decides = each.charge is not None and await cover.may_act(session, person, [each.charge], on)
    notice = replace(notice, matters=matters, decides=decides)
    if notice.entry_id is None or await _may_open(session, person, notice.entry_id, on):
        return notice
    left = await expiring.not_renewed(session, await known_to(session, person, each, on))
    named = await expiring.organisations(session, left)
    return replace(
        notice,
        entry_id=None,
        number=matters[0].number if matters else None,
        subjects=tuple(row.name or "" for row in named),
        count=len(left),
    )


async def known_to(session: AsyncSession, person: Person, each: Expiring, on: dt.date) -> tuple[Opinion, ...]:
    """Return which of the opinions that are told together somebody may know of.

    All of an entry that they may look at; else those that their own matters have used again.
    """
    together = each.together or (each.opinion,)
    if each.request_id is None or await _may_open(session, person, each.request_id, on):
        return together
    relying = await expiring.deciding_after(session, together, on)
    own = [row.id for row in relying if await _may_open(session, person, row.id, on)]
    return await expiring.used_by(session, together, own)


async def _may_open(session: AsyncSession, person: Person, request_id: int, on: dt.date) -> bool:
    return await open_entry(session, person, request_id, on=on) is not None


def latest(office: Office, decide_on: dt.date) -> Reckoned:
    """Return the last day to apply anew in time for a decision."""
    settings = office.policy.settings
    return latest_submission(
        office.calendar,
        decide_on,
        working_days=settings.feedback_working_days,
        margin_working_days=settings.submit_margin_working_days,
    )


def _deciding(office: Office, request: Request, number: str) -> Deciding:
    if request.decide_on is None:
        raise ValueError("a matter without a planned decision relies on nothing")
    last_day = latest(office, request.decide_on)
    return Deciding(request.id, number, request.matter_name, request.decide_on, last_day, expiring.charge_of(request))


def _is_as_it_should_be(
    opinion: Opinion, moments: dict[str, dt.datetime], rows: Sequence[Reminder], now: dt.datetime
) -> bool:
    """Say whether an opinion's reminders are those that there should be; what is past and ended is not looked at."""
    present = [row for row in rows if row.basis_version == opinion.basis_version]
    unsent = [row for row in rows if row.state in (ReminderState.PLANNED, ReminderState.QUEUED)]
    if any(row not in present for row in unsent):
        return False
    if any(row.stage not in moments and not (moments and reminders.is_put_off(row)) for row in unsent):
        return False
    if moments.keys() - {row.stage for row in present}:
        return False
    return not reminders.silenced(present, moments, now) and not reminders.moved(present, moments, now)


async def _planned(session: AsyncSession, opinion_ids: Sequence[int]) -> dict[int, list[Reminder]]:
    rows = await session.scalars(
        select(Reminder)
        .where(Reminder.subject_kind == reminders.OPINION, Reminder.subject_id.in_(opinion_ids))
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[Reminder]] = {}
    for row in rows:
        found.setdefault(row.subject_id, []).append(row)
    return found


async def _wrong(
    session: AsyncSession, office: Office, opinions: Sequence[Opinion], now: dt.datetime
) -> list[tuple[Expiring, bool]]:
    """Return those of some opinions whose reminders are not what they should be, and which never had any."""
    planned = await _planned(session, [opinion.id for opinion in opinions])
    wrong = []
    for each in await expiring.of_opinions(session, opinions):
        hour = planning.hour(office, each.wishes)
        moments = {stage.stage: due_at(stage.on, hour, office.zone) for stage in stages_of(office, each)}
        if not _is_as_it_should_be(each.opinion, moments, planned.get(each.opinion.id, ()), now):
            wrong.append((each, each.opinion.id not in planned))
    return wrong
