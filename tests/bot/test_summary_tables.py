"""The quarter's tables: every row is there, the sums add up, and each figure stands beside those of other quarters."""

import pytest

from bot.figures import Cell, Figures, Measure
from bot.quarters import Quarter
from bot.statistics import Statistics
from bot.summary import Names, Summary
from bot.summary_tables import comparison_rows, finer_tables, workbook_tables

QUARTER = Quarter(2026, 4)
MONTH = "2026-11"


pytestmark = pytest.mark.usefixtures("chinese")


def cell(unit, matter, product, applied):
    return Cell(unit, matter, product, "enterprise", MONTH, Figures(times=applied, applied=applied, open=applied))


def test_two_groups_of_one_name_are_two_rows_and_the_sums_add_up():
    """A unit dissolved and founded anew, a matter retired and proposed again, a product of a newer pack."""
    cells = (cell("air", "m01", "old", 3), cell("b2", "b7", "new", 4), cell("b2", None, "new", 5))
    names = Names(
        units={"air": "虚构处", "b2": "虚构处"},
        matters={"m01": "虚构事项", "b7": "虚构事项"},
        products={"old": "核查", "new": "核查"},
        categories={"m01": "虚构类", "b7": "虚构类"},
    )
    statistics = Statistics(QUARTER.span, cells)
    sheets = {each.title: each for each in finer_tables(statistics, names, ("air", "b2", "idle"))}
    for title in ("按单位", "按事项", "按产品", "按事项类别", "按对象类型"):
        at = sheets[title].columns.index("核查申请（家）")
        *parts, whole = (int(row[at]) for row in sheets[title].rows)
        assert sum(parts) == whole == 12, title
    assert [row[0] for row in sheets["按单位"].rows] == ["虚构处", "虚构处", "idle", "合计"]
    assert [row[0] for row in sheets["按事项"].rows] == ["虚构事项", "虚构事项", "目录外事项", "合计"]
    assert [row[0] for row in sheets["按产品"].rows] == ["核查", "核查", "合计"]
    book = workbook_tables(Summary(QUARTER, statistics, names=names), ("air", "b2"), problems={})
    assert [each.title for each in book].count("虚构处") == 2


def compared(**beside):
    now = Figures(letters=7, applied=12, reused=4, overdue=1)
    statistics = Statistics(QUARTER.span, (Cell("air", None, None, None, MONTH, now),))
    rows = comparison_rows(Summary(QUARTER, statistics, **beside))
    return {row[0]: row[1:] for row in rows}


def test_each_figure_stands_beside_the_quarter_before_and_a_year_ago():
    before = {"air": Figures(letters=7, applied=5), "water": Figures(applied=4, reused=6)}
    rows = compared(previous=before, year_before={"air": Figures(letters=10, overdue=1, serious=2)})
    assert len(rows) == len(Measure)
    assert rows["信用承诺（份）"] == ("7", "7", "0", "10", "-3")
    assert rows["核查申请（家）"] == ("12", "9", "+3", "0", "+12")
    assert rows["直接使用有效意见（家）"] == ("4", "6", "-2", "0", "+4")
    assert rows["其中：超期"] == ("1", "0", "+1", "1", "0")
    assert rows["其中：严重失信"] == ("0", "0", "0", "2", "-2")


def test_of_a_quarter_of_which_nothing_is_known_no_change_is_said():
    rows = compared(previous=None, year_before={"air": Figures(applied=12)})
    assert rows["核查申请（家）"] == ("12", "—", "—", "12", "0")
    rows = compared(previous={"air": Figures(applied=20)}, year_before=None)
    assert rows["核查申请（家）"] == ("12", "20", "-8", "—", "—")


def test_a_unit_is_compared_with_itself():
    statistics = Statistics(QUARTER.span, (cell("air", None, None, 3), cell("water", None, None, 5)))
    known = {"air": Figures(applied=1), "water": Figures(applied=9)}
    found = Summary(QUARTER, statistics, previous=known, year_before={"water": Figures(applied=6)})
    rows = {row[0]: row[1:] for row in comparison_rows(found, "air")}
    assert rows["核查申请（家）"] == ("3", "1", "+2", "0", "+3")
    book = workbook_tables(found, ("air", "water"), problems={})
    sheet = next(each for each in book if each.title == "比较")
    assert sheet.columns == ("指标", "本季度", "上季度", "比上季度增减", "去年同期", "比去年同期增减")
    assert ("核查申请（家）", "8", "10", "-2", "6", "+2") in sheet.rows
