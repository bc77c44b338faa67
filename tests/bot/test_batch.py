"""A list, row by row: codes, repetitions, near names, persons, what follows, and results that come back."""

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.batch import Check, Checked, check
from bot.batch_columns import Column, columns_of
from bot.batch_results import Results, Rules, read_results
from bot.batch_verdicts import Verdict, judge, table
from bot.deadlines import valid_until
from bot.documents.reading import SheetData, read
from bot.errors import Refusal
from bot.language import speaking
from bot.near_names import are_near, near_names
from bot.opinions import Finding, Reusable
from bot.policy.model import CounterpartKind
from tests.sheets import HEADER, RESULT_HEADER, code, company, row, xlsx

TODAY = dt.date(2026, 11, 23)
ENTERPRISES = frozenset({CounterpartKind.ENTERPRISE})
ID_NUMBER = "11010519491231002X"  # the example of GB 11643


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def checked(*rows, **more) -> Checked:
    return check(read(xlsx(rows, **more), "x"))


def reusable(its_code: str, **more) -> Reusable:
    given = {
        "opinion_id": 7, "counterpart_id": 1, "code": its_code, "name": "甲", "number": "郑信2026-7",
        "issued_on": dt.date(2026, 3, 1), "valid_to": dt.date(2027, 2, 28), "unit": "大气", "holder": None,
        "finding": Finding.CLEAN,
    }  # fmt: skip
    return Reusable(**(given | more))


def test_a_right_row_is_right() -> None:
    [found] = checked(row(1)).rows
    assert (found.check, found.name, found.code, found.kind) == (Check.RIGHT, company(1), code(1), "enterprise")
    assert found.row == 2 and not found.faults and not found.hints


@pytest.mark.parametrize(
    ("its_code", "said"),
    [
        ("9141010OMA00000T42", 'Position 8 of the code reads "O"'),
        ("91410100MA00000T43", "check character at position 18"),
        ("91410100MA00000T4", "17 were read"),
        ("", "the code is missing"),
        ("11410100MB0000T3XJ", "belong to state organs"),
        (914101001234567890, "last digits are lost"),
        ("9.14101E+17", "last digits are lost"),
    ],
)
def test_a_wrong_code_names_row_column_and_what_is_wrong(its_code, said: str) -> None:
    rows = [row(1), (2, company(2), "企业", its_code, "", "", "", "")]
    _right, found = checked(*rows).rows
    assert found.check is Check.WRONG
    [fault] = found.faults
    assert fault.startswith('Row 3, "统一社会信用代码": ') and said in fault


def test_formulas_and_merged_cells_are_named_where_they_matter() -> None:
    content = xlsx(
        [row(1), row(2), ("3", None, "企业", code(3))],
        formulas={(1, 3): ("=E9", code(1)), (1, 0): ("=ROW()", "1")},
        merged=[(2, 1, 3, 1, company(2))],
    )
    first, second, third = check(read(content, "x")).rows
    assert "formula" in first.faults[0] and first.faults[0].startswith('Row 2, "统一社会信用代码"')
    assert second.check is Check.RIGHT
    assert "merged" in third.faults[0] and third.faults[0].startswith('Row 4, "主体名称"')


def test_a_missing_column_is_named() -> None:
    with pytest.raises(Refusal, match='no column "Unified social credit code"'):
        checked(("1", "甲"), header=("序号", "主体名称"))


def test_headings_have_many_names() -> None:
    found = columns_of(("序号", "企业名称", "信用代码（18位）", "奖项/申报项目"), wanted=(Column.NAME, Column.CODE))
    assert found == {Column.NUMBER: 0, Column.NAME: 1, Column.CODE: 2, Column.PROJECT: 3}


def test_totals_and_remarks_below_are_no_rows() -> None:
    found = checked(row(1), ("合计", "1家"), ("填表人：", "某某"), ("注：以上企业名单",)).rows
    assert len(found) == 1


def test_the_same_organisation_again_counts_once() -> None:
    rows = [row(1), row(2), row(3, "虚构第1环保科技有限公司 ", code(1)), row(4, "另一家（虚构）", code(2))]
    found = checked(*rows).rows
    assert (found[2].check, found[2].same_as) == (Check.REPEATED, 2)
    assert found[3].check is Check.WRONG and "stands in row 3 with another name" in found[3].faults[0]


def test_names_that_are_nearly_the_same_are_hinted_at() -> None:
    rows = [row(1, "虚构(郑州)绿源环保有限公司"), row(2, "虚构（郑州） 绿源环保有限公司"), row(3, "别的公司（虚构）")]
    first, second, third = checked(*rows).rows
    assert all(each.check is Check.RIGHT for each in (first, second, third))
    assert "row 3" in first.hints[0] and "row 2" in second.hints[0] and not third.hints


