"""The register as a state machine: whatever officers press in whatever order, the ledger says what a plain model says.

``XINXUAN_RUNS=500 pytest tests/handlers/test_register_machine.py`` walks 500 lives of 50 steps each; the ordinary run
walks fewer. Among the steps are crashes (a turn whose transaction never commits) and restarts.
"""

import asyncio
import contextlib
import copy
import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from bot.deadlines import valid_until
from bot.errors import Refusal
from bot.language import speaking
from bot.policy.loader import load, packaged
from bot.screens.screen import Press
from bot.workdays import Calendar
from handlers.clock import Clock
from handlers.office import Office
from handlers.turn import Stale
from storage import keys, opinions, people
from storage.database import Database
from storage.migrate import upgrade
from storage.sight import Sight
from storage.tables import Item, Opinion, OpinionUse, Person, Reminder, ReminderState, Request, Role, Unit
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, INSTITUTE, Desk
from tests.oracles.workdays_oracle import nth_workday_after

RUNS = int(os.environ.get("XINXUAN_RUNS", "5"))
ZONE = ZoneInfo("Asia/Shanghai")
FIRMS = (COMPANY, INSTITUTE)
CODES = tuple(firm.split()[1] for firm in FIRMS)
PERMIT = {"matter": ("m04b",)}
LAST = dt.date(2028, 6, 30)  # the oracle of working days ends in 2028
KEY = Fernet.generate_key().decode()


class Crash(Exception):
    """The process died before the commit."""


@dataclass
class Paper:
    """An opinion, as the model knows it."""

    code: str
    finding: str
    issued: dt.date
    valid_to: dt.date
    undone: bool = False


@dataclass
class Entry:
    """An entry, as the model knows it."""

    code: str
    unit: str
    state: str
    submitted: dt.date | None = None
    received: dt.date | None = None
    supplement: dt.date | None = None
    resumed: dt.date | None = None
    returned: dt.date | None = None
    used: dt.date | None = None
    due: dt.date | None = None
    paper: int | None = None  # written down here
    reuses: int | None = None
    gone: str | None = None  # withdrawn | undone
    by_counterpart: bool = False

    @property
    def waits(self) -> bool:
        return self.gone is None and self.state in ("draft", "submitted", "received", "supplement")


@dataclass
class Act:
    """Something that may be taken back."""

    entry: int
    at: dt.datetime
    before: Entry
    actor: int
    paper: int | None = None


@dataclass
class Model:
    """What the office should remember."""

    entries: list[Entry] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)

    def reusable(self, code: str, on: dt.date) -> int | None:
        fitting = [
            (paper.issued, number)
            for number, paper in enumerate(self.papers)
            if not paper.undone
            and paper.code == code
            and paper.finding != "unknown"
            and paper.issued <= on <= paper.valid_to
        ]
        return max(fitting)[1] if fitting else None


_template: Path | None = None


def template() -> Path:
    """A migrated, empty database, made once."""
    global _template
    if _template is None:
        folder = Path(tempfile.mkdtemp(prefix="xinxuan-machine-"))
        path = folder / "template.db"

        async def make() -> None:
            database = Database(f"sqlite:///{path}")
            await upgrade(database)
            await database.close()

        asyncio.run(make())
        _template = path
    return _template


POLICY = load(packaged("zhengzhou"))


