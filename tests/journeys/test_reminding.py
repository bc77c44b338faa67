"""Reminders on their days: office hours, make-up days, people who cannot be reached, and an outage."""

import asyncio
import datetime as dt
import re

import pytest
from sqlalchemy import or_, select

from handlers.office import ZONE
from handlers.web.botapi.server import BotApiServer
from storage import heartbeat
from storage.tables import Outbox, OutboxState, PeriodicRun, Person, PersonState, Reminder, ReminderState, Request, Role
from tests.conftest import COORDINATOR, OFFICER
from tests.journeys.story import Story, only, register
from tests.journeys.test_verification import receive

WEEK = dt.timedelta(weeks=1)


async def _received(story: Story, who: int = OFFICER) -> None:
    """An entry of Monday 23 November, received the same day: feedback due on Monday 30 November."""
    me = story.person(who)
    await register(me)
    await me.press("查看台账")
    await me.press("今天中心已收件")


async def test_nothing_is_said_at_night_or_at_the_weekend(story: Story):
    me = story.person()
    await story.at("2026-11-27 16:00")
    await register(me)  # on a Friday; the receipt is asked for on Monday
    before = len(me.messages)
    for quiet in ("2026-11-27 23:00", "2026-11-28 09:00", "2026-11-29 10:00", "2026-11-30 08:59"):
        await story.at(quiet)
        assert len(me.messages) == before, quiet
    await story.at("2026-11-30 09:00")
    assert len(me.messages) == before + 1
    assert "11月27日（周五）已向市信用中心提交，中心是否已收件" in me.screen


@pytest.mark.parametrize(
    ("open_is", "owed_on"),
    [
        ("not submitted", ["12-03", "12-10", "12-17"]),  # to be submitted by Wednesday 2 December
        ("no receipt confirmed", ["11-25", "12-02", "12-09", "12-16"]),  # asked for on Tuesday 24 November
        ("papers asked for", ["11-25", "12-02", "12-09", "12-16"]),
    ],
)
async def test_what_is_open_is_said_each_week_and_before_and_on_the_day_of_the_decision(
    story: Story, open_is: str, owed_on: list[str]
):
    """Entered on Monday 23 November, to be decided on Thursday 10 December; no holiday lies between."""
    me, coordinator = story.person(), story.person(COORDINATOR)
    await register(me, submit="尚未提交" if open_is == "not submitted" else "今天提交", decide="2026-12-10")
    if open_is == "papers asked for":
        await me.press("查看台账")
        await me.press("今天中心已收件")
        await story.at("2026-11-24 10:00")
        await me.type("/my")
        await me.press("大气2026-1")
        await me.press("更多")
        await me.press("中心要求补正")
        await me.press("今天")
    owed, decided = [], []
    for n in range(1, 26):
        on = dt.date(2026, 11, 23) + dt.timedelta(days=n)
        before = len(me.messages)
        await story.at(f"{on} 10:30")
        said = [message.text for message in me.messages[before:]]
        day = f"{on:%m-%d}"
        owed += [day for text in said if re.search("，未提交，|，未确认，|，未补正，", text)]
        decided += [
            day for text in said if "12月10日（周四）研究决定" in text and re.search("意见尚未收到|尚无意见", text)
        ]
    assert owed == owed_on
    assert decided == ["12-09", "12-10"]
    climbed = [each.text for each in coordinator.messages if "经办" in each.text]
    assert len(climbed) == 1


async def test_the_decision_is_moved_from_its_reminder(story: Story):
    me = story.person()
    await register(me, decide="2026-12-10")
    await receive(me)
    await story.at("2026-12-10 10:30")
    [screen] = [each for each in me.messages if "【拟决定日提醒】" in each.text]
    assert "拟于12月10日（周四）研究决定" in screen.text
    await me.press("调整拟决定日", on=screen.id)
    await me.type("2026-12-24")
    await me.press("确认登记")
    assert only(await story.rows(Request)).decide_on == dt.date(2026, 12, 24)
    await story.at("2026-12-24 10:30")
    [again] = [each for each in me.messages if "【拟决定日提醒】" in each.text]
    await me.press("已收到意见", on=again.id)
    assert only(await story.rows(Request)).state.value == "closed"


