"""The bureau's summary drafts itself on the pack's day, and is sent on once a coordinator has confirmed it.

Both are long work: a ``work`` row, its effects in the transaction that closes it. A death at any moment leaves the row,
which is done again; the state of the summary decides whether its effects still apply, so that each summary is drafted
once and each receiver has one copy in the outbox. Source: the Plan, 三（四）; features.md P1, P6, P8.
"""

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.issues import IssueState
from bot.quarters import Quarter
from bot.returns import PushState, ReturnState
from bot.summary import Summary, digest, summary_from_json, summary_to_json
from handlers import hours, quarter_facts, quarter_files, quarter_prompts, summary
from handlers.office import Office
from handlers.worker import Finish, Tools
from storage import audit, chats, issues, outbox, people, quarter_pushes, watching, work
from storage import quarter_returns as stored
from storage.quarter_pushes import KIND as COPY
from storage.tables import Person, QuarterPush

DRAFT, SEND = "quarter.draft", "quarter.send"
DRAFTED, CHANGED = "quarter.drafted", "quarter.changed"
_JOB: Final = {PushState.DRAFTING: DRAFT, PushState.CONFIRMED: SEND}
_NONE: Final = "无"


@dataclass(frozen=True, slots=True)
class Material:
    """What a summary is made of.

    Args:
        summary: The figures.
        sentences: Its sentences, as they stand.
        problems: Unit's code -> what it wrote, and what its officers fed back.
    """

    summary: Summary
    sentences: Sequence[str]
    problems: Mapping[str, Sequence[str]]


