"""Entries of a drill: their rows in a few statements, their reminders by the office's own planner."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from bot.deadlines import latest_submission
from handlers import planning
from handlers.office import Office
from storage import policies
from storage.tables import Applicant, Decision, Item, ItemState, Person, Request, RequestState


async def make(
    session: Any, office: Office, owners: list[int], on: dt.date, decision_on: Callable[[], dt.date] | None = None
) -> list[int]:
    """Make an entry for each of these officers; return the entries' ids.

    Args:
        session: The unit of work.
        office: Rules, calendar and clock.
        owners: Telegram ids; one may have many entries.
        on: Local date on which the centre received the applications.
        decision_on: Draws the day of a decision; the entries are not submitted yet then.
    """
    now = office.clock.now()
    await policies.ensure_snapshot(session, office.policy, now)
    rows = await session.execute(select(Person).where(Person.telegram_id.in_(set(owners))))
    people_by = {person.telegram_id: person for person in rows.scalars()}
    decision = Decision(policy_hash=office.policy.hash, matter_code="m04b", answers={}, rule_ids=[], result={}, on=on)
    session.add(decision)
    await session.flush()
    unit_ids = {person.unit_id for person in people_by.values()}
    last = {unit: await _last_seq(session, unit, on.year) for unit in unit_ids}
    product = next(code for code, each in office.policy.products.items() if each.kind == "verification")
    requests = []
    for owner in owners:
        person = people_by[owner]
        last[person.unit_id] += 1
        requests.append(
            Request(
                unit_id=person.unit_id,
                year=on.year,
                seq=last[person.unit_id],
                owner_id=person.id,
                decision_id=decision.id,
                matter_code="m04b",
                matter_name="排污许可证延续",
                state=RequestState.OPEN,
                basis_version=1,
                created_at=now,
            )
        )
    session.add_all(requests)
    await session.flush()
    for request in requests:
        item = Item(
            request_id=request.id,
            product_kind="verification",
            product_code=product,
            head_count=3,
            applicant=Applicant.BUREAU,
            state=ItemState.DRAFT if decision_on else ItemState.RECEIVED,
        )
        if decision_on is not None:
            request.decide_on = decision_on()
            _count_back(office, request)
        else:
            item.submitted_on = item.received_on = on
            planning.reckon(office, item, on)
        session.add(item)
        await session.flush()
        await planning.replan(session, office, request, now)
    return [request.id for request in requests]


def _count_back(office: Office, request: Request) -> None:
    settings = office.policy.settings
    last = latest_submission(
        office.calendar,
        request.decide_on,
        working_days=settings.feedback_working_days,
        margin_working_days=settings.submit_margin_working_days,
    )
    request.submit_by_on, request.submit_by_provisional = last.on, last.provisional


async def _last_seq(session: Any, unit_id: int, year: int) -> int:
    query = select(func.max(Request.seq)).where(Request.unit_id == unit_id, Request.year == year)
    return await session.scalar(query) or 0