async def test_an_officer_says_how_long_before_a_decision_they_hear_of_it(story: Story):
    me = story.person()
    await register(me, decide="2026-12-10")
    await receive(me)
    await me.type("/settings")
    for label in ("提醒", "拟决定日提醒", "3个工作日"):
        await me.press(label)
    await story.at("2026-12-07 10:30")
    [screen] = [each for each in me.messages if "【拟决定日提醒】" in each.text]
    assert "拟于12月10日（周四）研究决定" in screen.text


async def test_what_falls_due_after_closing_waits_for_the_next_working_morning(story: Story):
    me = story.person()
    await register(me)
    before = len(me.messages)
    await story.close()
    story.pass_time("2026-11-24 18:00")
    await story.open()
    await story.settle()
    assert len(me.messages) == before
    await story.at("2026-11-25 09:00")
    assert len(me.messages) == before + 1


async def test_a_saturday_that_is_worked_is_a_working_day(story: Story):
    """Of a year whose notice is published; the story begins on the Friday before."""
    me = story.person()
    first = dt.date(2026, 1, 3)
    worked = [day for week in range(52) if story.service.office.calendar.is_workday(day := first + week * WEEK)]
    friday = dt.datetime.combine(worked[0] - dt.timedelta(days=1), dt.time(16), ZONE)
    story.clock.offset += friday - story.clock.now()
    await register(me)
    before = len(me.messages)
    await story.at(f"{worked[0]} 08:59")
    assert len(me.messages) == before
    await story.at(f"{worked[0]} 09:00")
    assert len(me.messages) == before + 1
    assert "中心是否已收件" in me.screen


async def test_the_reminder_of_an_officer_who_blocked_the_bot_reaches_the_coordinator(story: Story):
    me, coordinator = story.person(), story.person(COORDINATOR)
    await _received(story)
    story.api.users[OFFICER].blocked = True  # and Telegram's notice of it has not come yet
    await story.at("2026-11-27 09:00")
    assert "核查反馈提醒】台账 大气2026-1" in coordinator.transcript()
    assert "还剩1个工作日" not in me.transcript()
    await coordinator.press("已收到意见")
    assert "收到意见。请登记意见内容" in coordinator.transcript()
    assert only(await story.rows(Request)).state.value == "closed"


async def test_the_reminder_of_an_officer_who_left_reaches_the_coordinator(story: Story):
    me, coordinator = story.person(), story.person(COORDINATOR)
    await _received(story)
    before = len(me.messages)
    async with story.database.write() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == OFFICER))).one()
        person.state = PersonState.LEFT
    await story.at("2026-11-27 09:00")
    assert "核查反馈提醒】台账 大气2026-1" in coordinator.transcript()
    assert len(me.messages) == before


async def test_after_an_outage_over_several_stages_there_is_one_message_and_it_says_so(story: Story):
    me = story.person()
    await _received(story)
    before = len(me.messages)
    await story.close()
    story.pass_time("2026-12-02 10:00")
    await story.open()
    await story.settle()
    assert len(me.messages) == before + 1
    assert "延迟提醒，应于12月1日（周二）发出" in me.screen
    assert "已超期2个工作日" in me.screen
    states = {row.stage: (row.state, row.reason) for row in await story.rows(Reminder, Reminder.kind == "feedback")}
    assert states["t-1"] == states["t-0"] == (ReminderState.SUPERSEDED, "newer stage")
    assert states["overdue+1"][0] is ReminderState.SENT
    assert only(await story.rows(Outbox, Outbox.kind == "reminder")).state is OutboxState.SENT
    await story.at("2026-12-03 09:00")
    assert len(me.messages) == before + 2
    assert "延迟提醒" not in me.screen


