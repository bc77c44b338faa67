"""An older ledger: its columns recognised, its rows judged; compared with an oracle that was written on its own."""

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.reading import SheetData, read
from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER
from bot.language import speaking
from bot.ledger_columns import (
    SYNONYMS,
    Field,
    changed,
    is_known,
    known_headings,
    own_headings,
    propose,
    remember,
    remembered,
    require,
)
from bot.ledger_import import Ledger, Row, Verdict, counts, groups, marked, without_persons
from bot.ledger_verdicts import Rules, judge
from bot.opinions import Finding
from bot.policy.model import CounterpartKind
from bot.sheet_words import Standing
from tests.sheets import code, company, xlsx

TODAY = dt.date(2026, 11, 23)
HEADER = (
    "编号", "事项", "单位名称", "统一社会信用代码", "经办人", "申请方式", "状态", "提交日期", "收件日期", "补正日期",
    "反馈日期", "核查结果", "意见编号", "出具日期", "有效期至", "拟决定日期", "家数", "备注",
)  # fmt: skip
FIELDS = (
    Field.NUMBER, Field.MATTER, Field.NAME, Field.CODE, Field.OFFICER, Field.APPLICANT, Field.STATE, Field.SUBMITTED,
    Field.RECEIVED, Field.SUPPLEMENT, Field.RETURNED, Field.FINDING, Field.OPINION, Field.ISSUED, Field.VALID_TO,
    Field.DECIDE, Field.COUNT, Field.NOTE,
)  # fmt: skip


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def sheet(*rows: dict[str, str], header=HEADER) -> SheetData:
    cells = [tuple(header)] + [tuple(row.get(name, "") for name in header) for row in rows]
    return SheetData("台账", tuple(cells), 0)


def line(n: int = 1, **more: str) -> dict[str, str]:
    return {"事项": "排污许可证延续", "单位名称": company(n), "统一社会信用代码": code(n)} | more


def rules(matter=lambda _written: None, today: dt.date = TODAY) -> Rules:
    return Rules(today, months=12, end="day_before", matter=matter)


def judged(*rows: dict[str, str], **named) -> tuple[Row, ...]:
    data = sheet(*rows)
    columns = propose(data.header)
    return judge(without_persons(data, columns), columns, rules(**named))


def one(**more: str) -> Row:
    (row,) = judged(line(**more))
    return row


# --- columns ---------------------------------------------------------------------------------------------------------


def test_the_usual_names_are_recognised() -> None:
    assert propose(HEADER) == FIELDS


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("受理时间", Field.SUBMITTED),
        ("申报单位（全称）", Field.NAME),
        ("统一社会信用代码*", Field.CODE),
        ("信用信息查询意见编号", Field.OPINION),
        ("意见出具时间", Field.ISSUED),
        ("有效期 至", Field.VALID_TO),
        ("承办人：", Field.OFFICER),
        ("中心收件时间", Field.RECEIVED),
        ("核查结果说明", Field.FINDING),
        ("联系电话", None),
        ("序号", None),
        ("法定代表人", None),
        ("", None),
    ],
)
def test_other_names_are_recognised_or_left_alone(heading: str, field: Field | None) -> None:
    assert propose((heading,)) == (field,)


@given(st.permutations(list(zip(HEADER, FIELDS, strict=True))), st.integers(min_value=0, max_value=3))
def test_columns_may_stand_in_any_order_with_strangers_between(columns, strangers: int) -> None:
    header = [heading for heading, _field in columns] + [f"附列{n}" for n in range(strangers)]
    assert propose(header) == (*(field for _heading, field in columns), *[None] * strangers)


@given(st.data())
def test_every_synonym_stands_for_its_field_and_no_field_stands_twice(data) -> None:
    picked = {field: data.draw(st.sampled_from(names)) for field, names in SYNONYMS.items()}
    header = data.draw(st.permutations(list(picked.values())))
    found = propose(header)
    chosen = [field for field in found if field is not None]
    assert len(chosen) == len(set(chosen))
    assert all(found[header.index(name)] is field for field, name in picked.items())


