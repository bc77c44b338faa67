"""Prompts for the quarter by the pack's dates: each unit for its return, each officer once for problems.

What has been done stands in ``periodic_run``: a missed moment costs nothing, and after a long outage there is one
prompt, not several. Whoever has reported hears nothing more. Source: domain.md §5.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dates import format_day
from bot.deadlines import due_at
from bot.quarters import Quarter, format_quarter
from bot.screens import quarter as bureau_screens
from bot.screens import quarter_return as screens
from bot.screens.screen import Screen
from handlers import hours, planning, quarter_facts
from handlers.office import Office
from handlers.quarter_return import CONFIRM, SENT_BACK, tell, waits_for_head
from storage import outbox, people, periodic
from storage import quarter_returns as stored
from storage.tables import Person, Priority, Role, Unit

PROMPT, ASK, NOBODY = "quarter.prompt", "quarter.ask", "quarter.nobody"
BEFORE, LATE_EVERY = "before", 5
"""Working days between the prompts after the summary's day, for as long as it is not sent on."""


async def tick(session: AsyncSession, office: Office, now: dt.datetime) -> int:
    """Prompt whoever is to be prompted now, from the office's hour until it closes.

    Returns:
        How many notifications were queued.
    """
    if not hours.has_begun(office, now):
        return 0
    queued = 0
    running = Quarter.of(office.today(now))
    for quarter in (running, running.previous):
        stage = stage_of(office, quarter, office.today(now))
        if stage is None or not await _is_open(session, office, quarter):
            continue
        if not await periodic.begins(session, PROMPT, quarter.code, stage, now=now):
            continue
        if stage == BEFORE:
            queued += await _ask_officers(session, quarter, now)
        queued += await _prompt_units(session, office, quarter, stage, now)
    return queued


def stage_of(office: Office, quarter: Quarter, today: dt.date) -> str | None:
    """Return the newest prompt whose day has come; None where none has. Older ones are not made up for."""
    days = quarter_facts.days_of(office, quarter)
    if today < days.prompt.on:
        return None
    if today < days.first_after.on:
        return BEFORE
    said = [f"after-{n}" for n, each in enumerate((days.first_after, *days.again)) if each.on <= today]
    late = office.calendar.between(days.summary.on, today) // LATE_EVERY if today > days.summary.on else 0
    return f"late-{late}" if late else said[-1]


def next_moment(office: Office, now: dt.datetime) -> dt.datetime:
    """Return when the next prompt or draft is due, aware UTC."""
    running = Quarter.of(office.today(now))
    moments = []
    for quarter in (running.previous, running):
        days = quarter_facts.days_of(office, quarter)
        reckoned = (days.prompt, days.first_after, *days.again, days.summary)
        moments += [due_at(each.on, planning.hour(office), office.zone) for each in reckoned]
    return min(moment for moment in moments if moment > now)


async def in_use(session: AsyncSession, office: Office, quarter: Quarter) -> bool:
    """Say whether the office used the bot in a quarter: one before that is reported otherwise."""
    begun = await stored.begun_at(session)
    return begun is not None and office.today(begun) <= quarter.ends_on


async def _is_open(session: AsyncSession, office: Office, quarter: Quarter) -> bool:
    locked = await quarter_facts.is_locked(session, quarter)
    return not locked and await in_use(session, office, quarter)


async def units_of(session: AsyncSession, office: Office, quarter: Quarter, today: dt.date) -> list[Unit]:
    """Return the units that report: those that the bureau has, of a quarter that is over those of its last day."""
    asked = {unit.code for unit in office.policy.units_on(min(today, quarter.ends_on))}
    return [unit for unit in await people.units(session) if unit.code in asked]


async def chase(session: AsyncSession, office: Office, quarter: Quarter, now: dt.datetime) -> tuple[int, int]:
    """催报: ask the units that have not reported, each at most once a day.

    Returns:
        How many units were asked, and how many others had been asked on this day already.
    """
    today, asked, again = office.today(now), 0, 0
    returns = await stored.all_of(session, quarter)
    for unit in await units_of(session, office, quarter, office.today(now)):
        row = returns.get(unit.id)
        if row is not None and (row.state.is_reported or waits_for_head(row)):
            continue
        receivers = await stored.answering(session, unit.id, today)
        if not receivers:
            continue
        if await periodic.begins(session, "quarter.chase", f"{quarter.code}:{today.isoformat()}", unit.code, now=now):
            await _prompt(session, unit.id, receivers, quarter, f"chase-{today.isoformat()}", now)
            asked += 1
        else:
            again += 1
    return asked, again


async def _ask_officers(session: AsyncSession, quarter: Quarter, now: dt.datetime) -> int:
    officers = await stored.officers(session)
    for person in officers:
        params = {"quarter": quarter.code}
        dedupe = f"{ASK}:{quarter.code}:{person.id}"
        await outbox.enqueue(session, person, kind=ASK, params=params, dedupe=dedupe, now=now)
    return len(officers)


