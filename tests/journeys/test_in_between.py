"""Questions in between: whatever comes upon something half done, what was entered comes back."""

import datetime as dt

import pytest

from bot.screens.screen import Press
from storage.tables import Draft, Reminder, Request
from tests.conftest import COORDINATOR
from tests.handlers.test_calendar import NOTICE
from tests.journeys.story import Story, only, register
from tests.journeys.test_verification import receive, verification, write_down
from tests.officer import Officer

BASIS = "河南省社会信用条例"


async def _half_a_form(story: Story, *, basis: str = BASIS) -> Officer:
    """An opinion that was obtained, and of its use all is said but the confirmation, or but the basis."""
    me = story.person()
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, "有不良信息", number=None)
    await me.press("登记使用情况")
    await me.press("限制")
    if basis:
        await me.type(basis)
    return me


async def _confirmed(story: Story, me: Officer) -> None:
    """The form stands there as it was filled in, and is confirmed from there."""
    assert BASIS in me.screen
    await me.press("确认登记")
    assert (await verification(story)).basis == BASIS
    assert await story.rows(Draft) == []


async def test_a_search_in_the_middle_of_a_form_leaves_it_as_it_stood(story: Story):
    me = await _half_a_form(story)
    await me.type("/find 虚构")
    await me.press("大气2026-1 排污许可证延续")
    await me.press("登记使用情况")
    await _confirmed(story, me)


async def test_a_form_goes_on_where_it_stood_on_another_day_too(story: Story):
    me = await _half_a_form(story)
    await story.at("2026-11-24 10:00")
    await me.type("/find 大气2026-1")
    await me.press("大气2026-1 排污许可证延续")
    await me.press("登记使用情况")
    assert "使用日期：11月23日（周一）" in me.screen  # as it was filled in, and can be changed
    await _confirmed(story, me)


async def test_a_planned_decision_that_is_past_by_the_confirmation_is_asked_again(story: Story):
    me = story.person()
    await register(me, submit="尚未提交")
    await me.type("/find 大气2026-1")
    await me.press("大气2026-1 排污许可证延续")
    await me.press("更多")
    await me.press("拟决定日")
    await me.type("2026-11-26")
    await story.at("2026-11-30 10:00")
    await me.type("/guide")
    await me.press("继续")
    assert "该日期已过" in await me.press("确认登记")
    assert only(await story.rows(Request)).decide_on is None
    await me.type("2026-12-18")
    await me.press("确认登记")
    assert only(await story.rows(Request)).decide_on == dt.date(2026, 12, 18)


async def _opened(coordinator: Officer) -> None:
    await coordinator.type("/find 大气2026-1")
    await coordinator.press("大气2026-1 排污许可证延续")


@pytest.mark.parametrize("way", ["确认登记", "继续"])
async def test_what_was_typed_comes_back_with_the_reason_where_somebody_else_was_quicker(story: Story, way: str):
    me, coordinator = await _half_a_form(story), story.person(COORDINATOR)
    await _opened(coordinator)
    await coordinator.press("登记使用情况")
    await coordinator.press("通过")
    await coordinator.press("确认登记")
    if way == "继续":
        await me.type("/guide")
    shown = await me.press(way)
    assert shown.startswith("台账内容已有变动，您填写的事项无法再登记：\n11月23日")
    assert shown.endswith(f"您已输入的以下文字未登记：\n{BASIS}")
    assert (await verification(story)).basis is None and await story.rows(Draft) == []


@pytest.mark.parametrize("way", ["确认登记", "继续"])
async def test_what_was_typed_comes_back_with_the_reason_where_the_entry_was_handed_over(story: Story, way: str):
    me, coordinator = await _half_a_form(story), story.person(COORDINATOR)
    await _opened(coordinator)
    await coordinator.press("更多")
    await coordinator.press("转办")
    await coordinator.press("李四")
    await coordinator.press("确认转办")
    if way == "继续":
        await me.type("/guide")
    shown = await me.press(way)
    why = "您的台账中没有此件，请用 /my 查看。"
    assert shown.count(why) == 1 and shown.endswith(f"您已输入的以下文字未登记：\n{BASIS}")
    assert await story.rows(Draft) == []


