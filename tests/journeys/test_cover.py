"""Leave cover through the front door: who is reminded on which day, who may act, and what is refused."""

import datetime as dt

import pytest
from sqlalchemy import select

from bot.screens.screen import Press
from storage.tables import Audit, Cover, Person, PersonState, Reminder, Request, Role
from tests.conftest import AUDITOR, COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import OUTSIDER, Story, only, register
from tests.officer import Officer

HEAD, THIRD = 5_000_006, 5_000_007
ZHANG, LI, SUN, ZHOU = "张三（虚构）", "李四（虚构）", "孙九（虚构）", "周八（虚构）"
WARNING = "核查反馈提醒】台账 大气2026-1"


async def received(story: Story) -> Request:
    """An entry of Monday 23 November, received the same day: said on Friday 27, Monday 30, Tuesday 1 December."""
    me = story.person()
    await register(me)
    await me.press("查看台账")
    await me.press("今天中心已收件")
    return only(await story.rows(Request))


async def cover(story: Story, me: Officer, by: str, first: str, last: str) -> str:
    """Enter one's leave with typed days, and return the screen after the confirmation."""
    await me.type("/cover")
    await me.press("登记本人请假")
    await me.press(by)
    await me.press("另行通知")
    await me.press("修改开始日期")
    await me.type(first)
    if last != "另行通知":
        await me.press("修改结束日期")
        await me.type(last)
    screen = await me.press("确认代办")
    await story.settle()
    return screen


async def key_of(story: Story, telegram_id: int) -> int:
    return only(await story.rows(Person, Person.telegram_id == telegram_id)).id


async def open_it(someone: Officer, request_id: int) -> str:
    await someone.type("/start")
    return await someone.press_data(someone.messages[-1].id, Press("req", request_id).encode())


async def forge(someone: Officer, press: Press) -> str:
    await someone.type("/start")
    return await someone.press_data(someone.messages[-1].id, press.encode())


async def test_reminders_go_to_the_stand_in_on_the_days_of_the_leave_only(story: Story):
    request = await received(story)
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    screen = await cover(story, me, "李四", "11月26日", "11月27日")
    assert me.toast == "已记录"
    assert f"{ZHANG}请假：11月26日（周四）至11月27日（周五），由{LI}代办" in screen
    said = await li.wait_for("由您代办")
    assert f"{ZHANG}请假：11月26日（周四）至11月27日（周五），由您代办" in said
    assert "没有此件" in await open_it(li, request.id)
    mine = len(me.messages)
    await story.at("2026-11-27 09:00")
    assert WARNING in li.screen
    assert f"代{ZHANG}办理" in li.screen
    assert len(me.messages) == mine
    assert f"代{ZHANG}办理" in await open_it(li, request.id)
    assert "已收到意见" in str(li.buttons)
    theirs = len(li.messages)
    await story.at("2026-11-30 09:00")
    assert WARNING in me.screen
    assert "代" + ZHANG not in me.screen
    assert len(li.messages) == theirs
    assert "没有此件" in await open_it(li, request.id)


async def test_the_stand_in_acts_and_the_audit_names_them_and_the_owner_may_too(story: Story):
    request = await received(story)
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await cover(story, me, "李四", "今天", "另行通知")
    await story.at("2026-11-27 09:00")
    await li.press("已收到意见")
    line = only(await story.rows(Audit, Audit.verb == "request.returned"))
    assert line.actor_id == await key_of(story, COLLEAGUE)
    assert only(await story.rows(Request)).state.value == "closed"
    assert only(await story.rows(Request)).owner_id == await key_of(story, OFFICER)
    assert "本件仅供查看" not in await open_it(me, request.id)


async def test_the_stand_in_finds_the_entries_they_look_after(story: Story):
    await received(story)
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await cover(story, me, "李四", "今天", "另行通知")
    await li.type("/cover")
    screen = await li.press("代办台账")
    assert f"代{ZHANG}办理" in screen
    assert "大气2026-1" in screen
    assert "大气2026-1" in await li.press("大气2026-1")
    row = only(await story.rows(Cover))
    assert "大气2026-1" not in await forge(story.person(OUTSIDER), Press("cvls", row.id))


