"""Answering a reminder in its own message: opinions that run out, what was put off, who takes it over, own hours."""

import datetime as dt
import re

import pytest

from storage.tables import Draft, Opinion, Reminder, ReminderState, Request, Role
from tests.conftest import OFFICER
from tests.journeys.story import Story, only, register
from tests.journeys.test_papers import document_of
from tests.journeys.test_verification import receive
from tests.officer import Officer

COLLEAGUE = 5_000_031


async def reminder(me: Officer, title: str, number: str = "大气2026-1") -> str:
    """Return the reminder of a title: a message of its own, or opened from the morning's digest."""
    if title in me.screen:
        return me.screen
    position = re.search(rf"(\d+)\. {number}", me.screen)
    assert position, me.transcript()
    return await me.press(position[1])


async def write_down(me: Officer, issued: str, valid_to: str) -> None:
    await me.press("登记意见内容")
    await me.press("未查询到不良信息")
    await me.type(issued)
    await me.type("信核2026-118")
    await me.press("有效期")
    await me.type(valid_to)
    await me.press("确认登记")


async def ends_before_the_decision(me: Officer) -> None:
    """Write down an opinion that has expired by the planned decision."""
    await register(me, decide="2027-01-15")
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, "2025-12-26", "2026-12-25")


async def test_feedback_is_put_off_handed_over_and_asked_for_from_the_message(story: Story):
    me = story.person()
    await story.enrol(COLLEAGUE, "钱七（虚构）", Role.OFFICER, "air")
    await register(me)
    await receive(me)
    await story.at("2026-11-30 09:00")  # the last day: a message of its own
    assert "【核查反馈提醒】台账 大气2026-1" in me.screen
    asked = await me.press("稍后提醒")
    assert "何时再提醒？" in asked
    assert "推迟到12月2日（周三）的，期限11月30日（周一）" in await me.press("2个工作日后")
    assert "将于12月2日（周三） 09:00再次提醒" in await me.press("仍按此日提醒")
    assert "1. 大气2026-1 应于11月30日（周一）前反馈\n　12月2日（周三） 09:00再次提醒" in await me.type("/later")
    before = len(me.messages)
    await story.at("2026-12-01 10:00")
    assert len(me.messages) == before  # put off, not nagged
    await story.at("2026-12-02 09:00")
    assert "【核查反馈超期提示】台账 大气2026-1" in me.screen
    await me.press("商请用语")
    await me.press("生成商请函")
    assert me.toast == "商请函正在生成，稍候以文件发来"
    name, _content = await document_of(story)
    assert name.startswith("商请函") and name.endswith("大气2026-1.docx")
    await story.restart()
    await me.press("转办")
    await me.press("钱七")
    await me.press("确认转办")
    colleague = story.person(COLLEAGUE)
    await story.at("2026-12-03 09:00")
    assert "【核查反馈超期提示】台账 大气2026-1" in colleague.screen
    await colleague.press("已收到意见")
    assert only(await story.rows(Request)).state.value == "closed"
    assert [
        row for row in await story.rows(Reminder) if row.kind == "feedback" and row.state is ReminderState.PLANNED
    ] == []


async def test_an_opinion_that_runs_out_before_the_decision_is_applied_for_anew(story: Story):
    me = story.person()
    await ends_before_the_decision(me)
    assert only(await story.rows(Opinion)).valid_to == dt.date(2026, 12, 25)
    await story.at("2026-11-25 09:00")  # thirty days before
    screen = me.screen
    assert (
        "【查询意见到期提示】虚构环保科技有限公司\n意见出具于2025年12月26日（周五），有效至12月25日（周五），还有30天"
        in screen
    )
    assert "在办事项大气2026-1“排污许可证延续”拟于2027年1月15日（周五）研究决定，届时意见已过期" in screen
    assert "需继续使用的，请最迟于2027年1月7日（周四，暂定）重新申请核查" in screen
    reminded = me.messages[-1]
    await me.type("/new 建设项目环评报告书审批")
    await me.press("建设项目环评报告书审批")
    doing = me.screen
    assert (await me.press("重新申请", on=reminded.id)).endswith(doing)  # what is to be finished first, below
    assert "【查询意见到期提示】" in reminded.text
    await me.type("/cancel")
    await me.type("/find")  # a question that holds nothing is in nobody's way
    await me.press("重新申请", on=reminded.id)
    await me.press("今天提交")
    assert "虚构环保科技有限公司" in reminded.text and "2027年1月15日" in reminded.text
    await me.press("确认登记")
    assert len(await story.rows(Request)) == 2
    await story.at("2026-12-18 09:00")
    assert "【查询意见到期提示】" not in me.messages[-1].text


