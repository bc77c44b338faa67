"""/stats: everybody's own figures, each of which opens the entries behind it, and the same as a book."""

import contextlib
import datetime as dt
import io
from dataclasses import fields

import pytest
from pydantic import ValidationError
from python_calamine import CalamineWorkbook
from sqlalchemy import select, update

from bot.figures import Measure
from bot.language import speaking
from bot.periods import Kind, from_code, period_of
from bot.policy.entries import Matter
from bot.screens import stats as screens
from bot.screens.screen import MAX_DATA_BYTES, Press
from handlers import cli_figures, stats
from handlers.cli_frame import Sentence
from handlers.turn import Stale
from storage.files import FileStore
from storage.tables import Audit, Outbox, Request, Role, Unit
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk
from tests.ledger_rows import Ledger
from tests.oracles import figures_oracle as oracle
from tests.oracles.figures_oracle import Happened
from tests.storage.test_figures import ledger

FIRST, LAST, TODAY = dt.date(2026, 10, 1), dt.date(2026, 12, 31), dt.date(2026, 11, 23)
SPAN = "20260701-20260930"


@pytest.fixture
async def written(database, policy):
    """The ledger as it was written down, of which each entry is known by its key."""
    async with database.write() as session:
        found = await Ledger.begin(session, policy)
        await found.write(ledger(seed=11, entries=60))
    return found


@pytest.fixture
def happened(written):
    parts = written.entries.values()
    return Happened(*([each for part in parts for each in getattr(part, kind.name)] for kind in fields(Happened)))


@pytest.fixture
def seat(database, office, enrol, tmp_path):
    async def sit(number, role, unit="air"):
        person = await enrol(900_100 + number, unit=unit, role=role)
        return Desk(database, office, person, NOW, FileStore(tmp_path / "files"))

    return sit


def expected(happened, unit=None, first=FIRST, last=LAST):
    return oracle.figures(happened, first, last, lambda u, m, k, d: unit in (None, u), today=TODAY)


async def test_each_role_sees_its_own_figures_and_only_those(happened, seat):
    units = {Role.OFFICER: "air", Role.LIAISON: "air", Role.HEAD: "water", Role.COORDINATOR: None, Role.AUDITOR: None}
    for number, (role, unit) in enumerate(units.items()):
        desk = await seat(number, role, unit or "legal")
        shown = await desk.run(stats.on_stats)
        wanted = expected(happened, unit)
        assert f"核查申请{wanted['times']}次{wanted['applied']}家" in shown.text
        assert "2026年第四季度" in shown.text and "截至11月23日" in shown.text
        chooses = any(button.press and button.press.verb == "stuni" for button in desk.buttons())
        assert chooses is (unit is None)
        forged = await desk.send(Press("stat", 1, 0, "2026Q4"))  # another unit's number in a button of one's own making
        own = expected(happened, unit) if unit else expected(happened, await code_of(desk, 1))
        assert f"核查申请{own['times']}次" in forged.text
        if unit:
            with pytest.raises(Stale):
                await desk.send(Press("stuni", 0, 0, "2026Q4"))


async def code_of(desk, unit_id):
    return next(row.code for row in await desk.rows(Unit) if row.id == unit_id)


def behind(written, measure, wanted=lambda *_: True):
    """Return the entries that a figure of the third quarter counts, each judged alone by the loops."""
    first, last = dt.date(2026, 7, 1), dt.date(2026, 9, 30)
    return {
        key
        for key, part in written.entries.items()
        if oracle.figures(part, first, last, wanted, today=TODAY).get(measure.value)
    }


async def opened(desk, button):
    """Return the entries on all pages that a button opens."""
    page = await desk.send(button.press)
    said = int(page.text.split("台账")[1].split("件")[0])
    seen = list(numbers_on(page))
    while more := [each for each in desk.buttons() if each.text == "下一页"]:
        page = await desk.send(more[0].press)
        seen += numbers_on(page)
    assert len(seen) == len(set(seen)) == said > 0
    return set(seen)


def figures_on(desk):
    """Return the buttons of the figures by what they open."""
    return {Measure(screens.read(each.press)[1]): each for each in desk.buttons() if verb(each) == "stfig"}


def verb(button):
    return button.press.verb if button.press else ""


async def test_every_figure_opens_exactly_the_entries_behind_it(written, seat):
    desk = await seat(1, Role.COORDINATOR, "legal")
    await desk.send(Press("stat", 0, 0, SPAN))
    buttons = figures_on(desk)
    assert list(buttons) == list(Measure)  # none of them is 0 in this ledger
    for measure, button in buttons.items():
        assert await opened(desk, button) == behind(written, measure), measure


