import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.documents.text import one_line
from bot.plaintext import in_arabic, normalise
from bot.screens.screen import esc

DIGITS = "零一二三四五六七八九"


def in_chinese(number):
    """Write a number below ten thousand as it is spoken, naively."""
    text = ""
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            text += DIGITS[digit] + unit
        elif text and not text.endswith("零") and number % value:
            text += "零"
    return text.removeprefix("一") if 10 <= number < 20 else text


@given(number=st.integers(1, 9999))
def test_spoken_numbers_are_read(number):
    assert in_arabic(in_chinese(number)) == str(number)


@pytest.mark.parametrize(
    ("text", "arabic"),
    [
        ("二〇二六年三月五日", "2026年3月5日"),
        ("三十二人", "32人"),
        ("周五", "周5"),
        ("一百二", "一百二"),
        ("十百", "十百"),
        ("无数字", "无数字"),
        ("", ""),
    ],
)
def test_numbers_inside_a_text_are_read_and_the_rest_stays(text, arabic):
    assert in_arabic(text) == arabic


UNSEEN = (
    "\x00\x7f\x9f\u00ad\u034f\u061c\u115f\u180e\u200b\u200f\u202e\u2060\u2066\u206a\u206f\u3164\ufe0f\ufeff\uffa0\ufff9"
    "\ud800\uffff\U000e0041\U000e0100"
)


@pytest.mark.parametrize("shown", [esc, one_line, normalise])
@pytest.mark.parametrize("character", UNSEEN)
def test_what_nobody_can_see_stands_nowhere(shown, character):
    assert shown(f"环{character}保") == "环保"
