import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.counterparts import BadLines, NaturalPerson, read_count, read_organisations, read_person
from bot.errors import Refusal
from bot.identifiers import IdNumberGiven
from bot.language import speaking
from tests.oracles import identifiers_oracle as oracle

# Fictitious names and codes.
NAME, CODE = "郑州某某环保科技有限公司", "91410100MA00000T42"
OTHER_NAME, OTHER_CODE = "某某环境监测站", "12410100MB0000T3XJ"


@pytest.fixture(autouse=True)
def _english():
    with speaking("en"):
        yield


def pairs(text):
    return [(organisation.name, organisation.code.value) for organisation in read_organisations(text)]


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME} {CODE}",
        f"{CODE} {NAME}",
        f"{NAME}{CODE}",
        f"{CODE}{NAME}",
        f"{NAME}\t{CODE}",
        f"{NAME},{CODE}",
        f"{NAME}，{CODE}",
        f"{NAME}、{CODE}。".rstrip("。"),
        f"{NAME}：{CODE}",
        f"{NAME}（{CODE}）",
        f"{NAME}-{CODE}",
        f"{NAME}\n{CODE}",
        f"{CODE}\n{NAME}",
        f"{NAME}\r\n{CODE}\r\n",
        f"1. {NAME} {CODE}",
        f"（1）{NAME} {CODE}",
        f"1\t{NAME}\t{CODE}",
        f"企业名称：{NAME}\n统一社会信用代码：{CODE}",
        f"名称: {NAME}，统一社会信用代码: {CODE}",
        f"{NAME} 9141 0100 MA00 000T 42",
        f"{NAME} ９１４１０１００ＭＡ０００００Ｔ４２",
        f"{NAME} 91410100ma00000t42",
        f"{NAME} 91410100-MA00000T4-2",
        f"\u202e{NAME}\u200b \u2066{CODE}\u2069",
        f"\n\n  {NAME}   {CODE}  \n",
    ],
)
def test_one_organisation_is_read_in_any_form(text):
    assert pairs(text) == [(NAME, CODE)]


UNUSUAL_NAMES = (
    "3M（中国）某某公司", "ABC环保（郑州）有限公司", "某某 Environmental Co., Ltd.", "360某某公司",
    "某某公司<b>", "郑州(某某)厂",
)  # fmt: skip


@pytest.mark.parametrize("name", UNUSUAL_NAMES)
@pytest.mark.parametrize("form", ["{name} {code}", "{code} {name}", "{name}\n{code}", "{name}，{code}"])
def test_unusual_names_are_kept_as_they_are(name, form):
    assert pairs(form.format(name=name, code=CODE)) == [(name, CODE)]


def test_many_lines_in_mixed_forms_are_read_in_their_order():
    text = f"{NAME} {CODE}\n{OTHER_CODE}\t{OTHER_NAME}\n\n某某社团\n51410100MJ0000T47W"
    assert pairs(text) == [(NAME, CODE), (OTHER_NAME, OTHER_CODE), ("某某社团", "51410100MJ0000T47W")]


def test_same_organisation_twice_is_merged_and_the_line_noted():
    organisations = read_organisations(f"{NAME} {CODE}\n{OTHER_NAME} {OTHER_CODE}\n{CODE} {NAME}")
    assert [(o.name, o.repeated_on_lines) for o in organisations] == [(NAME, (3,)), (OTHER_NAME, ())]


def test_all_faults_are_named_at_once_with_their_lines():
    lines = [
        f"{NAME} 91410100MAO0000T42",
        f"{OTHER_NAME} {OTHER_CODE}",
        "某某没有代码的公司",
        f"另一名称 {OTHER_CODE}",
        f"{'长' * 81} 51410100MJ0000T47W",
        f"{NAME} 91410100MA00000T4",
        f"{NAME} {CODE} {OTHER_NAME} {OTHER_CODE}",
        f"{NAME} {CODE} 金水区",
        "机关 " + oracle.code_with_check("11410100005252060"),
    ]
    with pytest.raises(BadLines) as refusal:
        read_organisations("\n".join(lines))
    assert [fault.line for fault in refusal.value.faults] == [1, 3, 4, 5, 6, 7, 8, 9]
    words = (
        "digit 0",
        "No unified",
        "already stands",
        "81 characters",
        "17 were read",
        "two codes",
        "more than",
        "organs",
    )
    messages = [fault.message for fault in refusal.value.faults]
    assert [pair for pair in zip(words, messages, strict=True) if pair[0] not in pair[1]] == []
    assert refusal.value.message.splitlines()[1].startswith("Line 3: ")


def test_of_many_wrong_lines_the_first_are_named_and_the_others_counted():
    """A whole column of names without codes is a common slip, and must be answered."""
    with pytest.raises(BadLines) as refusal:
        read_organisations("\n".join(f"虚构第{n}环保公司" for n in range(150)))
    *named, last = refusal.value.message.splitlines()
    assert [line.split(":")[0] for line in named] == [f"Line {n}" for n in range(1, 9)]
    assert (last, len(refusal.value.faults)) == ("and 142 more faults", 150)


