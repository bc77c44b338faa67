"""Two instances on one database for a moment, as at a change of machines: no reminder leaves twice.

On SQLite the second is refused (``test_lock``, ``test_app``), here its two looks come one after the other; PostgreSQL
lets both work at once.
"""

import asyncio
import contextlib

import pytest
from sqlalchemy import select

from handlers import due, saying
from storage import outbox
from storage.database import Database
from storage.tables import Outbox, OutboxReminder, OutboxState, Reminder, ReminderState
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, INSTITUTE, Desk
from tests.handlers.test_reminder_kinds import entered, opened, tap
from tests.handlers.test_reminders import at, deliver, rows

pytestmark = pytest.mark.usefixtures("chinese")


@pytest.fixture
async def database(either: Database) -> Database:
    """Of both kinds in turn."""
    return either


@pytest.fixture
async def desk(database, office, officer):
    """Two applications whose feedback is due on Monday 30 November."""
    desk = Desk(database, office, officer, NOW)
    for number, subject in enumerate((COMPANY, INSTITUTE), 1):
        await entered(desk, subject=subject)
        await opened(desk, number)
        await tap(desk, "今天中心已收件")
    return desk


async def within(seconds, event):
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def look(desk, now):
    return await due.remind(desk.database, desk.office, now, on_queued=lambda: None, goes_on=lambda: True)


@pytest.mark.parametrize("day", ["2026-11-27", "2026-11-30"])  # lines of a list; messages of their own
async def test_two_looks_at_once_queue_each_reminder_once(desk, monkeypatch, day):
    now, told = at(day), saying.told
    desk.now = now
    second_is_in, first_has_left = asyncio.Event(), asyncio.Event()
    looks = []

    async def slowly(*given):
        """Hold the first look until the second is as far, and the second until what the first queued has been sent."""
        found, mine = await told(*given), asyncio.current_task()
        if mine not in looks:
            looks.append(mine)
        if mine is looks[0]:
            await within(0.3, second_is_in)
        else:
            second_is_in.set()
            await within(3, first_has_left)
        return found

    monkeypatch.setattr(saying, "told", slowly)
    first, second = asyncio.create_task(look(desk, now)), asyncio.create_task(look(desk, now))
    await asyncio.wait((first, second), return_when=asyncio.FIRST_COMPLETED)
    monkeypatch.setattr(saying, "told", told)
    left = await deliver(desk)
    first_has_left.set()
    queued = [await first, await second]
    left += await deliver(desk)
    assert sorted(queued) == [0, 2]
    sent = await rows(desk, Outbox)
    carried = [each.reminder_id for each in await rows(desk, OutboxReminder)]
    assert len(carried) == len(set(carried)) == 2
    assert len(left) == len(sent) == (1 if day == "2026-11-27" else 2)
    states = {row.state for row in await rows(desk, Reminder) if row.id in carried}
    assert states == {ReminderState.SENT}


async def test_two_senders_at_once_claim_each_notification_once(desk):
    now = at("2026-11-30")
    await look(desk, now)

    async def claim() -> list[int]:
        async with desk.database.write() as session:
            claimed = [row.id for row in await outbox.claim(session, now=now, limit=8, exclude_chats=[])]
            await asyncio.sleep(0.1)  # the other one comes in between
            return claimed

    one, other = await asyncio.gather(claim(), claim())
    assert not set(one) & set(other)
    async with desk.database.read() as session:
        claimed = (await session.scalars(select(Outbox.id).where(Outbox.state == OutboxState.CLAIMED))).all()
    assert sorted(claimed) == sorted([*one, *other])