async def test_a_chain_is_followed_on_the_day(story: Story):
    await story.enrol(THIRD, ZHOU, Role.OFFICER, "air")
    await received(story)
    me, li, zhou = story.person(OFFICER), story.person(COLLEAGUE), story.person(THIRD)
    await cover(story, li, "周八", "11月27日", "11月27日")
    await me.type("/cover")
    await me.press("登记本人请假")
    await me.press("李四")
    await me.type("11月30日")
    await me.press("修改开始日期")
    screen = await me.type("11月27日")
    assert f"开始当日依次代办：{LI} → {ZHOU}" in screen
    await me.press("确认代办")
    await story.settle()
    mine, his = len(me.messages), len(li.messages)
    await story.at("2026-11-27 09:00")
    assert WARNING in zhou.screen
    assert (len(me.messages), len(li.messages)) == (mine, his)
    others = len(zhou.messages)
    await story.at("2026-11-30 09:00")
    assert WARNING in li.screen
    assert (len(me.messages), len(zhou.messages)) == (mine, others)


async def test_a_circle_is_refused_when_it_is_entered_and_names_its_way(story: Story):
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await cover(story, me, "李四", "11月25日", "11月27日")
    screen = await cover(story, li, "张三", "11月23日", "11月26日")
    assert f"11月25日（周三）将形成循环代办：{LI} → {ZHANG} → {LI}" in screen
    assert "请确认" in screen
    assert len(await story.rows(Cover)) == 1
    await li.press("修改结束日期")
    await li.type("11月24日")
    await li.press("确认代办")
    assert len(await story.rows(Cover)) == 2


async def test_two_leaves_of_one_person_share_no_day(story: Story):
    me = story.person(OFFICER)
    await cover(story, me, "李四", "11月25日", "11月27日")
    screen = await cover(story, me, "李四", "11月27日", "另行通知")
    assert f"{ZHANG}已由{LI}代办（11月25日（周三）至11月27日（周五））" in screen
    await me.press("修改开始日期")
    await me.type("11月28日")
    await me.press("确认代办")
    assert [row.to_on for row in await story.rows(Cover)] == [dt.date(2026, 11, 27), None]


async def test_a_leave_that_is_ended_early_ends_at_once_and_the_stand_in_is_told(story: Story):
    request = await received(story)
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await cover(story, me, "李四", "今天", "另行通知")
    assert "大气2026-1" in await open_it(li, request.id)
    row = only(await story.rows(Cover))
    for someone in (COLLEAGUE, OUTSIDER, AUDITOR):
        await forge(story.person(someone), Press("cvend", row.id))
        assert only(await story.rows(Cover)).ended_at is None
    await me.type("/cover")
    assert "现无请假代办" in await me.press("提前结束")
    assert "已提前结束，不再由您代办" in await li.wait_for("不再由您代办")
    assert only(await story.rows(Cover)).ended_at is not None
    assert "没有此件" in await open_it(li, request.id)
    before = len(li.messages)
    await story.at("2026-11-27 09:00")
    assert WARNING in me.screen
    assert len(li.messages) == before
    lines = [line.verb for line in await story.rows(Audit, Audit.subject_kind == "cover")]
    assert lines == ["cover.set", "cover.end"]


@pytest.mark.parametrize("day", ["2026-11-27", "2026-11-30"], ids=["in a list", "singly"])
async def test_what_waits_for_the_stand_in_when_the_leave_ends_is_said_to_the_owner_alone(story: Story, day: str):
    """Telegram is away when the reminder falls due; the owner is back before it goes out."""
    await received(story)
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await story.at(f"{day} 08:30")
    await cover(story, me, "李四", "今天", "另行通知")
    mine, theirs = me.transcript().count(WARNING), li.transcript().count(WARNING)
    story.hold_back(COLLEAGUE)
    story.pass_time(f"{day} 09:00")
    await story.service.jobs.tick()
    await me.type("/cover")
    await me.press("提前结束")
    story.let_go()
    await story.at(f"{day} 09:05")
    await story.at(f"{day} 09:10")
    assert li.transcript().count(WARNING) == theirs
    assert me.transcript().count(WARNING) == mine + 1
    assert "代" + ZHANG not in me.screen


@pytest.mark.parametrize("day", ["2026-11-27", "2026-11-30"], ids=["in a list", "singly"])
async def test_what_waits_for_the_owner_when_their_leave_begins_is_said_to_the_stand_in(story: Story, day: str):
    await received(story)
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await story.at(f"{day} 08:30")
    mine, theirs = me.transcript().count(WARNING), li.transcript().count(WARNING)
    story.hold_back(OFFICER, COLLEAGUE)
    story.pass_time(f"{day} 09:00")
    await story.service.jobs.tick()
    await me.type("/cover")
    for label in ("登记本人请假", "李四", "另行通知", "确认代办"):
        await me.press(label)
    story.let_go()
    await story.at(f"{day} 09:05")
    await story.at(f"{day} 09:10")
    assert me.transcript().count(WARNING) == mine
    assert li.transcript().count(WARNING) == theirs + 1


