"""The sentences about a quarter: each says what happened, and nothing of what did not."""

import pytest

from bot.figures import Cell, Figures
from bot.language import speaking
from bot.quarters import Quarter
from bot.statistics import Statistics
from bot.summary import Summary
from bot.summary_words import paragraphs

QUARTER = Quarter(2026, 4)


@pytest.fixture(autouse=True)
def chinese():
    with speaking("zh_CN"):
        yield


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
