"""The bureau's summary drafts itself on the pack's day, and is sent on once a coordinator has confirmed it.

Both are long work: a ``work`` row, its effects in the transaction that closes it. A death at any moment leaves the row,
which is done again; the state of the summary decides whether its effects still apply, so that each summary is drafted
once and each receiver has one copy in the outbox. Source: the Plan, 三（四）; features.md P1, P6, P8.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.quarters import Quarter
from bot.returns import PushState, ReturnState
from bot.summary import LOOKING_BACK, as_confirmed
from handlers import hours, quarter_facts, quarter_files, quarter_material, quarter_prompts, summary
from handlers.office import Office
from handlers.worker import Finish, Tools
from storage import audit, chats, outbox, people, periodic, quarter_pushes, work
from storage import quarter_returns as stored
from storage.quarter_pushes import KIND as COPY
from storage.tables import ChatBinding, Person, Priority, QuarterPush, Role

DRAFT, SEND, REWRITE = "quarter.draft", "quarter.send", "quarter.report"
DRAFTED, CHANGED = "quarter.drafted", "quarter.changed"
_JOB: Final = {PushState.DRAFTING: DRAFT, PushState.CONFIRMED: SEND}
_RECEIVERS: Final = {
    "heads_and_liaisons": (Role.HEAD, Role.LIAISON),
    "heads": (Role.HEAD,),
    "liaisons": (Role.LIAISON,),
}


async def tick(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Let the draft of each quarter be made once its day has come; one that has failed is tried again each day.

    After an outage that lasted over the day of a quarter, or of several, each of them is drafted all the same.

    Returns:
        How many drafts, or last files of a confirmed summary, were asked for.
    """
    if not hours.has_begun(office, now):
        return 0
    today, asked = office.today(now), 0
    for quarter in await _due(session, office, today):
        await quarter_pushes.begin(session, quarter)
    for push in await quarter_pushes.unfinished(session):
        kind, period = _JOB[push.state], f"{Quarter(push.year, push.quarter).code}:{today.isoformat()}"
        if await periodic.begins(session, kind, period, now=now):
            work.add(session, kind, {"push": push.id}, now=now)
            asked += 1
    return asked


async def _due(session: AsyncSession, office: Office, today: dt.date) -> list[Quarter]:
    """Return the quarters whose day of drafting has come, as far back as corrections go, the oldest first."""
    due, quarter = [], Quarter.of(today).previous
    for _quarter in range(LOOKING_BACK):
        if not await quarter_prompts.in_use(session, office, quarter):
            break
        if quarter_facts.days_of(office, quarter).summary.on <= today:
            due.append(quarter)
        quarter = quarter.previous
    return due[::-1]