def test_the_older_code_is_accepted_with_a_hint() -> None:
    found = checked(row(1, its_code="10000000-9"), row(2, its_code="12345678-8")).rows
    legacy = [each for each in found if each.check is Check.LEGACY]
    assert [each.code for each in legacy] == ["123456788"] and "18 characters" in legacy[0].hints[0]


@pytest.mark.parametrize(
    "person",
    [
        ("1", "张三丰", "", "", "", "先进个人", "", "手机13800000000"),
        ("1", "欧阳某", "自然人", "无", "", "", "", ""),
        ("1", "张三", "个人", ID_NUMBER, "", "", "", ""),
        ("1", "张三（虚构）", "", ID_NUMBER, "", "", "", ""),
        ("1", "张三（虚构）", "", 110105194912310021, "", "", "", ""),
        ("1", "张三丰", "", "1.10105E+17", "", "", "", ""),
    ],
)
def test_natural_persons_are_counted_and_their_names_are_gone(person) -> None:
    found = checked(row(5), person)
    kept = found.rows[1]
    assert (kept.check, kept.kind) == (Check.PERSON, "natural_person")
    everything = str(found.to_json())
    for secret in (person[1], "1949", "13800000000"):
        assert secret not in everything


PERSONS = [
    "阿依古丽·买买提", "买买提•艾力", "尼玛次仁扎西", "张三（处长）", "张三（虚构环保局）",
    "张三 13800000000", "张三13800000000", "张 三", "张三、李四", "欧阳娜娜", "李园", "王知行", "Zhang San",
    f"张三 {ID_NUMBER}",
]  # fmt: skip
ORGANISATIONS = [
    "虚构甲公司", "虚构环保科技有限公司（张三）", "虚构电镀厂（普通合伙）", "虚构加油站 0371-12345678",
    "虚构监测站", "虚构车行", "虚构村民委员会", "虚构种植专业合作社", "虚构幼儿园", "虚构商会", "虚构第一医院",
    "虚构饭庄", "虚构超市", "虚构社区", "虚构工作室", "虚构街道办事处", "虚构环保科技",
    "Fictitious Green Co., Ltd.", "虚", "91410100MA00000T42", "12345678-8",
]  # fmt: skip


@pytest.mark.parametrize("name", PERSONS)
@pytest.mark.parametrize("its_code", ["", "无", "暂无"])
def test_where_nothing_speaks_of_an_organisation_no_name_is_kept_and_it_is_said_why(name: str, its_code: str) -> None:
    kept = checked(row(5), ("1", name, "", its_code, "虚构区", "先进个人", "", f"{name}的备注")).rows[1]
    assert (kept.check, kept.name, kept.cells) == (Check.PERSON, "", ("1", "", "", "", "虚构区", "先进个人", "", ""))
    [hint] = kept.hints
    assert hint.startswith('Row 3, "统一社会信用代码": ') and "For an organisation please fill in the code" in hint


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_an_organisation_without_a_code_is_told_so_by_its_name(name: str) -> None:
    [found] = checked(("1", name, "", "", "", "", "", "")).rows
    assert (found.check, found.name, found.hints) == (Check.WRONG, name, ())
    assert "the code is missing" in found.faults[-1]


@pytest.mark.parametrize(
    ("kind", "its_code"), [("企业", ""), ("国有企业", ""), ("", "9141"), ("", code(3)), ("事业单位", "")]
)
def test_a_name_with_a_code_or_with_an_organisations_kind_stays(kind: str, its_code: str) -> None:
    [found] = checked(("1", "阿依古丽·买买提", kind, its_code, "", "", "", "")).rows
    assert found.check is not Check.PERSON and found.name == "阿依古丽·买买提"


def test_a_row_that_may_be_a_persons_or_an_organisations_is_told_what_is_right_for_both() -> None:
    batch = judge(
        checked(row(1), ("2", "尼玛次仁扎西", "", ""), ("3", "张三丰", "自然人", "")), kinds=ENTERPRISES, reusable={}
    )
    assert batch.presumed == 1
    _header, lines = table(batch, ())
    assert "for an organisation fill in the code" in lines[1][12] and "the matter is for" not in lines[1][8]
    assert lines[2][12].startswith("natural person: counted only") and "the matter is for" in lines[2][8]


