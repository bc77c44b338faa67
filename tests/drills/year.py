"""A year of the office through its own flows, and each quarter's frozen figures against what really happened.

Officers register, hand in, wait, get opinions, use them again, correct, take back and give up, day by day, often
writing things down late; each quarter is frozen on the pack's day. What was done is noted beside it in plain records,
which an oracle without SQL adds up: every frozen figure, and every correction of an earlier quarter, must be the same.
At full size the quarter goes the whole way: drafted with its files, confirmed by the coordinator, sent.
"""

import copy
import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import func, select

from bot.errors import Refusal
from bot.figures import STOCKS, Figures, Measure
from bot.language import speaking
from bot.policy.loader import load, packaged
from bot.quarters import Quarter
from bot.screens.screen import Press, Screen
from bot.summary import Summary
from bot.workdays import Calendar
from handlers import summary
from handlers.clock import Clock
from handlers.office import Office
from handlers.turn import Stale
from storage import keys, people, summaries
from storage.database import Database
from storage.migrate import upgrade
from storage.tables import Person, Request, Role
from tests.drills import year_push
from tests.handlers.desk import Desk
from tests.oracles import figures_oracle as oracle
from tests.oracles.figures_oracle import Happened, Letter, Report, Verification
from tests.oracles.workdays_oracle import is_workday, nth_workday_after
from tests.sheets import code, company

GOALS = ("year",)
YEAR = 2026
UNITS = ("air", "water", "soil", "solid", "radiation", "eia", "ecology", "science", "monitoring", "emergency",
         "enforcement", "vehicle")  # fmt: skip
PERMIT, FILING, LOAN = {"matter": ("m04b",)}, {"matter": ("m43",)}, {"matter": ("m33",)}
QUARTERS = [Quarter(YEAR, number) for number in (1, 2, 3, 4)]


@dataclass
class Entry:
    """An entry with what it holds, as whoever made it knows."""

    id: int
    desk: Desk
    verifications: list[Verification] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    firm: str = ""
    made: bool = True  # the last step was its making

    def undo(self) -> None:
        for each in (*self.verifications, *self.letters, *self.reports):
            each.undone = True


Step = Callable[[Entry], Awaitable[None]]