async def tick(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Let the draft of the last quarter be made once its day has come; one that has failed is tried again each day.

    Returns:
        How many drafts were asked for.
    """
    today = office.today(now)
    quarter = Quarter.of(today).previous
    if not hours.has_begun(office, now) or today < quarter_facts.days_of(office, quarter).summary.on:
        return 0
    push = await stored.push_of(session, quarter)
    if push is None:
        if not await quarter_prompts.in_use(session, office, quarter):
            return 0
        await quarter_pushes.begin(session, quarter)
        push = await stored.push_of(session, quarter)
    if push is None or (kind := _JOB.get(push.state)) is None:
        return 0
    if not await watching.begins(session, kind, f"{quarter.code}:{today.isoformat()}", now=now):
        return 0
    work.add(session, kind, {"push": push.id}, now=now)
    return 1


async def draft(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Make the draft and its files; the coordinators get it."""
    made = await _made(tools, params["push"], PushState.DRAFTING, now)
    if made is None:
        return _nothing
    material, files = made

    async def finish(session: AsyncSession) -> None:
        row = await quarter_pushes.by_id(session, params["push"], lock=True)
        if row is None or row.state is not PushState.DRAFTING:
            return
        _keep_draft(row, material, files, now)
        quarter = material.summary.quarter
        for each in (await stored.all_of(session, quarter)).values():
            if each.state is ReturnState.REPORTED:
                each.state = ReturnState.SUMMARISED
        after = {"quarter": quarter.code, "empty": material.summary.is_empty}
        audit.note(session, at=now, actor_id=None, verb=DRAFT, subject=("quarter_push", row.id), after=after)
        await session.flush()
        await tell_coordinators(session, row, DRAFTED, now)

    return finish


async def send(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Freeze a confirmed summary and put a copy for each receiver into the outbox.

    Where the register has changed since the draft, what was confirmed is not what would be sent: it becomes a draft
    again, and the coordinators are told.
    """
    made = await _made(tools, params["push"], PushState.CONFIRMED, now)
    if made is None:
        return _nothing
    material, files = made

    async def finish(session: AsyncSession) -> None:
        row = await quarter_pushes.by_id(session, params["push"], lock=True)
        if row is None or row.state is not PushState.CONFIRMED:
            return
        is_same = digest(row.content or {}) == digest(summary_to_json(material.summary))
        _keep_draft(row, material, files, now)
        if not is_same:
            row.confirmed_by = None
            await session.flush()
            await tell_coordinators(session, row, CHANGED, now)
            return
        await summary.freeze(session, tools.office, material.summary, now=now)
        row.state, row.pushed_at = PushState.PUSHED, now
        await _lock_returns(session, material.summary.quarter)
        await session.flush()
        count = await send_copies(session, row, now)
        audit.note(session, at=now, actor_id=None, verb=COPY, subject=("quarter_push", row.id), after={"copies": count})

    return finish


async def receivers(session: AsyncSession) -> list[Person]:
    """Return whom a summary goes to: the heads and liaisons of all units."""
    return list(await people.leading(session))


async def send_copies(session: AsyncSession, row: QuarterPush, now: dt.datetime) -> int:
    """Put a copy for each receiver into the outbox; who has one gets no second.

    Returns:
        How many receivers there are.
    """
    params = {"push": row.id}
    persons, groups = await receivers(session), await chats.bound(session)
    for person in persons:
        dedupe = quarter_pushes.dedupe(row.id, f"person:{person.id}")
        await outbox.enqueue(session, person, kind=COPY, params=params, dedupe=dedupe, now=now)
    for group in groups:
        dedupe = quarter_pushes.dedupe(row.id, f"group:{group.id}")
        await outbox.enqueue_for_chat(session, group.chat_id, kind=COPY, params=params, dedupe=dedupe, now=now)
    return len(persons) + len(groups)


async def tell_coordinators(session: AsyncSession, row: QuarterPush, kind: str, now: dt.datetime) -> None:
    """Let the coordinators know that a draft waits for them."""
    for person in await people.coordinators(session):
        dedupe = f"{kind}:{row.id}:{row.version}:{person.id}"
        await outbox.enqueue(session, person, kind=kind, params={"push": row.id}, dedupe=dedupe, priority=3, now=now)


def summary_of(row: QuarterPush) -> Summary | None:
    """Return the figures that were drafted; None while they are being made."""
    return None if row.content is None else summary_from_json(row.content, policy_hash="", calendar_version=0)


def sentences_of(office: Office, row: QuarterPush, drafted: Summary, now: dt.datetime) -> tuple[str, ...]:
    """Return a summary's sentences: as a coordinator left them, else as they are drafted."""
    return tuple(row.wording) if row.wording is not None else quarter_files.draft(office, drafted, now)


async def problems_of(session: AsyncSession, quarter: Quarter) -> dict[str, list[str]]:
    """Return the problems of a quarter by the unit's code: what each unit wrote, then what its officers fed back."""
    codes = {unit.id: unit.code for unit in await people.units(session)}
    found: dict[str, list[str]] = defaultdict(list)
    for unit_id, row in (await stored.all_of(session, quarter)).items():
        if row.problems and row.problems.strip("。") != _NONE:
            found[codes[unit_id]].append(row.problems)
    for issue in await issues.of_quarter(session, quarter):
        is_known = issue.text in found[codes[issue.unit_id]]
        if not is_known and (issue.state is not IssueState.CLOSED or issue.year == quarter.year):
            found[codes[issue.unit_id]].append(issue.text)
    return {code: texts for code, texts in found.items() if texts}


async def material_of(tools: Tools, row: QuarterPush, session: AsyncSession, now: dt.datetime) -> Material:
    """Return what a summary is made of by the register of this moment, or as it was frozen."""
    quarter = Quarter(row.year, row.quarter)
    found = await summary.standing(session, tools.office, quarter, now=now)
    return Material(
        found, sentences_of(tools.office, row, found, now), await problems_of(session, quarter)
    )  # fmt: skip


async def _made(
    tools: Tools, push_id: int, state: PushState, now: dt.datetime
) -> tuple[Material, dict[str, str]] | None:
    """Return a summary and its files; None where it is not in that state any more."""
    office = tools.office
    async with tools.database.read() as session:
        row = await quarter_pushes.by_id(session, push_id)
        if row is None or row.state is not state:
            return None
        material = await material_of(tools, row, session, now)
        span = material.summary.quarter.span
        ledger = await quarter_files.ledger_sheet(session, office, span, now=now)
    reckoned, problems = material.summary, material.problems
    chart = await quarter_files.picture(office, reckoned, now=now)
    made = {
        "chart": chart,
        "sheet": await quarter_files.book(office, reckoned, now=now, problems=problems, ledger=ledger),
        "report": await quarter_files.report(
            office, reckoned, now=now, paragraphs=material.sentences, problems=problems, picture=chart
        ),
    }
    files = {part: (await asyncio.to_thread(tools.store.put, content)).key for part, content in made.items()}
    return material, files


def _keep_draft(row: QuarterPush, material: Material, files: Mapping[str, str], now: dt.datetime) -> None:
    row.state, row.drafted_at = PushState.DRAFTED, now
    row.files, row.content = dict(files), summary_to_json(material.summary)


async def _lock_returns(session: AsyncSession, quarter: Quarter) -> None:
    for each in (await stored.all_of(session, quarter)).values():
        if each.state.is_reported:
            each.state = ReturnState.SUBMITTED


async def _nothing(_session: AsyncSession) -> None:
    """It was made already."""
