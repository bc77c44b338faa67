"""How far long work has come: shown while the officer still looks, and never at the cost of an answer."""

import asyncio
import time

import pytest

from bot.screens.screen import Screen
from handlers.telegram import progress
from handlers.telegram.delivery import Delivery
from tests.conftest import OFFICER
from tests.handlers.telegram.stage import Stage


def checking(count: int) -> Screen:
    return Screen("batch.checking", f"checked {count}")


async def begun(stage: Stage) -> None:
    stage.screens.put(1, Delivery(OFFICER, checking(0)))
    await stage.done()


async def quiet(stage: Stage) -> None:
    await asyncio.sleep(0.05)
    while stage.api.in_flight:
        await asyncio.sleep(0.01)


async def test_the_screen_that_began_the_work_shows_how_far_it_is(stage: Stage):
    await begun(stage)
    stage.screens.progress(OFFICER, checking(1))
    await stage.until(lambda: stage.texts() == ["checked 1"])


async def test_an_officer_who_has_gone_on_is_left_alone(stage: Stage):
    await begun(stage)
    message_id = stage.api.messages(OFFICER)[0].id
    await stage.show("something else", edit=message_id)
    stage.screens.progress(OFFICER, checking(1))
    await quiet(stage)
    assert stage.texts() == ["something else"]


async def test_a_note_beside_the_work_does_not_end_it(stage: Stage):
    notice = await stage.show("notice")
    await begun(stage)
    stage.put("noted", edit=notice, aside=True)
    await stage.done()
    stage.screens.progress(OFFICER, checking(1))
    await stage.until(lambda: stage.texts() == ["noted", "checked 1"])


async def test_nothing_is_shown_where_this_process_has_shown_nothing(stage: Stage):
    stage.screens.progress(OFFICER, checking(1))
    await quiet(stage)
    assert stage.texts() == []


async def test_edits_keep_their_distance_and_the_newest_is_not_lost(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "GAP", 0.4)
    await begun(stage)
    for count in range(1, 50):
        stage.screens.progress(OFFICER, checking(count))
    await quiet(stage)
    assert (stage.texts(), stage.calls("editMessageText")) == (["checked 1"], 1)
    await stage.until(lambda: stage.texts() == ["checked 49"])
    await asyncio.sleep(0.5)
    assert stage.calls("editMessageText") == 2


async def test_what_waits_for_its_turn_is_dropped_once_the_officer_has_gone_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "GAP", 0.2)
    await begun(stage)
    for count in (1, 2):
        stage.screens.progress(OFFICER, checking(count))
    await stage.show("something else", edit=stage.api.messages(OFFICER)[0].id)
    await asyncio.sleep(0.4)
    assert stage.texts() == ["something else"]


async def test_a_slow_edit_holds_up_neither_the_work_nor_a_second_one(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(progress, "GAP", 0.02)
    await begun(stage)
    stage.api.faults.add("editMessageText", "hang", seconds=0.5)
    started = time.monotonic()
    for count in range(1, 20):
        stage.screens.progress(OFFICER, checking(count))
        await asyncio.sleep(0)
    assert time.monotonic() - started < 0.4
    await stage.until(lambda: stage.texts() == ["checked 19"])
    assert stage.calls("editMessageText") == 2


async def test_an_answer_is_never_overwritten_by_progress(stage: Stage):
    """An edit that Telegram takes its time over must not land on top of the screen that came after it."""
    await begun(stage)
    message_id = stage.api.messages(OFFICER)[0].id
    stage.api.faults.add("editMessageText", "hang", seconds=0.4, done=False)
    order: list[str] = []
    stage.api.observers.append(lambda _method, params: order.append(str(params.get("text"))))
    stage.screens.progress(OFFICER, checking(1))
    await asyncio.sleep(0.1)
    stage.put("the answer", edit=message_id)
    stage.screens.progress(OFFICER, checking(2))  # an answer is on its way: not even begun
    await asyncio.sleep(0.1)
    assert order == ["checked 1"]
    await stage.done()
    assert (order[-1], stage.texts()) == ("the answer", ["the answer"])


@pytest.mark.parametrize("kind", ["429", "500", "403", "drop_after", "garbage"])
async def test_a_fault_of_the_wire_is_nobodys_concern(stage: Stage, kind: str):
    await begun(stage)
    stage.api.faults.add("editMessageText", kind, retry_after=30)
    stage.screens.progress(OFFICER, checking(1))
    await quiet(stage)
    started = time.monotonic()
    await stage.show("the answer")
    assert time.monotonic() - started < 5
    assert stage.api.faults.struck
