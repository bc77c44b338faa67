"""The quarter's tables: every row is there, the sums add up, and each figure stands beside those of other quarters."""

import pytest

from bot.figures import Cell, Figures
from bot.language import speaking
from bot.quarters import Quarter
from bot.statistics import Statistics
from bot.summary import Names, Summary
from bot.summary_tables import finer_tables, workbook_tables

QUARTER = Quarter(2026, 4)
MONTH = "2026-11"


@pytest.fixture(autouse=True)
def chinese():
    with speaking("zh_CN"):
        yield


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
