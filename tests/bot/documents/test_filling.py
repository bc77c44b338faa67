import datetime as dt
import io
import re
from dataclasses import replace

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.filling import (
    BLANK,
    MOST_OF_NAME,
    Desk,
    Facts,
    file_name,
    fitting,
    letter_of,
    paper_name,
    product_of,
)
from bot.documents.letters import Application, Commitment, Inquiry, Notice, Paper, Subject, rendered
from bot.language import speaking
from bot.ledger import Entry, ProductLine
from bot.policy.loader import load, packaged
from bot.policy.model import ProductKind
from bot.workdays import Calendar

ZHENGZHOU, EXAMPLE = load(packaged("zhengzhou")), load(packaged("example"))
FIRM, OTHER_FIRM = Subject("虚构甲公司", "91410100MA00000T42"), Subject("虚构乙公司", "12410100MB0000T3XJ")
TODAY = dt.date(2026, 11, 25)  # a Wednesday
PLAN = "《关于在行政管理事项中使用信用产品的实施方案（试行）》（郑环文〔2017〕15号）"
VERIFY = ProductLine("verification", ProductKind.VERIFICATION, 1)
PLEDGE = ProductLine("commitment", ProductKind.COMMITMENT, 1)
REPORT = ProductLine("report", ProductKind.REPORT, 1)
ENTRY = Entry(
    id=17,
    version=2,
    number="大气2026-17",
    matter="绿色环保引领企业评选推荐",
    matter_code="m21",
    subjects=(FIRM.name,),
    head_count=None,
    of_person=False,
    products=(VERIFY,),
    applicant="bureau",
    open=True,
    withdrawn=False,
)
RULE = next(rule for rule in ZHENGZHOU.rules if rule.product == "verification" and rule.in_force(TODAY))
FACTS = Facts(
    entry=ENTRY,
    unit="大气环境处",
    rule_ids=frozenset({RULE.id}),
    decided_on=TODAY,
    offered=("verification",),
    verified=(FIRM,),
    subjects=(FIRM,),
    of_persons=False,
)
DESK = Desk(ZHENGZHOU, ZHENGZHOU, Calendar(), TODAY)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


def facts(**entry):
    return replace(FACTS, entry=replace(ENTRY, **entry))


def received(due_on):
    return facts(submitted_on=dt.date(2026, 11, 16), received_on=dt.date(2026, 11, 17), due_on=due_on)


@pytest.mark.parametrize(
    ("change", "papers"),
    [
        ({}, [Paper.APPLICATION]),
        ({"applicant": "counterpart"}, []),
        ({"open": False}, []),
        ({"withdrawn": True, "open": False, "products": (VERIFY, PLEDGE, REPORT)}, []),
        ({"products": (VERIFY, PLEDGE)}, [Paper.APPLICATION, Paper.COMMITMENT]),
        ({"products": (VERIFY, replace(PLEDGE, in_form=True))}, [Paper.APPLICATION]),
        ({"products": (PLEDGE,), "open": False, "applicant": None}, [Paper.COMMITMENT]),
        ({"products": (REPORT,), "open": False, "applicant": None}, [Paper.NOTICE]),
    ],
)
def test_only_letters_that_fit_the_products_are_offered(change, papers):
    assert list(fitting(facts(**change), DESK)) == papers


def test_the_notice_is_offered_where_a_report_was_named_but_not_recorded():
    assert Paper.NOTICE in fitting(replace(FACTS, offered=("verification", "report")), DESK)


@pytest.mark.parametrize(
    ("due_on", "fits"),
    [
        (dt.date(2026, 11, 24), True),  # yesterday
        (TODAY, True),
        (dt.date(2026, 11, 26), True),  # one working day left, the first reminder of the pack
        (dt.date(2026, 11, 27), False),
    ],
)
def test_the_centre_is_asked_when_its_period_ends_and_not_before(due_on, fits):
    assert (Paper.INQUIRY in fitting(received(due_on), DESK)) is fits
    unconfirmed = replace(FACTS, entry=replace(received(due_on).entry, received_on=None))
    assert Paper.INQUIRY not in fitting(unconfirmed, DESK)
    waiting = replace(FACTS, entry=replace(received(due_on).entry, supplement_on=TODAY))
    assert Paper.INQUIRY not in fitting(waiting, DESK)


def test_an_application_says_who_asks_whom_about_what_and_why():
    letter = letter_of(Paper.APPLICATION, FACTS, DESK)
    assert isinstance(letter, Application)
    assert (letter.bureau, letter.centre, letter.unit) == ("郑州市生态环境局", "市信用中心", "大气环境处")
    assert (letter.number, letter.matter, letter.subjects) == (ENTRY.number, ENTRY.matter, (FIRM,))
    assert letter.basis.startswith(
        "《关于在行政管理事项中使用信用产品的实施方案（试行）》（郑环文〔2017〕15号）二（二）"
    )
    assert letter.purpose == next(
        each.name for each in ZHENGZHOU.categories if each.id == ZHENGZHOU.matters["m21"].category
    )
    assert (letter.wish_date, letter.date) == ("2026年12月2日", "2026年11月25日")


def test_only_counterparts_without_a_valid_opinion_are_asked_about():
    letter = letter_of(Paper.APPLICATION, replace(FACTS, subjects=(FIRM, OTHER_FIRM), verified=(OTHER_FIRM,)), DESK)
    assert letter.subjects == (OTHER_FIRM,)


