"""Officers out of reach, and what the bot itself missed: whoever is concerned hears of it, once."""

from storage.tables import Outbox, Role
from tests.conftest import COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import Story, register

HEAD = 5_000_006
AWAY = "消息无法送达经办人"


async def test_who_looks_after_the_work_hears_the_same_morning_and_again_when_they_are_back(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head, li = story.person(OFFICER), story.person(HEAD), story.person(COLLEAGUE)
    for firm in ("虚构环保科技有限公司 91410100MA00000T42", "虚构监测站 12410100MB0000T3XJ"):
        await register(me, subject=firm)
    await me.type("/cover")
    for label in ("登记本人请假", "李四", "另行通知", "确认代办"):
        await me.press(label)
    await story.at("2026-11-23 22:00")
    story.api.block(OFFICER)  # at night; Telegram says so at once
    await story.settle()
    assert AWAY not in head.transcript() + li.transcript()
    await story.at("2026-11-24 09:01")
    for someone, where in ((li, "提醒改发：您"), (head, "提醒改发：李四（虚构）")):
        [said] = [each.text for each in someone.messages if AWAY in each.text]
        assert "张三（虚构）" in said
        assert "在办2件" in said
        assert where in said
    await story.at("2026-11-25 10:00")
    assert sum(AWAY in each.text for each in head.messages) == 1  # not one for each entry, nor one for each day
    story.api.unblock(OFFICER)
    await head.wait_for("消息已可送达经办人")
    await li.wait_for("消息已可送达经办人")
    await story.settle()


async def test_a_refused_send_is_the_same_and_what_was_refused_comes_after_all(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    story.api.users[OFFICER].blocked = True  # nobody knows of it yet
    await story.at("2026-11-24 09:00")
    assert AWAY in coordinator.transcript()
    story.api.users[OFFICER].blocked = False
    await me.type("/help")
    await coordinator.wait_for("消息已可送达经办人")


async def test_after_more_than_a_day_without_telegram_all_are_asked_to_send_again(story: Story):
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await me.type("/help")  # the poll is answered, and so has been heard of
    await story.settle()
    await story.close()
    story.pass_time("2026-11-25 10:00")
    await story.open()
    await me.type("/help")
    await story.settle()
    for someone in (me, li, story.person(COORDINATOR)):
        said = await someone.wait_for("请重新发送")
        assert "11月23日（周一） 09:00至11月25日（周三） 10:00助手未能接收消息" in said
    await story.restart()
    await me.type("/help")
    await story.settle()
    assert sum("请重新发送" in each.text for each in me.messages) == 1


async def test_less_than_a_day_is_no_loss(story: Story):
    await story.person().type("/help")
    await story.settle()
    await story.close()
    story.pass_time("2026-11-24 08:50")
    await story.open()
    await story.person().type("/help")
    await story.at("2026-11-24 10:00")
    assert [row.kind for row in await story.rows(Outbox)].count("outage") == 0


async def test_what_was_said_while_an_officer_was_out_of_reach_comes_when_they_are_back(story: Story):
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await me.type("/help")  # the poll is answered, and so has been heard of
    await story.settle()
    story.api.block(OFFICER)  # Telegram says so at once: nothing is ever refused
    await story.settle()
    await story.close()
    story.pass_time("2026-11-25 10:00")
    await story.open()
    await li.type("/help")
    await story.at("2026-11-25 10:01")  # the outage is known once the first poll is answered; the next minute tells it
    assert "请重新发送" in li.transcript()
    assert "请重新发送" not in me.transcript()
    story.api.unblock(OFFICER)
    await me.wait_for("请重新发送")


async def test_no_value_of_past_mornings_waits_for_a_coordinator_who_comes_back(story: Story):
    coordinator = story.person(COORDINATOR)
    story.service.office.maintainer_ids = frozenset({COORDINATOR})
    await register(story.person())
    story.api.block(COORDINATOR)
    for day in ("24", "25", "26"):
        await story.at(f"2026-11-{day} 09:30")
    before = len(coordinator.messages)
    story.api.unblock(COORDINATOR)
    await story.settle()
    said = [each.text for each in coordinator.messages[before:]]
    assert not any("操作记录校验值" in each or "今日应提醒" in each for each in said)
    await story.at("2026-11-27 09:30")
    assert "操作记录校验值" in coordinator.transcript() and "今日应提醒" in coordinator.transcript()