async def test_the_reason_of_a_hand_over_comes_back_where_the_entry_was_handed_over_meanwhile(story: Story):
    me, coordinator = story.person(), story.person(COORDINATOR)
    await register(me)
    for each in (me, coordinator):
        await _opened(each)
        await each.press("更多")
        await each.press("转办")
        await each.press("李四")
    await me.type("外出学习")
    await coordinator.press("确认转办")
    assert (await me.press("确认转办")).endswith("您已输入的以下文字未登记：\n外出学习")


async def test_a_form_in_which_nothing_was_typed_says_so_too_when_it_can_go_on_no_more(story: Story):
    me, coordinator = await _half_a_form(story, basis=""), story.person(COORDINATOR)
    await _opened(coordinator)
    await coordinator.press("登记使用情况")
    await coordinator.press("通过")
    await coordinator.press("确认登记")
    await me.type("/guide")
    assert (await me.press("继续")).endswith("您已填写的内容未登记。")


async def test_a_second_form_in_the_middle_of_another_leaves_it_as_it_stood(story: Story):
    me = await _half_a_form(story)
    await me.type("/feedback 页面看不清")
    await me.press("取消")
    assert "您尚未办完：正在填写的台账内容" in await me.type("/guide")
    await me.press("继续")
    await _confirmed(story, me)


async def test_putting_a_reminder_off_in_the_middle_of_a_form_leaves_it_as_it_stood(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await me.type("/feedback 页面看不清")
    await story.at("2026-11-30 09:00")
    await me.press("稍后提醒")
    await me.type("12月1日")
    await me.press("仍按此日提醒")
    assert only(await story.rows(Reminder, Reminder.snoozed_to.is_not(None)))
    await me.type("/guide")
    await me.press("继续")
    assert "页面看不清" in await me.press("系统使用")


async def test_what_is_given_up_is_the_question_alone(story: Story):
    me = await _half_a_form(story)
    await me.type("/find")
    assert (await me.type("/cancel")).startswith("已放弃刚才的操作")
    await _confirmed(story, me)


async def test_a_form_that_is_begun_again_instead_of_an_answer_takes_what_is_typed(story: Story):
    me = await _half_a_form(story)
    request = only(await story.rows(Request))
    await me.type("/guide")
    await me.press_data(me.messages[-1].id, Press("use", request.id, version=request.version).encode())
    await me.press("改措施依据")
    assert "措施依据：虚构依据" in await me.type("虚构依据")


@pytest.mark.parametrize("on", ["继续", "放弃，重新开始"])
async def test_a_notice_that_was_pasted_is_asked_about_before_anything_new_begins(story: Story, on: str):
    coordinator = story.person(COORDINATOR)
    await coordinator.type("/calendar")
    await coordinator.press("录入放假通知")
    shown = await coordinator.type(NOTICE)
    assert "您尚未办完：工作日历的变动" in await coordinator.type("/guide")
    await coordinator.press(on)
    assert (coordinator.screen == shown) == (on == "继续")


async def test_a_notice_that_was_pasted_waits_while_a_rest_day_is_entered(story: Story):
    coordinator = story.person(COORDINATOR)
    await coordinator.type("/calendar")
    await coordinator.press("录入放假通知")
    shown = await coordinator.type(NOTICE)
    await coordinator.type("/calendar")
    await coordinator.press("增加本局休息日")
    assert (await coordinator.type("/cancel")).endswith(shown)
    await coordinator.type("/calendar")
    assert await coordinator.press("录入放假通知") == shown


async def test_a_leave_that_is_being_entered_is_asked_about_before_anything_new_begins(story: Story):
    me = story.person()
    await me.type("/cover")
    await me.press("登记本人请假")
    shown = await me.press("李四")
    assert "您尚未办完：请假代办的登记" in await me.type("/guide")
    assert await me.press("继续") == shown


async def test_of_two_things_half_done_each_is_asked_about(story: Story):
    me = story.person()
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    await me.type("/feedback 页面看不清")
    assert "您尚未办完：未填完的表单" in await me.type("/guide")
    assert "您尚未办完：排污许可证延续" in await me.press("放弃，重新开始")
    await me.press("继续")
    assert "请粘贴" in me.screen
