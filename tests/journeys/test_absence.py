"""Officers out of reach, and what the bot itself missed: whoever is concerned hears of it, once."""

import pytest
from sqlalchemy import select, update

from handlers import undelivered
from storage import people
from storage.tables import Outbox, OutboxState, Person, Role
from tests.conftest import COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import Story, register
from tests.journeys.test_leaving import card, closed_entry

HEAD, NEW_HEAD = 5_000_006, 5_000_007
AWAY, BACK = "消息无法送达经办人", "消息已可送达经办人"


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


async def _moved(story: Story, who: int) -> None:
    """Let a head become an officer of another unit."""
    async with story.database.write() as session:
        unit = await people.unit_by_code(session, "water")
        await session.execute(
            update(Person).where(Person.telegram_id == who).values(role=Role.OFFICER, unit_id=unit.id)
        )


async def _given_up(story: Story) -> None:
    """The morning's question to the officer is held: nobody knows whether it has arrived."""
    await story.at("2026-11-24 09:30")
    story.hold_back(HEAD, NEW_HEAD)
    async with story.database.write() as session:
        row = (await session.scalars(select(Outbox).where(Outbox.chat_id == OFFICER, Outbox.kind == "digest"))).one()
        row.state = OutboxState.HELD
        await undelivered.tell(session, story.service.office, row, story.clock.now())


async def _blocked(story: Story) -> None:
    """The officer cannot be told anything."""
    story.hold_back(HEAD, NEW_HEAD)
    async with story.database.write() as session:
        me = (await session.scalars(select(Person).where(Person.telegram_id == OFFICER))).one()
        people.lose(me, story.clock.now())
    await story.service.jobs.tick()


@pytest.mark.parametrize(("happens", "says"), [(_given_up, "大气2026-1"), (_blocked, AWAY)])
@pytest.mark.parametrize("moves", ["the head", "nobody"])
async def test_what_waits_for_a_head_who_has_moved_goes_to_whoever_looks_after_the_work_now(
    story: Story, happens, says: str, moves: str
):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    await register(story.person())
    await happens(story)
    await story.enrol(NEW_HEAD, "钱十（虚构）", Role.HEAD, "air")
    if moves == "the head":
        await _moved(story, HEAD)
    story.let_go()
    await story.settle()
    told = {who: sum(says in each.text for each in story.person(who).messages) for who in (HEAD, NEW_HEAD)}
    now_looks_after = NEW_HEAD if moves == "the head" or happens is _blocked else HEAD
    assert told[now_looks_after] == 1
    assert told[HEAD] == (moves == "nobody")


async def test_a_refused_send_is_the_same_and_what_was_refused_comes_after_all(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    story.api.users[OFFICER].blocked = True  # nobody knows of it yet
    await story.at("2026-11-24 09:00")
    assert AWAY in coordinator.transcript()
    story.api.users[OFFICER].blocked = False
    await me.type("/help")
    await coordinator.wait_for("消息已可送达经办人")


async def test_each_suspension_is_told_and_its_end_with_what_was_missed(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head = story.person(OFFICER), story.person(HEAD)
    await register(me)
    for times, (day, role) in enumerate((("2026-11-24", "单位联络员"), ("2026-11-26", "经办人")), 1):
        coordinator = await card(story, OFFICER)
        for label in ("停用", "确认停用", "调整角色", role):
            await coordinator.press(label)
        await story.at(f"{day} 09:01")
        assert sum(AWAY in each.text for each in head.messages) == times
        assert sum("您的单位或角色已调整" in each.text for each in me.messages) == times - 1
        await (await card(story, OFFICER)).press("恢复使用")
        await story.settle()
        assert sum(BACK in each.text for each in head.messages) == times
        assert sum("您的单位或角色已调整" in each.text for each in me.messages) == times


async def test_who_leaves_only_closed_work_behind_is_missed_too(story: Story):
    """The opinion runs out on 25 December, and is not used yet."""
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    head = story.person(HEAD)
    await closed_entry(story.person(OFFICER))
    coordinator = await card(story, OFFICER)
    await coordinator.press("停用")
    await coordinator.press("确认停用")
    await story.at("2026-11-24 09:01")
    [said] = [each.text for each in head.messages if AWAY in each.text]
    assert "张三（虚构）" in said and "提醒改发" in said
    assert "在办" not in said


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
