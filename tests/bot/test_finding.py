import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dossier import readable_code
from bot.finding import EntryNumber, Standing, View, read_words
from bot.policy.model import ProductKind
from bot.screens.screen import Press

views = st.builds(
    View,
    st.integers(0, 9999),
    st.none() | st.sampled_from(Standing),
    st.none() | st.sampled_from(ProductKind),
    st.none() | st.integers(0, 999_999_999),
    st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)).map(lambda on: on.replace(day=1)),
)


@given(views)
def test_a_view_comes_back_from_a_button_as_it_was(view):
    press = Press.decode(Press("ffl", 2**40, 99, f"m,{view.encode()}").encode())
    assert press is not None
    assert View.decode(press.arg.partition(",")[2]) == view


@pytest.mark.parametrize("arg", ["x", "0.z...", "0....202613", "0...", "٣", "0....209", "-1"])
def test_what_is_no_view_is_none(arg):
    assert View.decode(arg) is None


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("大气2026-17", EntryNumber("大气", 2026, 17)),
        ("大气 2026—17号", EntryNumber("大气", 2026, 17)),
        ("２０２６－１７", EntryNumber(None, 2026, 17)),
        ("大气17", EntryNumber("大气", None, 17)),
        ("17", None),
        ("环保科技", None),
    ],
)
def test_a_number_is_read_whole_or_in_part(typed, number):
    assert read_words(typed).number == number


def test_the_code_of_a_person_in_business_is_whole_only_inside_the_unit():
    assert readable_code("92410100MA00000T4Y", inside=False) == "**************0T4Y"
    assert readable_code("92410100MA00000T4Y", inside=True) == "92410100MA00000T4Y"
    assert readable_code("91410100MA00000T42", inside=False) == "91410100MA00000T42"
    assert readable_code(None, inside=False) == ""