@given(st.lists(st.text(max_size=12), max_size=20))
def test_any_heading_at_all_is_taken(header: list[str]) -> None:
    found = propose(header)
    assert len(found) == len(header)
    kept = remembered(remember(header, found))
    assert propose(header, kept) == found


def test_a_confirmed_reading_is_kept_and_asks_no_more() -> None:
    header = ("受理时间", "单位", "代码", "我们的列", "日期", "日期")
    columns = propose(header)
    columns = changed(columns, 4, Field.ISSUED)
    columns = changed(columns, 5, Field.VALID_TO)
    known = remembered(remember(header, columns))
    assert is_known(header, known)
    assert propose(header, known) == columns
    assert is_known(("单位", "受理时间"), known)
    assert not is_known((*header, "新列"), known)
    assert not is_known(header, {})
    assert [heading for heading, _field in own_headings(remember(header, columns))] == list(header)


def test_a_field_moves_from_one_column_to_another() -> None:
    columns = (Field.NAME, Field.CODE, None)
    assert changed(columns, 2, Field.NAME) == (None, Field.CODE, Field.NAME)
    assert changed(columns, 0, None) == (None, Field.CODE, None)


def test_without_names_or_codes_nothing_can_be_imported() -> None:
    require((Field.NAME, Field.CODE))
    with pytest.raises(Refusal, match="Unified social credit code"):
        require((Field.NAME, None))


# --- dates -----------------------------------------------------------------------------------------------------------


def written(on: dt.date) -> list[str]:
    """Every way in which old ledgers write a day."""
    y, m, d = on.year, on.month, on.day
    serial = (on - dt.date(1899, 12, 30)).days
    return [
        f"{y}.{m}.{d}", f"{y}/{m}/{d}", f"{y}-{m}-{d}", f"{y}年{m}月{d}日", f"{y}{m:02}{d:02}", on.isoformat(),
        f"{y}.{m:02}.{d:02}", str(serial), f"{on.isoformat()} 10:20", f"{y} 年 {m} 月 {d} 日", f"{y % 100}年{m}月{d}日",
    ]  # fmt: skip


@given(st.dates(dt.date(2010, 1, 1), TODAY), st.data())
def test_days_are_read_in_every_way_of_writing(on: dt.date, data) -> None:
    with speaking("en"):
        text = data.draw(st.sampled_from(written(on)))
        row = one(提交日期=text)
    assert (row.verdict, row.submitted_on) == (Verdict.ENTRY, on)


@pytest.mark.parametrize(
    "text", ["3.5", "3月5日", "2026.3", "2026.13.1", "2026.2.30", "去年", "待定", "202603", "昨天"]
)
def test_what_is_no_day_with_its_year_is_a_fault(text: str) -> None:
    row = one(提交日期=text)
    assert row.verdict is Verdict.WRONG
    assert 'Row 2, "提交日期"' in row.reasons[0]


