"""The quarter's files, opened again: their sums are the figures, their words those of an office."""

import datetime as dt
import io
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest
from docx import Document
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from bot import quarter_papers
from bot.figure_words import measure_name
from bot.figures import Figures, Measure
from bot.language import speaking
from bot.policy.overlay import Layer, LayerKind, lay
from bot.quarters import Quarter
from bot.statistics import Statistics
from bot.summary import Summary
from handlers import quarter_draft, quarter_files, summary
from storage import quarter_pushes
from storage import quarter_returns as stored
from storage.files import FileStore
from storage.tables import Item, QuarterPush, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import PERMIT, Desk
from tests.ledger_rows import PERSON, Ledger
from tests.oracles import figures_oracle as oracle
from tests.storage.test_figures import TODAY, ledger

QUARTER, Q4 = Quarter(2026, 3), Quarter(2026, 4)
SUMMED_UP = dt.datetime(2027, 1, 8, 2, 0, tzinfo=dt.UTC)
AWARD = {"matter": ("m24",), "reserved": ("yes",), "staff": ("public",)}
CASE = "人事2026-7"
PROBLEMS = {"air": ["收件日期难以确认"], "water": ["=HYPERLINK(1)"]}


@pytest.fixture
def happened():
    return ledger(seed=3, entries=60)


@pytest.fixture
async def summed_up(database, office, policy, happened):
    async with database.write() as session:
        await (await Ledger.begin(session, policy)).write(happened)
    async with database.read() as session:
        yield session, await summary.reckon(session, office, QUARTER, now=NOW)