async def test_what_may_have_arrived_comes_three_times_at_most_and_then_the_coordinator_is_told(story: Story):
    me, coordinator = story.person(), story.person(COORDINATOR)
    await _received(story)
    await story.at("2026-11-27 08:00")
    before = len(me.messages)
    story.api.faults.add("sendMessage", "drop_after", None, chat_id=OFFICER)
    for minute in range(1, 16, 2):
        await story.at(f"2026-11-27 09:{minute:02}")
    copies = [each.text for each in me.messages[before:] if "【核查反馈提醒】" in each.text]
    assert ["可能重复" in each for each in copies] == [False, True, True]
    row = only(await story.rows(Outbox, Outbox.chat_id == OFFICER))
    assert (row.state, row.copies) == (OutboxState.HELD, 3)
    said = coordinator.screen
    for words in ("通知未能送达", "接收人：张三（虚构）", "涉及台账：大气2026-1", "已发送3次，均未确认送达"):
        assert words in said
    story.api.faults.clear()
    await story.at("2026-11-27 10:00")
    assert len(me.messages) == before + 3


async def test_what_is_given_up_together_comes_to_the_coordinator_as_one_list(story: Story):
    coordinator = story.person(COORDINATOR)
    await _received(story)
    others = [5_200_000 + number for number in range(4)]
    for number, each in enumerate(others):
        await story.enrol(each, f"虚构{number}号", Role.OFFICER, "air")
        await _received(story, each)
    await story.at("2026-11-27 08:00")
    before = len(coordinator.messages)
    for each in (OFFICER, *others):
        story.api.faults.add("sendMessage", "drop_after", None, chat_id=each)
    for minute in range(1, 16, 2):
        story.pass_time(f"2026-11-27 09:{minute:02}")
        story.service.sender.pace.chats = {COORDINATOR: float("inf")}  # nothing leaves for this chat
        await story.service.jobs.tick()
        await _tried(story, [OFFICER, *others])
    assert {row.state for row in await story.rows(Outbox, Outbox.chat_id.in_(others))} == {OutboxState.HELD}
    story.let_go()
    story.api.faults.clear()
    await story.at("2026-11-27 10:00")
    said = [each.text for each in coordinator.messages[before:] if "未能送达" in each.text]
    counts = [int(found[1]) if (found := re.match(r"(\d+)条通知", each)) else 1 for each in said]
    assert (sum(counts), len(said) <= 2) == (5, True), said
    assert "张三（虚构）：大气2026-1，11月27日（周五） 09:" in "".join(said)
    assert all(each.endswith("请当面或电话告知接收人。") for each in said)


async def _tried(story: Story, chats: list[int]) -> None:
    """Wait until nothing that is due for these chats is still to be tried."""
    due = Outbox.chat_id.in_(chats), or_(Outbox.state == OutboxState.CLAIMED, Outbox.not_before <= story.clock.now())
    open_ones = Outbox.state.in_((OutboxState.DUE, OutboxState.CLAIMED, OutboxState.UNKNOWN))
    story.service.sender.wake()
    async with asyncio.timeout(60):
        while await story.rows(Outbox, open_ones, *due):
            await asyncio.sleep(0.02)


async def test_three_days_without_telegram_are_made_up_by_the_same_process(story: Story, server: BotApiServer):
    me = story.person()
    await _received(story)
    for _n in range(2):
        await register(me, "排污许可证变更")
    before, port = len(me.messages), int(server.base.rpartition(":")[2])
    await server.__aexit__(None, None, None)
    for day in ("24", "25", "26", "27", "28"):
        await story.at(f"2026-11-{day} 09:05")
    assert len(me.messages) == before
    server._port = port
    await server.__aenter__()
    await story.at("2026-11-30 09:05")
    async with asyncio.timeout(60):
        while not await story.rows(PeriodicRun, PeriodicRun.kind == heartbeat.OUTAGE):
            await asyncio.sleep(0.2)  # the poll tries again at its own pace
            await story.settle()
    await story.at("2026-11-30 09:25")
    listed, single, outage = sorted((each.text for each in me.messages[before:]), key=len, reverse=True)
    assert listed.count("延迟提醒，应于11月24日（周二）发出") == 2
    numbers = [line.split()[1] for line in listed.splitlines()[2:] if line[0].isdecimal()]
    # What is owed, then the questions; the deadline's older stage only where the list left before the newer one came.
    assert [each for each in numbers if each != "大气2026-1"] == ["大气2026-2", "大气2026-3"] * 2
    assert "今天为反馈期限最后一天" in single
    assert "11月23日（周一） 09:00至11月30日（周一） 09:05助手未能接收消息" in outage
    assert {row.state for row in await story.rows(Outbox)} == {OutboxState.SENT}