class Year:
    """The office, its clock, and what has happened in it."""

    def __init__(self, database: Database, office: Office, dice: random.Random, *, entries: int) -> None:
        self.database, self.office, self.dice, self.entries = database, office, dice, entries
        self.happened, self.diary = Happened(), defaultdict[dt.date, list[tuple[Entry, Step]]](list)
        self.desks: list[tuple[str, Desk]] = []
        self.known: list[tuple[str, dt.date]] = []  # firms with a clean opinion, and until when
        self.today, self.now = dt.date(YEAR, 1, 1), dt.datetime(YEAR, 1, 1, tzinfo=dt.UTC)
        self.firms, self.acts, self.compared, self.undone = 0, 0, 0, 0
        self.differences: list[str] = []
        self.reported: dict[Quarter, dict[str, Counter[str]]] = {}
        self.kept: dict[Quarter, Summary] = {}

    async def staff(self, units: int, officers: int) -> None:
        async with self.database.write() as session:
            await people.sync_units(session, self.office.policy)
            for number in range(units * officers):
                unit = await people.unit_by_code(session, UNITS[number % units])
                assert unit is not None
                person = Person(telegram_id=9_000_001 + number, unit_id=unit.id, role=Role.OFFICER, name="虚构",
                                joined_at=self.now)  # fmt: skip
                session.add(person)
                self.desks.append((unit.code, Desk(self.database, self.office, person, self.now)))

    async def day(self, on: dt.date) -> None:
        """Let a day pass: what is due today, then new entries, the later ones through the same minutes."""
        self.today = on
        self.now = dt.datetime.combine(on, dt.time(1), dt.UTC)
        for entry, step in self.diary.pop(on, ()):
            await self._do(entry, step)
        days = (dt.date(YEAR, 12, 31) - dt.date(YEAR, 1, 1)).days + 1
        done = (on - dt.date(YEAR, 1, 1)).days
        new = self.entries * (done + 1) // days - self.entries * done // days if on.year == YEAR else 0
        for _ in range(new):
            await self.register()

    async def _do(self, entry: Entry, step: Step) -> None:
        """Do a step; some are taken back within minutes, and are done again another day."""
        kept = copy.deepcopy((entry.verifications, entry.letters, entry.reports))
        try:
            await step(entry)
        except (Refusal, Stale):
            await self._give_up(entry)
            return
        self.acts += 1
        if self.dice.random() < 0.03 and step.__name__ in ("_receive", "_return", "_withdraw"):
            self.now += dt.timedelta(minutes=3)
            await self._send(entry, "undo")
            for now, before in zip((entry.verifications, entry.letters, entry.reports), kept, strict=True):
                for row, old in zip(now, before, strict=True):
                    row.__dict__.update(old.__dict__)
            self.undone += 1
            for steps in self.diary.values():
                steps[:] = [each for each in steps if each[0] is not entry]
            self._later(entry, step, 1, 4)

    async def _give_up(self, entry: Entry) -> None:
        if any(button.press and button.press.verb == "fstop" for button in entry.desk.buttons()):
            await entry.desk.press("fstop")

    async def _send(self, entry: Entry, verb: str, arg: str = "") -> Screen:
        async with self.database.read() as session:
            version = await session.scalar(select(Request.version).where(Request.id == entry.id))
        entry.desk.now = self.now
        return await entry.desk.send(Press(verb, entry.id, version or 0, arg))

    def _later(self, entry: Entry, step: Step, least: int, most: int) -> None:
        self.diary[self.today + dt.timedelta(days=self.dice.randint(least, most))].append((entry, step))

    # -- what officers do --------------------------------------------------------------------------------------------

    async def register(self) -> None:
        """Let an officer make an entry of some kind, eleven minutes after the one before."""
        self.now += dt.timedelta(minutes=11)
        unit, desk = self.dice.choice(self.desks)
        desk.now = self.now
        kind = self.dice.choices(("permit", "filing", "loan", "again"), (55, 15, 15, 15))[0]
        held = [firm for firm, until in self.known if until >= self.today]
        if kind == "again" and held:
            return await self._use_again(unit, desk, self.dice.choice(held))
        if kind == "filing":
            return await self._file(unit, desk)
        return await self._apply(unit, desk, PERMIT if kind != "loan" else LOAN)

    def _firms(self, most: int) -> list[str]:
        count = self.dice.randint(1, most)
        self.firms += count
        return [f"{company(n)} {code(n)}" for n in range(self.firms - count, self.firms)]

    async def _apply(self, unit: str, desk: Desk, answers: dict[str, tuple[str, ...]]) -> None:
        firms, how = self._firms(3), self.dice.choices(("0", "1", "no", "cp"), (60, 15, 15, 10))[0]
        await desk.decide(answers)
        await desk.type("\n".join(firms))
        await desk.press("rsubm", how)
        await desk.press("rconf")
        entry = await self._entry(desk)
        entry.firm = firms[0] if len(firms) == 1 else ""
        matter, today = answers["matter"][0], self.today
        submitted = {"0": today, "1": today - dt.timedelta(days=1), "cp": today}.get(how)
        for _firm in firms:
            each = Verification(unit, matter, entry.id, by_counterpart=how == "cp", submitted=submitted)
            each.due = nth_workday_after(submitted, 5)[0] if submitted and how != "cp" else None
            entry.verifications.append(each)
            if answers is PERMIT:
                entry.letters.append(Letter(unit, matter, today, in_form=True))
            else:
                entry.reports.append(Report(unit, matter, today))
        self._note(entry)
        if self.dice.random() < 0.04:
            await self._take_back(entry)
        elif how == "no":
            self._later(entry, self._withdraw if self.dice.random() < 0.1 else self._submit, 1, 12)
        else:
            self._goes_on(entry)

    async def _use_again(self, unit: str, desk: Desk, firm: str) -> None:
        await desk.decide(PERMIT)
        await desk.type(firm)
        await desk.press("ruse", "yes")
        await desk.press("rconf")
        entry = await self._entry(desk)
        entry.verifications.append(Verification(unit, "m04b", entry.id, reused=self.today))
        entry.letters.append(Letter(unit, "m04b", self.today, in_form=True))
        self._note(entry)

    async def _file(self, unit: str, desk: Desk) -> None:
        await desk.decide(FILING)
        await desk.type(self._firms(1)[0])
        await desk.press("rconf")
        entry = await self._entry(desk)
        entry.letters.append(Letter(unit, "m43", self.today))
        self._note(entry)
        if self.dice.random() < 0.7:
            self._later(entry, self._sign, 0, 30)

    async def _entry(self, desk: Desk) -> Entry:
        self.acts += 1
        async with self.database.read() as session:
            return Entry(await session.scalar(select(func.max(Request.id))) or 0, desk)

    def _note(self, entry: Entry) -> None:
        self.happened.verifications += entry.verifications
        self.happened.letters += entry.letters
        self.happened.reports += entry.reports

    async def _take_back(self, entry: Entry) -> None:
        self.now += dt.timedelta(minutes=2)
        await self._send(entry, "undo")
        entry.undo()
        self.undone += 1

    def _goes_on(self, entry: Entry) -> None:
        first = entry.verifications[0]
        if self.dice.random() < 0.06:
            self._later(entry, self._withdraw, 1, 10)
        elif first.by_counterpart or self.dice.random() < 0.2:
            self._later(entry, self._return, 3, 25)
        else:
            self._later(entry, self._receive, 1, 4)

    async def _submit(self, entry: Entry) -> None:
        await self._send(entry, "rdo", f"submitted,{self.today}")
        for each in entry.verifications:
            each.submitted, each.due = self.today, nth_workday_after(self.today, 5)[0]
        self._goes_on(entry)

    async def _receive(self, entry: Entry) -> None:
        first = entry.verifications[0]
        on = max(self.today - dt.timedelta(days=self.dice.choice((0, 0, 1))), first.submitted or self.today)
        await self._send(entry, "rdo", f"received,{on}")
        for each in entry.verifications:
            each.received, each.due = on, nth_workday_after(on, 5)[0]
        self._later(entry, self._supplement if self.dice.random() < 0.1 else self._return, 2, 14)

    async def _supplement(self, entry: Entry) -> None:
        await self._send(entry, "rdo", f"supplement,{self.today}")
        self._later(entry, self._resume, 1, 6)

    async def _resume(self, entry: Entry) -> None:
        await self._send(entry, "rdo", f"resumed,{self.today}")
        for each in entry.verifications:
            each.resumed, each.due = self.today, nth_workday_after(self.today, 5)[0]
        self._later(entry, self._return, 2, 9)

    async def _return(self, entry: Entry) -> None:
        """The feedback came, and is often written down days later: sometimes after its quarter was reported."""
        first = entry.verifications[0]
        floor = max(each for each in (first.submitted, first.received, first.resumed) if each)
        on = max(self.today - dt.timedelta(days=self.dice.choice((0, 0, 1, 5, 15))), floor)
        await self._send(entry, "rdo", f"returned,{on}")
        for each in entry.verifications:
            each.returned = on
        if self.dice.random() < 0.9:
            self._later(entry, self._write_down, 0, 9)
        if self.dice.random() < 0.05:
            self._later(entry, self._correct, 5, 40)

    async def _write_down(self, entry: Entry) -> None:
        finding = self.dice.choices(("clean", "adverse", "serious", "unknown"), (78, 13, 4, 5))[0]
        await self._send(entry, "opn", "all" if len(entry.verifications) > 1 else "")
        await entry.desk.press("fset", f"finding,{finding}")
        await entry.desk.type((entry.verifications[0].returned or self.today).isoformat())
        await entry.desk.press("fpass", "number")
        await entry.desk.press("fok")
        for each in entry.verifications:
            each.finding = finding
        if finding == "clean" and entry.firm:
            self.known.append((entry.firm, self.today + dt.timedelta(days=200)))
        elif finding == "adverse" and self.dice.random() < 0.2 and entry.firm:
            self._later(entry, self._find_clean, 1, 30)

    async def _find_clean(self, entry: Entry) -> None:
        """The result was read wrongly: it is put right, and the side task stays."""
        await self._correction(entry, "finding", "finding,clean")
        entry.verifications[0].finding = "clean"

    async def _correct(self, entry: Entry) -> None:
        """The day of the feedback was wrong by days or weeks."""
        first = entry.verifications[0]
        floor = max(each for each in (first.submitted, first.received, first.resumed) if each)
        on = max((first.returned or self.today) - dt.timedelta(days=self.dice.randint(1, 30)), floor)
        await self._correction(entry, "returned_on", on.isoformat())
        for each in entry.verifications:
            each.returned = on

    async def _correction(self, entry: Entry, line: str, right: str) -> None:
        await self._send(entry, "corr")
        if any(button.press and button.press.verb == "corr" for button in entry.desk.buttons()):
            await entry.desk.press("corr", "all")
        await entry.desk.press("fset", f"line,{line}")
        await (entry.desk.press("fset", right) if line == "finding" else entry.desk.type(right))
        await entry.desk.type("核对原件")
        await entry.desk.press("fok")

    async def _withdraw(self, entry: Entry) -> None:
        await self._send(entry, "rwdok")
        for each in entry.verifications:
            each.withdrawn = self.today

    async def _sign(self, entry: Entry) -> None:
        back = self.dice.choice((0, 1))
        await self._send(entry, "let")
        await entry.desk.press("fday", f"signed_on,{back}")
        await entry.desk.press("fpass", "fulfil_by_on")
        await entry.desk.press("fok")
        entry.letters[0].signed = self.today - dt.timedelta(days=back)
        self._later(entry, self._settle, 1, 90)

    async def _settle(self, entry: Entry) -> None:
        outcome = self.dice.choice(("fulfilled", "fulfilled", "breached"))
        await self._send(entry, "setl")
        await entry.desk.press("fset", f"outcome,{outcome}")
        await entry.desk.press("fday", "settled_on,0")
        if outcome == "breached":
            await entry.desk.type("现场检查记录（虚构）")
        await entry.desk.press("fok")
        setattr(entry.letters[0], outcome, self.today)

    # -- what the office reports -------------------------------------------------------------------------------------

    async def freeze(self, quarter: Quarter) -> Summary:
        async with self.database.read() as session:
            found = await summary.reckon(session, self.office, quarter, now=self.now)
        async with self.database.write() as session:
            return await summary.freeze(session, self.office, found, now=self.now)

    def expected(self, quarter: Quarter, wanted: oracle.Wanted) -> Counter[str]:
        return Counter(oracle.figures(self.happened, quarter.begins_on, quarter.ends_on, wanted, today=self.today))

    def same(self, what: str, found: Figures, wanted: dict[str, int]) -> None:
        for measure in Measure:
            self.compared += 1
            if found[measure] != wanted.get(measure.value, 0):
                self.differences.append(f"{what} {measure.value}: {found[measure]}, not {wanted.get(measure.value, 0)}")

    def compare(self, quarter: Quarter, found: Summary) -> None:
        """Compare everything that was reported with what has happened."""
        statistics, name = found.statistics, quarter.code
        self.same(name, found.figures(), self.expected(quarter, lambda *_: True))
        by_unit = {}
        for unit in dict.fromkeys(unit for unit, _desk in self.desks):
            by_unit[unit] = self.expected(quarter, lambda u, m, k, d, unit=unit: u == unit)
            self.same(f"{name} {unit}", found.figures(unit), by_unit[unit])
        for matter, figures in statistics.by_matter().items():
            self.same(f"{name} {matter}", figures, self.expected(quarter, lambda u, m, k, d, own=matter: m == own))
        for month, figures in statistics.by_month().items():
            wanted = self.expected(quarter, lambda u, m, k, d, own=month: bool(d) and f"{d:%Y-%m}" == own)
            self.same(f"{name} {month}", figures, wanted)
        for kind, figures in statistics.by_kind().items():  # an application is one time, whatever kinds stand in it
            wanted = self.expected(quarter, lambda u, m, k, d, own=kind: k == own)
            wanted["times"] = 0 if kind is not None else found.figures().times
            self.same(f"{name} {kind}", figures, wanted)
        shelf = {matter.code: matter.category for matter in self.office.policy.matters.values()}
        for category, figures in statistics.by_category(shelf).items():
            wanted = self.expected(quarter, lambda u, m, k, d, own=category: shelf.get(m or "") == own)
            self.same(f"{name} {category}", figures, wanted)
        self._compare_before(found)
        self._compare_aside(quarter, found)
        self._compare_corrections(quarter, found)
        self.reported[quarter] = by_unit

    def _compare_before(self, found: Summary) -> None:
        """The quarter before is compared with as it was reported then, whatever was corrected since.

        Before the first one nothing was reported: what was handed in on its last day, and written down after, stands.
        """
        before, frozen = found.quarter.previous, self.kept.get(found.quarter.previous)
        for unit in (None, *dict.fromkeys(unit for unit, _desk in self.desks)):
            happened = self.expected(before, lambda u, m, k, d, own=unit: own in (None, u))
            wanted = happened if frozen is None else frozen.figures(unit).to_json()
            self.same(f"{found.quarter} before {unit}", found.before(unit) or Figures(), wanted)

    def _compare_aside(self, quarter: Quarter, found: Summary) -> None:
        wait = found.statistics.turnaround()
        said = (wait.answers, wait.working_days, wait.longest) if wait else (0, 0, 0)
        wanted = oracle.working_days(self.happened.verifications, quarter.begins_on, quarter.ends_on, is_workday)
        self.compared += 3
        if said != wanted:
            self.differences.append(f"{quarter} working days: {said}, not {wanted}")
        if not found.figures().is_balanced:
            self.differences.append(f"{quarter} does not add up")

    def _compare_corrections(self, quarter: Quarter, found: Summary) -> None:
        """What was reported of earlier quarters, with all corrections so far, is what has happened in them."""
        stocks = {each.value for each in STOCKS}
        changes = {each.quarter: each for each in found.corrections}
        for earlier, known in self.reported.items():
            for unit, before in known.items():
                now = self.expected(earlier, lambda u, m, k, d, unit=unit: u == unit)
                wanted = {key: now[key] - before[key] for key in {*now, *before} - stocks if now[key] != before[key]}
                change = changes[earlier].of(unit) if earlier in changes else Figures()
                self.same(f"{quarter} correcting {earlier} {unit}", change, wanted)
                known[unit] = now