def sheets(content: bytes) -> dict[str, list[list[str]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def column(rows, heading):
    """Return a column's numbers below its heading."""
    at = rows[0].index(heading)
    return [int(row[at]) for row in rows[1:]]


def names(measures=Measure):
    with speaking("zh_CN"):
        return {measure: measure_name(measure) for measure in measures}


async def test_the_book_adds_up_to_the_figures_down_to_each_entry(summed_up, office):
    session, found = summed_up
    sheet = await quarter_files.ledger_sheet(session, office, QUARTER.span, now=NOW)
    content = await quarter_files.book(office, found, now=NOW, problems=PROBLEMS, ledger=sheet)
    rows, total = sheets(content), found.figures()
    assert total.applied > 20 and total.adverse > 1
    for measure, name in names().items():
        assert sum(column(rows["台账"], name)) == total[measure], name
        *parts, whole = column(rows["按单位"], name)
        assert sum(parts) == whole == total[measure]
    for title in ("按事项", "按事项类别"):
        *parts, whole = column(rows[title], names()[Measure.TIMES])
        assert sum(parts) == whole == total.times
    for title in ("按月份", "按产品", "按对象类型"):
        *parts, whole = column(rows[title], names()[Measure.ADVERSE])
        assert sum(parts) == whole == total.adverse
    check_main(rows["汇总表"], total)
    for unit in found.statistics.by_unit():
        check_main(rows[found.names.units[unit]], found.figures(unit))
    cells = [cell for table in rows.values() for row in table for cell in row]
    assert all(isinstance(cell, str) for cell in cells)
    assert "=HYPERLINK(1)" in "".join(cells) and b"<f>" not in zipfile.ZipFile(io.BytesIO(content)).read(
        "xl/worksheets/sheet1.xml"
    )


def check_main(rows, total: Figures):
    """The table of eight columns: its rows add up to its sum, and its sum is balanced."""
    assert len(rows[0]) == 8
    at = next(index for index, row in enumerate(rows) if row[0] == "合计")
    for place, measure in ((1, "letters"), (3, "reused"), (4, "overdue"), (5, "adverse"), (6, "reports")):
        parts = [int(row[place]) for row in rows[1 : at + 1]]
        assert sum(parts[:-1]) == parts[-1] == getattr(total, measure)
    both = [tuple(map(int, row[2].split("/"))) for row in rows[1 : at + 1]]
    assert tuple(map(sum, zip(*both[:-1], strict=True))) == both[-1] == (total.times, total.applied)
    carried, waiting, check = rows[at + 1 :]
    assert (carried[0], int(carried[2])) == ("上季结转", total.carried)
    assert (waiting[0], int(waiting[2])) == ("本季未反馈", total.open)
    assert check[7].startswith(f"上季结转{total.carried}＋本季申请{total.applied}＝")


async def test_what_falls_due_next_quarter_stands_in_the_book_unit_by_unit(summed_up, happened, office):
    _session, found = summed_up
    rows = sheets(await quarter_files.book(office, found, now=NOW))["其他指标"]
    wanted = oracle.ahead(happened, QUARTER.next.begins_on, QUARTER.next.ends_on)
    for name, line in {
        "opinions": "下季度到期的查询意见（份）",
        "feedback": "下季度应反馈的核查（家）",
        "commitments": "下季度应履行的承诺（件）",
        "decisions": "下季度拟作决定的事项（件）",
    }.items():
        stands = {row[1]: int(row[2]) for row in rows if row[0] == line}
        assert stands == {found.names.units[unit]: counts.get(name, 0) for unit, counts in wanted.items()}, line
        assert sum(stands.values()) > 0, line
    said = quarter_files.draft(office, found, NOW)["coming"]
    assert f"下季度将有{found.statistics.coming().opinions}份查询意见到期" in said


async def test_a_unit_gets_its_own_ledger_and_no_natural_person_is_named(summed_up, office):
    session, found = summed_up
    own = await quarter_files.ledger_sheet(session, office, QUARTER.span, now=NOW, unit="air")
    every = await quarter_files.ledger_sheet(session, office, QUARTER.span, now=NOW)
    assert 0 < len(own.rows) < len(every.rows)
    assert all(row[0].startswith(office.policy.units["air"].short_name) for row in own.rows)
    book = sheets(await quarter_files.book(office, found, now=NOW, problems=PROBLEMS, ledger=every))
    for rows in (own.rows, every.rows, *book.values()):
        assert [cell for row in rows for cell in row if any(part in (cell or "") for part in PERSON.values())] == []
    at = every.columns.index("单位名称")
    assert {row[at] for row in every.rows} == {"自然人", "虚构公司", None}


async def test_what_an_erasure_takes_out_of_the_ledger_stands_in_no_book_that_is_kept(
    database, office, officer, enrol, tmp_path
):
    """Number, use and basis go with a person, and may name one in an organisation's entry; /stats exports them."""
    await enrol(900_050, unit="legal", role=Role.COORDINATOR)
    desk = Desk(database, office, officer, NOW, FileStore(tmp_path / "files"))
    await desk.register(AWARD, f"张 1234 {CASE}", submitted="0", way="person")
    await desk.register(PERMIT, submitted="0")
    async with database.write() as session:
        for item in await session.scalars(select(Item).where(Item.product_kind == "verification")):
            item.used_as, item.basis = "limited", f"与{CASE}张1234同案"
        await quarter_pushes.begin(session, Q4)
        push = (await stored.push_of(session, Q4)).id
    finish = await quarter_draft.draft(desk.tools, {"push": push}, SUMMED_UP)
    async with database.write() as session:
        await finish(session)
    [kept] = await desk.rows(QuarterPush)
    rows = sheets(desk.store.read(kept.files["ledger"]))
    assert CASE not in str(rows)
    assert not {"查询意见编号", "使用情况", "措施依据"} & set(rows["台账"][0])
    assert sum(column(rows["台账"], names()[Measure.APPLIED])) == 2 and "未列入" in str(rows)
    async with database.read() as session:
        taken_away = await quarter_files.ledger_sheet(session, office, Q4.span, now=SUMMED_UP)
    assert str(taken_away.rows).count(f"与{CASE}张1234同案") == 2


async def test_the_report_is_a_letter_with_tables_picture_and_problems(summed_up, office):
    _session, found = summed_up
    drawn = await quarter_files.picture(office, found)
    said = [*quarter_files.draft(office, found, NOW).values(), "协调员补充的一句话：{{ 1+1 }} <b>&"]
    content = await quarter_files.report(office, found, now=NOW, paragraphs=said, problems=PROBLEMS, picture=drawn)
    document = Document(io.BytesIO(content))
    text = "\n".join(each.text for each in document.paragraphs)
    assert text.startswith("2026年第三季度信用产品使用情况汇总")
    assert all(each in text for each in said)
    total = found.figures()
    assert f"核查申请{total.times}次{total.applied}家" in text and "大气环境处：收件日期难以确认" in text
    assert "郑环文〔2017〕15号 三（四）" in text
    assert len(document.inline_shapes) == 1
    by_matter, by_unit = ([[cell.text for cell in row.cells] for row in table.rows] for table in document.tables)
    assert by_matter[-3][0] == by_unit[-1][0] == "合计" and by_matter[-3][1:7] == by_unit[-1][1:7]
    assert len(by_unit) == 2 + len(office.policy.units)


async def test_the_picture_shows_the_figures_of_each_month_and_unit(summed_up, happened):
    _session, found = summed_up

    def counted(wanted):
        said = oracle.figures(happened, QUARTER.begins_on, QUARTER.ends_on, wanted, today=TODAY)
        return [said.get(measure, 0) for measure in ("letters", "applied", "reused", "reports")]

    with speaking("zh_CN"):
        chart = quarter_papers.chart(found)
    assert chart.series == ["信用承诺（份）", "申请核查（家）", "直接使用（家）", "信用报告（份）"]
    months = {"7月": 7, "8月": 8, "9月": 9}
    assert chart.months == [
        (name, counted(lambda u, m, k, d, month=month: d is not None and d.month == month))
        for name, month in months.items()
    ]
    named = {found.names.units[unit]: unit for unit in found.statistics.by_unit()}
    assert dict(chart.units) == {name: counted(lambda u, m, k, d, unit=unit: u == unit) for name, unit in named.items()}
    sums = [sum(counts) for _name, counts in chart.units]
    assert sums == sorted(sums, reverse=True)
    total = found.figures()
    for parts in (chart.months, chart.units):
        added = [sum(column) for column in zip(*(counts for _name, counts in parts), strict=True)]
        assert added == [total.letters, total.applied, total.reused, total.reports] == counted(lambda *_: True)


async def test_a_circular_names_only_ticked_units(summed_up, office):
    _session, found = summed_up
    for named, rows in (((), ["合计"]), (("air",), ["大气环境处", "其他单位", "合计"])):
        content = await quarter_files.circular(
            office, found, now=NOW, paragraphs=["概况。"], named=named, steps=["及时登记。"]
        )
        document = Document(io.BytesIO(content))
        assert [row.cells[0].text for row in document.tables[0].rows[1:]] == rows
        text = "\n".join(each.text for each in document.paragraphs)
        assert text.startswith("关于2026年第三季度\n信用产品使用情况的通报")
        assert "及时登记。" in text and "（请补充）" in text


async def test_a_dissolved_unit_stands_last_as_long_as_something_of_the_period_is_its_own(summed_up, office):
    _session, found = summed_up
    idle = next(code for code in office.policy.units if code not in found.statistics.by_unit())
    gone = [
        Layer(LayerKind.UNIT, code, {**office.policy.units[code].model_dump(mode="json"), "dissolved_on": "2026-10-01"})
        for code in (idle, "air")
    ]
    later = replace(office, policy=lay(office.policy, gone))
    rows = sheets(await quarter_files.book(later, found, now=NOW, problems=PROBLEMS))["按单位"]
    listed, name = [row[0] for row in rows[1:-1]], names()[Measure.APPLIED]
    assert listed[-1] == office.policy.units["air"].name and office.policy.units[idle].name not in listed
    *parts, whole = column(rows, name)
    assert sum(parts) == whole == found.figures().applied and parts[-1] > 0


async def test_an_empty_quarter_is_said(office):
    found = Summary(QUARTER, Statistics(QUARTER.span), policy_hash=office.policy.hash)
    assert list(quarter_files.draft(office, found, NOW).values()) == ["2026年第三季度各单位无信用产品使用记录。"]
    drawn = await quarter_files.picture(office, found)
    assert drawn.startswith(b"\x89PNG") and len(drawn) > 10_000
    rows = sheets(await quarter_files.book(office, found, now=NOW))
    assert rows["汇总表"][1][:2] == ["合计", "0"] and set(column(rows["按单位"], "核查申请（家）")) == {0}


async def test_the_pictures_font_holds_every_name_of_the_pack(office):
    from fontTools.ttLib import TTFont

    from bot.documents.chart import FONT

    known = set(TTFont(FONT).getBestCmap())
    policy = office.policy
    words = [unit.short_name for unit in policy.units.values()] + [each.name for each in policy.products.values()]
    with speaking("zh_CN"):
        words += [measure_name(each) for each in Measure]
    assert {character for word in words for character in word if ord(character) not in known} == set()
    assert (FONT.parent / "OFL.txt").read_text("utf-8").count("SIL OPEN FONT LICENSE") >= 1


def test_a_bot_that_draws_nothing_pays_for_none_of_it():
    """Neither the start nor the making of files brings the drawing library into the bot's own process."""
    said = "import sys, handlers.app, handlers.quarter_files; print({'matplotlib', 'numpy', 'docx'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
