"""The schedule as a state machine: whatever is put off, noted, planned anew or moved, no stage of a debt is lost.

``XINXUAN_RUNS=500 pytest tests/handlers/test_reminder_machine.py`` walks 500 lives; the ordinary run walks fewer. The
plain rule that it holds the schedule against: each stage of what is owed is said or answered on its day or after, or
stands under something put off that is itself still planned.
"""

import asyncio
import datetime as dt
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from bot.deadlines import due_at
from bot.errors import Refusal
from bot.language import speaking
from bot.screens.screen import Press
from bot.workdays import Calendar
from handlers import planning, reconcile, reminder_settings
from handlers.calendar_import import Act, add_rest_day
from handlers.clock import Clock
from handlers.office import Office
from handlers.turn import Stale
from storage import calendar, expected, keys, people, unplanned
from storage.database import Database
from storage.tables import ItemState, Person, Reminder, ReminderState, Request, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, Desk
from tests.handlers.test_register_machine import KEY, POLICY, template
from tests.handlers.test_reminders import deliver, tick

RUNS = int(os.environ.get("XINXUAN_RUNS", "8"))
ZONE = ZoneInfo("Asia/Shanghai")
SAID = (ReminderState.SENT, ReminderState.ACKNOWLEDGED)
DEBTS = ("submit_by", "receipt", "feedback")


