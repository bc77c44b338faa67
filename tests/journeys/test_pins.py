"""The pinned summary: sent and pinned once, edited as it changes, made anew where it is gone, switched off."""

import datetime as dt

import pytest
from sqlalchemy import update

from handlers.telegram.pins import Summaries
from storage.tables import Person
from tests.conftest import COLLEAGUE, OFFICER
from tests.journeys.story import Story, register


async def test_the_summary_follows_the_ledger_and_can_be_switched_off(story: Story):
    service, me = story.service, story.person()
    summaries = Summaries(service.bot, service.database, service.office, service.sender.pace)

    async def look() -> int:
        service.sender.pace.chats.clear()
        return await summaries.look()

    assert await look() == 0  # nobody has anything open
    await register(me)
    story.api.faults.add("pinChatMessage", "429", retry_after=1)
    chat = story.api.chats[OFFICER]
    assert await look() == 0  # sent, and not pinned yet
    sent = [each.id for each in story.api.messages(OFFICER) if "我的台账概览" in each.text]
    assert (len(sent), chat.pinned) == (1, None)
    service.sender.pace.free_at = 0.0
    assert await look() == 1
    assert chat.pinned == sent[0]
    assert [each.id for each in story.api.messages(OFFICER) if "我的台账概览" in each.text] == sent  # no second one
    pinned = story.api.find(OFFICER, chat.pinned or 0)
    assert pinned is not None
    assert pinned.text.splitlines() == ["我的台账概览", "在办1件", "本周反馈或提交到期：0件"]
    assert await look() == 0  # unchanged: no call
    await me.press("查看台账")
    await me.press("今天中心已收件")
    await register(me, subject="虚构监测站 12410100MB0000T3XJ")
    assert await look() == 1
    assert "在办2件" in pinned.text
    story.api.faults.add("editMessageText", "429", retry_after=1)
    await story.at("2026-11-30 09:30")
    assert await look() == 0  # Telegram asks to wait
    service.sender.pace.free_at = 0.0
    assert await look() == 1
    assert "本周反馈或提交到期：1件" in pinned.text  # the other one's receipt is not confirmed
    pinned.deleted = True  # the officer has deleted it
    await story.at("2026-12-07 09:30")
    assert await look() == 1
    again = story.api.find(OFFICER, story.api.chats[OFFICER].pinned or 0)
    assert again is not None
    assert again.id != pinned.id
    assert "反馈超期、应提交未提交：1件" in again.text
    await me.type("/settings")
    await me.press("置顶概览：开")
    assert "置顶概览：关" in me.buttons
    await look()
    assert again.deleted
    await me.press("置顶概览：关")
    assert await look() == 1


async def test_who_is_found_to_have_gone_during_a_look_gets_nothing_more(story: Story, monkeypatch: pytest.MonkeyPatch):
    service = story.service
    await register(story.person())
    await register(story.person(COLLEAGUE), subject="虚构监测站 12410100MB0000T3XJ")
    service.sender.pace.chats.clear()
    place = service.sender.pace.place

    async def refused_meanwhile(chat: int) -> dt.timedelta | None:
        async with story.database.write() as session:
            await session.execute(update(Person).where(Person.telegram_id == COLLEAGUE).values(reachable=False))
        return await place(chat)

    monkeypatch.setattr(service.sender.pace, "place", refused_meanwhile)
    await Summaries(service.bot, service.database, service.office, service.sender.pace).look()
    assert any("我的台账概览" in each.text for each in story.api.messages(OFFICER))
    assert not any("我的台账概览" in each.text for each in story.api.messages(COLLEAGUE))


async def test_somebody_who_blocked_the_bot_is_written_to_once_and_known_to_be_out_of_reach(story: Story):
    service = story.service
    await register(story.person())
    story.api.users[OFFICER].blocked = True  # and the update that says so was lost
    summaries = Summaries(service.bot, service.database, service.office, service.sender.pace)
    tries = []
    for _look in range(3):
        service.sender.pace.chats.clear()
        story.api.calls.clear()
        assert await summaries.look() == 0
        tries.append([each.method for each in story.api.calls if each.params.get("chat_id") == str(OFFICER)])
    assert tries == [["sendMessage"], [], []]
    [person] = await story.rows(Person, Person.telegram_id == OFFICER)
    assert not person.reachable and person.unreachable_since is not None
