"""Turning pages: every row is shown once, whoever turns on from page to page reaches the last and nothing behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language import speaking
from bot.quarters import Quarter
from bot.screens import quarter
from bot.screens.paging import page_line, paged, turning
from bot.screens.screen import Press, Screen

FIRST = Quarter(2026, 1)


def _turned(page: int, pages: int) -> dict[str, str]:
    rows = turning(page, pages, lambda to: Press("x", arg=str(to)))
    return {button.text: button.press.arg for row in rows for button in row if button.press}


@given(st.integers(0, 100), st.integers(1, 9))
def test_whoever_turns_on_sees_every_row_once_and_comes_back(count: int, size: int):
    with speaking("zh_CN"):
        page, seen, way = 0, list[int](), [0]
        while True:
            rows, at, pages = paged(range(count), page, size=size)
            assert (at, len(rows) <= size) == (page, True)
            assert (page_line(page, pages) is None) is (pages == 1)
            seen += rows
            onward = _turned(page, pages).get("下一页")
            if onward is None:
                break
            page = int(onward)
            way.append(page)
        assert seen == list(range(count))
        assert page == pages - 1
        while (back := _turned(page, pages).get("上一页")) is not None:
            assert page == way.pop()
            page = int(back)
        assert way == [page] == [0]


@given(st.integers(0, 100), st.integers(-5, 200))
def test_page_that_is_not_there_is_the_nearest_one(count: int, page: int):
    rows, at, pages = paged(range(count), page)
    assert at == sorted((0, page, pages - 1))[1]
    assert bool(rows) is bool(count)


@pytest.mark.parametrize(("page", "line"), [(0, "第1页，共3页"), (2, "第3页，共3页"), (7, "第3页，共3页")])
def test_list_of_units_says_which_page_it_is(page: int, line: str):
    with speaking("zh_CN"):
        screen: Screen = quarter.units(FIRST, [(key, f"虚构处{key}") for key in range(20)], page)
    assert screen.text.splitlines()[-1] == line