# --- verdicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "verdict"),
    [
        ({}, Verdict.ENTRY),
        ({"提交日期": "2026.11.1"}, Verdict.ENTRY),
        ({"提交日期": "2026.11.1", "收件日期": "2026.11.2"}, Verdict.ENTRY),
        ({"提交日期": "2026.11.1", "状态": "已撤回"}, Verdict.CLOSED),
        ({"提交日期": "2026.11.1", "反馈日期": "2026.11.9", "状态": "已办结"}, Verdict.CLOSED),
        ({"核查结果": "无", "出具日期": "2026.3.5"}, Verdict.OPINION),
        ({"核查结果": "无", "出具日期": "2026.3.5", "状态": "已使用"}, Verdict.OPINION),
        ({"核查结果": "无", "出具日期": "2026.3.5", "状态": "待使用"}, Verdict.BOTH),
        ({"核查结果": "无", "出具日期": "2026.3.5", "拟决定日期": "2026.12.5"}, Verdict.BOTH),
        ({"核查结果": "无", "出具日期": "2025.11.24"}, Verdict.OPINION),  # to 2026-11-23, which is today
        ({"核查结果": "无", "出具日期": "2025.11.23"}, Verdict.EXPIRED),
        ({"核查结果": "无", "出具日期": "2025.11.23", "有效期至": "2026.11.23"}, Verdict.OPINION),
        ({"核查结果": "无", "出具日期": "2026.3.5", "有效期至": "2026.11.22"}, Verdict.EXPIRED),
        ({"反馈日期": "2019.3.5"}, Verdict.EXPIRED),
        ({"核查结果": "查无此主体", "出具日期": "2026.3.5"}, Verdict.CLOSED),
        ({"核查结果": "基本正常", "出具日期": "2026.3.5"}, Verdict.WRONG),
        ({"核查结果": "无"}, Verdict.WRONG),
        ({"出具日期": "2026.3.5"}, Verdict.WRONG),
        ({"反馈日期": "2026.3.5"}, Verdict.WRONG),
        ({"状态": "补正中", "提交日期": "2026.11.1"}, Verdict.WRONG),
        ({"状态": "补正中", "提交日期": "2026.11.1", "补正日期": "2026.11.4"}, Verdict.ENTRY),
        ({"状态": "已反馈", "提交日期": "2026.11.1"}, Verdict.WRONG),
        ({"状态": "不知道"}, Verdict.WRONG),
        ({"核查结果": "无", "出具日期": "2026.12.5"}, Verdict.WRONG),  # in the future
        ({"核查结果": "无", "出具日期": "2026.3.5", "有效期至": "2026.3.4"}, Verdict.WRONG),
        ({"提交日期": "2026.11.24"}, Verdict.WRONG),
        ({"提交日期": "2026.11.5", "收件日期": "2026.11.4"}, Verdict.WRONG),
        ({"事项": ""}, Verdict.WRONG),
        ({"事项": "", "核查结果": "无", "出具日期": "2026.3.5"}, Verdict.OPINION),
        ({"申请方式": "托人"}, Verdict.WRONG),
        ({"统一社会信用代码": ""}, Verdict.WRONG),
        ({"统一社会信用代码": "91410100MA00000T43"}, Verdict.WRONG),
        ({"单位名称": ""}, Verdict.WRONG),
        ({"统一社会信用代码": "", "核查结果": "无", "出具日期": "2018.3.5"}, Verdict.EXPIRED),  # nobody minds any more
    ],
)
def test_each_row_gets_its_verdict(cells: dict[str, str], verdict: Verdict) -> None:
    row = one(**cells)
    assert row.verdict is verdict, row.reasons
    if verdict is Verdict.WRONG:
        assert row.reasons
        assert all(reason.startswith('Row 2, "') for reason in row.reasons)


def test_a_number_longer_than_one_that_is_typed_is_a_fault() -> None:
    held = {"核查结果": "无", "出具日期": "2026.3.5"}
    assert one(意见编号="郑" * 60, **held).verdict is Verdict.OPINION
    row = one(意见编号="郑" * 61, **held)
    assert (row.verdict, row.reasons[0][:12]) == (Verdict.WRONG, 'Row 2, "意见编号')


@pytest.mark.parametrize(
    ("word", "finding"),
    [
        ("未查询到不良信息", Finding.CLEAN), ("无", Finding.CLEAN), ("正常", Finding.CLEAN),
        ("有不良信息", Finding.ADVERSE),
        ("严重失信", Finding.SERIOUS), ("无不良 记录", Finding.CLEAN), ("no adverse information found", Finding.CLEAN),
    ],
)  # fmt: skip
def test_words_for_a_result_are_understood(word: str, finding: Finding) -> None:
    row = one(核查结果=word, 出具日期="2026.3.5", 有效期至="2027.1.31")
    assert (row.finding, row.valid_to, row.valid_source) == (finding, dt.date(2027, 1, 31), "printed")