async def test_a_figure_of_one_matter_opens_the_entries_of_that_matter(written, happened, seat, policy):
    desk = await seat(1, Role.COORDINATOR, "legal")
    await desk.send(Press("stat", 0, 0, SPAN))
    await desk.press("stmat")
    names = {"m04b": policy.matters["m04b"].name, "m21": policy.matters["m21"].name, None: "目录外事项"}
    offered = [each for each in desk.buttons() if verb(each) == "stat"]
    assert [each.text for each in offered][:-1] == ["● 全部事项", names[None], names["m04b"], names["m21"]]
    assert verb(next(each for each in desk.buttons() if each.text == "返回")) == "stat"
    for code, button in zip((None, "m04b", "m21"), offered[1:], strict=False):

        def of_matter(u, m, k, d, code=code):
            return m == code

        shown = await desk.send(button.press)
        wanted = oracle.figures(happened, dt.date(2026, 7, 1), dt.date(2026, 9, 30), of_matter, today=TODAY)
        assert f"事项：{names[code]}" in shown.text
        assert f"核查申请{wanted['times']}次{wanted['applied']}家" in shown.text
        assert not any(verb(each) == "stexp" for each in desk.buttons())  # the book holds every matter
        buttons = figures_on(desk)
        assert {each.value for each in buttons} == set(wanted)
        for measure, figure in buttons.items():
            assert await opened(desk, figure) == behind(written, measure, of_matter), (code, measure)
            assert f"事项：{names[code]}" in desk.screen.text


async def test_a_matter_stays_chosen_with_another_period_and_unit(happened, seat, database):
    desk = await seat(1, Role.COORDINATOR, "legal")
    await desk.send(Press("stat", 0, 0, SPAN + ",,m21"))
    await desk.press("stuni")
    air = next(each for each in desk.buttons() if each.text == "大气环境处")
    shown = await desk.send(air.press)
    assert "大气环境处\n事项：" in shown.text.replace("</b>", "")
    for period, named in (("quarter", "2026年第四季度"), ("year", "2026年")):
        shown = await desk.press("stat", f"{period},,m21")
        assert named in shown.text and "事项：" in shown.text
    await desk.press("stask")
    shown = await desk.type("2026年第三季度")
    assert "大气环境处" in shown.text and "事项：" in shown.text
    await desk.press("stmat")
    assert [each.text[0] for each in desk.buttons()].count("●") == 1
    shown = await desk.send(next(each for each in desk.buttons() if each.text == "全部事项").press)
    assert "事项：" not in shown.text and any(verb(each) == "stexp" for each in desk.buttons())


async def test_a_matter_that_the_pack_has_dropped_keeps_its_name_and_an_unknown_one_is_stale(happened, seat, database):
    desk = await seat(1, Role.COORDINATOR, "legal")
    async with database.write() as session:
        await session.execute(
            update(Request)
            .where(Request.matter_code == "m21")
            .values(matter_code="old.7", matter_name="旧事项（虚构）")
        )
    await desk.send(Press("stat", 0, 0, SPAN))
    await desk.press("stmat")
    shown = await desk.send(next(each for each in desk.buttons() if each.text == "旧事项（虚构）").press)
    assert "事项：旧事项（虚构）" in shown.text and figures_on(desk)
    with pytest.raises(Stale):
        await desk.send(Press("stat", 0, 0, "2026Q4,,nowhere"))
    with pytest.raises(Stale):
        await desk.send(Press("stfig", 0, 0, "2026Q4,applied,nowhere"))


def test_the_longest_matter_of_the_longest_period_fits_a_button():
    period = from_code(SPAN)
    longest = max(Measure, key=len)
    asked = screens.Asked(period, 36**3 - 1, "", True, "m" * 15, "")
    data = asked.press("stfig", longest.value, page=36**3 - 1).encode()
    assert len(data) <= MAX_DATA_BYTES and screens.read(Press.decode(data)) == (SPAN, longest.value, "m" * 15)
    with pytest.raises(ValidationError, match="at most 15"):
        Matter.model_validate({"code": "m" * 16})


def numbers_on(page):
    return [button.press.id for row in page.rows for button in row if button.press and button.press.verb == "req"]


async def test_an_officer_is_told_how_many_are_colleagues_and_sees_none_of_them(happened, seat, database):
    desk = await seat(2, Role.OFFICER)
    async with database.write() as session:
        entry = (await session.scalars(select(Request).join(Unit).where(Unit.code == "air").limit(1))).one()
        entry.owner_id = desk.person.id
    page = await desk.send(Press("stfig", 0, 0, "20240101-20261231,applied"))
    assert numbers_on(page) in ([], [entry.id])
    assert "件由本单位其他经办人办理" in page.text