async def draft(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Make the draft and its files; the coordinators get it."""
    office = tools.office
    async with tools.database.read() as session:
        row = await quarter_pushes.by_id(session, params["push"])
        if row is None or row.state is not PushState.DRAFTING:
            return _nothing
        quarter = Quarter(row.year, row.quarter)
        found = await summary.reckon(session, office, quarter, now=now)
        problems = await quarter_material.problems_of(session, office, quarter, now)
        material = quarter_material.of_summary(office, row, found, problems, now)
        ledger = await quarter_files.ledger_sheet(session, office, quarter.span, now=now, lasting=True)
    files = await quarter_material.files(tools, material, ledger, now)

    async def finish(session: AsyncSession) -> None:
        row = await quarter_pushes.by_id(session, params["push"], lock=True)
        if row is None or row.state is not PushState.DRAFTING:
            return
        row.state = PushState.DRAFTED
        quarter_material.keep(row, material, files, now)
        for each in (await stored.all_of(session, quarter)).values():
            if each.state is ReturnState.REPORTED:
                each.state = ReturnState.SUMMARISED
        after = {"quarter": quarter.code, "empty": found.is_empty}
        audit.note(session, at=now, actor_id=None, verb=DRAFT, subject=("quarter_push", row.id), after=after)
        await session.flush()
        await tell_coordinators(session, row, DRAFTED, now)

    return finish


async def send(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Freeze a confirmed summary and put a copy for each receiver into the outbox.

    Where a figure of the quarter has changed since the draft, what was confirmed is not what would be sent: it is
    drafted anew, and the coordinators are told. Otherwise what was confirmed leaves: figures, wording and problems.
    """
    office = tools.office
    async with tools.database.read() as session:
        row = await quarter_pushes.by_id(session, params["push"])
        drafted = None if row is None else quarter_material.of_row(office, row, now)
        if row is None or drafted is None or row.state is not PushState.CONFIRMED:
            return _nothing
        quarter = drafted.summary.quarter
        found = await summary.standing(session, office, quarter, now=now)
        confirmed = as_confirmed(drafted.summary, found)
        if confirmed is None:
            problems = await quarter_material.problems_of(session, office, quarter, now)
            material = quarter_material.of_summary(office, row, found, problems, now)
        else:
            material = replace(drafted, summary=confirmed)
        ledger = await quarter_files.ledger_sheet(session, office, quarter.span, now=now, lasting=True)
    files = await quarter_material.files(tools, material, ledger, now)

    async def finish(session: AsyncSession) -> None:
        row = await quarter_pushes.by_id(session, params["push"], lock=True)
        if row is None or row.state is not PushState.CONFIRMED:
            return
        quarter_material.keep(row, material, files, now)
        if confirmed is None:
            row.state, row.confirmed_by = PushState.DRAFTED, None
            await session.flush()
            await tell_coordinators(session, row, CHANGED, now)
            return
        await summary.freeze(session, office, confirmed, now=now)
        row.state, row.pushed_at = PushState.PUSHED, now
        await _lock_returns(session, quarter)
        await session.flush()
        count = await send_copies(session, office, row, now)
        audit.note(session, at=now, actor_id=None, verb=COPY, subject=("quarter_push", row.id), after={"copies": count})

    return finish


async def rewrite(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Make the report anew after its wording was edited, so that it can be read before it is confirmed."""
    async with tools.database.read() as session:
        row = await quarter_pushes.by_id(session, params["push"])
        material = None if row is None else quarter_material.of_row(tools.office, row, now)
        if row is None or material is None or row.state is not PushState.DRAFTED:
            return _nothing
        version = row.version
    key = await quarter_material.report(tools, material, now)

    async def finish(session: AsyncSession) -> None:
        await quarter_pushes.add_report(session, params["push"], version, key)

    return finish


async def receivers(session: AsyncSession, office: Office) -> tuple[list[Person], list[ChatBinding]]:
    """Return whom a summary goes to, as the bureau has set it: heads, liaisons or both, and bound groups."""
    rules = office.policy.quarters
    persons = await people.leading(session, _RECEIVERS[rules.summary_to])
    return list(persons), list(await chats.bound(session)) if rules.summary_to_groups else []


async def send_copies(session: AsyncSession, office: Office, row: QuarterPush, now: dt.datetime) -> int:
    """Put a copy for each receiver into the outbox; who has one gets no second.

    Returns:
        How many receivers there are.
    """
    params = {"push": row.id}
    persons, groups = await receivers(session, office)
    for person in persons:
        dedupe = quarter_pushes.dedupe(row.id, key_of(person))
        await outbox.enqueue(session, person, kind=COPY, params=params, dedupe=dedupe, now=now)
    for group in groups:
        dedupe = quarter_pushes.dedupe(row.id, key_of(group))
        told = {**params, "unit": group.unit_id}  # its binding ends when the bot is put out
        await outbox.enqueue_for_chat(session, group.chat_id, kind=COPY, params=told, dedupe=dedupe, now=now)
    return len(persons) + len(groups)


def key_of(receiver: Person | ChatBinding) -> str:
    """Return who gets a copy, as its key in the outbox names them."""
    return f"{'person' if isinstance(receiver, Person) else 'group'}:{receiver.id}"


async def tell_coordinators(session: AsyncSession, row: QuarterPush, kind: str, now: dt.datetime) -> None:
    """Let the coordinators know that a draft waits for them."""
    told, dedupe = await people.coordinators(session), f"{kind}:{row.id}:{row.version}"
    await outbox.enqueue_all(
        session, told, kind=kind, params={"push": row.id}, dedupe=dedupe, priority=Priority.QUESTION, now=now
    )


async def _lock_returns(session: AsyncSession, quarter: Quarter) -> None:
    for each in (await stored.all_of(session, quarter)).values():
        if each.state.is_reported:
            each.state = ReturnState.SUBMITTED


async def _nothing(_session: AsyncSession) -> None:
    """It was made already."""