def test_a_list_that_was_checked_before_is_read_on() -> None:
    known = checked(row(1)).to_json()
    assert Checked.from_json({**known, "rows": [each[:9] for each in known["rows"]]}) == checked(row(1))


def test_a_short_name_with_a_stated_kind_is_no_person() -> None:
    rows = [("1", "虚构一厂", "企业", ""), ("2", "甲乙丙", "企业", ""), ("3", "虚构车行", "", "")]
    rows += [("4", "虚构饭庄", "", 914101001234567890), ("5", "虚构一厂", "", 124101001234567890)]
    found = checked(*rows).rows
    assert [each.check for each in found] == [Check.WRONG] * 5


def test_an_id_number_in_a_remark_is_struck_out() -> None:
    [found] = checked(row(1, note=f"法人 {ID_NUMBER}")).rows
    assert ID_NUMBER not in str(found)


def test_a_kind_that_the_code_contradicts_is_hinted_at() -> None:
    [found] = checked(row(1, kind="事业单位")).rows
    assert found.check is Check.RIGHT and "another kind" in found.hints[0]


def test_json_carries_a_checked_list_whole() -> None:
    found = checked(row(1), row(2, its_code="x"), row(3, its_code=code(1)), ("4", "张三丰"))
    assert Checked.from_json(found.to_json()) == found


def test_what_follows_for_each_row() -> None:
    rows = [
        row(1), row(2), row(3, its_code=code(1), name=company(1)), row(4, its_code="bad"),
        row(5, its_code=code(5, "12410100MB"), kind="事业单位"), ("6", "张三丰"), row(7, its_code="12345678-8"),
    ]  # fmt: skip
    found = judge(checked(*rows), kinds=ENTERPRISES, reusable={code(2): reusable(code(2))})
    assert [each.verdict for each in found.rows] == [
        Verdict.APPLY, Verdict.REUSE, Verdict.REPEATED, Verdict.WRONG, Verdict.WRONG, Verdict.PERSON, Verdict.LEGACY,
    ]  # fmt: skip
    assert "the matter is for" in found.rows[4].listed.faults[0] and found.rows[4].listed.faults[0].startswith("Row 6")
    assert [each.code.value for each in found.organisations] == [code(1), code(2)]
    assert found.rows[1].opinion.opinion_id == 7
    assert "natural person" in found.rows[5].listed.hints[0] and len(found.faults) == 2


def test_the_list_goes_back_with_five_more_columns() -> None:
    batch = judge(checked(row(1), row(2)), kinds=None, reusable={code(2): reusable(code(2), adverse_since=TODAY)})
    header, lines = table(batch, ())
    assert header[:8] == HEADER and len(header) == 13
    assert lines[0][:8] == row(1) and lines[0][8:] == ("right", "", "", "", "apply for verification")
    assert "郑信2026-7" in lines[1][10] and "2027-02-28" in lines[1][10] and "2026-11-23" in lines[1][10]
    assert lines[1][12].startswith("look at what was logged")


NEAR = [
    ("虚构（河南）环保有限公司", "虚构(河南) 环保有限公司"),
    ("河南省绿源环保科技有限公司", "绿源环保科技"),
    ("郑州市蓝天机械制造集团有限公司", "蓝天机械制造有限责任公司"),
    ("虚构金水区清洁能源科技发展有限公司", "虚构金水区清洁能源科技发展有限公可"),
]
APART = [
    ("郑州市第一中学", "郑州市第二中学"),
    ("虚构环保1号厂有限公司", "虚构环保2号厂有限公司"),
    ("绿源环保", "蓝天机械"),
    ("绿源", "绿源环保科技有限公司"),
]


@pytest.mark.parametrize(("one", "other"), NEAR)
def test_near(one: str, other: str) -> None:
    assert are_near(one, other) and are_near(other, one)


@pytest.mark.parametrize(("one", "other"), APART)
def test_apart(one: str, other: str) -> None:
    assert not are_near(one, other)


@given(st.lists(st.text("绿源环保甲乙一二公司有限（） 1", min_size=1, max_size=8), max_size=12))
def test_near_names_are_mutual_and_order_does_not_matter(names: list[str]) -> None:
    found = near_names(names)
    pairs = {frozenset((one, other)) for one, others in found.items() for other in others}
    assert all(one in found[other] for one, others in found.items() for other in others)
    for one, other in itertools.combinations(range(len(names)), 2):
        assert (frozenset((one, other)) in pairs) == are_near(names[one], names[other])


