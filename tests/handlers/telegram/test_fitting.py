"""What is too long for Telegram is cut and says so; it is never refused whole."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.language import _, speaking
from bot.screens.screen import MAX_TEXT_UNITS, Button, Press, Screen, bold, esc, lines
from handlers.telegram.fitting import MAX_BUTTONS
from handlers.telegram.messages import labelled, message, parts
from handlers.web.botapi import rules
from tests.handlers.telegram.stage import LABEL, Stage

with speaking("zh_CN"):
    CUT = _("This is long; not all of it is shown.")
LINES = [f"第{n}项：虚构第{n}环保公司（虚构）的事项" for n in range(400)]
MANY = tuple((Button(f"第{n}项", Press("req", n)),) for n in range(120))
BACK = (Button("上一页", Press("my")), Button("返回", Press("my")))


async def test_a_screen_that_is_too_long_is_shown_cut_at_a_line_end_and_says_so(stage: Stage):
    await stage.show(lines(bold("台账"), *LINES))
    (text,) = stage.texts()
    title, *shown, last = text.split("\n")
    assert (title, shown, last) == ("台账", LINES[: len(shown)], CUT)
    assert len(f"{text}\n{LINES[len(shown)]}\n{LABEL}") > MAX_TEXT_UNITS  # no line less than would have fitted


async def test_a_message_that_is_edited_into_a_long_screen_stays_where_it_is(stage: Stage):
    first = await stage.show("one")
    assert await stage.show("\n".join(LINES), edit=first) == first
    (text,) = stage.texts()
    assert text.endswith(CUT)


async def test_a_long_answer_that_may_have_arrived_is_repeated_although_the_label_makes_it_longer(stage: Stage):
    stage.api.faults.add("sendMessage", "drop_after")
    await stage.show("长" * MAX_TEXT_UNITS)
    first, again = stage.texts()
    assert again == f"{LABEL}\n{first}"
    assert first.endswith(CUT)


async def test_of_too_many_buttons_the_first_rows_and_the_way_back_are_left(stage: Stage):
    await stage.show("请选择", rows=(*MANY, BACK))
    (said,) = stage.api.messages(stage.shown[-1][1])
    labels = [[button["text"] for button in row] for row in said.buttons]
    assert labels == [*([f"第{n}项"] for n in range(MAX_BUTTONS - 2)), ["上一页", "返回"]]
    assert said.text == f"请选择\n{CUT}"


def test_the_log_names_the_screen_and_its_sizes_and_nothing_that_stood_on_it():
    with capture_logs() as said:
        message(Screen("probe", "\n".join(LINES), (*MANY, BACK)))
    units = len("\n".join(LINES))
    event = "a screen was too long for one message and is cut"
    assert said == [{"event": event, "log_level": "error", "screen": "probe", "units": units, "buttons": 122}]


def test_a_screen_that_just_fits_is_left_alone():
    screen = Screen("probe", "长" * MAX_TEXT_UNITS, MANY[:MAX_BUTTONS])
    with capture_logs() as said:
        assert message(screen)["text"] == screen.text
    assert not said


@pytest.mark.parametrize("text", ["长" * 5000, bold("&" * 5000), bold("😀" * 2500), lines(bold("题"), "字" * 5000)])
def test_a_single_line_that_is_too_long_is_cut_inside_and_its_markup_closed(text: str):
    shown = rules.text_of(message(Screen("probe", text)))
    assert MAX_TEXT_UNITS - 2 <= len(shown.text.encode("utf-16-le")) // 2 <= MAX_TEXT_UNITS
    assert bool(shown.entities) == text.startswith("<b>")


WORDS = st.text(max_size=40) | st.builds(
    lambda word, n: word * n, st.sampled_from(["字", "😀", "<&>", "x "]), st.integers(0, 2500)
)
LINE = st.builds(esc, WORDS) | st.builds(bold, WORDS)
ROWS = st.lists(st.integers(1, 8), max_size=40).map(
    lambda sizes: tuple((Button("甲", Press("my")),) * n for n in sizes)
)


@given(st.lists(LINE, max_size=120), ROWS, st.sampled_from(["", bold("可能重复（编号7）")]))
@example(["字" * 4093, "x"], (), "")
@example([bold("😀" * 2047 + "x"), "字"], (), bold("可能重复（编号7）"))
def test_whatever_screen_comes_telegram_takes_it_and_its_repetition(said: list[str], rows, label: str):
    screen = Screen("probe", lines("题", *said), rows)
    ((_method, params),) = parts(screen, None, label=label)
    for each in (params, labelled(params, label), message(screen)):
        assert rules.text_of(each).text
        rules.markup_of(each)