class Schedule(RuleBasedStateMachine):
    """One officer and one application, from the last day to submit to an overdue feedback."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        keys.use([KEY])
        self.folder = Path(tempfile.mkdtemp(prefix="xinxuan-machine-"))
        path = self.folder / "office.db"
        shutil.copy(template(), path)
        self.office = Office(POLICY, Calendar(), Clock())
        self.database = Database(f"sqlite:///{path}")
        self.desk: Desk
        self.run(self._person())

    def run(self, what):
        with speaking("en"):
            return self.loop.run_until_complete(what)

    async def _person(self) -> None:
        async with self.database.write() as session:
            await people.sync_units(session, POLICY)
            unit = await people.unit_by_code(session, "air")
            assert unit is not None
            person = Person(telegram_id=900_001, unit_id=unit.id, role=Role.OFFICER, name="虚构", joined_at=NOW)
            session.add(person)
        self.desk = Desk(self.database, self.office, person, NOW)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    @initialize(ahead=st.integers(12, 40), submitted=st.booleans())
    def enters(self, ahead: int, submitted: bool) -> None:
        async def go() -> None:
            await self.desk.decide({"matter": ("m04b",)})
            await self.desk.type(COMPANY)
            await self.desk.press("rsubm", "0" if submitted else "no")
            await self.desk.press("redit", "decide")
            await self.desk.type((self.today + dt.timedelta(days=ahead)).isoformat())
            await self.desk.press("rconf")

        self.run(go())

    @property
    def today(self) -> dt.date:
        return self.desk.now.astimezone(ZONE).date()

    @property
    def now(self) -> dt.datetime:
        return self.desk.now

    async def _said(self) -> list[Reminder]:
        """Return the reminders whose message the officer has: what was said, and what they put off since."""
        async with self.database.read() as session:
            rows = (await session.scalars(select(Reminder).order_by(Reminder.id))).all()
        return [row for row in rows if row.state in SAID or (row.snoozed_to and row.state is ReminderState.PLANNED)]

    # -- rules -----------------------------------------------------------------------------------------------------

    @rule(days=st.integers(1, 4))
    def mornings_come(self, days: int) -> None:
        async def go() -> None:
            for _day in range(days):
                on = self.today + dt.timedelta(days=1)
                for hour in (9, 15):
                    moment = dt.datetime.combine(on, dt.time(hour, 1), ZONE).astimezone(dt.UTC)
                    await tick(self.desk, moment)
                    await deliver(self.desk)

        self.run(go())

    @rule(days=st.integers(1, 4))
    def the_bot_is_down(self, days: int) -> None:
        self.desk.now += dt.timedelta(days=days)

    @rule(which=st.integers(0, 2), ahead=st.integers(1, 12))
    def puts_off(self, which: int, ahead: int) -> None:
        self._put_off(which, ahead)

    @rule(which=st.integers(0, 2), ahead=st.integers(1, 12))
    def waits_for_a_reminder_and_puts_it_off(self, which: int, ahead: int) -> None:
        self._wait()
        self._put_off(which, ahead)

    @rule(far=st.integers(5, 12), near=st.integers(1, 4), which=st.integers(0, 2))
    def puts_off_and_then_to_an_earlier_day(self, far: int, near: int, which: int) -> None:
        self._wait()
        self._put_off(0, far)
        self._put_off(which, near)

    @rule(ahead=st.integers(1, 12), verb=st.sampled_from(("nack", "nnot", "nundo", "nnow")))
    def puts_off_and_answers(self, ahead: int, verb: str) -> None:
        self._wait()
        self._put_off(0, ahead)
        self._press(0, verb)

    @rule(which=st.integers(0, 2), verb=st.sampled_from(("nack", "nnot", "nundo", "nnow")))
    def answers(self, which: int, verb: str) -> None:
        self._press(which, verb)

    def _wait(self) -> None:
        """Let mornings come until one brings something, for a week at most."""
        before = len(self.run(self._said()))
        for _day in range(7):
            self.mornings_come(1)
            if len(self.run(self._said())) > before:
                return

    def _put_off(self, which: int, ahead: int) -> None:
        on = (self.today + dt.timedelta(days=ahead)).isoformat()
        self._press(which, "nput", f"{on},yes")

    def _press(self, which: int, verb: str, arg: str = "") -> None:
        """Press a button of one of the newest messages."""

        async def go() -> None:
            said = (await self._said())[::-1]
            if said:
                try:
                    await self.desk.send(Press(verb, said[which % len(said)].id, arg=arg))
                except (Refusal, Stale):
                    return

        self.run(go())

    @rule(
        hour=st.sampled_from((None, "14:30")),
        before=st.sampled_from(([0], [1, 0], [3, 1, 0])),
    )
    def settles_otherwise(self, hour: str | None, before: list[int]) -> None:
        async def go() -> None:
            async with self.database.write() as session:
                person = await session.get_one(Person, self.desk.person.id)
                person.reminder_hour, person.reminder_stages = hour, {"feedback": before, "submit_by": before}
                await session.flush()
                tools = SimpleNamespace(office=self.office)
                finish = await reminder_settings.replan(tools, {"person_id": person.id}, self.now)
                await finish(session)

        self.run(go())

    @rule(days=st.integers(-4, 6))
    def a_date_moves(self, days: int) -> None:
        """The decision is moved, or a receipt that was written down wrongly."""

        async def go() -> None:
            async with self.database.write() as session:
                request = await session.get_one(Request, 1)
                waiting = (await expected.of_request(session, request)).waiting
                for item in waiting:
                    if item.received_on is not None:
                        item.received_on += dt.timedelta(days=days)
                        planning.reckon(self.office, item, item.received_on)
                if request.submit_by_on is not None:
                    request.submit_by_on += dt.timedelta(days=days)
                request.basis_version += 1
                await planning.replan(session, self.office, request, self.now)

        self.run(go())

    @rule()
    def goes_on(self) -> None:
        """The application is handed in, or received."""

        async def go() -> None:
            async with self.database.write() as session:
                request = await session.get_one(Request, 1)
                for item in (await expected.of_request(session, request)).waiting:
                    if item.submitted_on is None:
                        item.submitted_on, item.state = self.today, ItemState.SUBMITTED
                    elif item.received_on is None:
                        item.received_on, item.state = self.today, ItemState.RECEIVED
                    planning.reckon(self.office, item, item.received_on or item.submitted_on)
                request.basis_version += 1
                await planning.replan(session, self.office, request, self.now)

        self.run(go())

    @rule(ahead=st.integers(1, 20))
    def a_rest_day_is_declared(self, ahead: int) -> None:
        async def go() -> None:
            on = self.today + dt.timedelta(days=ahead)
            if not self.office.calendar.is_workday(on):
                return
            async with self.database.write() as session:
                await calendar.lock(session)
                await add_rest_day(session, self.office, on, "虚构通知", Act(self.now))
                self.office = self.desk.office = replace(self.office, calendar=await calendar.load(session))

        self.run(go())

    # -- what must always hold -------------------------------------------------------------------------------------

    @invariant()
    def no_stage_of_a_debt_is_lost(self) -> None:
        self.run(self._compare())

    async def _compare(self) -> None:
        async with self.database.read() as session:
            request = await session.get(Request, 1)
            if request is None:
                return
            rows = list(await session.scalars(select(Reminder).where(Reminder.subject_kind == "request")))
            entry = await expected.of_request(session, request)
            assert await unplanned.found(session, self.now) == []
        hour = planning.hour(self.office, entry.wishes)
        for stage in planning.stages_of(self.office, entry):
            if stage.kind in DEBTS:
                of_kind = [row for row in rows if row.kind == stage.kind]
                present = [row for row in of_kind if row.basis_version == request.basis_version]
                moment = due_at(stage.on, hour, ZONE)
                assert self._is_kept(stage, moment, present, of_kind), (stage, self.now, self._told(present))

    def _is_kept(self, stage, moment, present, of_kind) -> bool:
        """Say whether a stage is planned, covered by what is put off, or was said or answered on its day or after."""
        planned = [row for row in present if row.state in (ReminderState.PLANNED, ReminderState.QUEUED)]
        if any(row.stage == stage.stage and row.due_at == moment for row in planned):
            return True
        if any(row.snoozed_to is not None and row.due_at >= moment for row in planned):
            return True
        if stage.on > self.today:
            return False
        waits = any(row.due_at <= self.now for row in planned)  # a newer one that says it all
        return waits or any(row.state in SAID and row.due_at.astimezone(ZONE).date() >= stage.on for row in of_kind)

    def _told(self, rows) -> list[tuple]:
        return [
            (row.id, row.stage, row.state.value, row.due_at.astimezone(ZONE).isoformat(), row.reason) for row in rows
        ]

    @invariant()
    def nothing_has_to_be_put_right(self) -> None:
        async def go() -> None:
            async with self.database.read() as session:
                if await session.get(Request, 1) is None:
                    return
            self.office.clock.offset = self.now - dt.datetime.now(dt.UTC)
            assert await reconcile.run(self.database, self.office) == 0

        self.run(go())


Schedule.TestCase.settings = settings(
    max_examples=RUNS,
    stateful_step_count=20,
    suppress_health_check=list(HealthCheck),
    derandomize="XINXUAN_RUNS" not in os.environ,
    print_blob=True,
)
TestSchedule = Schedule.TestCase
if "XINXUAN_RUNS" in os.environ:
    pytestmark = pytest.mark.timeout(0)  # as the register's
