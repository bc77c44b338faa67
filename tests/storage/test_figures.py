"""The figures of a period against plain loops over what happened, on both databases."""

import datetime as dt
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import event

from bot.figures import STOCKS, Figures, Measure
from bot.quarters import Quarter, Span
from bot.workdays import Calendar
from storage import figure_records, figures
from storage.database import MAY_LAST
from storage.streams import STREAMS
from tests.ledger_rows import Ledger
from tests.oracles import figures_oracle as oracle
from tests.oracles.figures_oracle import Happened, Letter, Report, Verification

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = dt.date(2026, 11, 28)
QUARTER = Quarter(2026, 3)
UNITS, MATTERS = ("air", "water", "legal"), ("m04b", "m21", None)
AHEAD = ("opinions", "feedback", "commitments", "decisions")
KINDS = ("enterprise", "enterprise", "institution", "natural_person", None)


class Life:
    """Makes things happen around the third quarter of 2026, with everything at its edges."""

    def __init__(self, seed: int) -> None:
        self.dice, self.happened = Random(seed), Happened()
        self.later = Random(seed + 1)  # of what falls due

    def day(self, after: dt.date = dt.date(2026, 5, 1), within: int = 200) -> dt.date:
        edges = [dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(2026, 9, 30), dt.date(2026, 10, 1)]
        found = self.dice.choice([*edges, after + dt.timedelta(days=self.dice.randrange(within))])
        return min(max(found, after), TODAY)

    def ahead(self) -> dt.date | None:
        """A day in the fourth quarter, beside it, or none."""
        first, last = QUARTER.next.begins_on, QUARTER.next.ends_on
        one = dt.timedelta(days=1)
        return self.later.choice((first - one, first, dt.date(2026, 11, 16), last, last + one, None))

    def entry(self, number: int) -> None:
        dice = self.dice
        unit, matter, undone = dice.choice(UNITS), dice.choice(MATTERS), dice.random() < 0.1
        for _ in range(dice.choice((1, 1, 3))):
            self.verification(Verification(unit, matter, number, dice.choice(KINDS), undone=undone))
        letter = Letter(unit, matter, self.day(), dice.choice(KINDS), dice.randint(1, 4), dice.random() < 0.5)
        letter.undone = undone
        letter.fulfil_by, letter.decide = self.ahead(), self.ahead()
        letter.signed = self.day() if dice.random() < 0.5 else None
        if dice.random() < 0.3:
            setattr(letter, dice.choice(("fulfilled", "breached")), self.day(letter.entered))
        self.happened.letters.append(letter)
        agency = dice.choice((None, "虚构甲", "虚构乙"))
        self.happened.reports.append(Report(unit, matter, self.day(), dice.choice(KINDS), agency, undone))

    def verification(self, each: Verification) -> None:
        dice = self.dice
        self.happened.verifications.append(each)
        each.count = 1 if each.kind else dice.randint(2, 9)
        each.by_counterpart = dice.random() < 0.2
        fate = dice.choice(["use", "draft", "withdraw", "wait", "receive", "feed", "feed", "feed"])
        if fate == "use":
            each.reused = self.day()
        elif fate != "draft":
            each.submitted = self.day()
            each.due = each.submitted + dt.timedelta(days=7)  # expected, not owed, while the receipt is unconfirmed
        if fate == "withdraw":
            each.withdrawn = self.day(each.submitted, 20)
        if fate == "receive" or (fate == "feed" and dice.random() < 0.7):
            each.received = self.day(each.submitted, 5)
            each.due = each.received + dt.timedelta(days=7)
            each.resumed = each.received + dt.timedelta(days=3) if dice.random() < 0.2 else None
        if fate in ("wait", "receive"):
            each.due = self.ahead() or each.due
        if fate == "feed":
            each.returned = self.day(each.resumed or each.received or each.submitted, 20)
            each.valid_to = self.ahead()
            each.finding = dice.choice((None, "clean", "clean", "adverse", "serious", "corrected", "unknown"))


def ledger(seed: int, entries: int) -> Happened:
    life = Life(seed)
    for number in range(entries):
        life.entry(number)
    return life.happened


def expected(happened: Happened, span: Span, wanted: oracle.Wanted = lambda *_: True) -> Figures:
    return Figures.from_json(oracle.figures(happened, span.begins_on, span.ends_on, wanted, today=TODAY))


async def counted(database, span=QUARTER.span, unit=None):
    async with database.read() as session:
        return await figures.statistics(
            session, span, following=QUARTER.next.span, calendar=Calendar(), zone=ZONE, today=TODAY, unit=unit
        )