def test_a_printed_day_wins_over_the_rule() -> None:
    assert one(核查结果="无", 出具日期="2026.3.5").valid_to == dt.date(2027, 3, 4)
    assert one(核查结果="无", 出具日期="2026.3.5").valid_source == "policy"


@pytest.mark.parametrize(
    ("said", "applicant"),
    [
        ("", "bureau"),
        ("本部门申请", "bureau"),
        ("企业自行申请", "counterpart"),
        (company(1), "counterpart"),
        ("张三", "bureau"),
    ],
)
def test_who_applied_is_understood(said: str, applicant: str) -> None:
    assert one(申请方式=said, 经办人="张三").applicant == applicant


def test_the_older_code_is_accepted_with_and_without_its_hyphen() -> None:
    assert one(统一社会信用代码="12345678-8").legacy_code == "123456788"
    assert one(统一社会信用代码="123456788").code == ""
    assert one(统一社会信用代码="123456789").verdict is Verdict.WRONG


def test_a_code_that_a_spreadsheet_took_for_a_number_is_refused_by_row() -> None:
    rows = [["编号", "单位名称", "统一社会信用代码", "事项"], ["1", company(1), 914101001234567890, "环评审批"]]
    data = read(xlsx(rows[1:], rows[0]), "台账.xlsx", headings=known_headings())
    columns = propose(data.header)
    (row,) = judge(without_persons(data, columns), columns, rules())
    assert row.verdict is Verdict.WRONG
    assert 'Row 2, "统一社会信用代码"' in row.reasons[0]
    assert "last digits are lost" in row.reasons[0]


def test_dates_of_a_spreadsheet_are_read() -> None:
    rows = [[company(1), code(1), "环评审批", 46086, "20260305"]]
    data = read(
        xlsx(rows, ["单位名称", "统一社会信用代码", "事项", "提交日期", "收件日期"]), "", headings=known_headings()
    )
    columns = propose(data.header)
    (row,) = judge(without_persons(data, columns), columns, rules())
    assert (row.submitted_on, row.received_on) == (dt.date(2026, 3, 5), dt.date(2026, 3, 5))


def test_merged_and_calculated_cells_are_named() -> None:
    data = SheetData(
        "", (("单位名称", "统一社会信用代码", "出具日期"), (company(1), code(1), "")), 0, merged=frozenset({(1, 2)})
    )
    columns = propose(data.header)
    (row,) = judge(without_persons(data, columns), columns, rules())
    assert row.verdict is Verdict.WRONG
    assert "merged" in row.reasons[0]


def test_a_count_is_an_entry_of_its_own_and_a_total_is_none() -> None:
    count, _total = {"事项": "绿色企业评选", "家数": "32家", "提交日期": "2026.11.2"}, {}
    rows = judged(count, {"编号": "合计", "家数": "32"}, {"编号": "填表人：某某"})
    assert [(row.verdict, row.count) for row in rows] == [(Verdict.ENTRY, 32)]


def test_a_receipt_without_submission_counts_as_both_and_says_so() -> None:
    row = one(收件日期="2026.11.2")
    assert row.submitted_on == dt.date(2026, 11, 2)
    assert "receipt counts" in row.reasons[0]


def test_all_faults_of_a_row_are_named_at_once() -> None:
    row = one(提交日期="待定", 核查结果="尚可", 统一社会信用代码="1", 申请方式="托人")
    assert len(row.reasons) == 4


