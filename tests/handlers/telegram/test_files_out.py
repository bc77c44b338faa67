"""Files out: under their words where these fit, after them where not; a copy that may be the second one says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.language import _, speaking
from bot.screens.screen import Button, File, Press, Screen, esc
from handlers.telegram.delivery import Delivery
from handlers.telegram.messages import MAX_CAPTION_UNITS, labelled, message, parts
from handlers.web.botapi.html import parse_html, utf16_length
from handlers.web.botapi.model import Message
from tests.conftest import OFFICER
from tests.handlers.telegram.stage import KEYS, LABEL, Stage

CONTENT = b"PK a letter"
LONG = "长" * MAX_CAPTION_UNITS


def kept(stage: Stage, name: str = "申请函.docx") -> File:
    return File(stage.store.put(CONTENT).key, name, "application/octet-stream")


def letter(stage: Stage, text: str = "已生成", **more: Any) -> Screen:
    return Screen("paper.made", text, KEYS, file=kept(stage), **more)


async def shown(stage: Stage, screen: Screen, *, repeat: bool = False, **where: Any) -> list[Message]:
    stage.screens.put(1, Delivery(OFFICER, screen, **where), may_repeat=repeat)
    await stage.done()
    return stage.api.messages(OFFICER)


def sent(stage: Stage, said: Message) -> tuple[str, bytes]:
    document = said.body["document"]
    return document["file_name"], stage.api.files[document["file_id"]].content


async def test_a_letter_goes_with_its_words_and_buttons_in_one_message(stage: Stage):
    (said,) = await shown(stage, letter(stage, "<b>已生成</b> &amp; 已核对", protect=True))
    assert sent(stage, said) == ("申请函.docx", CONTENT)
    assert (said.text, bool(said.buttons)) == ("已生成 & 已核对", True)
    assert stage.api.calls[-1].params["protect_content"] == "true"


async def test_words_that_do_not_fit_under_a_letter_go_before_it_and_the_buttons_stay_last(stage: Stage):
    words, document = await shown(stage, letter(stage, LONG))
    assert (words.text, bool(words.buttons)) == (LONG, False)
    assert sent(stage, document) == ("申请函.docx", CONTENT)
    assert (document.text, bool(document.buttons)) == ("", True)


async def test_a_letter_is_a_new_message_although_a_press_led_to_it(stage: Stage):
    first = await stage.show("question")
    _question, document = await shown(stage, letter(stage), edit=first)
    assert document.body["document"]
    assert [bool(message.buttons) for message in stage.api.messages(OFFICER)] == [False, True]


async def test_a_press_under_a_letter_leaves_the_letter_and_takes_its_keys_away(stage: Stage):
    """As with one that a notice brought: Telegram lets nobody write a text over a document."""
    (document,) = await shown(stage, letter(stage))
    stage.screens._current.clear()
    said = await shown(stage, Screen("next", "next", KEYS), edit=document.id)
    assert [(message.text, bool(message.buttons)) for message in said] == [("已生成", False), ("next", True)]


@pytest.mark.parametrize(
    ("kind", "labels"),
    [("drop_after", [False, True]), ("garbage", [False, True]), ("502", [True]), ("429", [False])],
)
async def test_a_letter_that_may_have_arrived_is_repeated_with_a_label(stage: Stage, kind: str, labels: list[bool]):
    stage.api.faults.add("sendDocument", kind, retry_after=1)
    said = await shown(stage, letter(stage))
    assert [LABEL in message.text for message in said] == labels
    assert [sent(stage, message)[1] for message in said] == [CONTENT] * len(labels)


async def test_of_a_letter_in_two_parts_only_the_doubtful_part_is_repeated(stage: Stage):
    stage.api.faults.add("sendDocument", "drop_after")
    words, first, again = await shown(stage, letter(stage, LONG))
    assert (words.text, first.text, again.text) == (LONG, "", LABEL)


async def test_after_a_crash_a_letter_that_may_have_been_shown_says_so(stage: Stage):
    (said,) = await shown(stage, letter(stage), repeat=True)
    assert said.text == f"{LABEL}\n已生成"


async def test_a_letter_that_is_gone_from_the_store_is_said_and_not_lost_in_silence(stage: Stage):
    screen = letter(stage)
    assert screen.file is not None
    stage.store.remove(screen.file.key)
    (said,) = await shown(stage, screen)
    with speaking("zh_CN"):
        gone = _("The file is no longer kept here. Please ask for it again.")
    assert (said.text, bool(said.buttons)) == (f"已生成\n\n{gone}", True)


async def test_markup_that_is_refused_under_a_letter_is_shown_as_plain_text(stage: Stage):
    (said,) = await shown(stage, letter(stage, "<b>5 &lt; 7</b><i>"))
    assert said.text == "5 < 7"
    assert sent(stage, said)[1] == CONTENT


async def test_a_button_may_open_an_address(stage: Stage):
    row = (Button("打开文件", url="https://page.example/f/x"),)
    (said,) = await shown(stage, Screen("page", "file", (row,)))
    assert said.buttons == [[{"text": "打开文件", "url": "https://page.example/f/x"}]]


@given(st.text(max_size=1100), st.booleans())
def test_no_caption_is_longer_than_telegram_takes_and_no_word_is_lost(words: str, keyed: bool):
    label = "可能重复"
    screen = Screen("probe", f"<b>{esc(words)}</b>x", KEYS if keyed else (), file=File("0" * 32, "a.docx", ""))
    whole, repeated = [], []
    for _method, params in parts(screen, CONTENT, label=label):
        for said, into in ((params, whole), (labelled(params, label), repeated)):
            caption = parse_html(said.get("caption", ""))
            assert utf16_length(caption.text) <= MAX_CAPTION_UNITS
            into.append(parse_html(said["text"]).text if "text" in said else caption.text)
    assert [part for part in whole if part] == [parse_html(screen.text).text]
    assert all(label in part for part in repeated)
    assert len(whole) == len(repeated)


@pytest.mark.parametrize(("more", "calls"), [(0, 1), (1, 2)])
def test_words_that_would_fit_only_without_a_label_go_beside_the_letter_at_once(more: int, calls: int):
    """Else a repetition would be cut up differently from the first copy, or be refused as too long."""
    label = "可能重复"
    words = "长" * (MAX_CAPTION_UNITS - len(label) - 1 + more)
    assert len(parts(Screen("probe", words, file=File("0" * 32, "a.docx", "")), CONTENT, label=label)) == calls


def test_a_screen_without_a_file_is_one_message_as_ever():
    screen = Screen("probe", "text", ((Button("甲", Press("my")),),))
    assert parts(screen, None, label="") == [("sendMessage", message(screen))]
