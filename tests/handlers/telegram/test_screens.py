"""Showing screens: edits repeat in silence, new messages say when they may be repeated, each chat keeps its order."""

import asyncio
import time

import pytest

from bot.screens.screen import Button, Press, Screen
from handlers.telegram.delivery import Delivery
from storage.tables import Inbox, InboxState
from tests.conftest import COLLEAGUE, OFFICER, TOKEN, Bureau
from tests.handlers.telegram.stage import LABEL, Stage


async def test_a_press_edits_its_message_and_is_answered(stage: Stage):
    first = await stage.show("one")
    query = stage.api.press(OFFICER, first, "1:my::0:")
    await stage.show("two", edit=first, query=query.id)
    assert stage.texts() == ["two"]
    assert query.answered


async def test_names_never_stand_in_a_message_that_can_be_forwarded(stage: Stage):
    """Telegram decides at the sending whether a message may be forwarded; an edit changes nothing about it."""
    first = await stage.show("无姓名")
    second = await stage.show("张某", edit=first, protect=True)
    assert second != first
    sent = [call.params.get("protect_content") for call in stage.api.calls if call.method == "sendMessage"]
    assert sent == [None, "true"]
    assert stage.texts() == ["无姓名", "张某"]
    assert await stage.show("张某，又", edit=second, protect=True) == second
    assert stage.texts() == ["无姓名", "张某，又"]


async def test_a_message_that_is_gone_is_followed_by_a_new_one(stage: Stage):
    first = await stage.show("one")
    message = stage.api.find(OFFICER, first)
    assert message is not None
    message.deleted = True
    second = await stage.show("two", edit=first)
    assert second != first
    assert stage.texts()[-1] == "two"
    assert LABEL not in stage.texts()[-1]


async def test_the_same_screen_again_is_a_success_without_a_new_message(stage: Stage):
    first = await stage.show("one")
    assert await stage.show("one", edit=first) == first
    assert (stage.calls("sendMessage"), stage.calls("editMessageText")) == (1, 1)


@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_a_wait_that_telegram_asks_for_is_kept(stage: Stage, method: str):
    first = await stage.show("one")
    stage.api.faults.add(method, "429", retry_after=1)
    began = time.monotonic()
    await stage.show("two", edit=first if method == "editMessageText" else None)
    assert time.monotonic() - began >= 1.0
    assert stage.texts()[-1] == "two"
    assert not any(LABEL in text for text in stage.texts())


@pytest.mark.parametrize("kind", ["500", "502", "drop_before", "drop_after", "garbage"])
async def test_an_edit_repeats_until_it_is_there_and_says_nothing_of_it(stage: Stage, kind: str):
    first = await stage.show("one")
    stage.api.faults.add("editMessageText", kind, times=2)
    assert await stage.show("two", edit=first) == first
    assert stage.texts() == ["two"]
    assert stage.calls("sendMessage") == 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("drop_after", ["one", f"{LABEL}\none"]),
        ("garbage", ["one", f"{LABEL}\none"]),
        ("502", [f"{LABEL}\none"]),
    ],
)
async def test_a_new_message_that_may_have_arrived_is_repeated_with_a_label(stage: Stage, kind: str, said: list[str]):
    stage.api.faults.add("sendMessage", kind)
    stage.put("one")
    await stage.done()
    assert stage.texts() == said


async def test_what_may_have_arrived_is_repeated_only_once_telegram_answers_again(stage: Stage):
    stage.api.faults.add("sendMessage", "drop_before")
    stage.api.faults.add("getMe", "502", times=3)
    asked = stage.calls("getMe")
    stage.put("one")
    await stage.done()
    assert stage.texts() == [f"{LABEL}\none"]
    assert (stage.calls("sendMessage"), stage.calls("getMe") - asked) == (2, 4)


async def test_a_long_outage_makes_no_more_copies_than_tries_and_labels_each_but_the_first(stage: Stage):
    stage.api.faults.add("sendMessage", "drop_after", times=2)
    await stage.show("one")
    assert [LABEL in text for text in stage.texts()] == [False, True, True]


async def test_what_was_certainly_not_sent_is_repeated_without_a_label(stage: Stage):
    stage.api.faults.add("sendMessage", "429", retry_after=1)
    await stage.show("one")
    assert stage.texts() == ["one"]


@pytest.mark.parametrize("edited", [False, True])
async def test_markup_that_is_refused_is_shown_as_plain_text(stage: Stage, edited: bool):
    first = await stage.show("before")
    await stage.show("<b>5 &lt; 7</b><i>", edit=first if edited else None)
    assert stage.texts()[-1] == "5 < 7"
    assert len(stage.texts()) == (1 if edited else 2)


