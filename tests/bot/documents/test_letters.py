import dataclasses
import datetime as dt
import io
import unicodedata
import zipfile

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.letters import SPECIMENS, Paper, Subject, faults, rendered, written_day
from bot.documents.text import one_line
from bot.policy.loader import load, packaged

TEMPLATES = load(packaged("zhengzhou")).templates
FIRM = Subject("虚构环保科技有限公司", "91410100MA00000T42")
HOSTILE = (
    '=HYPERLINK("http://x","点")',
    "<b>&amp;甲</b>",
    "{{ bureau }}",
    "{% for a in b %}",
    "{{ 7*7 }}",
    "{_{ date }_}",
    "{%p endif %}",
    "甲\u202e乙\u200b",
    "甲\x00\x07\x0b乙",
    "甲\n乙\r\n丙\t丁\a戊\f己",
    "𠮷野家㐂囍龘",
    "🏭工厂",
    "甲" * 200,
    "\ud800乙",
    "\ufffe",
    "]]>&#x41;",
    "“引号”‘单’\"'",
    "${x}#{y}",
    "&#123;&#123; 1 &#125;&#125;",
)
NAMES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=40),
    st.builds(
        "".join, st.lists(st.sampled_from(("{{", "}}", "{%", "%}", "{_{", "}_}", "{#", "甲", "<", "&", "\n", "_")))
    ),
)


def template(paper):
    return TEMPLATES[paper.value]


def paragraphs(made):
    return [paragraph.text for paragraph in Document(io.BytesIO(made)).paragraphs]


def text_of(made):
    return "\n".join(paragraphs(made))


def rows_of(made):
    [table] = Document(io.BytesIO(made)).tables
    return [tuple(cell.text for cell in row.cells) for row in table.rows]


def application(*subjects, **more):
    specimen = SPECIMENS[Paper.APPLICATION]
    return dataclasses.replace(specimen, subjects=subjects, count=len(subjects), **more)


@pytest.mark.parametrize("paper", Paper)
def test_the_shipped_templates_serve(paper):
    assert faults(template(paper), SPECIMENS[paper]) == []


@pytest.mark.parametrize("paper", Paper)
def test_a_letter_says_all_that_it_was_given(paper):
    letter = SPECIMENS[paper]
    said = text_of(rendered(template(paper), letter))
    missing = [
        field.name
        for field in dataclasses.fields(letter)
        if isinstance(value := getattr(letter, field.name), str) and value not in said
    ]
    assert missing == []
    assert "{{" not in said and "{%" not in said


@pytest.mark.parametrize("paper", Paper)
def test_the_page_is_laid_out_after_the_standard(paper):
    document = Document(io.BytesIO(rendered(template(paper), SPECIMENS[paper])))
    [page] = document.sections
    close = {"abs": 700}  # EMU; Word rounds to twentieths of a point
    assert (page.page_width, page.page_height) == (pytest.approx(Mm(210), **close), pytest.approx(Mm(297), **close))
    assert (page.top_margin, page.left_margin) == (pytest.approx(Mm(37), **close), pytest.approx(Mm(28), **close))
    width = page.page_width - page.left_margin - page.right_margin
    height = page.page_height - page.top_margin - page.bottom_margin
    assert (width, height) == (pytest.approx(Mm(156), abs=2000), pytest.approx(Mm(225), abs=2000))
    normal = document.styles["Normal"]
    assert normal.font.size == Pt(16)
    assert normal.element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋_GB2312"
    body = document.paragraphs[3].paragraph_format
    assert 22 * body.line_spacing <= height < 23 * body.line_spacing
    title = document.paragraphs[0]
    assert (title.alignment, title.runs[0].font.size) == (1, Pt(22))
    assert "小标宋" in title.runs[0]._element.rPr.rFonts.get(qn("w:eastAsia"))


@pytest.mark.parametrize("paper", Paper)
def test_a_letter_carries_no_trace_of_who_or_what_made_it(paper):
    made = rendered(template(paper), SPECIMENS[paper])
    about = Document(io.BytesIO(made)).core_properties
    assert (about.author, about.last_modified_by, about.title, about.comments) == ("", "", "", "")
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        assert not [name for name in package.namelist() if "vba" in name.lower() or "media" in name]


def test_one_counterpart_stands_in_the_letter_itself():
    made = rendered(template(Paper.APPLICATION), application(FIRM))
    assert f"{FIRM.name}，统一社会信用代码：{FIRM.code}" in text_of(made)
    assert Document(io.BytesIO(made)).tables == []
    assert "附件" not in text_of(made)


def test_several_counterparts_stand_in_the_annexed_list():
    made = rendered(template(Paper.APPLICATION), application(FIRM, Subject("", ""), Subject("乙", "X", "备注乙")))
    assert "共3家，名单附后" in text_of(made)
    assert rows_of(made) == [
        ("序号", "单位名称", "统一社会信用代码", "备注"),
        ("1", FIRM.name, FIRM.code, ""),
        ("2", "（线下填写）", "（线下填写）", ""),
        ("3", "乙", "X", "备注乙"),
    ]