async def test_a_head_enters_the_leave_of_the_units_staff_and_both_are_told(story: Story):
    await story.enrol(HEAD, SUN, Role.HEAD, "air")
    head = story.person(HEAD)
    await head.type("/cover")
    await head.press("为同事登记请假")
    assert not any("赵六" in label for label in head.buttons)
    assert "李四" not in str([label for label in head.buttons if "王五" in label])  # the auditor has no work to cover
    await head.type("zs")
    await head.press("张三")
    await head.type("lisi")
    await head.press("李四")
    await head.press("3个工作日，至11月25日")
    await head.press("确认代办")
    await story.person(OFFICER).wait_for("已登记您的请假")
    await story.person(COLLEAGUE).wait_for("由您代办")
    row = only(await story.rows(Cover))
    assert (row.person_id, row.by_id) == (await key_of(story, OFFICER), await key_of(story, COLLEAGUE))
    assert row.to_on == dt.date(2026, 11, 25)
    line = only(await story.rows(Audit, Audit.verb == "cover.set"))
    assert line.actor_id == await key_of(story, HEAD)
    await head.type("/cover")
    await head.press("提前结束")
    await story.person(OFFICER).wait_for("不再为您代办")


async def test_an_officer_enters_no_leave_for_somebody_else(story: Story):
    me = story.person(OFFICER)
    await me.type("/cover")
    assert "为同事登记请假" not in me.buttons
    await me.press_data(me.messages[-1].id, Press("cvnew", arg="others").encode())
    assert "谁请假" not in me.screen
    assert "没有这项操作" in await story.person(AUDITOR).type("/cover")


@pytest.mark.parametrize("why", ["left", "blocked"])
async def test_where_the_stand_in_is_gone_the_head_is_told_and_may_act_and_then_the_coordinator(story: Story, why: str):
    await story.enrol(HEAD, SUN, Role.HEAD, "air")
    await received(story)
    me, head, coordinator = story.person(OFFICER), story.person(HEAD), story.person(COORDINATOR)
    await cover(story, me, "李四", "今天", "另行通知")
    async with story.database.write() as session:
        li = (await session.scalars(select(Person).where(Person.telegram_id == COLLEAGUE))).one()
        if why == "left":
            li.state = PersonState.LEFT
    story.api.users[COLLEAGUE].blocked = why == "blocked"
    await story.at("2026-11-27 09:00")
    warning = only([message for message in head.messages if WARNING in message.text])
    assert any("消息无法送达经办人" in message.text for message in head.messages)
    await head.press("更正收件日期", on=warning.id)
    assert "于何日收件" in warning.text
    async with story.database.write() as session:
        row = (await session.scalars(select(Person).where(Person.telegram_id == HEAD))).one()
        row.state = PersonState.SUSPENDED
    await story.at("2026-11-30 09:00")
    assert WARNING in coordinator.transcript()  # other notices may have come on the same morning


async def test_a_coordinator_reads_what_a_stand_in_of_another_role_does_not_take_over(story: Story):
    coordinator = story.person(COORDINATOR)
    said = "管理员职责不由代办人代行；管理员均不在岗时，有关事项仍发给"
    for by, role in ((THIRD, Role.OFFICER), (HEAD, Role.COORDINATOR)):
        await story.enrol(by, SUN, role, "legal")
        await coordinator.type("/cover")
        for label in ("登记本人请假", "孙九", "另行通知"):
            await coordinator.press(label)
        assert (said in coordinator.screen) is (role is Role.OFFICER)
        await coordinator.press("取消")
        async with story.database.write() as session:
            (await session.scalars(select(Person).where(Person.telegram_id == by))).one().state = PersonState.LEFT
    me = story.person(OFFICER)
    await me.type("/cover")
    for label in ("登记本人请假", "李四", "另行通知"):
        await me.press(label)
    assert said not in me.screen


async def test_the_head_acts_only_while_nobody_else_does(story: Story):
    await story.enrol(HEAD, SUN, Role.HEAD, "air")
    request = await received(story)
    head = story.person(HEAD)
    assert "本件仅供查看" in await open_it(head, request.id)
    async with story.database.write() as session:
        (await session.scalars(select(Person).where(Person.telegram_id == OFFICER))).one().reachable = False
    assert "本件仅供查看" not in await open_it(head, request.id)
    assert f"代{ZHANG}办理" in head.screen