async def test_answers_of_one_chat_keep_their_order_while_another_chat_does_not_wait(stage: Stage):
    stage.api.faults.add("sendMessage", "429", retry_after=3, chat_id=OFFICER)
    for number in range(5):
        stage.put(str(number))
    stage.put("theirs", to=COLLEAGUE)
    await stage.until(lambda: stage.texts(COLLEAGUE) == ["theirs"], within=2.5)
    assert stage.texts() == []
    await stage.done()
    assert stage.texts() == ["0", "1", "2", "3", "4"]
    assert [inbox_id for inbox_id, chat, _message in stage.shown if chat == OFFICER] == [1, 2, 3, 4, 5]


async def test_the_keyboard_of_the_screen_before_goes(stage: Stage):
    await stage.show("one")
    await stage.show("two")
    await stage.show("three")
    assert [bool(message.buttons) for message in stage.api.messages(OFFICER)] == [False, False, True]


async def test_a_keyboard_known_from_before_a_restart_goes_too(stage: Stage):
    first = await stage.show("one")
    stage.screens._current.clear()  # what a new process knows
    stage.screens.know(OFFICER, first)
    await stage.show("two")
    assert [bool(message.buttons) for message in stage.api.messages(OFFICER)] == [False, True]


async def test_a_screen_beside_the_work_leaves_the_keyboard_of_the_work_alone(stage: Stage):
    notice = await stage.show("notice")
    work = await stage.show("work", edit=None)
    await stage.until(lambda: not stage.api.messages(OFFICER)[0].buttons)
    stage.put("noted", edit=notice, aside=True)
    await stage.done()
    await stage.show("more work")
    by_id = {message.id: message for message in stage.api.messages(OFFICER)}
    assert by_id[notice].buttons
    assert not by_id[work].buttons


async def test_a_result_stays_in_the_chat_although_a_press_led_to_it(stage: Stage):
    first = await stage.show("question")
    second = await stage.show("result", edit=first, stays=True)
    assert second != first
    assert stage.texts() == ["question", "result"]


async def test_a_chat_that_cannot_be_reached_holds_nothing_up(stage: Stage):
    stage.api.users[OFFICER].blocked = True
    stage.put("lost")
    stage.put("lost too")
    stage.put("theirs", to=COLLEAGUE)
    await stage.done()
    assert stage.texts(COLLEAGUE) == ["theirs"]
    assert sorted((chat, message is None) for _id, chat, message in stage.shown) == [
        (OFFICER, True), (OFFICER, True), (COLLEAGUE, False),
    ]  # fmt: skip


async def test_a_dead_token_keeps_the_answer_until_it_lives_again(stage: Stage):
    before, stage.api.token = stage.api.served, "100000001:another-fictitious-token-000000000"
    stage.put("one")
    await stage.until(lambda: stage.api.served > before)  # refused once
    assert stage.screens.in_flight == 1
    stage.api.token = TOKEN
    await stage.done()
    assert stage.texts() == ["one"]


async def test_an_officers_message_with_an_id_number_is_taken_away(stage: Stage):
    message = stage.api.type(OFFICER, "words")
    await stage.show("refused", delete=message.id)
    assert stage.api.find(OFFICER, message.id) is None


async def test_what_was_done_but_not_shown_is_shown_after_a_start(bureau: Bureau):
    """A new message says that it may be a repetition; the row ends as shown and keeps no reply."""
    delivery = Delivery(OFFICER, Screen("probe", "kept through the night"))
    async with bureau.database.write() as session:
        row = Inbox(
            update_id=7, lane=str(OFFICER), raw={}, state=InboxState.DONE, attempts=0,
            reply=delivery.to_json(), received_at=bureau.clock.now(),
        )  # fmt: skip
        session.add(row)
    await bureau.service.dispatcher.recover()
    officer = bureau.person(OFFICER)
    assert LABEL in await officer.wait_for("kept through the night")
    async with asyncio.timeout(20):
        while True:
            async with bureau.database.read() as session:
                kept = await session.get_one(Inbox, row.id)
            if kept.state is InboxState.SHOWN:
                break
            await asyncio.sleep(0.02)
    assert kept.reply is None
    assert len(officer.messages) == 1


async def test_what_nobody_sees_stands_on_no_button_and_in_no_toast(stage):
    shown = await stage.show("甲")
    query = stage.api.press(OFFICER, shown, Press("my").encode())
    hidden = "甲\u202e乙\u200b\u2066丙"
    await stage.show("乙", rows=((Button(hidden, Press("my")),),), edit=shown, query=query.id, toast=hidden)
    [message] = stage.api.messages(OFFICER)
    assert [[button["text"] for button in row] for row in message.buttons] == [["甲乙丙"]]
    assert query.toast == "甲乙丙"
