"""The morning digest: one message, the most urgent first, each line opened by a press; urgent things come singly."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import select, update

from bot.screens import digest as screens
from handlers import auditing, due, frame, hours, parts
from storage import outbox, people, periodic
from storage.tables import Outbox, OutboxState, Person, Reminder, ReminderState, Request
from tests.conftest import COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import OUTSIDER, Story, only, register
from tests.journeys.test_handover import hand_over

QUIET = (  # by hand, what nobody waits for: a kind that is missing here or there turns the test red
    "reminder", "digest", "group.digest", "passed", "outage", "morning", "undelivered", "group.lost", "audit.head",
    "absence.away", "absence.back", "calendar.changed", "calendar.missing", "matter.listed", "pack.waiting",
    "pack.faulty", "quarter.prompt", "quarter.ask", "quarter.nobody", "quarter.complete", "quarter.drafted",
)  # fmt: skip
FIRMS = ("虚构环保科技有限公司 91410100MA00000T42", "虚构监测站 12410100MB0000T3XJ", "虚构设备厂 91410100MA00000U2W")


async def _submitted(story: Story, count: int = 3) -> None:
    """Entries of Monday 23 November, submitted the same day: the receipt is asked for on Tuesday."""
    for firm in FIRMS[:count]:
        await register(story.person(), subject=firm)


async def _received(story: Story, count: int = 3) -> None:
    """... which the centre received the same day: the feedback is due on Monday 30 November."""
    for firm in FIRMS[:count]:
        me = story.person()
        await register(me, subject=firm)
        await me.press("查看台账")
        await me.press("今天中心已收件")


async def test_three_questions_come_as_one_silent_list_and_each_is_opened_and_answered(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(screens, "PAGE", 2)
    me = story.person()
    await _submitted(story)
    before = len(me.messages)
    await story.at("2026-11-24 09:00")
    assert len(me.messages) == before + 1
    assert me.screen.splitlines() == [
        "今日提醒",
        "11月24日（周二），共3件",
        "1. 大气2026-1 11月23日（周一）提交，请确认中心是否已收件",
        "2. 大气2026-2 11月23日（周一）提交，请确认中心是否已收件",
        "其余1件见下页",
        "按编号查看并办理",
    ]
    sent = [call for call in story.api.calls if call.method == "sendMessage"]
    call = next(call for call in reversed(sent) if call.params["chat_id"] == str(OFFICER))
    assert call.params["disable_notification"] in (True, "true")
    digest = me.messages[-1]
    assert "3. 大气2026-3" in await me.press("下一页")
    await me.press("上一页")
    opened = await me.press("2", on=digest.id)
    assert "大气2026-2" in opened
    assert "中心是否已收件" in opened
    assert me.messages[-1].id != digest.id
    await me.press("1", on=digest.id)
    await me.press("11月23日（周一）已收件", on=me.messages[-1].id)
    await me.press("刷新", on=digest.id)
    assert "另1件已处理" in digest.text
    assert "共2件" in digest.text
    assert "11月23日（周一）已收件" in str(me.messages[-2].keyboard)  # the other opened question stays pressable
    await me.press("全部已知悉", on=digest.id)
    assert "✓ 大气2026-2" in digest.text
    kept = await story.rows(Reminder, Reminder.kind == "receipt")
    assert [each.state for each in kept] == [ReminderState.ACKNOWLEDGED] * 3
    await story.at("2026-11-25 09:00")
    assert len(me.messages) == before + 4  # that two are unanswered is owed by now; nothing of the list comes again
    assert "今日提醒" in me.screen
    assert "应于11月24日（周二）确认中心收件" in me.screen


async def test_a_list_of_one_is_the_reminder_itself(story: Story):
    await _submitted(story, 1)
    await story.at("2026-11-24 09:00")
    assert "中心是否已收件" in story.person().screen
    assert only(await story.rows(Outbox, Outbox.kind == due.DIGEST)).state is OutboxState.SENT


async def test_what_is_due_today_comes_singly_and_aloud_until_it_would_be_a_flood(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(due, "MOST_SINGLES", 2)
    me = story.person()
    await _received(story)
    before = len(me.messages)
    await story.at("2026-11-27 09:00")  # a working day before: a list
    assert len(me.messages) == before + 1
    await story.at("2026-11-30 09:00")
    said = [message.text for message in me.messages[before + 1 :]]
    assert len(said) == 3
    assert ["核查反馈提醒" in each for each in said] == [True, True, True]  # the third is a list of one
    sent = await story.rows(Outbox, Outbox.kind == due.SINGLE)
    assert [row.priority for row in sent] == [1, 1]


async def test_each_has_their_own_hour_and_stand_ins_see_whose_work_it_is(story: Story):
    me, li = story.person(), story.person(COLLEAGUE)
    await _submitted(story, 2)
    await register(li, subject=FIRMS[2])
    async with story.database.write() as session:
        await session.execute(update(Person).where(Person.telegram_id == COLLEAGUE).values(reminder_hour="10:30"))
    await me.type("/cover")
    for label in ("登记本人请假", "李四", "另行通知"):
        await me.press(label)
    await me.press("确认代办")
    await story.settle()
    theirs, mine = len(li.messages), len(me.messages)
    await story.at("2026-11-24 10:29")
    assert (len(li.messages), len(me.messages)) == (theirs, mine)
    await story.at("2026-11-24 10:30")
    assert len(li.messages) == theirs + 1
    assert li.screen.count("（代张三（虚构）办理）") == 2
    assert "共3件" in li.screen
    assert len(me.messages) == mine


async def test_nobody_elses_list_can_be_pressed(story: Story):
    await _submitted(story, 2)
    await story.at("2026-11-24 09:00")
    row = only(await story.rows(Outbox, Outbox.kind == due.DIGEST))
    other = story.person(OUTSIDER)
    await other.type("/help")
    for press in (f"1:dgack:{row.id}:0:0", f"1:dgpg:{row.id}:0:0", f"1:dgopn:1:0:{row.id}"):
        assert "大气2026" not in await other.press_data(other.messages[-1].id, press)
    assert {each.state for each in await story.rows(Reminder)} == {ReminderState.SENT}


async def test_yesterdays_list_shows_and_answers_nothing_that_was_handed_over(story: Story):
    me = story.person()
    await _submitted(story)
    await story.at("2026-11-24 09:00")
    digest = me.messages[-1]
    first, second, third = await story.rows(Request)
    old = first.basis_version
    await hand_over(me, first)
    said = len(me.messages)
    await me.press("1", on=digest.id)
    assert "此件已不由您办理" in me.toast
    assert len(me.messages) == said
    assert "大气2026-1" not in digest.text
    assert digest.text.splitlines()[1] == "11月24日（周二），共2件"
    assert "另有1件已不由您办理" in digest.text
    await me.press("全部已知悉", on=digest.id)
    kept = {each.subject_id: each.state for each in await story.rows(Reminder, Reminder.basis_version == old)}
    noted = ReminderState.ACKNOWLEDGED
    assert kept == {first.id: ReminderState.SENT, second.id: noted, third.id: noted}
    await hand_over(me, second)
    await hand_over(me, third)
    await me.press("刷新", on=digest.id)
    assert digest.text.splitlines() == ["今日提醒", "11月24日（周二）", "各件已处理，或已不由您办理"]


async def test_what_is_handed_over_before_the_list_leaves_comes_to_the_new_owner_alone(story: Story):
    me, li = story.person(), story.person(COLLEAGUE)
    await _submitted(story)
    story.hold_back(OFFICER, COLLEAGUE)
    story.pass_time("2026-11-24 09:00")
    await story.service.jobs.tick()
    await hand_over(me, (await story.rows(Request))[0])
    await story.service.jobs.tick()  # planned again, it waits for the new owner
    story.let_go(OFFICER)
    story.pass_time("2026-11-24 09:03")
    story.service.sender.wake()
    await me.wait_for("今日提醒")
    digest = me.messages[-1]
    assert digest.text.splitlines()[1] == "11月24日（周二），共2件"
    assert "大气2026-1" not in digest.text
    await me.press("全部已知悉")
    story.let_go()
    await story.settle()
    await story.at("2026-11-24 09:08")
    assert "中心是否已收件" in li.screen
    assert "大气2026-1" in li.screen
    states = [each.state for each in await story.rows(Reminder, Reminder.kind == "receipt")]
    noted = ReminderState.ACKNOWLEDGED
    assert states == [ReminderState.CANCELLED, noted, noted, ReminderState.SENT]  # planned anew for the new owner


async def test_a_stand_ins_list_of_yesterday_tells_nothing_of_the_absent_once_they_are_back(story: Story):
    me, li = story.person(), story.person(COLLEAGUE)
    await _submitted(story, 2)
    await me.type("/cover")
    for label in ("登记本人请假", "李四", "另行通知", "确认代办"):
        await me.press(label)
    await story.at("2026-11-24 09:00")
    digest = li.messages[-1]
    await li.press("刷新", on=digest.id)
    assert digest.text.count("（代张三（虚构）办理）") == 2
    await li.press("1", on=digest.id)
    assert "中心是否已收件" in li.screen
    await me.type("/cover")
    await me.press("提前结束")
    await li.press("2", on=digest.id)
    assert digest.text.splitlines() == ["今日提醒", "11月24日（周二）", "各件已处理，或已不由您办理"]
    row = only(await story.rows(Outbox, Outbox.kind == due.DIGEST))
    await li.press_data(digest.id, f"1:dgack:{row.id}:0:0")
    assert {each.state for each in await story.rows(Reminder, Reminder.kind == "receipt")} == {ReminderState.SENT}


async def test_what_is_done_before_the_list_leaves_is_not_in_it(story: Story):
    me = story.person()
    await _submitted(story, 3)
    story.hold_back(OFFICER)
    story.pass_time("2026-11-24 09:00")
    await story.service.jobs.tick()
    await me.type("/my")
    await me.press("大气2026-3")
    await me.press("今天中心已收件")
    story.let_go()
    await me.wait_for("今日提醒")
    assert "大气2026-3" not in next(each.text for each in reversed(me.messages) if "今日提醒" in each.text)


async def test_a_look_that_takes_long_makes_one_list_all_the_same(story: Story, monkeypatch: pytest.MonkeyPatch):
    """Thousands of reminders, or a slow machine: minutes go by before all lines are found."""
    me = story.person()
    await _submitted(story)
    before = len(me.messages)
    monkeypatch.setattr(parts, "SIZE", 1)

    def takes_long() -> bool:
        story.clock.move_to(story.clock.now() + hours.GATHERING * 0.9)
        return True

    monkeypatch.setattr(story.service.jobs, "_goes_on", takes_long)
    await story.at("2026-11-24 09:00")
    assert len(me.messages) == before + 1
    assert "共3件" in me.screen


async def test_what_was_found_before_the_hour_waits_for_what_is_due_at_the_hour(story: Story):
    """The list of 09:00 does not leave on the stroke of it: two of its lines are found by the look after that."""
    me = story.person()
    await _submitted(story)
    before = len(me.messages)
    async with story.database.write() as session:
        early = update(Reminder).where(Reminder.subject_id == 1, Reminder.kind == "receipt")
        await session.execute(early.values(due_at=story.clock.now() + dt.timedelta(hours=1)))
    await story.at("2026-11-24 08:59:40")
    assert len(await story.rows(Outbox, Outbox.kind == due.DIGEST)) == 1
    story.pass_time("2026-11-24 09:00:05")
    story.service.sender.wake()
    await asyncio.sleep(0.5)
    assert len(me.messages) == before
    await story.settle()
    assert len(me.messages) == before + 1
    assert "共3件" in me.screen


async def test_after_days_of_outage_each_gets_a_few_messages_and_one_list_and_the_coordinator_hears_of_it(
    story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(due, "MOST_SINGLES", 1)
    me, coordinator = story.person(), story.person(COORDINATOR)
    await _received(story)
    await story.close()
    before = len(me.messages)
    story.pass_time("2026-12-02 10:00")
    await story.open()
    await story.settle()
    said = [each.text for each in me.messages[before:] if "请重新发送" not in each.text]
    assert len(said) == 2
    assert "延迟提醒，应于12月1日（周二）发出" in said[0]
    assert said[1].count("延迟提醒，应于12月1日（周二）发出") == 2
    told = await coordinator.wait_for("时限已过，未及时提醒")
    assert "3件，已同时提醒经办人" in told
    assert told.count("张三（虚构）") == 3
    async with story.database.read() as session:
        assert (await session.scalars(select(Request.state))).all() == ["open"] * 3


@pytest.mark.parametrize("hour", [9, 10])
async def test_a_queue_that_telegram_held_up_until_night_waits_for_the_readers_hour(story: Story, hour: int):
    me = story.person()
    async with story.database.write() as session:
        await session.execute(update(Person).values(reminder_hour=f"{hour:02}:00"))
    await _submitted(story, 2)
    before = len(me.messages)
    async with story.database.write() as session:  # the coordinators have the day's check value: nothing else waits
        await periodic.begins(session, auditing.HEAD, "2026-11-24", now=story.clock.now())
    story.api.faults.add("sendMessage", "429", None, retry_after=30_000)
    await story.at(f"2026-11-24 {hour:02}:00")
    async with story.database.write() as session:  # and one of each other kind that nobody waits for
        person = await people.by_telegram_id(session, OFFICER)
        for kind in QUIET:
            await outbox.enqueue(session, person, kind=kind, params={}, dedupe=kind, now=story.clock.now())
    story.api.faults.clear()
    story.service.sender.pace.free_at = 0.0
    story.pass_time("2026-11-24 20:00")
    async with asyncio.timeout(60):
        while await story.rows(Outbox, Outbox.state == OutboxState.DUE, Outbox.not_before < story.clock.now()):
            story.let_go()
            await asyncio.sleep(0.05)
    assert len(me.messages) == before
    rows = await story.rows(Outbox, Outbox.person_id == person.id, Outbox.state == OutboxState.DUE)
    assert sorted(row.kind for row in rows) == sorted([*QUIET, due.DIGEST])
    assert {row.not_before for row in rows} == {dt.datetime(2026, 11, 25, hour - 8, 2, tzinfo=dt.UTC)}
    async with story.database.write() as session:
        await session.execute(update(Outbox).where(Outbox.dedupe.in_(QUIET)).values(state=OutboxState.CANCELLED))
    await story.at("2026-11-25 08:50")
    await story.at(f"2026-11-25 {hour:02}:00")
    await story.at(f"2026-11-25 {hour:02}:02")
    assert len(me.messages) == before + 1
    assert me.screen.splitlines()[1] == "11月25日（周三），共4件"  # with what is owed since


def test_no_other_kind_is_quiet():
    assert sorted(frame.QUIET) == sorted(QUIET)
