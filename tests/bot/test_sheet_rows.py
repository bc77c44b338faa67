"""The same cells say the same in every sheet: in a list, in the results of a list, in an older ledger."""

import datetime as dt
from collections.abc import Collection

import pytest

from bot.batch import check
from bot.batch_results import Rules as ResultRules
from bot.batch_results import read_results
from bot.documents.reading import SheetData
from bot.language import speaking
from bot.ledger_columns import propose
from bot.ledger_import import without_persons
from bot.ledger_verdicts import Rules, judge
from bot.opinions import Finding
from tests.sheets import code, company

TODAY = dt.date(2026, 11, 23)
ISSUED = dt.date(2026, 11, 20)
HEADER = ("单位名称", "主体类型", "统一社会信用代码", "核查结果", "出具日期", "有效期至")
RIGHT = (company(1), "企业", code(1), "未查询到不良信息", "2026-11-20", "")


@pytest.fixture(autouse=True, params=["en", "zh_CN"])
def language(request):
    with speaking(request.param):
        yield


def sheet(column: str, text: str, **cells: Collection[tuple[int, int]]) -> SheetData:
    at = HEADER.index(column)
    row = (*RIGHT[:at], text, *RIGHT[at + 1 :])
    return SheetData("", (HEADER, row), 0, **{name: frozenset(each) for name, each in cells.items()})


def of_list(data: SheetData) -> object:
    """Return what the check of a list says of a row: its name and code, or what is wrong with it."""
    (row,) = check(data).rows
    return row.faults or (row.name, row.code)


def of_results(data: SheetData) -> object:
    """Return what the results of a list say: what was found and when, or what is wrong."""
    results = read_results(data, waiting={code(1)}, known={code(1)}, rules=ResultRules(TODAY, 12, "day_before"))
    return results.faults or (results.right[0].finding, results.right[0].issued_on, results.right[0].valid_to)


def of_ledger(data: SheetData, *, printed: bool = False) -> object:
    """Return what an older ledger says, in the words of the results of a list, or else of the check."""
    columns = propose(data.header)
    rules = Rules(TODAY, months=12, end="day_before", matter=lambda _written: None)
    (row,) = judge(without_persons(data, columns), columns, rules)
    if row.reasons:
        return row.reasons
    if not printed:
        return row.name, row.code or row.legacy_code
    return row.finding, row.issued_on, row.valid_to if row.valid_source == "printed" else None


@pytest.mark.parametrize(
    ("word", "finding"),
    [
        ("无不良记录", Finding.CLEAN), ("良好", Finding.CLEAN), ("无不良 记录。", Finding.CLEAN), ("无", Finding.CLEAN),
        ("失信", Finding.ADVERSE), ("有不良记录", Finding.ADVERSE),
        ("黑名单", Finding.SERIOUS), ("查无此企业", Finding.UNKNOWN), ("查无此主体/信息不符", Finding.UNKNOWN),
    ],
)  # fmt: skip
def test_a_word_for_a_result_means_the_same_everywhere(word: str, finding: Finding) -> None:
    data = sheet("核查结果", word)
    assert of_results(data) == of_ledger(data, printed=True) == (finding, ISSUED, None)


@pytest.mark.parametrize(
    "text",
    [
        "2026/11/20 0:00", "2026-11-20 00:00:00", "2026.11.20 10时20分", "2026-11-20 上午", "2026-11-20 10:20",
        "2026年11月20日", "26年11月20日", "20261120", "46346", "2026 年 11 月 20 日", "２０２６．１１．２０",
        "2026-11-20（周五）",
    ],
)  # fmt: skip
def test_a_day_means_the_same_everywhere(text: str) -> None:
    data = sheet("出具日期", text)
    assert of_results(data) == of_ledger(data, printed=True) == (Finding.CLEAN, ISSUED, None)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("核查结果", "还行"), ("核查结果", "2"), ("核查结果", ""), ("核查结果", "——"),
        ("出具日期", "11月20日"), ("出具日期", "2026-02-30"), ("出具日期", "昨天"), ("出具日期", "2026.11"),
        ("出具日期", "2026-11-20（周一）"),
        ("有效期至", "2026-11-20 2027-11-19"), ("有效期至", "2026-11-20 至2027-11-19"), ("有效期至", "一年"),
        ("统一社会信用代码", "9.14101E+17"), ("统一社会信用代码", "91410100MA00000T43"),
        ("统一社会信用代码", "12345678-9"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_gets_the_same_sentence_from_results_and_ledger(column: str, text: str) -> None:
    data = sheet(column, text)
    (fault,) = of_results(data)
    assert of_ledger(data) == (fault,)
    assert f"2行“{column}”" in fault or f'Row 2, "{column}": ' in fault


@pytest.mark.parametrize("trouble", ["merged", "formulas", "cut"])
@pytest.mark.parametrize("column", ["核查结果", "出具日期", "有效期至", "统一社会信用代码"])
def test_a_cell_that_cannot_be_relied_on_gets_the_same_sentence(trouble: str, column: str) -> None:
    data = sheet(column, RIGHT[HEADER.index(column)], **{trouble: {(1, HEADER.index(column))}})
    (fault,) = of_results(data)
    assert of_ledger(data) == (fault,)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("单位名称", ""), ("单位名称", "-"), ("单位名称", "虚"), ("单位名称", "虚构" * 41),
        ("单位名称", " 虚构  公司 "),
        ("统一社会信用代码", ""), ("统一社会信用代码", "/"), ("统一社会信用代码", "无此项"),
        ("统一社会信用代码", "914101001234567890"), ("统一社会信用代码", "9141010OMA00000T42"),
        ("统一社会信用代码", "12345678-8"), ("统一社会信用代码", "12345678-9"),
        ("统一社会信用代码", code(1).lower()), ("主体类型", "-"), ("主体类型", "不详"),
    ],
)  # fmt: skip
def test_names_and_codes_are_read_alike_in_a_list_and_in_a_ledger(column: str, text: str) -> None:
    at = HEADER.index(column)
    data = sheet(column, text, numeric={(1, at)} if text.isdecimal() else ())
    assert of_list(data) == of_ledger(data)
