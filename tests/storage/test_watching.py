"""The maintainer's figures against a count of their own, over days with every fate that a reminder can have."""

import asyncio
import datetime as dt
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from storage import heartbeat, periodic, watching
from storage.database import Database
from storage.heartbeat import Pulse
from storage.tables import Attempt, Heartbeat, Outbox, OutboxReminder, OutboxState, PeriodicRun, Reminder, ReminderState

BEGINS = dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC)  # midnight in the office
ENDS = BEGINS + dt.timedelta(days=1)
HOURS = st.sampled_from([-30, -1, 0, 9, 23, 24, 40])  # from the day's midnight


@dataclass(frozen=True)
class Carrier:
    state: OutboxState
    hour: int
    outcomes: tuple[str | None, ...]


@dataclass(frozen=True)
class Fate:
    state: ReminderState
    hour: int
    carriers: tuple[Carrier, ...]

    @property
    def delivered(self) -> bool:
        return any("delivered" in each.outcomes for each in self.carriers)

    @property
    def wanted(self) -> bool:
        if self.state is ReminderState.PLANNED and self.hour < 24:
            return True
        left = self.delivered or self.state not in (ReminderState.CANCELLED, ReminderState.SUPERSEDED)
        return left and any(0 <= each.hour < 24 for each in self.carriers)

    @property
    def unconfirmed(self) -> bool:
        on_its_way = {OutboxState.CLAIMED, OutboxState.HELD}
        return not self.delivered and any(
            each.state in on_its_way or set(each.outcomes) & {"unknown", "delivered"} for each in self.carriers
        )


CARRIERS = st.builds(
    Carrier,
    st.sampled_from(OutboxState),
    HOURS,
    st.lists(st.sampled_from(["delivered", "unknown", "not_sent", "refused", None]), max_size=3).map(tuple),
)
FATES = st.lists(
    st.builds(Fate, st.sampled_from(ReminderState), HOURS, st.lists(CARRIERS, max_size=2).map(tuple)), max_size=8
)


def at(hour: int) -> dt.datetime:
    return BEGINS + dt.timedelta(hours=hour)


async def _put(database: Database, fates: list[Fate]) -> None:
    async with database.write() as session:
        for table in (Attempt, OutboxReminder, Outbox, Reminder):
            await session.execute(delete(table))
        number = 0
        for key, fate in enumerate(fates, 1):
            session.add(
                Reminder(id=key, subject_kind="request", subject_id=key, kind="feedback", stage="t-1", audience="owner",
                         basis_version=1, due_at=at(fate.hour), state=fate.state)
            )  # fmt: skip
            await session.flush()
            for carrier in fate.carriers:
                number += 1
                copies = sum(outcome in ("delivered", "unknown") for outcome in carrier.outcomes)
                session.add(
                    Outbox(id=number, chat_id=1, kind="reminder", params={}, not_before=at(carrier.hour), copies=copies,
                           state=carrier.state, dedupe=f"{number}", created_at=at(carrier.hour), failures=0)
                )  # fmt: skip
                await session.flush()
                session.add(OutboxReminder(outbox_id=number, reminder_id=key))
                session.add_all(
                    Attempt(outbox_id=number, n=n, started_at=at(carrier.hour), outcome=outcome)
                    for n, outcome in enumerate(carrier.outcomes)
                )


@settings(max_examples=150, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fates=FATES)
async def test_the_figures_of_a_day_equal_an_independent_count(sqlite: Database, fates: list[Fate]):
    await _put(sqlite, fates)
    wanted = [fate for fate in fates if fate.wanted]
    expected = watching.Day(
        len(wanted), sum(fate.delivered for fate in wanted), sum(fate.unconfirmed for fate in wanted)
    )
    async with sqlite.read() as session:
        assert await watching.day(session, BEGINS, ENDS) == expected


async def test_the_figures_are_those_of_both_databases(database: Database):
    sent = Carrier(OutboxState.SENT, 9, ("delivered",))
    held = Carrier(OutboxState.HELD, 9, ("unknown",) * 3)
    fates = [Fate(ReminderState.SENT, 9, (each,)) for each in (sent, held)] + [Fate(ReminderState.PLANNED, 9, ())]
    await _put(database, fates)
    async with database.read() as session:
        assert await watching.day(session, BEGINS, ENDS) == watching.Day(3, 1, 1)
        queue = await watching.queue(session, at(10))
        assert queue.states == {OutboxState.SENT: 1, OutboxState.HELD: 1}
        assert (queue.oldest, queue.unconfirmed, queue.blocked) == ({}, 1, 0)
        assert await watching.is_of_this_version(session)
        assert await watching.provisional(session) == 0