async def test_any_period_can_be_typed_and_what_was_begun_comes_back(happened, seat):
    desk = await seat(3, Role.LIAISON)
    await desk.run(stats.on_stats)
    await desk.press("stask")
    shown = await desk.type("2026-07-01至2026-09-30")
    wanted = expected(happened, "air", dt.date(2026, 7, 1), dt.date(2026, 9, 30))
    assert f"信用承诺{wanted['letters']}份" in shown.text and "截至" not in shown.text
    assert await desk.draft() is None
    before = await desk.send(Press("stat", 0, 0, period_of(Kind.MONTH, TODAY).before.code))
    assert "2026年10月" in before.text
    with pytest.raises(Stale):
        await desk.send(Press("stfig", 0, 0, "2026Q4,password"))
    empty = await desk.run(stats.on_stats, text="2020年")
    assert "本时段无使用记录" in empty.text and not [b for b in desk.buttons() if b.press and b.press.verb == "stexp"]


async def test_the_book_has_the_figures_and_the_entries_of_those_who_may_see_them(happened, seat, database, office):
    with speaking("zh_CN"):
        names = {measure: screens.figure_name(measure) for measure in (Measure.APPLIED, Measure.ADVERSE)}
    assert names[Measure.ADVERSE] == "有不良"
    for number, role, has_ledger in ((4, Role.OFFICER, False), (5, Role.HEAD, True)):
        desk = await seat(number, role)
        await desk.send(Press("stat", 0, 0, SPAN))
        await desk.press("stexp")
        params = {"person_id": desk.person.id, "unit": 0, "period": SPAN}
        finish = await stats.export(desk.tools, params, NOW)
        async with database.write() as session:
            await finish(session)
        sent = (await desk.rows(Outbox))[-1]
        told = await stats.render(None, office, desk.person, sent.params, NOW)
        book = CalamineWorkbook.from_filelike(io.BytesIO(desk.store.read(told.file.key)))
        assert ("台账" in book.sheet_names) is has_ledger
        rows = book.get_sheet_by_name("按单位").to_python()
        wanted = expected(happened, "air", dt.date(2026, 7, 1), dt.date(2026, 9, 30))
        at = rows[0].index("核查申请（家）")
        assert [row[at] for row in rows[1:]] == [str(wanted["applied"])] * 2  # the unit, and the sum
        if has_ledger:
            lines = book.get_sheet_by_name("台账").to_python()
            at = lines[0].index("核查申请（家）")
            assert sum(int(row[at]) for row in lines[1:]) == wanted["applied"]
    audit = [row.verb for row in await desk.rows(Audit, Audit.verb == "stats.export")]
    assert audit == ["stats.export"] * 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("2026Q5", "", ""), "is no quarter"),
        (("", "2026-10-01", ""), "both --from and --to"),
        (("2026Q4", "2026-10-01", ""), "not both"),
        (("", "2026-10-01", "2026-09-01"), "before the first"),
        (("", "1.10.", "2026-09-01"), "write the days as"),
    ],
)
def test_the_command_line_refuses_what_is_no_period(options, sentence):
    with pytest.raises(Sentence, match=sentence):
        cli_figures.period(*options)


async def test_the_command_line_writes_the_same_figures(happened, database, office, tmp_path, monkeypatch):
    @contextlib.asynccontextmanager
    async def alone():
        yield database, office

    monkeypatch.setattr(cli_figures, "opened_alone", alone)
    monkeypatch.setattr(office.clock, "now", lambda: NOW)
    said = []
    monkeypatch.setattr(cli_figures.typer, "echo", said.append)
    await cli_figures.export(tmp_path / "q.xlsx", "air", cli_figures.period("2026Q3", "", ""))
    wanted = expected(happened, "air", dt.date(2026, 7, 1), dt.date(2026, 9, 30))
    assert said[0] == ", ".join(f"{each.value} {wanted[each.value]}" for each in Measure if wanted.get(each.value))
    rows = CalamineWorkbook.from_path(tmp_path / "q.xlsx").get_sheet_by_name("按单位").to_python()
    assert rows[1][rows[0].index("核查申请（次）")] == str(wanted["times"])
    with pytest.raises(Sentence, match="is there already"):
        await cli_figures.export(tmp_path / "q.xlsx", "", cli_figures.period("", "2026-07-01", "2026-09-30"))
    with pytest.raises(Sentence, match="there is no unit"):
        await cli_figures.export(tmp_path / "r.xlsx", "nowhere", cli_figures.period("2026Q3", "", ""))