# --- natural persons -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells",
    [
        {"单位名称": "张三丰", "统一社会信用代码": ""},
        {"单位名称": "张三丰", "统一社会信用代码": ID_NUMBER_MARKER},
        {"单位名称": f"某某公司（{ID_NUMBER_MARKER}）"},
        {"单位名称": "李四", "统一社会信用代码": "", "备注": ID_NUMBER_MARKER},
    ],
)
def test_natural_persons_are_counted_and_forgotten(cells: dict[str, str]) -> None:
    data = sheet(line(**cells, 提交日期="2026.11.2"), line(2))
    columns = propose(data.header)
    ledger = without_persons(data, columns)
    kept = str(ledger.to_json())
    assert "张三丰" not in kept
    assert "李四" not in kept
    assert "某某公司" not in kept
    again = Ledger.from_json(ledger.to_json())
    assert [row.verdict for row in judge(again, columns, rules())] == [Verdict.PERSON, Verdict.ENTRY]


@pytest.mark.parametrize("name", ["阿依古丽·买买提", "张三（处长）", "张三 13800000000", "张三、李四"])
def test_where_nothing_speaks_of_an_organisation_no_name_is_kept_and_it_is_said_why(name: str) -> None:
    data = sheet(line(单位名称=name, 统一社会信用代码="", 备注=name), {"编号": "审核：张三"}, {"单位名称": "合计"})
    columns = propose(data.header)
    ledger = without_persons(data, columns)
    assert name not in str(ledger.to_json())
    [row] = judge(ledger, columns, rules())
    assert row.verdict is Verdict.PERSON and "For an organisation please fill in its code" in row.reasons[0]


def test_an_organisation_without_a_code_stays_to_be_corrected_and_a_stated_person_needs_no_reason() -> None:
    data = sheet(
        line(单位名称="虚构甲公司", 统一社会信用代码=""),
        line(单位名称="张三丰", 统一社会信用代码="", 主体类型="自然人"),
        header=(*HEADER, "主体类型"),
    )
    columns = propose(data.header)
    rows = judge(without_persons(data, columns), columns, rules())
    assert [row.verdict for row in rows] == [Verdict.WRONG, Verdict.PERSON]
    assert "the code is missing" in rows[0].reasons[0] and rows[1].reasons == ()


def test_a_person_stays_forgotten_under_another_reading_of_the_columns() -> None:
    header = ("甲", "乙", "事项", "主体类型")
    data = sheet({"甲": "张三丰", "主体类型": "自然人"}, {"甲": company(2), "乙": code(2), "事项": "x"}, header=header)
    first = without_persons(data, propose(header))
    again = without_persons(first.sheet, (Field.NAME, Field.CODE, Field.MATTER, None), first.persons)
    assert again.persons == {1}
    assert again.sheet.rows[1] == ("", "", "", "")


# --- which rows are one entry, which are there already ---------------------------------------------------------------


def test_rows_of_one_number_are_one_entry_where_their_dates_agree() -> None:
    rows = judged(
        line(1, 编号="5", 提交日期="2026.11.2"), line(2, 编号="5", 提交日期="2026.11.2"),
        line(3, 编号="5", 提交日期="2026.11.3"), line(4, 提交日期="2026.11.2"), line(5, 提交日期="2026.11.2"),
    )  # fmt: skip
    assert [[row.row for row in group] for group in groups(rows)] == [[2, 3], [4], [5], [6]]


def test_a_row_that_stands_twice_is_taken_once() -> None:
    twice = line(1, 核查结果="无", 出具日期="2026.3.5", 意见编号="郑信1")
    rows = marked(judged(twice, twice, line(1, 核查结果="无", 出具日期="2026.3.6", 意见编号="郑信2")), {})
    assert [row.verdict for row in rows] == [Verdict.OPINION, Verdict.PRESENT, Verdict.OPINION]
    assert rows[1].reasons == ("the same as row 2",)


def test_what_the_ledger_has_is_marked_with_its_number() -> None:
    rows = marked(judged(line(1), line(2)), {2: "大气2026-5"})
    assert [row.verdict for row in rows] == [Verdict.PRESENT, Verdict.ENTRY]
    assert "大气2026-5" in rows[0].reasons[0]
    assert counts(rows)[Verdict.PRESENT] == 1


