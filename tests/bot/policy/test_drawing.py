import datetime as dt
import re

from bot.policy.drawing import listing, mermaid

ON = dt.date(2026, 11, 22)


def test_the_listing_names_every_matter_with_its_products(zhengzhou):
    lines = listing(zhengzhou, on=ON).splitlines()
    for matter in zhengzhou.matters_on(ON):
        assert any(line.strip().startswith(f"{matter.code}  {matter.name}") for line in lines)
    assert "  m15  环保专项资金申报（市级）  ● 核查  ●◐○ 报告  ◐ 承诺" in lines


def test_the_drawing_shows_every_matter_question_and_only_nodes_that_exist(zhengzhou):
    drawn = mermaid(zhengzhou, on=ON)
    assert drawn.startswith("flowchart LR\n")
    assert all(f"{matter.code} {matter.name}" in drawn for matter in zhengzhou.matters_on(ON))
    assert all(question.text in drawn for question in zhengzhou.questions.values() if question.offered)
    nodes = set(re.findall(r"^  (\w+)[\[({]", drawn, re.MULTILINE))
    ends = {
        end for pair in re.findall(r"^  (\w+).* --> (\w+)$|^  (\w+) --> (\w+)$", drawn, re.MULTILINE) for end in pair
    }
    ends |= set(re.findall(r"\| (\w+)$", drawn, re.MULTILINE))
    assert ends - {""} <= nodes


def test_the_same_result_is_drawn_once(example):
    drawn = mermaid(example, on=ON)
    assert len(re.findall(r'"是否夜间施工？"', drawn)) == 1