async def test_a_circle_that_came_from_dates_leads_to_the_head(story: Story):
    await story.enrol(HEAD, SUN, Role.HEAD, "air")
    await received(story)
    head = story.person(HEAD)
    one, other = await key_of(story, OFFICER), await key_of(story, COLLEAGUE)
    async with story.database.write() as session:
        for person, by in ((one, other), (other, one)):
            session.add(Cover(person_id=person, by_id=by, from_on=dt.date(2026, 11, 24), to_on=None))
    await story.at("2026-11-27 09:00")
    assert WARNING in head.screen
    assert [row.state.value for row in await story.rows(Reminder, Reminder.stage == "t-1")] == ["sent"]


async def test_what_was_begun_comes_back_after_the_leave_is_entered(story: Story):
    me = story.person(OFFICER)
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    await cover(story, me, "李四", "11月25日", "11月27日")
    assert "由谁向市信用中心申请" in await me.type("虚构环保科技有限公司 91410100MA00000T42")


async def test_a_leave_that_is_over_is_not_recorded_and_its_days_are_asked_again(story: Story):
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await me.type("/cover")
    await me.press("登记本人请假")
    await me.press("李四")
    await me.type("11月24日")
    await story.at("2026-11-30 10:00")
    await me.type("/guide")
    await me.press("继续")
    assert "该请假期间已结束，未作登记" in await me.press("确认代办")
    assert LI in me.screen
    await story.settle()
    assert await story.rows(Cover) == [] and li.messages == []
    assert "到哪一天为止" in await me.press("今天")
    await me.type("12月1日")
    await me.press("确认代办")
    row = only(await story.rows(Cover))
    assert (row.from_on, row.to_on) == (dt.date(2026, 11, 30), dt.date(2026, 12, 1))


async def test_a_leave_whose_first_day_is_past_is_asked_for_that_day_alone(story: Story):
    me = story.person(OFFICER)
    await me.type("/cover")
    await me.press("登记本人请假")
    await me.press("李四")
    await me.type("12月4日")
    await story.at("2026-11-30 10:00")
    await me.type("/guide")
    await me.press("继续")
    assert "开始日期已过，未作登记" in await me.press("确认代办")
    assert await story.rows(Cover) == []
    assert "12月4日" in await me.press("今天")
    await me.press("确认代办")
    row = only(await story.rows(Cover))
    assert (row.from_on, row.to_on) == (dt.date(2026, 11, 30), dt.date(2026, 12, 4))


async def test_days_and_names_that_cannot_be_right_are_refused_in_a_sentence(story: Story):
    me = story.person(OFFICER)
    await me.type("/cover")
    await me.press("登记本人请假")
    assert "没有找到这位同事" in await me.type("查无此人")
    await me.press("李四")
    assert "该日期已过" in await me.type("2026-11-20")
    await me.press("1个工作日")
    await me.press("修改开始日期")
    assert "到哪一天为止" in await me.type("11月30日")  # the last day lay before it and is asked again
    assert "结束日期早于开始日期" in await me.type("11月27日")
    stale = me.messages[-1]
    draft_button = Press.decode(next(b["callback_data"] for row in stale.buttons for b in row if "另行" in b["text"]))
    await me.press("另行通知")
    await me.press_data(stale.id, draft_button.encode())
    assert "已失效" in me.toast or "请确认" in me.screen
    assert await story.rows(Cover) == []


async def test_the_coordinators_stand_in_hears_of_a_deadline_that_passed_unsaid(story: Story):
    """The head stands in: of another role than the coordinator, they may look at the entries of their unit."""
    await story.enrol(HEAD, SUN, Role.HEAD, "air")
    head, coordinator = story.person(HEAD), story.person(COORDINATOR)
    await received(story)
    away, by = await key_of(story, COORDINATOR), await key_of(story, HEAD)
    async with story.database.write() as session:
        session.add(Cover(person_id=away, by_id=by, from_on=dt.date(2026, 11, 23), to_on=None))
    await story.at("2026-11-27 09:30")
    await story.close()
    story.pass_time("2026-12-02 11:00")  # the feedback was due on Monday
    await story.open()
    await story.settle()
    assert [sum("时限已过，未及时提醒" in each.text for each in who.messages) for who in (coordinator, head)] == [1, 1]