async def run(*, full: bool, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Live a year, freeze its quarters on their days, and compare."""
    keys.use([Fernet.generate_key().decode()])
    database = Database(f"sqlite:///{folder / 'year.db'}")
    try:
        await upgrade(database)
        office = Office(load(packaged("zhengzhou")), Calendar(), Clock())
        year = Year(database, office, random.Random(seed), entries=5_000 if full else 45)
        with speaking("zh_CN"):
            await year.staff(*((12, 5) if full else (3, 2)))
            await _live(year, folder if full else None)
    finally:
        await database.close()
    changed = sum(len(each.corrections) for each in year.kept.values())
    return [
        {
            "goal": "year",
            "n": year.compared,
            "requests": year.entries,
            "acts": year.acts,
            "undone": year.undone,
            "quarters_corrected": changed,
            "differences": len(year.differences),
            "detail": year.differences[:5],
            "ok": not year.differences and year.compared > 0 and len(year.reported) == 4,
        }
    ]


async def _live(year: Year, files: Path | None) -> None:
    days = {nth_workday_after(quarter.ends_on, 5)[0]: quarter for quarter in QUARTERS}
    on = dt.date(YEAR, 1, 1)
    while on <= max(days):
        await year.day(on)
        if (quarter := days.get(on)) is not None:
            frozen = await (year.freeze(quarter) if files is None else year_push.whole_way(year, quarter, files))
            year.compare(quarter, frozen)
            year.kept[quarter] = frozen
        on += dt.timedelta(days=1)
    async with year.database.read() as session:
        for quarter, frozen in year.kept.items():
            if await summaries.load(session, quarter) != frozen:
                year.differences.append(f"{quarter} has changed after it was frozen")