def test_fault_of_a_single_line_stands_without_its_number():
    with pytest.raises(BadLines) as refusal:
        read_organisations(f"{NAME} 91410100MAO0000T42")
    assert refusal.value.message.startswith("Position 11")


@pytest.mark.parametrize("text", [CODE, f"字 {CODE}", f"—— {CODE}", NAME])
def test_half_an_organisation_is_refused(text):
    with pytest.raises(BadLines):
        read_organisations(text)


@pytest.mark.parametrize("text", ["", " \n\t\n", "\u200b"])
def test_nothing_is_refused_with_what_to_send(text):
    with pytest.raises(Refusal, match="Please send the name"):
        read_organisations(text)


NAMES = st.text("某甲乙丙丁环保科技有限公司（）ABc", min_size=2, max_size=30).filter(
    lambda name: name[0].isalpha() and name[-1].isalpha() and "（）" not in name and sum(c > "\u3000" for c in name) > 1
)


@given(names=st.lists(NAMES, min_size=1, max_size=8), seed=st.integers(0, 2**32))
def test_any_list_is_read_back(names, seed):
    rng = random.Random(seed)
    codes = list(dict.fromkeys(oracle.random_code(rng) for _ in names))
    wanted = list(zip(names, codes, strict=False))
    forms = ("{0} {1}", "{1} {0}", "{0}\t{1}", "{0}，{1}", "{0}\n{1}")
    text = "\n".join(rng.choice(forms).format(*pair) for pair in wanted)
    assert pairs(text) == wanted


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    try:
        organisations = read_organisations(text)
    except Refusal as refusal:
        assert refusal.message
    else:
        assert all(2 <= len(organisation.name) <= 80 for organisation in organisations)


@pytest.mark.parametrize(
    ("text", "surname", "last4", "case_number"),
    [
        ("张 1234 郑环罚2026-15", "张", "1234", "郑环罚2026-15"),
        ("欧阳，123x，郑环罚〔2026〕15号", "欧阳", "123X", "郑环罚〔2026〕15号"),
        ("王某  １２３４  内部 7 号", "王", "1234", "内部 7 号"),
        ("李**\t0001\n2026-3", "李", "0001", "2026-3"),
    ],
)
def test_person_is_read_by_the_little_that_is_kept(text, surname, last4, case_number):
    assert read_person(text) == NaturalPerson(surname, last4, case_number)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("张三 1234 郑环罚2026-15", "surname only"),
        ("欧阳某甲 1234 2026-15", "surname only"),
        ("某某 1234 2026-15", "surname only"),
        ("7 1234 2026-15", "surname only"),
        ("张 123 2026-15", "last four"),
        ("张 12345 2026-15", "last four"),
        ("张 X123 2026-15", "last four"),
        ("张 1234", "the case number"),
        ("", "the case number"),
        ("张 1234 " + "号" * 41, "41 characters"),
    ],
)
def test_more_or_less_than_may_be_kept_is_refused(text, words):
    with pytest.raises(Refusal) as refusal:
        read_person(text)
    assert words in refusal.value.message


@pytest.mark.parametrize(
    "text",
    [
        "张 002X 11010519491231",
        "张，002x，１１０１０５１９４９１２３１",
        "张 002X 110105-1949-1231",
        "张 002X 虚构办2026-15 11010519491231号",
        "张 1101 0519491231002X",
        "张 1101 虚构办0519491231002X号",
    ],
)
def test_an_id_number_in_two_parts_is_refused_like_a_whole_one(text):
    with pytest.raises(IdNumberGiven) as refusal:
        read_person(text)
    assert "An ID number must not be sent here" in refusal.value.message


@pytest.mark.parametrize("case_number", ["11010519491230", "41010020260315", "2026-11-23-001", "郑环罚〔2026〕1105号"])
def test_a_case_number_of_many_digits_is_kept_where_no_id_number_comes_of_it(case_number):
    assert read_person(f"张 002X {case_number}").case_number == case_number


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("32", 32), ("３２", 32), ("三十二", 32), ("32人", 32), ("32 份", 32), ("32家", 32), ("十", 10), ("十二家", 12),
        ("二十", 20), ("两百", 200), ("一百零五", 105), ("一百一十五人", 115), ("1", 1), ("五百", 500),
    ],
)  # fmt: skip
def test_count_is_read(text, count):
    assert read_count(text, most=500) == count


@pytest.mark.parametrize("text", ["0", "501", "-3", "3.5", "约32", "", "人", "三十二十", "一百二", "9" * 5000, "1,000"])
def test_what_is_no_count_is_refused_with_the_limit(text):
    with pytest.raises(Refusal, match="1 to 500"):
        read_count(text, most=500)