@pytest.mark.parametrize(
    ("change", "wish"),
    [
        ({"due_on": dt.date(2026, 11, 27)}, "2026年11月27日"),
        ({"due_on": dt.date(2027, 1, 5), "due_provisional": True}, "2027年1月5日（暂定）"),
        ({"decide_on": dt.date(2026, 11, 27)}, "2026年11月27日"),
        ({"decide_on": dt.date(2026, 12, 18)}, "2026年12月2日"),
        ({"decide_on": dt.date(2026, 11, 2)}, "2026年12月2日"),  # past already
    ],
)
def test_the_wish_is_the_end_of_the_period_or_the_decision_where_it_comes_first(change, wish):
    assert letter_of(Paper.APPLICATION, facts(**change), DESK).wish_date == wish


def test_without_a_rule_the_document_stands_alone():
    letter = letter_of(Paper.APPLICATION, replace(FACTS, rule_ids=frozenset()), DESK)
    assert letter.basis == PLAN


def test_a_matter_outside_the_catalogue_has_no_shelf():
    assert letter_of(Paper.APPLICATION, facts(matter_code=None), DESK).purpose == ""


def test_a_letter_for_one_is_filled_and_for_several_a_form():
    several = replace(FACTS, subjects=(FIRM, OTHER_FIRM), entry=replace(ENTRY, products=(PLEDGE, REPORT)))
    one = replace(several, subjects=(FIRM,))
    assert letter_of(Paper.COMMITMENT, one, DESK).subject == FIRM
    assert letter_of(Paper.COMMITMENT, several, DESK) == replace(letter_of(Paper.COMMITMENT, one, DESK), subject=BLANK)
    assert letter_of(Paper.NOTICE, one, DESK).subject == FIRM
    assert letter_of(Paper.NOTICE, several, DESK).subject == BLANK


def test_a_natural_person_signs_as_one():
    person = replace(FACTS, subjects=(BLANK,), verified=(BLANK,), entry=replace(ENTRY, products=(PLEDGE, VERIFY)))
    assert isinstance(pledge := letter_of(Paper.COMMITMENT, person, DESK), Commitment) and pledge.of_person
    assert isinstance(asked := letter_of(Paper.APPLICATION, person, DESK), Application) and asked.of_persons


def test_a_notice_brings_the_pack_s_blocks_fee_and_time():
    letter = letter_of(Paper.NOTICE, facts(products=(REPORT,)), DESK)
    assert isinstance(letter, Notice)
    assert letter.blocks == tuple(block.name for block in ZHENGZHOU.report_blocks)
    assert (letter.fee, letter.time) == (ZHENGZHOU.products["report"].fee, ZHENGZHOU.products["report"].time)


def test_an_inquiry_names_the_days_and_says_whether_the_period_is_over():
    letter = letter_of(Paper.INQUIRY, received(dt.date(2026, 11, 24)), DESK)
    assert isinstance(letter, Inquiry)
    assert (letter.submitted_date, letter.received_date, letter.due_date) == (
        "2026年11月16日",
        "2026年11月17日",
        "2026年11月24日",
    )
    assert letter.overdue and not letter_of(Paper.INQUIRY, received(TODAY), DESK).overdue


def test_letters_are_called_as_the_office_calls_them_by_the_pack_s_words():
    every = facts(products=(VERIFY, PLEDGE, REPORT))
    names = [paper_name(paper, product_of(paper, every, DESK)) for paper in Paper]
    assert len(set(names)) == len(names)
    assert "核查" in names[0] and "信用承诺" in names[1] and "报告" in names[2]


def test_another_bureau_s_letters_carry_its_own_names():
    desk = Desk(EXAMPLE, EXAMPLE, Calendar(), TODAY)
    rule = next(each for each in EXAMPLE.rules if each.product == "review" and each.in_force(TODAY))
    lines = (
        ProductLine("review", ProductKind.VERIFICATION, 1),
        ProductLine("promise", ProductKind.COMMITMENT, 1),
        ProductLine("assessment", ProductKind.REPORT, 1),
    )
    given_ = replace(received(TODAY), rule_ids=frozenset({rule.id}), unit="园艺站（虚构）")
    given_ = replace(given_, entry=replace(given_.entry, products=lines, matter_code=None))
    assert fitting(given_, desk) == tuple(Paper)
    for paper in Paper:
        made = rendered(EXAMPLE.templates[paper.value], letter_of(paper, given_, desk))
        said = text_of(made)
        assert "示例市园林管理局（虚构）" in said
        for foreign in ("郑州", "郑环文", "市信用中心", "信用信息核查", "生态环境"):
            assert foreign not in said
    assert "示园（虚构）2024年1号）第三条" in letter_of(Paper.APPLICATION, given_, desk).basis


def text_of(made):
    return "\n".join(paragraph.text for paragraph in Document(io.BytesIO(made)).paragraphs)


def test_a_file_is_named_sensibly():
    assert file_name("核查申请函", "大气2026-17", "docx") == "核查申请函-大气2026-17.docx"


@given(name=st.text(max_size=200), number=st.text(max_size=200))
def test_no_name_breaks_a_file_system_or_points_elsewhere(name, number):
    made = file_name(name, number, "docx")
    assert made.endswith(".docx") and len(made) <= MOST_OF_NAME + 5
    assert not re.search(r'[\\/:*?"<>|\x00-\x1f\u202e]', made)
    assert not made.startswith(("..", "/"))
