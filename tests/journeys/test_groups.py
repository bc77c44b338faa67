"""A unit's group: bound by whoever speaks for the unit, told by numbers only, followed and let go."""

from typing import Any

import pytest
from sqlalchemy import update

from storage.tables import ChatBinding, Person, PersonState, Role
from tests.conftest import OFFICER
from tests.journeys.story import OUTSIDER, Story, only, register
from tests.journeys.test_verification import receive

LIAISON, HEAD, GROUP, MOVED = 5_000_008, 5_000_006, -200_001, -1_000_200_001


async def _say(story: Story, user_id: int, text: str, chat_id: int = GROUP) -> str:
    before = len(story.api.messages(chat_id))
    story.api.type(user_id, text, chat_id=chat_id)
    await story.settle()
    said = [each.text for each in story.api.messages(chat_id)[before:] if each.from_bot]
    return said[-1] if said else ""


async def _open(story: Story) -> None:
    await story.enrol(LIAISON, "郑十（虚构）", Role.LIAISON, "air")
    story.api.add_group(GROUP, "大气处工作群（虚构）")


async def test_a_group_is_bound_told_by_numbers_and_let_go(story: Story):
    await _open(story)
    me = story.person(OFFICER)
    await register(me, subject="虚构环保科技有限公司 91410100MA00000T42")
    await me.press("查看台账")
    await me.press("今天中心已收件")
    assert "私聊" in await _say(story, OFFICER, "/bind")  # not for an officer
    assert "私聊" in await _say(story, LIAISON, "/my")
    assert await _say(story, LIAISON, "大家好") == ""
    assert "已绑定本群" in await _say(story, LIAISON, "/bind@xinxuan_trial_bot")
    assert (await story.rows(ChatBinding))[0].chat_id == GROUP
    before = len(story.api.messages(GROUP))
    await story.at("2026-11-24 09:30")
    assert len(story.api.messages(GROUP)) == before  # nothing is due: nobody is disturbed
    await story.at("2026-11-30 09:30")
    [said] = [each.text for each in story.api.messages(GROUP)[before:]]
    assert said.splitlines()[0] == "今日办理情况"
    assert "在办1件" in said
    assert "今日反馈到期1件：大气2026-1" in said
    assert "虚构" not in said.replace("（虚构）", "")
    await story.at("2026-12-01 09:30")
    assert "反馈已超期1件：大气2026-1" in story.api.messages(GROUP)[-1].text
    assert "私聊" in await _say(story, OUTSIDER, "/unbind")
    assert "不再接收汇总" in await _say(story, LIAISON, "/unbind")
    assert await story.rows(ChatBinding) == []
    assert "未绑定" in await _say(story, LIAISON, "/unbind")


async def test_a_forwarded_command_binds_no_group(story: Story):
    await _open(story)
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "某人（虚构）"}
    story.api._say(LIAISON, {"text": "/bind", "forward_origin": origin}, GROUP)
    await story.settle()
    assert await story.rows(ChatBinding) == []


async def test_a_group_that_moves_is_followed_by_telegrams_word(story: Story):
    await _open(story)
    await _say(story, LIAISON, "/bind")
    story.api.add_group(MOVED, "大气处工作群（虚构）")
    story.api.migrate(LIAISON, GROUP, MOVED)
    await story.settle()
    assert only(await story.rows(ChatBinding)).chat_id == MOVED


async def test_a_group_that_puts_the_bot_out_tells_its_liaison(story: Story):
    await _open(story)
    await _say(story, LIAISON, "/bind")
    story.api.put_out(LIAISON, GROUP)
    await story.settle()
    assert await story.rows(ChatBinding) == []
    assert "本单位群不再接收汇总" in story.person(LIAISON).screen


@pytest.mark.parametrize(
    "change", [{"state": PersonState.SUSPENDED}, {"role": Role.OFFICER}, {"unit_id": 1}], ids=["state", "role", "unit"]
)
async def test_a_binding_ends_once_whoever_made_it_speaks_for_the_unit_no_more(story: Story, change: dict[str, Any]):
    await _open(story)
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me = story.person(OFFICER)
    await register(me)
    await me.press("查看台账")
    await me.press("今天中心已收件")
    await _say(story, LIAISON, "/bind")
    async with story.database.write() as session:
        liaison = Person.telegram_id == LIAISON
        await session.execute(update(Person).where(liaison).values(**change))
    before = len(story.api.messages(GROUP))
    await story.at("2026-11-30 09:30")  # a feedback is due
    assert len(story.api.messages(GROUP)) == before
    assert await story.rows(ChatBinding) == []
    said = await story.person(HEAD).wait_for("本单位群不再接收汇总")
    assert "绑定人已不再" in said and "/bind" in said
    assert "本单位群" not in story.person(LIAISON).transcript()


async def test_another_units_group_is_not_taken_over(story: Story):
    await _open(story)
    other = 5_000_010
    await story.enrol(other, "冯十一（虚构）", Role.LIAISON, "water")
    await _say(story, LIAISON, "/bind")
    before = only(await story.rows(ChatBinding)).unit_id
    assert "已绑定其他单位" in await _say(story, other, "/bind")
    assert "已绑定其他单位" in await _say(story, other, "/unbind")
    assert only(await story.rows(ChatBinding)).unit_id == before


async def test_mornings_that_telegram_held_up_make_one_message(story: Story):
    await _open(story)
    me = story.person(OFFICER)
    await register(me)
    await receive(me)
    await _say(story, LIAISON, "/bind")
    before = len(story.api.messages(GROUP))
    story.hold_back(GROUP)
    for day in ("2026-11-30", "2026-12-01", "2026-12-02"):
        story.pass_time(f"{day} 09:30")
        await story.service.jobs.tick()
    story.let_go()
    await story.at("2026-12-02 10:40")
    [said] = [each.text for each in story.api.messages(GROUP)[before:]]
    assert "12月2日" in said and "反馈已超期1件：大气2026-1" in said


async def test_a_last_day_to_submit_that_has_passed_is_not_called_near(story: Story):
    await _open(story)
    me = story.person(OFFICER)
    await register(me, submit="尚未提交", decide="2026-12-10")  # the last day to submit is Wednesday 2 December
    await _say(story, LIAISON, "/bind")
    await story.at("2026-12-02 09:30")
    assert "近日应提交核查1件：大气2026-1" in story.api.messages(GROUP)[-1].text
    await story.at("2026-12-03 09:30")
    said = story.api.messages(GROUP)[-1].text
    assert "12月3日" in said and "已过最迟提交日，尚未提交1件：大气2026-1" in said and "近日应提交" not in said
