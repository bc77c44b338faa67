"""What the bureau itself owes climbs: the officer, the head, the coordinators; an act ends it."""

import datetime as dt
import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.policy.loader import load, packaged
from bot.policy.model import Policy
from handlers import escalation
from storage import people
from storage.tables import Cover, Outbox, Person, Reminder, ReminderState, Role
from tests.conftest import COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import FIRM, Story, register
from tests.officer import Officer

HEAD, SECOND = 5_000_006, 5_000_007


def _owed(messages: list[str]) -> list[str]:
    return [line for text in messages for line in text.splitlines() if "未确认" in line]


async def test_an_unanswered_question_climbs_by_working_days_each_rung_once(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head, coordinator = story.person(OFFICER), story.person(HEAD), story.person(COORDINATOR)
    await register(me)  # on Monday 23 November; the receipt is asked for on Tuesday
    heard: dict[str, tuple[int, int, int]] = {}
    for day in ("24", "25", "26", "27", "28", "30"):
        await story.at(f"2026-11-{day} 09:30")
        heard[day] = tuple(len(_owed([each.text for each in who.messages])) for who in (me, head, coordinator))
    assert heard == {
        "24": (0, 0, 0),
        "25": (1, 0, 0),
        "26": (1, 0, 0),
        "27": (1, 1, 0),
        "28": (1, 1, 0),
        "30": (1, 1, 0),
    }
    await story.at("2026-12-01 09:30")
    [line] = _owed([each.text for each in head.messages])
    assert line == "1. 大气2026-1 应于11月24日（周二）确认中心收件，未确认，已过3个工作日（张三（虚构）经办）"
    [line] = _owed([each.text for each in coordinator.messages])
    assert "已过5个工作日（张三（虚构）经办）" in line
    assert "未确认" in me.transcript()
    opened = await head.press("1")
    assert "大气2026-1" in opened
    assert "本件仅供查看" in opened
    await story.at("2026-12-04 09:30")
    assert len(_owed([each.text for each in head.messages])) == 1


@pytest.mark.parametrize(
    ("entered", "head_from"),
    [("applied for a fortnight ago", "27"), ("decided too soon", "26"), ("decision moved up later", "27")],
)
async def test_what_is_late_on_the_day_of_its_entry_climbs_from_that_day(story: Story, entered: str, head_from: str):
    """Entered on Monday 23 November, or moved up on Tuesday; the day by which it was to be done lies days before."""
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head, coordinator = story.person(OFFICER), story.person(HEAD), story.person(COORDINATOR)
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    await me.type(FIRM)
    if entered == "applied for a fortnight ago":
        await me.type("11月10日")
    else:
        await me.press("尚未提交")
    if entered == "decided too soon":
        await me.press("拟决定")
        await me.type("2026-11-26")
    await me.press("确认登记")
    if entered == "decision moved up later":
        await story.at("2026-11-24 10:00")
        await me.type("/my")
        await me.press("大气2026-1")
        await me.press("更多")
        await me.press("拟决定日")
        await me.type("2026-11-26")
        await me.press("确认登记")
    first: dict[str, str] = {}
    for day in ("24", "25", "26", "27", "30"):
        await story.at(f"2026-11-{day} 10:30")
        for who, person in (("me", me), ("head", head), ("coordinator", coordinator)):
            if re.search("，未确认，|，未提交，", person.transcript()):
                first.setdefault(who, day)
    assert first["head"] == head_from, first
    assert first.get("coordinator", "later") > "27", first
    assert first["me"] < head_from, first


async def _correct_submission(me: Officer, day: str) -> None:
    await me.type("/my")
    await me.press("大气2026-1")
    await me.press("更多")
    await me.press("更正（须说明原因）")
    await me.press("提交日期")
    await me.type(day)
    await me.type("登记有误")
    await me.press("确认")


async def _supplement_asked_for(story: Story) -> None:
    """The centre received it on Monday 23 November, and asked for papers on Tuesday: owed from then on."""
    me = story.person(OFFICER)
    await register(me)
    await me.press("查看台账")
    await me.press("今天中心已收件")
    await story.at("2026-11-24 10:00")
    await me.type("/my")
    await me.press("大气2026-1")
    await me.press("更多")
    await me.press("中心要求补正")
    await me.press("今天")


async def test_a_debt_is_said_each_week_whatever_else_of_the_entry_is_corrected(story: Story):
    me = story.person(OFFICER)
    await _supplement_asked_for(story)
    heard: list[str] = []
    for day in ("11-25", "12-02", "12-09", "12-10", "12-16"):
        before = len(me.messages)
        await story.at(f"2026-{day} 10:30")
        heard += [day for each in me.messages[before:] if "未补正" in each.text]
        if day == "12-09":
            await _correct_submission(me, "2026-11-20")
    assert heard == ["11-25", "12-02", "12-09", "12-16"]


async def test_a_debt_climbs_however_often_something_else_of_the_entry_is_corrected(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head = story.person(OFFICER), story.person(HEAD)
    await _supplement_asked_for(story)
    for day in ("25", "26", "27"):
        await story.at(f"2026-11-{day} 10:30")
        await _correct_submission(me, f"2026-11-{19 if day == '26' else 20}")
    assert "未补正，已过3个工作日" in head.transcript()


async def test_not_received_yet_is_an_answer_so_that_it_is_asked_again_and_nobody_above_hears(story: Story):
    """Asked on Tuesday 24 November and answered; the feedback was expected on Monday 30 November."""
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head, coordinator = story.person(OFFICER), story.person(HEAD), story.person(COORDINATOR)
    await register(me)
    asked: list[str] = []
    for day in ("11-24", "11-25", "11-26", "11-27", "11-30", "12-01", "12-02", "12-03", "12-04", "12-07", "12-08"):
        before = len(me.messages)
        await story.at(f"2026-{day} 10:30")
        said = [each for each in me.messages[before:] if "中心是否已收件" in each.text]
        asked += [day for _each in said]
        if said and day != "12-07":
            assert "再次询问" in await me.press("尚未收件", on=said[0].id)
    assert asked == ["11-24", "11-26", "11-30", "12-07"]
    assert await story.rows(Outbox, Outbox.kind == "reminder") == []  # each in the morning's list
    assert "应于12月7日（周一）确认中心收件，未确认，已过1个工作日" in me.screen
    assert _owed([each.text for each in (*head.messages, *coordinator.messages)]) == []
    await story.at("2026-12-10 10:30")  # three working days after the question that was not answered
    [line] = _owed([each.text for each in head.messages])
    assert "已过3个工作日" in line


async def test_while_the_question_is_put_off_nothing_is_owed(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head = story.person(OFFICER), story.person(HEAD)
    await register(me)
    await story.at("2026-11-24 09:30")
    await me.press("稍后提醒")
    await me.press("5个工作日后")
    for day in ("11-25", "11-26", "11-27", "11-30", "12-01", "12-02", "12-03"):
        await story.at(f"2026-{day} 10:30")
    assert _owed([each.text for each in head.messages]) == []
    await story.at("2026-12-04 10:30")
    [line] = _owed([each.text for each in head.messages])
    assert "应于12月1日（周二）确认中心收件" in line


async def test_an_act_ends_it_before_it_is_said(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head = story.person(OFFICER), story.person(HEAD)
    await register(me)
    await story.at("2026-11-26 09:30")
    story.hold_back(HEAD)  # the head's list is on its way, and not there yet
    story.pass_time("2026-11-27 09:00")
    await story.service.jobs.tick()
    await me.type("/my")
    await me.press("大气2026-1")
    await me.press("今天中心已收件")
    story.let_go()
    await story.at("2026-12-04 09:30")
    assert _owed([each.text for each in head.messages]) == []
    await story.at("2026-12-09 09:30")  # due on the 4th
    assert "未反馈" not in head.transcript()  # three working days late, and not the officer's fault
    rows = await story.rows(Reminder, Reminder.subject_kind == escalation.SUBJECT, Reminder.audience == "head")
    assert [row.state for row in rows] == [ReminderState.CANCELLED]


async def test_where_the_head_cannot_be_told_it_goes_on_to_the_coordinators(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    await story.at("2026-11-26 09:30")
    story.api.users[HEAD].blocked = True  # nobody knows of it yet
    await story.at("2026-11-27 09:30")
    assert "已过3个工作日（张三（虚构）经办）" in coordinator.transcript()


async def test_where_there_is_no_head_the_coordinators_hear_each_debt_once(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    for day in ("2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"):
        await story.at(f"{day} 09:30")
    assert len(_owed([each.text for each in coordinator.messages])) == 1
    for day in ("2026-11-30", "2026-12-01", "2026-12-02"):
        await story.at(f"{day} 09:30")
    assert len(_owed([each.text for each in coordinator.messages])) == 1
    rows = await story.rows(Reminder, Reminder.subject_kind == escalation.SUBJECT)
    assert {row.audience: row.state for row in rows} == dict.fromkeys(
        ("owner", "head", "coordinator"), ReminderState.SENT
    )


async def test_on_leave_the_stand_in_hears_it_first(story: Story):
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await register(me)
    await me.type("/cover")
    for label in ("登记本人请假", "李四", "另行通知", "确认代办"):
        await me.press(label)
    await story.at("2026-11-25 09:30")
    [line] = _owed([each.text for each in li.messages])
    assert "代张三（虚构）办理" in line
    assert _owed([each.text for each in me.messages]) == []


async def test_a_list_of_debts_is_read_by_the_heads_stand_in_as_long_as_they_stand_in(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, li = story.person(OFFICER), story.person(COLLEAGUE)
    await register(me)
    await _absent(story, HEAD, by=COLLEAGUE)
    await story.at("2026-11-27 09:30")
    digest = next(each for each in li.messages if _owed([each.text]))
    await li.press("刷新", on=digest.id)
    assert "已过3个工作日（张三（虚构）经办）" in digest.text
    assert "大气2026-1" in await li.press("1", on=digest.id)  # the list as it is
    assert li.toast == "本件仅限经办部门查看，请提醒张三（虚构）办理。"
    async with story.database.write() as session:
        await session.execute(update(Cover).values(ended_at=story.clock.now()))
    await li.press("全部已知悉", on=digest.id)
    assert digest.text.splitlines()[-1] == "各件已处理，或已不由您办理"
    rows = await story.rows(Reminder, Reminder.subject_kind == escalation.SUBJECT, Reminder.audience == "head")
    assert [row.state for row in rows] == [ReminderState.SENT]


async def test_what_waits_for_a_head_who_goes_to_another_unit_comes_to_the_coordinators_that_morning(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    me, head, coordinator = story.person(OFFICER), story.person(HEAD), story.person(COORDINATOR)
    await register(me)
    await story.at("2026-11-26 09:30")
    story.hold_back(HEAD)  # the head's list is on its way, and not there yet
    story.pass_time("2026-11-27 09:00")
    await story.service.jobs.tick()
    async with story.database.write() as session:
        water = await people.unit_by_code(session, "water")
        await session.execute(update(Person).where(Person.telegram_id == HEAD).values(unit_id=water.id))
    story.let_go()
    await story.at("2026-11-27 09:05")
    await story.at("2026-11-27 09:10")
    assert _owed([each.text for each in head.messages]) == []
    [line] = _owed([each.text for each in coordinator.messages])
    assert "已过3个工作日（张三（虚构）经办）" in line


async def _absent(story: Story, who: int, *, by: int) -> None:
    async with story.database.write() as session:
        sides = [await people.by_telegram_id(session, each) for each in (who, by)]
        session.add(Cover(person_id=sides[0].id, by_id=sides[1].id, from_on=dt.date(2026, 11, 23), to_on=None))


async def test_a_morning_without_the_bot_costs_nothing(story: Story):
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    await register(story.person())
    await story.close()
    story.pass_time("2026-11-30 11:00")
    await story.open()
    await story.settle()
    assert len(_owed([each.text for each in story.person(HEAD).messages])) == 1
    async with story.database.write() as session:
        await session.execute(update(Person).where(Person.telegram_id == HEAD).values(reachable=True))
    await story.restart()
    await story.settle()
    assert len(_owed([each.text for each in story.person(HEAD).messages])) == 1


class TestWhereTheCentresDelayClimbsToo:
    @pytest.fixture
    def policy(self, tmp_path: Path) -> Policy:
        """The shipped pack with the switch on."""
        folder = tmp_path / "pack"
        shutil.copytree(packaged("zhengzhou"), folder)
        pack = folder / "pack.toml"
        pack.write_text(pack.read_text("utf-8").replace("centre_delay = false", "centre_delay = true"), "utf-8")
        return load(folder)

    async def test_the_head_hears_of_it_after_the_officer(self, story: Story):
        assert story.policy.escalation.centre_delay
        await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
        me, head = story.person(OFFICER), story.person(HEAD)
        await register(me)
        await me.press("查看台账")
        await me.press("今天中心已收件")  # to be answered by Monday 30 November
        await story.at("2026-12-02 09:30")
        assert "未反馈，已过2个工作日" in me.transcript() and "未反馈" not in head.transcript()
        await story.at("2026-12-03 09:30")
        line = "1. 大气2026-1 市信用中心应于11月30日（周一）前反馈，未反馈，已过3个工作日（张三（虚构）经办）"
        assert line in head.transcript().splitlines()


async def test_a_list_that_brings_a_debt_to_the_second_coordinator_outlives_its_own_line(story: Story):
    """One coordinator's list has left at nine; the other's waits for the afternoon, and its own line is settled."""
    await story.enrol(HEAD, "孙九（虚构）", Role.HEAD, "air")
    await story.enrol(SECOND, "钱二（虚构）", Role.COORDINATOR, "legal")
    first, second = story.person(COORDINATOR), story.person(SECOND)
    await register(story.person())
    await story.at("2026-11-30 10:00")
    await register(second, subject="虚构监测站 12410100MB0000T3XJ")  # its receipt is asked for on Tuesday
    async with story.database.write() as session:
        await session.execute(update(Person).where(Person.telegram_id == SECOND).values(reminder_hour="14:00"))
    await story.at("2026-12-01 09:30")
    assert len(_owed([each.text for each in first.messages])) == 1
    assert _owed([each.text for each in second.messages]) == []
    await second.type("/my")
    await second.press("2026-1")
    await second.press("今天中心已收件")
    await story.at("2026-12-01 14:10")
    [line] = _owed([each.text for each in second.messages])
    assert "已过5个工作日（张三（虚构）经办）" in line