async def test_every_figure_is_that_of_the_loops(database, policy):
    happened = ledger(seed=20261128, entries=90)
    async with database.write() as session:
        await (await Ledger.begin(session, policy)).write(happened)
    found = await counted(database)
    assert found.total() == expected(happened, QUARTER.span)
    assert all(found.total()[measure] for measure in Measure)  # nothing was left untried
    assert found.total().is_balanced
    for unit, row in found.by_unit().items():
        assert row == expected(happened, QUARTER.span, lambda u, m, k, d, unit=unit: u == unit)
        assert row == found.of(unit).total()
        assert row.is_balanced
    assert (await counted(database, unit="air")) == found.of("air")
    check_groups(found, happened)
    check_aside(found, happened)
    check_ahead(found, happened)
    await check_year(database)
    assert (await counted(database, Quarter(2020, 1).span)).total().is_nil
    assert (await counted(database, unit="nowhere")).total().is_nil


async def test_what_reads_the_whole_register_leaves_the_loop_free(sqlite, policy):
    """The bot's other officers press on while somebody's figures are counted over years."""
    async with sqlite.write() as session:
        await (await Ledger.begin(session, policy)).write(ledger(seed=1, entries=5))
    said: list[str] = []
    event.listen(sqlite.engine.sync_engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    asked = figure_records.Asked(QUARTER.span, ZONE, TODAY)
    async with sqlite.write() as session:
        await figures.statistics(
            session, QUARTER.span, following=None, calendar=Calendar(), zone=ZONE, today=TODAY, unit=None
        )
        await figure_records.contributions(session, asked)
    reading = [" ".join(each.split()) for each in said if "FROM item" in each]
    assert len(reading) > len(STREAMS)
    assert [each for each in reading if not each.startswith(f"SELECT {MAY_LAST} ")] == []


def check_groups(found, happened):
    """Every way to group them is that of the loops too."""
    for matter, row in found.by_matter().items():
        assert row == expected(happened, QUARTER.span, lambda u, m, k, d, matter=matter: m == matter)
    for month, row in found.by_month().items():
        wanted = expected(happened, QUARTER.span, lambda u, m, k, d, month=month: bool(d) and f"{d:%Y-%m}" == month)
        assert row == wanted
    whole_entries = {"times": 0}  # an entry may hold several kinds
    for kind, row in found.by_kind().items():
        wanted = expected(happened, QUARTER.span, lambda u, m, k, d, kind=kind: k == kind)
        assert row.to_json() | whole_entries == wanted.to_json() | whole_entries


def check_aside(found, happened):
    """What stands beside the figures is that of the loops."""
    first, last = QUARTER.begins_on, QUARTER.ends_on
    own = [each for each in happened.verifications if each.unit == "air"]
    for part, events in ((found, happened.verifications), (found.of("air"), own)):
        wait = part.turnaround()
        wanted = oracle.working_days(events, first, last, Calendar().is_workday)
        assert (wait.answers, wait.working_days, wait.longest) == wanted
    reports = [each for each in happened.reports if not each.undone and first <= each.entered <= last]
    agencies = [each.agency for each in reports]
    assert found.reports_by_agency() == {each: agencies.count(each) for each in set(agencies)}
    assert sum(found.follow_up_states().values()) == found.total().adverse
    assert found.opinions_in_all == 1 and found.total().reused > 1  # one opinion, used again and again


def check_ahead(found, happened):
    """What falls due next is that of the loops, for each unit and for all."""
    wanted = oracle.ahead(happened, QUARTER.next.begins_on, QUARTER.next.ends_on)
    assert {each.unit: {name: n for name in AHEAD if (n := getattr(each, name))} for each in found.ahead} == wanted
    coming = found.coming()
    for name in AHEAD:
        assert getattr(coming, name) == sum(each.get(name, 0) for each in wanted.values()) > 0
    assert found.of("air").coming().feedback == wanted["air"].get("feedback", 0)


async def check_year(database):
    """Quarters add up to the year, and hand over what is open."""
    totals = [(await counted(database, Quarter(2026, number).span)).total() for number in (1, 2, 3, 4)]
    year = (await counted(database, Span(dt.date(2026, 1, 1), dt.date(2026, 12, 31)))).total()
    for measure in set(Measure) - STOCKS:
        assert sum(total[measure] for total in totals) == year[measure]
    assert [total.open for total in totals[:-1]] == [total.carried for total in totals[1:]]
    assert totals[-1].open == year.open