async def test_a_beat_is_written_once_a_minute_also_when_the_clock_goes_back(database: Database):
    pulse, seen = Pulse(), []
    for seconds in (0, 30, 59, 60, 61, -3600, -3590):
        async with database.write() as session:
            await pulse.record(session, heartbeat.SEND, BEGINS + dt.timedelta(seconds=seconds))
        async with database.read() as session:
            seen.append((await heartbeat.beats(session))[heartbeat.SEND])
    written = [int((at - BEGINS).total_seconds()) for at in seen]
    assert written == [0, 0, 0, 60, 60, -3600, -3600]


async def test_a_part_without_a_transaction_is_written_by_the_next_that_has_one(database: Database):
    pulse = Pulse()
    pulse.beat(heartbeat.POLL, BEGINS)
    async with database.write() as session:
        await pulse.record(session, heartbeat.DISPATCH, BEGINS)
    async with database.read() as session:
        assert set(await heartbeat.beats(session)) == {heartbeat.POLL, heartbeat.DISPATCH}
    async with database.write() as session:
        await session.execute(delete(Heartbeat))


async def test_a_beat_and_the_end_of_an_outage_count_only_once_they_are_committed(database: Database):
    before, pulse = Pulse(), Pulse()
    before.polled(BEGINS, BEGINS)
    async with database.write() as session:
        await before.record(session, heartbeat.DISPATCH, BEGINS)
    back = BEGINS + dt.timedelta(days=2)
    pulse.polled(back, back)
    with pytest.raises(OSError, match="full"):
        async with database.write() as session:
            await pulse.record(session, heartbeat.DISPATCH, back)
            raise OSError("the disk is full")
    assert heartbeat.DISPATCH not in pulse.beats
    async with database.read() as session:
        assert await periodic.last(session, heartbeat.OUTAGE) is None
    async with database.write() as session:
        await pulse.record(session, heartbeat.DISPATCH, back)
    assert pulse.beats[heartbeat.DISPATCH] == back
    async with database.read() as session:
        outage = await periodic.last(session, heartbeat.OUTAGE)
        assert outage is not None
        assert (outage.period, outage.note) == (BEGINS.isoformat(), back.isoformat())
        assert (await heartbeat.beats(session))[heartbeat.POLL] == back


async def test_an_outage_ends_when_the_first_answered_poll_was_asked_however_late_that_is_written(database: Database):
    first, second = Pulse(), Pulse()

    async def outages() -> list[tuple[str, str | None]]:
        async with database.read() as session:
            found = await session.scalars(select(PeriodicRun).where(PeriodicRun.kind == heartbeat.OUTAGE))
            return [(run.period, run.note) for run in found]

    first.polled(BEGINS, BEGINS)
    async with database.write() as session:
        await first.record(session, heartbeat.PLAN, BEGINS)
    second.polled(BEGINS + dt.timedelta(hours=1), BEGINS + dt.timedelta(hours=2))  # a new start, soon after
    second.polled(BEGINS + dt.timedelta(days=3), BEGINS + dt.timedelta(days=3))  # nothing was written in between
    async with database.write() as session:
        await second.record(session, heartbeat.PLAN, BEGINS)
    assert await outages() == []
    second.resume()
    back = BEGINS + dt.timedelta(days=5)
    second.polled(back, back + dt.timedelta(seconds=50))  # a long poll
    second.polled(back + dt.timedelta(seconds=50), back + dt.timedelta(minutes=5))
    async with database.write() as session:
        await second.record(session, heartbeat.PLAN, BEGINS)
    assert await outages() == [((BEGINS + dt.timedelta(days=3)).isoformat(), back.isoformat())]


async def test_of_two_who_begin_a_periods_work_at_once_one_gets_it(database: Database):
    async def begin() -> bool:
        async with database.write() as session:
            return await periodic.begins(session, "morning", "2026-11-24", now=BEGINS)

    assert sorted(await asyncio.gather(*(begin() for _ in range(5)))) == [False] * 4 + [True]
    async with database.write() as session:
        assert await periodic.begins(session, "morning", "2026-11-24", "air", now=BEGINS)
        assert not await periodic.begins(session, "morning", "2026-11-24", now=BEGINS)