def test_what_a_colleague_has_is_marked_without_a_number() -> None:
    [row] = marked(judged(line(1)), {2: ""})
    assert (row.verdict, row.reasons) == (Verdict.PRESENT, ("a colleague has it in the ledger already",))


# --- the oracle ------------------------------------------------------------------------------------------------------


def oracle(cells: dict[str, str]) -> str:
    """What an officer would say of a row, with days in ISO form; written without a look at the code."""

    def day(name: str) -> dt.date | None:
        return dt.date.fromisoformat(cells[name]) if cells.get(name) else None

    sent, came, back, issued, to = (day(n) for n in ("提交日期", "收件日期", "反馈日期", "出具日期", "有效期至"))
    result, state = cells.get("核查结果", ""), cells.get("状态", "")
    sent = sent or came
    pairs = [(sent, TODAY), (came, TODAY), (back, TODAY), (issued, TODAY), (sent, came), (sent, back), (issued, to)]
    if any(a and b and a > b for a, b in pairs):
        return "wrong"
    over = state in ("已办结", "已撤回")
    if not (result or issued or back or to or cells.get("意见编号")):
        return "closed" if over else "entry"
    if over and not result and not issued:
        return "closed"
    last = to or _year_after(issued or back)
    if last and last < TODAY:
        return "expired"
    if not result or not issued:
        return "wrong"
    if state == "待使用":
        return "both"
    return "closed" if result == "查无此主体" else "opinion"


def _year_after(on: dt.date | None) -> dt.date | None:
    if on is None:
        return None
    try:
        return on.replace(year=on.year + 1) - dt.timedelta(days=1)
    except ValueError:  # 29 February has no corresponding day: the month's last counts, less a day
        return dt.date(on.year + 1, 2, 27)


_DAYS = st.one_of(st.just(""), st.dates(dt.date(2024, 1, 1), dt.date(2026, 12, 31)).map(dt.date.isoformat))


@given(
    st.fixed_dictionaries(
        {name: _DAYS for name in ("提交日期", "收件日期", "反馈日期", "出具日期", "有效期至")}
        | {
            "核查结果": st.sampled_from(["", "", "无", "有不良信息", "查无此主体"]),
            "状态": st.sampled_from(["", "", "已办结", "已撤回", "待使用"]),
            "意见编号": st.sampled_from(["", "郑信1"]),
        }
    )
)
def test_the_verdict_is_that_of_the_oracle(cells: dict[str, str]) -> None:
    if cells["状态"] == "待使用" and not any(cells[name] for name in cells if name != "状态"):
        cells["状态"] = ""  # waiting to be used without anything to use is a fault of its own
    with speaking("en"):
        row = one(**cells)
    expected = oracle(cells)
    if cells["状态"] == "待使用" and row.verdict is Verdict.WRONG and expected == "entry":
        return  # the state needs a result
    assert row.verdict.value == expected, row.reasons


def test_a_thousand_rows_in_any_order_give_the_same_verdicts() -> None:
    rows = [line(n, 提交日期="2026.11.2", 状态=random.Random(n).choice(["", "已办结"])) for n in range(1000)]
    shuffled = random.Random(1).sample(rows, len(rows))
    by_name = {row.name or row.row: row.verdict for row in judged(*rows) if row.verdict is Verdict.ENTRY}
    assert {row.name: row.verdict for row in judged(*shuffled) if row.verdict is Verdict.ENTRY} == by_name


def test_kinds_follow_code_or_word() -> None:
    assert one().kind is CounterpartKind.ENTERPRISE
    assert one(统一社会信用代码="12410100MB0000T3XJ").kind is CounterpartKind.INSTITUTION
    assert one(状态="补正中", 提交日期="2026.11.1", 补正日期="2026.11.4").standing is Standing.SUPPLEMENT
