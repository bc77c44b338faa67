"""The sentences about a quarter: each says what happened, and nothing of what did not."""

import pytest

from bot.figures import Cell, Figures
from bot.quarters import Quarter
from bot.statistics import Statistics
from bot.summary import Summary
from bot.summary_words import paragraphs

QUARTER = Quarter(2026, 4)
FOUND = "核查发现有不良信息3家"


pytestmark = pytest.mark.usefixtures("chinese")


def said(figures, follow_ups=(), **beside):
    statistics = Statistics(
        QUARTER.span, (Cell("air", None, None, None, "2026-11", figures),), follow_ups=tuple(follow_ups)
    )
    return tuple(paragraphs(Summary(QUARTER, statistics, **beside), centre="市信用中心").values())


def test_a_quarter_is_compared_with_the_one_before_and_with_a_year_ago():
    now = Figures(applied=12, reused=4)
    before = {"air": Figures(applied=5, reused=4), "water": Figures(applied=4)}
    words = said(now, previous=before, year_before={"air": Figures(applied=20)})
    assert (
        "与上季度相比，核查申请增加3家，直接使用有效意见持平。与去年同期相比，核查申请减少8家，直接使用有效意见增加4家。"
        in words
    )
    words = said(now, previous={"air": now})
    assert "与上季度相比，核查申请持平，直接使用有效意见持平。" in words
    words = said(now, year_before={"air": Figures(applied=12, reused=5)})
    assert "与去年同期相比，核查申请持平，直接使用有效意见减少1家。" in words
    assert not any("相比" in each for each in said(now))


def test_applications_of_the_counterparts_are_not_said_to_be_the_units_own():
    used, *_others = said(Figures(letters=2, times=9, applied=41, by_counterpart=3, reused=4, reports=1))
    assert used == (
        "2026年第四季度各单位信用产品使用情况：收取信用承诺2份；向市信用中心提出核查申请9次41家（其中由申请人申请3家）；"
        "直接使用有效意见4家；收到信用报告1份。"
    )
    assert "其中" not in said(Figures(times=9, applied=41))[0]


@pytest.mark.parametrize(
    ("figures", "open_tasks", "wanted"),
    [
        (Figures(adverse=3, serious=1), 1, f"{FOUND}，其中严重失信1家；已告知异议、修复途径2家。"),
        (Figures(adverse=3, breached=2), 1, f"{FOUND}；已告知异议、修复途径2家；违背承诺2件。"),
        (Figures(adverse=3), 3, f"{FOUND}。"),
        (Figures(adverse=3), 0, f"{FOUND}；已告知异议、修复途径3家。"),
        (Figures(breached=1), 0, "违背承诺1件。"),
        (Figures(applied=1), 0, None),
    ],
)  # fmt: skip
def test_of_findings_only_what_there_is_is_said(figures, open_tasks, wanted):
    words = said(figures, follow_ups=[("air", "open", open_tasks), ("air", "informed", figures.adverse - open_tasks)])
    assert [each for each in words if "不良" in each or "违背" in each] == ([wanted] if wanted else [])