class Register(RuleBasedStateMachine):
    """Two officers of two units, two firms, and a calendar that only moves forward."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        keys.use([KEY])
        self.folder = Path(tempfile.mkdtemp(prefix="xinxuan-machine-"))
        self.path = self.folder / "office.db"
        shutil.copy(template(), self.path)
        self.now = NOW
        self.model = Model()
        self.office = Office(POLICY, Calendar(), Clock())
        self.database = Database(f"sqlite:///{self.path}")
        self.run(self._people())

    def run(self, what):
        with speaking("en"):
            return self.loop.run_until_complete(what)

    async def _people(self) -> None:
        async with self.database.write() as session:
            await people.sync_units(session, POLICY)
            self.units = {}
            for number, code in enumerate(("air", "water")):
                unit = await people.unit_by_code(session, code)
                assert unit is not None
                person = Person(
                    telegram_id=900_001 + number, unit_id=unit.id, role=Role.OFFICER, name="虚构", joined_at=NOW
                )
                session.add(person)
                await session.flush()
                self.units[number] = (unit.short_name, person)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.loop.close()
        shutil.rmtree(self.folder)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(ZONE).date()

    def desk(self, who: int) -> Desk:
        return Desk(self.database, self.office, self.units[who][1], self.now)

    def owner(self, number: int) -> int:
        return next(who for who, (name, _p) in self.units.items() if name == self.model.entries[number].unit)

    def press(self, number: int, verb: str, arg: str = "") -> bool:
        """Press a button of an entry made from its present state; False where it is refused."""

        async def go() -> bool:
            async with self.database.read() as session:
                version = (await session.get_one(Request, number + 1)).version
            try:
                screen = await self.desk(self.owner(number)).send(Press(verb, number + 1, version, arg))
            except (Refusal, Stale):
                return False
            return "changed since" not in (screen.toast or "")

        return self.run(go())

    def acted(self, number: int, before: Entry, paper: int | None = None) -> None:
        self.model.acts.append(Act(number, self.now, before, self.owner(number), paper))

    # -- rules -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: len([e for e in self.model.entries if not e.gone]) < 4)
    @rule(
        who=st.sampled_from((0, 1)),
        firm=st.sampled_from((0, 1)),
        submit=st.sampled_from(("0", "no", "cp")),
        reuse=st.booleans(),
    )
    def register(self, who: int, firm: int, submit: str, reuse: bool) -> None:
        held = self.model.reusable(CODES[firm], self.today)

        async def go() -> None:
            desk = self.desk(who)
            await desk.decide(PERMIT)
            screen = await desk.type(FIRMS[firm])
            offered = any(button.press and button.press.verb == "ruse" for row in screen.rows for button in row)
            assert offered == (held is not None)
            if offered:
                await desk.press("ruse", "yes" if reuse else "no")
            if held is None or not reuse:
                await desk.press("rsubm", submit)
            await desk.press("rconf")

        self.run(go())
        entry = Entry(CODES[firm], self.units[who][0], "draft")
        if held is not None and reuse:
            entry.state, entry.reuses, entry.used = "used", held, self.today
        elif submit != "no":
            entry.state, entry.submitted = "submitted", self.today
            entry.due = nth_workday_after(self.today, 5)[0] if submit == "0" else None
        entry.by_counterpart = submit == "cp" and entry.state == "submitted"
        self.model.entries.append(entry)
        self.model.acts.append(Act(len(self.model.entries) - 1, self.now, copy.deepcopy(entry), who))

    def some(self, pick: int) -> int:
        return pick % len(self.model.entries)

    @precondition(lambda self: 0 < len(self.model.entries) < 90)
    @rule(
        pick=st.integers(0, 89),
        act=st.sampled_from(("submitted", "received", "supplement", "resumed", "returned")),
        ago=st.integers(-1, 6),
    )
    def record_day(self, pick: int, act: str, ago: int) -> None:
        number = self.some(pick)
        entry, on = self.model.entries[number], self.today - dt.timedelta(days=ago)
        before = copy.deepcopy(entry)
        done = self.press(number, "rdo", f"{act},{on.isoformat()}")
        expected = self._expect(entry, act, on)
        assert done == expected, (act, on, entry)
        if done:
            self.acted(number, before)

    @precondition(lambda self: any(entry.waits for entry in self.model.entries))
    @rule(pick=st.integers(0, 99), days=st.integers(0, 3), by_way_of_papers=st.booleans())
    def goes_on(self, pick: int, days: int, by_way_of_papers: bool) -> None:
        """Some days later, the step that comes next in an entry's life."""
        self.time_passes(days, 0)
        waiting = [i for i, e in enumerate(self.model.entries) if e.waits]
        number = waiting[pick % len(waiting)]
        entry = self.model.entries[number]
        after = {"draft": "submitted", "submitted": "received", "supplement": "resumed"}
        act = after.get(entry.state, "supplement" if by_way_of_papers and not entry.supplement else "returned")
        self.record_day(number, "returned" if entry.by_counterpart else act, 0)

    def _expect(self, entry: Entry, act: str, on: dt.date) -> bool:
        correcting = act == "returned" and entry.state == "returned" and entry.gone is None
        if not (entry.waits or correcting) or on > self.today:
            return False
        if (act == "submitted") != (entry.submitted is None):
            return False
        if entry.by_counterpart and act in ("received", "supplement", "resumed"):
            return False
        if act in ("received", "supplement", "resumed") and (act == "resumed") != (entry.state == "supplement"):
            return False
        if act == "supplement" and entry.received is None:
            return False
        floor = [] if entry.by_counterpart else [entry.submitted]
        floor += [entry.received] if act in ("returned", "supplement", "resumed") else []
        floor += [entry.supplement] if act == "resumed" else []
        if any(each is not None and on < each for each in floor):
            return False
        self._apply(entry, act, on)
        return True

    def _apply(self, entry: Entry, act: str, on: dt.date) -> None:
        if act == "submitted":
            entry.submitted, entry.state, entry.due = on, "submitted", nth_workday_after(on, 5)[0]
        elif act == "received":
            entry.received, entry.state = on, "received"
            if entry.resumed is None:
                entry.due = nth_workday_after(on, 5)[0]
        elif act == "supplement":
            entry.supplement, entry.state, entry.resumed = on, "supplement", None
        elif act == "resumed":
            entry.resumed, entry.state, entry.due = on, "received", nth_workday_after(on, 5)[0]
        else:
            entry.returned, entry.state = on, "returned"
            if entry.by_counterpart and entry.submitted is not None:
                entry.submitted = min(entry.submitted, on)  # it counts from the entry, or from an earlier hand-in
        assert not (entry.by_counterpart and entry.due)

    @precondition(
        lambda self: any(e.state == "returned" and e.paper is None and not e.gone for e in self.model.entries)
    )
    @rule(
        pick=st.integers(0, 99),
        finding=st.sampled_from(("clean", "adverse", "serious", "unknown")),
        ago=st.integers(-1, 400),
        printed=st.one_of(st.none(), st.integers(-30, 500)),
    )
    def write_down(self, pick: int, finding: str, ago: int, printed: int | None) -> None:
        open_ones = [
            i for i, e in enumerate(self.model.entries) if e.state == "returned" and e.paper is None and not e.gone
        ]
        number = open_ones[pick % len(open_ones)]
        entry, issued = self.model.entries[number], self.today - dt.timedelta(days=ago)
        before = copy.deepcopy(entry)
        until = issued + dt.timedelta(days=printed) if printed is not None else None

        async def go() -> bool:
            desk = self.desk(self.owner(number))
            async with self.database.read() as session:
                version = (await session.get_one(Request, number + 1)).version
            await desk.send(Press("opn", number + 1, version))
            await desk.press("fset", f"finding,{finding}")
            try:
                await desk.type(issued.isoformat())
            except Refusal:
                await desk.press("fstop")
                return False
            await desk.press("fpass", "number")
            if until is not None:
                await desk.press("fedit", "valid_to")
                await desk.type(until.isoformat())
            try:
                await desk.press("fok")
            except Refusal:
                await desk.press("fstop")
                return False
            return True

        done = self.run(go())
        assert done == (issued <= self.today and (until is None or until >= issued))
        if done:
            valid_to = until if until is not None else valid_until(issued, months=12)
            self.model.papers.append(Paper(entry.code, finding, issued, valid_to))
            entry.paper = len(self.model.papers) - 1
            self.acted(number, before, entry.paper)

    @precondition(lambda self: any(e.state == "returned" and not e.gone for e in self.model.entries))
    @rule(pick=st.integers(0, 99), used=st.sampled_from(("passed", "warned", "limited")))
    def use(self, pick: int, used: str) -> None:
        open_ones = [i for i, e in enumerate(self.model.entries) if e.state == "returned" and not e.gone]
        number = open_ones[pick % len(open_ones)]
        entry = self.model.entries[number]
        before = copy.deepcopy(entry)

        async def go() -> None:
            desk = self.desk(self.owner(number))
            async with self.database.read() as session:
                version = (await session.get_one(Request, number + 1)).version
            await desk.send(Press("use", number + 1, version))
            await desk.press("fset", f"used_as,{used}")
            if used == "limited":
                await desk.type("虚构条例第1条")
            await desk.press("fok")

        self.run(go())
        entry.state, entry.used = "used", self.today
        self.acted(number, before)

    @precondition(lambda self: self.model.entries)
    @rule(pick=st.integers(0, 99))
    def withdraw(self, pick: int) -> None:
        number = self.some(pick)
        entry = self.model.entries[number]
        before = copy.deepcopy(entry)
        self.press(number, "rwdok")
        if entry.waits:
            entry.gone = "withdrawn"
            self.acted(number, before)

    @precondition(lambda self: self.model.entries)
    @rule(pick=st.integers(0, 99))
    def take_back(self, pick: int) -> None:
        number = self.some(pick)
        own = [act for act in self.model.acts if act.entry == number]
        fresh = bool(own) and self.now - own[-1].at <= dt.timedelta(minutes=10)
        if self.model.entries[number].gone == "undone":
            fresh = False
        done = self.press(number, "undo")
        assert done == fresh
        if not done:
            return
        act = own[-1]
        self.model.acts.remove(act)
        first = len(own) == 1
        if first:
            self.model.entries[number].gone = "undone"
            return
        self.model.entries[number] = act.before
        if act.paper is not None:
            self.model.papers[act.paper].undone = True

    @rule(days=st.integers(0, 40), minutes=st.integers(0, 9))
    def time_passes(self, days: int, minutes: int) -> None:
        later = self.now + dt.timedelta(days=days, minutes=minutes)
        if later.astimezone(ZONE).date() < LAST:
            self.now = later

    @precondition(lambda self: self.model.entries)
    @rule(pick=st.integers(0, 99))
    def crash_in_a_turn(self, pick: int) -> None:
        """A turn records a receipt and dies before its commit: nothing of it is there afterwards."""
        number = self.some(pick)

        async def go() -> None:
            from handlers.frame import PRESSES
            from handlers.turn import Sender, Turn

            person = self.units[self.owner(number)][1]
            with contextlib.suppress(Crash):
                async with self.database.write() as session:
                    officer = await session.get_one(Person, person.id)
                    request = await session.get_one(Request, number + 1)
                    turn = Turn(self.office, session, self.now, 1, Sender(person.telegram_id), person=officer)
                    turn.press = Press("rdo", number + 1, request.version, "returned,0")
                    with contextlib.suppress(Refusal, Stale):
                        await PRESSES["rdo"](turn)
                        await session.flush()
                    raise Crash

        self.run(go())

    @rule()
    def restart(self) -> None:
        async def go() -> None:
            await self.database.close()
            self.database = Database(f"sqlite:///{self.path}")

        self.run(go())

    # -- what must always hold -------------------------------------------------------------------------------------

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        self.run(self._compare())

    async def _compare(self) -> None:
        async with self.database.read() as session:
            items = (
                await session.scalars(select(Item).where(Item.product_kind == "verification").order_by(Item.id))
            ).all()
            requests = (await session.scalars(select(Request).order_by(Request.id))).all()
            papers = (await session.scalars(select(Opinion).order_by(Opinion.id))).all()
            uses = (await session.scalars(select(OpinionUse))).all()
            units = {row.id: row.short_name for row in await session.scalars(select(Unit))}
            planned = (await session.scalars(select(Reminder).where(Reminder.state == ReminderState.PLANNED))).all()
            everything = Sight(Person(role=Role.COORDINATOR), self.today)
            for code in CODES:
                held = await opinions.reusable(session, [code], sight=everything, on=self.today)
                expected = self.model.reusable(code, self.today)
                assert (held[code].opinion_id - 1 if code in held else None) == expected
        assert len(items) == len(requests) == len(self.model.entries)
        for number, (item, request, entry) in enumerate(zip(items, requests, self.model.entries, strict=True)):
            state = "withdrawn" if entry.gone == "withdrawn" else entry.state
            assert item.state.value == state, (number, entry)
            seen = (item.submitted_on, item.received_on, item.returned_on, item.used_on, item.due_on)
            assert seen == (entry.submitted, entry.received, entry.returned, entry.used, entry.due), (number, entry)
            wanted = {"undone": "undone", "withdrawn": "withdrawn"}.get(
                entry.gone or "", "open" if entry.waits else "closed"
            )
            assert request.state.value == wanted, (number, entry)
            assert units[request.unit_id] == entry.unit
        assert [(row.issued_on, row.valid_to, row.result, row.undone_at is not None) for row in papers] == [
            (paper.issued, paper.valid_to, paper.finding, paper.undone) for paper in self.model.papers
        ]
        alive = {use.opinion_id for use in uses if use.undone_at is None}
        assert alive == {e.reuses + 1 for e in self.model.entries if e.reuses is not None and e.gone != "undone"}
        self._compare_reminders(requests, planned)
        self._compare_expiries(papers, planned)

    def _compare_reminders(self, requests: Sequence[Request], planned: Sequence[Reminder]) -> None:
        of_entries = [each for each in planned if each.subject_kind == "request"]
        for reminder in of_entries:
            request = requests[reminder.subject_id - 1]
            entry = self.model.entries[reminder.subject_id - 1]
            assert reminder.basis_version == request.basis_version
            assert entry.gone is None, (reminder.kind, entry)
            if reminder.kind == "use":
                assert entry.state == "returned", entry
                continue
            if reminder.kind == "decide":  # whatever keeps the opinion away
                assert entry.waits and not entry.by_counterpart, entry
                continue
            assert entry.waits and entry.state != "supplement"
            assert entry.by_counterpart is (reminder.kind == "hand_in")
            if reminder.stage == "t-0" and reminder.due_at > self.now:
                assert reminder.due_at.astimezone(ZONE).date() == entry.due
        watched = {reminder.subject_id - 1 for reminder in of_entries}
        for number, (entry, request) in enumerate(zip(self.model.entries, requests, strict=True)):
            if entry.waits and entry.state in ("submitted", "received") and not entry.by_counterpart:
                assert number in watched, entry
            made_on = request.created_at.astimezone(ZONE).date()
            if entry.gone is None and entry.state == "returned" and entry.returned and entry.returned >= made_on:
                assert number in watched or (self.today - entry.returned).days > 5, entry

    def _compare_expiries(self, papers: Sequence[Opinion], planned: Sequence[Reminder]) -> None:
        of_papers = {each.subject_id - 1: each for each in planned if each.subject_kind == "opinion"}
        for number, reminder in of_papers.items():
            assert reminder.basis_version == papers[number].basis_version
        told = {
            number for number, each in enumerate(self.model.papers) if not each.undone and each.finding != "unknown"
        }
        assert set(of_papers) <= told
        for number in told:
            last_said = self.model.papers[number].valid_to - dt.timedelta(days=20)  # the last one, holidays and all
            assert number in of_papers or last_said <= self.today

    @invariant()
    def numbers_are_given_once_and_in_order(self) -> None:
        async def go() -> None:
            async with self.database.read() as session:
                rows = (await session.scalars(select(Request).order_by(Request.id))).all()
            seen: dict[tuple[int, int], int] = {}
            for row in rows:
                assert row.seq == seen.get((row.unit_id, row.year), 0) + 1
                seen[row.unit_id, row.year] = row.seq

        self.run(go())


Register.TestCase.settings = settings(
    max_examples=RUNS,
    stateful_step_count=50,
    suppress_health_check=list(HealthCheck),
    derandomize="XINXUAN_RUNS" not in os.environ,
    print_blob=True,
)
TestRegister = Register.TestCase
if "XINXUAN_RUNS" in os.environ:
    pytestmark = pytest.mark.timeout(0)  # 500 lives take longer than any single test may
