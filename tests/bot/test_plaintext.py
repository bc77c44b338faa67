import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.plaintext import in_arabic

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


@settings(deadline=None)
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
