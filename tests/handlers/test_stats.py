"""/stats: everybody's own figures, each of which opens the entries behind it, and the same as a book."""

import contextlib
import datetime as dt
import io

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from bot.figures import Measure
from bot.language import speaking
from bot.periods import Kind, period_of
from bot.screens import stats as screens
from bot.screens.screen import Press
from handlers import cli_figures, cli_ledger, stats
from handlers.cli import Sentence
from handlers.turn import Stale
from storage.files import FileStore
from storage.tables import Audit, Outbox, Request, Role, Unit
from tests.handlers.conftest import NOW
from tests.handlers.product_desk import Desk
from tests.ledger_rows import Ledger
from tests.oracles import figures_oracle as oracle
from tests.storage.test_figures import ledger

FIRST, LAST, TODAY = dt.date(2026, 10, 1), dt.date(2026, 12, 31), dt.date(2026, 11, 23)
SPAN = "20260701-20260930"


@pytest.fixture
async def happened(database, policy):
    made = ledger(seed=11, entries=60)
    async with database.write() as session:
        await (await Ledger.begin(session, policy)).write(made)
    return made


@pytest.fixture
def seat(database, office, enrol, tmp_path):
    async def sit(number, role, unit="air"):
        person = await enrol(900_100 + number, unit=unit, role=role)
        return Desk(database, office, person, FileStore(tmp_path / "files"), NOW)

    return sit


def expected(happened, unit=None, first=FIRST, last=LAST):
    return oracle.figures(happened, first, last, lambda u, m, k, d: unit in (None, u), today=TODAY)


async def test_each_role_sees_its_own_figures_and_only_those(happened, seat):
    units = {Role.OFFICER: "air", Role.LIAISON: "air", Role.HEAD: "water", Role.COORDINATOR: None, Role.AUDITOR: None}
    for number, (role, unit) in enumerate(units.items()):
        desk = await seat(number, role, unit or "legal")
        shown = await desk.turn(stats.on_stats)
        wanted = expected(happened, unit)
        assert f"核查申请{wanted['times']}次{wanted['applied']}家" in shown.text
        assert "2026年第四季度" in shown.text and "截至11月23日" in shown.text
        chooses = any(button.press and button.press.verb == "stuni" for button in desk.buttons)
        assert chooses is (unit is None)
        forged = await desk.send(Press("stat", 1, 0, "2026Q4"))  # another unit's number in a button of one's own making
        own = expected(happened, unit) if unit else expected(happened, await code_of(desk, 1))
        assert f"核查申请{own['times']}次" in forged.text
        if unit:
            with pytest.raises(Stale):
                await desk.send(Press("stuni", 0, 0, "2026Q4"))


async def code_of(desk, unit_id):
    return next(row.code for row in await desk.rows(Unit) if row.id == unit_id)


async def test_every_figure_opens_exactly_the_entries_behind_it(happened, seat, database):
    desk = await seat(1, Role.COORDINATOR, "legal")
    await desk.send(Press("stat", 0, 0, SPAN))
    opened = [button for button in desk.buttons if button.press and button.press.verb == "stfig"]
    assert len(opened) == len(screens.OPENED)  # none of them is 0 in this ledger
    for button in opened:
        page = await desk.send(button.press)
        said = int(page.text.split("台账")[1].split("件")[0])
        seen = list(numbers_on(page))
        while more := [each for each in desk.buttons if each.text == "下一页"]:
            page = await desk.send(more[0].press)
            seen += numbers_on(page)
        assert len(seen) == len(set(seen)) == said > 0
    applied = next(button for button in opened if "applied" in button.press.arg)
    page = await desk.send(applied.press)
    wanted = {each.entry for each in happened.verifications if counts(each)}
    assert int(page.text.split("台账")[1].split("件")[0]) == len(wanted)


def counts(each):
    return not each.undone and each.submitted and dt.date(2026, 7, 1) <= each.submitted <= dt.date(2026, 9, 30)


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
    await desk.turn(stats.on_stats)
    await desk.press("stask")
    shown = await desk.type("2026-07-01至2026-09-30")
    wanted = expected(happened, "air", dt.date(2026, 7, 1), dt.date(2026, 9, 30))
    assert f"信用承诺{wanted['letters']}份" in shown.text and "截至" not in shown.text
    assert await desk.draft() is None
    before = await desk.send(Press("stat", 0, 0, period_of(Kind.MONTH, TODAY).before.code))
    assert "2026年10月" in before.text
    with pytest.raises(Stale):
        await desk.send(Press("stfig", 0, 0, "2026Q4,password"))
    empty = await desk.turn(stats.on_stats, text="2020年")
    assert "本时段无使用记录" in empty.text and not [b for b in desk.buttons if b.press and b.press.verb == "stexp"]


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

    monkeypatch.setattr(cli_ledger, "opened_alone", alone)
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