async def test_own_hours_hold_for_what_is_planned_already(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await me.type("/settings")
    await me.press("提醒")
    await me.press("提醒时间")
    assert "提醒时间：10:30（自定）" in await me.press("10:30")
    await me.press("中心反馈")
    assert "最后一次提醒须保留" in await me.press("当天")
    await story.at("2026-11-27 10:30")
    before = len(me.messages)
    await story.at("2026-11-30 09:30")
    assert [message.text for message in me.messages[before:] if "【核查反馈提醒】" in message.text] == []
    await story.at("2026-11-30 10:30")
    assert "【核查反馈提醒】" in me.screen
    assert me.id == OFFICER


async def test_what_is_still_to_come_in_is_asked_for_until_it_is_there_and_watched_until_it_ends(story: Story):
    """The days by hand, from weeks without a holiday; the decision is on Tuesday 22 December."""
    me = story.person()
    matter = next(each.name for each in story.policy.matters.values() if each.code == "m33")
    await me.type(f"/new {matter}")
    await me.press(matter)
    await me.type("虚构环保科技有限公司 91410100MA00000T42")
    await me.press("自行")
    await me.press("拟决定")
    await me.type("2026-12-22")
    await me.press("确认登记")

    await story.at("2026-12-03 09:00")
    assert "【核实意见提交】台账 大气2026-1" in me.screen and "是否已提交意见？" in me.screen
    assert not any("商请" in label for label in me.buttons)  # the centre owes the bureau nothing here
    assert "已记录：尚未提交意见" in await me.press("尚未提交")
    await story.restart()
    await story.at("2026-12-07 09:00")
    assert "【信用报告待登记】台账 大气2026-1" in me.screen
    await me.press("登记信用报告")
    await me.type("虚构征信有限公司")
    await me.type("2026-12-01")
    for label in ("齐", "一致", "确认登记"):
        await me.press(label)
    await story.at("2026-12-17 09:00")
    assert "【核实意见提交】" in me.screen
    await me.press("已收到意见")
    await write_down(me, "2026-12-15", "2027-01-26")

    await story.at("2026-12-25 09:00")  # thirty days before is a Sunday
    assert "【查询意见到期提示】虚构环保科技有限公司" in me.screen
    await me.press("单独提醒")
    assert "改回每日汇总" in me.buttons
    before = len(me.messages)
    await story.at("2026-12-28 10:00")
    assert [each.text for each in me.messages[before:] if "【信用报告待登记】" in each.text] == []  # it is there
    await story.at("2026-12-29 09:00")
    assert "【意见待使用】台账 大气2026-1" in me.screen and "12月22日（周二）研究决定" in me.screen
    await me.press("登记使用情况")
    await me.press("通过")
    await me.press("确认登记")
    for day, left in (("2027-01-19", "还有7天"), ("2027-01-25", "还有1天")):
        before = len(me.messages)
        await story.at(f"{day} 09:00")
        [told] = [each.text for each in me.messages[before:] if "【查询意见到期提示】" in each.text]
        assert left in told and "【意见待使用】" not in told
    kinds = {row.kind for row in await story.rows(Reminder, Reminder.state == ReminderState.PLANNED)}
    assert kinds <= {"expiry"}


@pytest.mark.parametrize("why", ["put off", "the bot was down"])
async def test_an_opinions_last_day_that_went_by_unsaid_is_said_as_expired(story: Story, why: str):
    me = story.person()
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, "2025-12-26", "2026-12-25")
    if why == "put off":
        await story.at("2026-12-18 09:00")
        await me.press("2")
        await me.press("稍后提醒")
        await me.type("2026-12-28")
        await me.press("仍按此日提醒")
        late = ""
    else:
        await story.at("2026-12-17 10:00")
        await story.close()
        story.pass_time("2026-12-28 08:00")
        await story.open()
        late = "\n延迟提醒，应于12月18日（周五）发出"
    await story.at("2026-12-28 09:00")
    said = await reminder(me, "【查询意见到期提示】")
    assert f"【查询意见到期提示】虚构环保科技有限公司{late}\n意见出具于2025年12月26日（周五），已于" in said
    assert "，已于12月25日（周五）到期\n需继续使用的，请重新申请核查" in said
    assert "届时不再使用" not in me.buttons and "单独提醒" not in me.buttons  # there is nothing to wait for any more
    assert "大气2026-1 查询意见已于12月25日（周五）到期，请确认是否重新申请" in await me.press("稍后提醒")
    await me.press("返回")
    assert "重新申请" in me.buttons and "已知悉" in me.buttons
    assert await story.rows(Draft) == []  # the question has ended with it