def test_a_list_of_two_thousand_is_whole_and_in_its_order():
    subjects = [Subject(f"虚构第{n}号有限公司", f"{n:018}") for n in range(2000)]
    made = rendered(template(Paper.APPLICATION), application(*subjects))
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        said = package.read("word/document.xml").decode()
    at = [said.index(f">{each.name}<") for each in subjects]
    assert at == sorted(at)
    assert said.count("<w:tr>") + said.count("<w:tr ") == 2001


def test_a_natural_person_is_filled_in_on_paper():
    made = text_of(rendered(template(Paper.APPLICATION), application(Subject("", ""), of_persons=True)))
    assert "四、对象：（线下填写），证件号码：（线下填写）" in made
    pledge = dataclasses.replace(SPECIMENS[Paper.COMMITMENT], subject=Subject("", ""), of_person=True)
    said = text_of(rendered(template(Paper.COMMITMENT), pledge))
    assert "承诺人：（线下填写）" in said and "证件号码：（线下填写）" in said
    assert "本单位" not in said and "统一社会信用代码" not in said


def test_persons_among_a_list_are_said_and_filled_in_on_paper():
    firms = (FIRM, dataclasses.replace(FIRM, name="虚构监测有限公司"))
    made = text_of(rendered(template(Paper.APPLICATION), application(*firms, persons=5)))
    assert "共2家，名单附后；另有自然人5名（线下填写）" in made
    inquiry = dataclasses.replace(SPECIMENS[Paper.INQUIRY], subject=FIRM, count=2, persons=5)
    assert "等2家，以及自然人5名。" in text_of(rendered(template(Paper.INQUIRY), inquiry))


def test_a_count_kept_elsewhere_is_said_and_its_list_left_to_paper():
    letter = dataclasses.replace(application(), count=12, of_persons=True)
    assert "共12人，名单（线下填写）" in text_of(rendered(template(Paper.APPLICATION), letter))


def test_a_commitment_letter_has_the_three_elements_and_asks_before_it_is_published():
    said = text_of(rendered(template(Paper.COMMITMENT), SPECIMENS[Paper.COMMITMENT]))
    for element in ("信用状况", "材料真实", "违背承诺的责任"):
        assert element in said
    assert "□同意　□不同意" in said


def test_a_notice_lists_every_block():
    blocks = tuple(block.name for block in load(packaged("zhengzhou")).report_blocks)
    said = paragraphs(rendered(template(Paper.NOTICE), dataclasses.replace(SPECIMENS[Paper.NOTICE], blocks=blocks)))
    assert len(blocks) == 9
    assert [line for line in said if line[:2] in {f"{n}." for n in range(1, 10)}] == [
        f"{n}. {name}" for n, name in enumerate(blocks, start=1)
    ]
    without = text_of(rendered(template(Paper.NOTICE), dataclasses.replace(SPECIMENS[Paper.NOTICE], blocks=())))
    assert "一般包括" not in without and "信用等级和风险提示" in without


def test_an_inquiry_is_calm_before_the_day_and_after_it():
    late = text_of(rendered(template(Paper.INQUIRY), SPECIMENS[Paper.INQUIRY]))
    soon = text_of(rendered(template(Paper.INQUIRY), dataclasses.replace(SPECIMENS[Paper.INQUIRY], overdue=False)))
    assert "尚未收到反馈" in late and "尚未收到" not in soon
    for said in (late, soon):
        assert "商请" in said and "催" not in said and "逾期" not in said


@given(name=NAMES, code=NAMES, note=NAMES, matter=NAMES)
def test_whatever_stands_in_a_name_stays_text(name, code, note, matter):
    hostile = Subject(name, code, note)
    made = rendered(template(Paper.APPLICATION), application(hostile, FIRM, matter=matter))
    [_heading, first, second] = rows_of(made)
    shown = [one_line(name) or "（线下填写）", one_line(code) or "（线下填写）", one_line(note)]
    assert [*first] == ["1", *shown]
    assert second == ("2", FIRM.name, FIRM.code, "")
    assert f"一、申请事项：{one_line(matter)}" in paragraphs(made)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_comes_out_as_it_went_in_but_for_what_cannot_be_seen(name):
    made = text_of(rendered(template(Paper.APPLICATION), application(Subject(name, "X"))))
    seen = "".join(
        " " if each.isspace() else each
        for each in name
        if each.isspace() or unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Cn")
    )
    assert " ".join(seen.split()) in made


def docx_with(text):
    made = io.BytesIO()
    document = Document()
    document.add_paragraph(text)
    document.save(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (docx_with("{{ bureu }} {{ matter }}"), "no field 'bureu'"),
        (docx_with("{{ subject.nmae }}"), "cannot be filled"),
        (docx_with("{% if matter %}"), "cannot be filled"),
        (docx_with("{{ ''.__class__.__mro__ }}"), "cannot be filled"),
        (b"PK no document", "not a Word document"),
        (b"", "not a Word document"),
    ],
)
def test_a_template_that_does_not_serve_says_why(content, said):
    [fault] = faults(content, SPECIMENS[Paper.COMMITMENT])
    assert said in fault


def test_dates_carry_no_leading_zeros():
    assert written_day(dt.date(2026, 3, 6)) == "2026年3月6日"
    assert written_day(dt.date(2027, 1, 5), provisional=True) == "2027年1月5日（暂定）"
