import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import forms
from bot.errors import Refusal
from bot.forms import Field, Filling, Kind, Option, RecordForm, When
from bot.screens.forms import show
from bot.screens.keys import Keys

TODAY = dt.date(2026, 11, 23)
FORM = RecordForm(
    "Title",
    ("about",),
    (
        Field("what", "What", "What?", Kind.CHOICE, (Option("a", "甲"), Option("b", "乙"))),
        Field("why", "Why", "Why?", Kind.TEXT, only_if={"what": ("b",)}, most=10),
        Field("on", "On", "When?", Kind.DAY),
        Field("by", "By", "By when?", Kind.DAY, when=When.AHEAD, optional=True),
        Field("marks", "Marks", "Which?", Kind.MARKS, (Option("x", "X"), Option("y", "Y")), optional=True, asked=False),
        Field("n", "N", "How many?", Kind.COUNT, most=9),
    ),
    "Confirm",
)


def asked(filling: Filling) -> str | None:
    line = forms.step(FORM, filling)
    return line.id if line else None


def filled() -> Filling:
    at = Filling()
    for text in ("甲", "今天", "2026-12-01", "3"):
        at = forms.typed(FORM, at, text, today=TODAY)
    return at


def test_lines_are_asked_in_their_order_and_only_where_they_exist():
    at = Filling()
    assert asked(at) == "what"
    assert asked(forms.typed(FORM, at, "甲", today=TODAY)) == "on"
    assert asked(forms.typed(FORM, at, "乙", today=TODAY)) == "why"
    assert forms.complete(FORM, filled()) == {"what": "a", "on": "2026-11-23", "by": "2026-12-01", "n": 3}


def test_what_belongs_to_a_line_that_has_gone_is_left_out():
    at = Filling({"what": "b", "why": "because", "on": "2026-11-23", "n": 1}, frozenset({"by"}))
    changed = forms.chosen(forms.edited(at, FORM.line("what")), FORM.line("what"), "a")
    assert "why" not in forms.complete(FORM, changed)
    back_again = forms.chosen(forms.edited(changed, FORM.line("what")), FORM.line("what"), "b")
    assert forms.complete(FORM, back_again)["why"] == "because"  # and it is kept, should the officer return to it


def test_an_empty_line_that_is_needed_is_named():
    with pytest.raises(Refusal, match="On"):
        forms.complete(FORM, Filling({"what": "a", "n": 1}))


@pytest.mark.parametrize(
    ("line", "text"),
    [("on", "2026-11-24"), ("by", "2026-11-22"), ("n", "10"), ("why", "x" * 11), ("why", "😀" * 6)],
)
def test_values_that_cannot_be_are_refused_and_nothing_is_lost(line, text):
    at = forms.edited(Filling({"what": "b", "why": "w", "on": "2026-11-20", "n": 1}), FORM.line(line))
    with pytest.raises(Refusal):
        forms.typed(FORM, at, text, today=TODAY)


def test_a_day_that_fits_no_more_is_asked_again_and_the_rest_is_kept():
    assert forms.outdated(FORM, filled(), today=dt.date(2026, 12, 1)) is None  # until the last day itself it fits
    late = forms.outdated(FORM, filled(), today=dt.date(2026, 12, 2))
    assert late is not None
    again, why = late
    assert asked(again) == "by" and "已过" in why
    assert forms.outdated(FORM, forms.passed(again, FORM.line("by")), today=dt.date(2026, 12, 2)) is None
    at = forms.typed(FORM, again, "2026-12-03", today=dt.date(2026, 12, 2))
    assert forms.complete(FORM, at) == {**forms.complete(FORM, filled()), "by": "2026-12-03"}


def test_a_day_on_which_something_happened_does_not_lie_ahead_at_the_confirmation_either():
    late = forms.outdated(FORM, filled(), today=TODAY - dt.timedelta(days=1))
    assert late is not None and asked(late[0]) == "on"


def test_marks_are_set_and_taken_away_and_none_is_refused():
    line = FORM.line("marks")
    at = forms.edited(filled(), line)
    with pytest.raises(Refusal):
        forms.done(at, line)
    at = forms.chosen(at, line, "y")
    at = forms.chosen(at, line, "x")
    assert at.values["marks"] == ["x", "y"] and asked(at) == "marks"
    at = forms.chosen(at, line, "y")
    assert forms.done(at, line).values["marks"] == ["x"]
    assert asked(forms.done(at, line)) is None


def test_an_option_that_is_not_there_is_told_from_a_choice():
    with pytest.raises(KeyError):
        forms.chosen(Filling(), FORM.line("what"), "z")


@given(st.lists(st.sampled_from(("甲", "乙", "今天", "昨天", "2026-12-01", "3", "text", "back", "pass")), max_size=30))
def test_whatever_is_typed_the_form_stands_on_one_line_or_is_complete(words):
    at = Filling()
    for word in words:
        line = forms.step(FORM, at)
        try:
            if word == "back":
                at = forms.back(FORM, at) or at
            elif word == "pass" and line is not None and line.optional:
                at = forms.passed(at, line)
            else:
                at = forms.typed(FORM, at, word, today=TODAY)
        except Refusal:
            continue
        assert Filling.from_json(at.to_json()) == at
        screen = show(FORM, at, Keys(1, 1), today=TODAY)
        payloads = [button.press.encode() for row in screen.rows for button in row if button.press]
        assert len(payloads) == len(set(payloads)) and all(len(each) <= 64 for each in payloads)
        if forms.step(FORM, at) is None:
            assert {"what", "on", "n"} <= set(forms.complete(FORM, at))