async def _prompt_units(session: AsyncSession, office: Office, quarter: Quarter, stage: str, now: dt.datetime) -> int:
    queued, nobody = 0, []
    returns = await stored.all_of(session, quarter)
    for unit in await units_of(session, office, quarter, office.today(now)):
        row = returns.get(unit.id)
        if row is not None and (row.state.is_reported or waits_for_head(row)):
            continue
        receivers = await stored.answering(session, unit.id, office.today(now))
        if receivers:
            await _prompt(session, unit.id, receivers, quarter, stage, now)
            queued += len(receivers)
        else:
            nobody.append(unit.code)
    if nobody:
        queued += await _tell_of_nobody(session, quarter, stage, nobody, now)
    return queued


async def _prompt(
    session: AsyncSession, unit_id: int, receivers: list[Person], quarter: Quarter, stage: str, now: dt.datetime
) -> None:
    row = await stored.ensure(session, unit_id, quarter)
    for person in receivers:
        params = {"return": row.id, "stage": stage}
        dedupe = f"{PROMPT}:{row.id}:{stage}:{person.id}"
        await outbox.enqueue(
            session, person, kind=PROMPT, params=params, dedupe=dedupe, priority=Priority.QUESTION, now=now
        )


async def _tell_of_nobody(
    session: AsyncSession, quarter: Quarter, stage: str, units: list[str], now: dt.datetime
) -> int:  # fmt: skip
    """Tell the coordinators, at most twice a quarter, which units have nobody who could be asked."""
    if stage not in (BEFORE, "after-0"):
        return 0
    coordinators = await people.coordinators(session)
    for person in coordinators:
        params = {"quarter": quarter.code, "units": units}
        dedupe = f"{NOBODY}:{quarter.code}:{stage}:{person.id}"
        await outbox.enqueue(session, person, kind=NOBODY, params=params, dedupe=dedupe, now=now)
    return len(coordinators)


async def render_prompt(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Ask for a unit's return with the figures of this moment; None once it is reported.

    Whoever answers for the unit no more is shown nothing of it; whoever does now is prompted in their place.
    """
    row = await stored.by_id(session, params["return"])
    if row is None or row.state.is_reported or waits_for_head(row):
        return None
    stage, today = params.get("stage", ""), office.today(now)
    receivers = await stored.answering(session, row.unit_id, today)
    asked = {each.id for each in receivers}
    if person.id not in asked and not await stored.answers_for(session, person, row.unit_id, today):
        await _prompt(session, row.unit_id, receivers, Quarter(row.year, row.quarter), stage, now)
        return None
    unit = await quarter_facts.unit_return(session, office, row, now)
    return None if unit.is_locked else screens.prompt(unit, today=today, chased=stage.startswith("chase"))


async def render_ask(
    _session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Ask an officer for problems; None once the quarter is over."""
    quarter, today = _quarter(params), office.today(now)
    if quarter.ends_on < today:
        return None
    until = office.calendar.workday_on_or_before(quarter.ends_on)
    return screens.ask_officer(
        format_quarter(quarter), format_day(max(until.on, today), today=today, provisional=until.provisional)
    )


async def render_nobody(
    session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell a coordinator which units have nobody who could be asked; None once all have."""
    today = office.today(now)
    units = [
        unit.name
        for unit in await units_of(session, office, _quarter(params), today)
        if unit.code in params["units"] and not await stored.answering(session, unit.id, today)
    ]
    return bureau_screens.nobody(_quarter(params), units) if units else None


async def render_confirm(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Ask a head to confirm their unit's return; None once that is done. A successor is asked in their place."""
    row = await stored.by_id(session, params["return"])
    if row is None or not waits_for_head(row):
        return None
    today, roles = office.today(now), (Role.HEAD,)
    if not await stored.answers_for(session, person, row.unit_id, today, roles=roles):
        for head in await stored.of_role(session, row.unit_id, Role.HEAD, today):
            await tell(session, row, CONFIRM, head, now)
        return None
    return screens.to_confirm(await quarter_facts.unit_return(session, office, row, now), today=office.today(now))


async def render_sent_back(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Tell whoever filled a return in that it was sent back; None once it is handed in again.

    Where they answer for the unit no more, whoever does now is told in their place.
    """
    row = await stored.by_id(session, params["return"])
    if row is None or row.state.is_reported or waits_for_head(row):
        return None
    if not await stored.answers_for(session, person, row.unit_id, office.today(now)):
        for other in await stored.answering(session, row.unit_id, office.today(now)):
            await tell(session, row, SENT_BACK, other, now)
        return None
    return screens.sent_back(await quarter_facts.unit_return(session, office, row, now), today=office.today(now))


def _quarter(params: Mapping[str, Any]) -> Quarter:
    quarter = Quarter.from_code(params["quarter"])
    if quarter is None:
        raise ValueError(params["quarter"])
    return quarter


NOTICES: Final = {
    PROMPT: render_prompt,
    ASK: render_ask,
    NOBODY: render_nobody,
    CONFIRM: render_confirm,
    SENT_BACK: render_sent_back,
}
QUIET: Final = dict.fromkeys((PROMPT, ASK, NOBODY))