def results(*rows, waiting=range(1, 9), header=RESULT_HEADER, **more) -> Results:
    sheet: SheetData = read(xlsx(rows, header=header, **more), "x")
    codes = {code(n) for n in waiting}
    rules = Rules(TODAY, 12, "day_before")
    return read_results(sheet, waiting=codes, known=codes | {code(99)}, rules=rules)


def answer(n: int, finding="未查询到不良信息", records="", number="", issued="2026-11-20", until="2027-11-19") -> tuple:
    return (code(n), finding, records, "", number, issued, until)


def test_results_are_matched_by_code() -> None:
    found = results(
        answer(1, number="郑信2026-1"),
        answer(2, "有不良信息", "2", issued="2026年11月20日", until=""),
        answer(3, "严重失信", issued="20261120"),
        answer(4, "查无此主体/信息不符", issued="2026/11/20"),
        ("", "", "", "", "", "", ""),
        (code(5), "", "", "", "", "", ""),
    )
    assert not found.faults
    assert [(each.code, each.finding) for each in found.right] == [
        (code(1), Finding.CLEAN), (code(2), Finding.ADVERSE), (code(3), Finding.SERIOUS), (code(4), Finding.UNKNOWN),
    ]  # fmt: skip
    assert {each.issued_on for each in found.right} == {dt.date(2026, 11, 20)}
    assert [each.valid_to for each in found.right][:2] == [dt.date(2027, 11, 19), None]
    assert found.right[0].number == "郑信2026-1" and found.right[1].details == "2"


@pytest.mark.parametrize(
    ("wrong", "column", "said"),
    [
        (answer(1, issued="2026-11-24"), "出具日期", "in the future"),
        (answer(1, issued="2026-11-20", until="2026-11-19"), "有效期至", "before the day of issue"),
        (answer(1, issued="2025-11-20", until="2026-11-19"), "有效期至", "has expired"),
        (answer(1, issued="2025-11-20", until=""), "出具日期", "has expired"),
        (answer(1, issued=""), "出具日期", "missing"),
        (answer(1, issued="3月5日"), "出具日期", "with its year"),
        (answer(1, issued="2026-02-30"), "出具日期", "with its year"),
        (answer(1, issued="今天"), "出具日期", "with its year"),
        (answer(1, "还行"), "核查结果", "not known"),
        (answer(1, "未查询到不良信息", "3"), "不良信息条数", "counted"),
        (answer(50), "统一社会信用代码", "does not belong"),
        (answer(99), "统一社会信用代码", "already"),
        ((914101001234567890, *answer(1)[1:]), "统一社会信用代码", "lost"),
        (("91410100MA00000T43", *answer(1)[1:]), "统一社会信用代码", "position 18"),
    ],
)
def test_a_wrong_result_names_row_column_and_what_is_wrong(wrong, column: str, said: str) -> None:
    found = results(answer(2), wrong)
    assert [each.code for each in found.right] == [code(2)]
    [fault] = found.faults
    assert fault.startswith(f'Row 3, "{column}": ') and said in fault


def test_the_same_code_twice_is_a_fault_and_neither_counts() -> None:
    found = results(answer(1), answer(2), answer(1, "有不良信息"))
    assert [each.code for each in found.right] == [code(2)] and "row 2 gives" in found.faults[0]
    assert found.disputed == (code(1),)


def test_a_date_that_lost_its_format_is_still_a_date() -> None:
    [found] = results((code(1), "无", "", "", "", 46346, "")).right
    assert found.issued_on == dt.date(2026, 11, 20)


def test_a_formula_for_a_date_is_named() -> None:
    found = results(answer(1), formulas={(1, 5): ("=TODAY()", "2026-11-20")})
    assert "formula" in found.faults[0]


def test_results_need_their_columns() -> None:
    with pytest.raises(Refusal, match="Verification result, Day of issue"):
        results((code(1), "甲"), header=("统一社会信用代码", "主体名称"))


@given(
    st.dates(dt.date(2024, 1, 1), dt.date(2028, 12, 31)),
    st.none() | st.dates(dt.date(2024, 1, 1), dt.date(2099, 12, 31)),
)
def test_what_is_recorded_has_possible_dates(issued: dt.date, until: dt.date | None) -> None:
    found = results(answer(1, issued=issued.isoformat(), until=until.isoformat() if until else ""))
    last = until or valid_until(issued, months=12, end="day_before")
    possible = issued <= TODAY and issued <= last and last >= TODAY
    assert bool(found.right) == possible and bool(found.faults) != possible


def test_json_carries_results_whole() -> None:
    found = results(answer(1, until=""), answer(2, "有"), answer(3, "?"))
    assert Results.from_json(found.to_json()) == found
