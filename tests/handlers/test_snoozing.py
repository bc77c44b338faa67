"""稍后提醒 and the officer's own hour and stages: what was put off comes again, and no deadline is lost on the way."""

import datetime as dt
from types import SimpleNamespace

import pytest

from bot.errors import Refusal
from bot.language import speaking
from bot.screens.screen import Press
from handlers import frame, hours, reconcile, reminder_settings
from handlers.reconcile import _differences, _watched_after
from storage.tables import Person, Reminder, ReminderState, Role, Work
from tests.handlers import test_reminder_kinds
from tests.handlers.desk import Desk
from tests.handlers.test_reminder_kinds import entered, opened, planned, tap, told
from tests.handlers.test_reminders import at, deliver, rows, tick

desk = test_reminder_kinds.desk  # its fixture


@pytest.fixture(autouse=True)
def chinese():
    with speaking("zh_CN"):
        yield


@pytest.fixture
async def received(desk):
    """An entry of Monday 23 November, received on that day: its feedback is due on Monday 30 November."""
    await entered(desk)
    await opened(desk)
    await tap(desk, "今天中心已收件")
    return desk


async def later(desk):
    turn = await desk._turn(frame.COMMANDS["later"])
    desk.screen = turn
    return turn


async def test_it_comes_again_singly_on_the_chosen_morning_and_its_question_is_answered_meanwhile(desk):
    await entered(desk)
    screen = await told(desk, "2026-11-24", "receipt")
    asked = await tap(desk, "稍后提醒", on=screen)
    assert "何时再提醒？" in asked.text
    assert "将于11月26日（周四） 09:00再次提醒" in (await tap(desk, "2个工作日后", on=asked)).text
    assert await planned(desk, "receipt") == {"ask": "11-26"}
    assert await tick(desk, at("2026-11-25")) == 0
    assert (await told(desk, "2026-11-26", "receipt")).text == screen.text
    assert await planned(desk, "receipt") == {}


async def test_beyond_the_deadline_it_says_so_and_is_put_off_only_when_told_to(received):
    screen = await told(received, "2026-11-27", "feedback")
    await tap(received, "稍后提醒", on=screen)
    warned = await received.type("12月3日")
    assert "12月3日（周四）晚于期限11月30日（周一），在此之前不再提醒此事" in warned.text
    assert await planned(received, "feedback") == {"t-0": "11-30", "overdue+1": "12-01"}
    await tap(received, "仍按此日提醒", on=warned)
    assert await planned(received, "feedback") == {"t-1": "12-03"}
    for day in ("2026-11-30", "2026-12-01", "2026-12-02"):
        assert await tick(received, at(day)) == 0
    assert "已超期3个工作日" in (await told(received, "2026-12-03", "feedback")).text
    assert await planned(received, "feedback") == {"overdue+3": "12-07"}


async def test_what_was_put_off_within_the_deadline_leaves_the_later_stages(received):
    screen = await told(received, "2026-11-27", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await received.type("11月30日")  # the last day itself: one reminder, not two
    assert await planned(received, "feedback") == {"t-1": "11-30", "overdue+1": "12-01"}
    assert "今天为反馈期限最后一天" in (await told(received, "2026-11-30", "feedback")).text
    await told(received, "2026-12-01", "feedback")


async def test_an_overdue_reminder_that_was_put_off_is_followed_by_the_next_one(received):
    screen = await told(received, "2026-12-01", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await received.type("12月8日")
    assert await planned(received, "feedback") == {"overdue+1": "12-08"}
    async with received.database.write() as session:
        received.office.clock.offset = at("2026-12-04") - received.office.clock.now()
        found = await _watched_after(session, 0)
        assert await _differences(session, received.office, found) == []  # put off is not lost
        received.office.clock.offset = dt.timedelta()
    await told(received, "2026-12-08", "feedback")
    assert await planned(received, "feedback") == {"overdue+4": "12-09"}


async def test_the_list_shows_what_was_put_off_and_brings_it_back(received):
    assert "没有推迟的提醒" in (await later(received)).text
    screen = await told(received, "2026-11-27", "feedback")
    asked = await tap(received, "稍后提醒", on=screen)
    await tap(
        received, "明天上午" if received.office.calendar.is_workday(dt.date(2026, 11, 28)) else "11月30日", on=asked
    )
    listed = await later(received)
    assert "1. 大气2026-1 应于11月30日（周一）前反馈" in listed.text and "再次提醒" in listed.text
    after = await tap(received, "取消推迟", on=listed)
    assert "没有推迟的提醒" in after.text
    assert await planned(received, "feedback") == {"t-0": "11-30", "overdue+1": "12-01"}
    await tap(received, "稍后提醒", on=screen)
    await received.type("11月30日")
    assert "【核查反馈提醒】" in (await tap(received, "现在提醒", on=await later(received))).text
    assert await planned(received, "feedback") == {"t-0": "11-30", "overdue+1": "12-01"}


async def test_a_day_that_is_not_ahead_or_too_far_is_refused_and_a_rest_day_gives_way(received):
    screen = await told(received, "2026-11-27", "feedback")
    await tap(received, "稍后提醒", on=screen)
    for typed in ("今天", "2028-03-01"):
        with pytest.raises(Refusal):
            await received.type(typed)
    assert "12月4日（周五）晚于期限" in (await received.type("2026-12-05")).text  # a Saturday
    assert "11月30日（周一） 09:00" in (await received.type("2026-11-29")).text  # the day before lies behind


async def test_a_date_that_moves_takes_what_was_put_off_with_it(received):
    screen = await told(received, "2026-11-27", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await received.type("11月30日")
    await tap(received, "更正收件日期", on=screen)
    await received.type("11月24日")
    assert await planned(received, "feedback") == {"t-1": "11-30", "t-0": "12-01", "overdue+1": "12-02"}


async def test_an_act_that_moves_no_date_says_nothing_again(received):
    await told(received, "2026-11-27", "feedback")
    await opened(received)
    await tap(received, "更多")
    await tap(received, "更正（须说明原因）")
    await tap(received, "提交日期")
    received.screen = await received.type("11月20日")
    received.screen = await received.type("虚构更正")
    await tap(received, "确认")
    received.now = at("2026-11-27", "10:00")
    assert await tick(received, received.now) == 0
    assert await planned(received, "feedback") == {"t-0": "11-30", "overdue+1": "12-01"}


async def test_only_whoever_does_the_work_puts_it_off(received, enrol):
    screen = await told(received, "2026-11-27", "feedback")
    head = Desk(received.database, received.office, await enrol(900003, role=Role.HEAD), received.now)
    with pytest.raises(Refusal):
        await head.send(next(each.press for each in received.buttons(screen) if each.text == "稍后提醒"))


async def test_own_hour_and_stages_move_what_is_planned_and_guard_the_deadline(received):
    async def apply():
        async with received.database.write() as session:
            person = await session.get_one(Person, received.person.id)
            finish = await reminder_settings.replan(
                SimpleNamespace(office=received.office), {"person_id": person.id}, received.now
            )
            await finish(session)

    async def moments():
        found = [row for row in await rows(received, Reminder) if row.state is ReminderState.PLANNED]
        return {row.stage: f"{row.due_at.astimezone(received.office.zone):%m-%d %H:%M}" for row in found}

    received.screen = await received._turn(frame.COMMANDS["settings"])
    overview = await tap(received, "提醒")
    assert "提醒时间：09:00\n中心反馈：提前1个工作日，当天\n" in overview.text
    await tap(received, "提醒时间")
    assert "提醒时间：14:30（自定）" in (await tap(received, "14:30")).text
    await tap(received, "中心反馈")
    await tap(received, "提前3个工作日")
    with pytest.raises(Refusal, match="最后一次提醒须保留"):
        await tap(received, "✓ 当天")
    assert len(await rows(received, Work)) == 1  # many ticks, one change
    await apply()
    assert await moments() == {
        "t-3": "11-25 14:30", "t-1": "11-27 14:30", "t-0": "11-30 14:30", "overdue+1": "12-01 14:30",
    }  # fmt: skip
    assert await tick(received, at("2026-11-25", "09:00")) == 0
    assert await tick(received, at("2026-11-25", "14:30")) == 1
    await deliver(received)
    received.screen = await received.send(Press("rmd"))
    assert "（自定）" not in (await tap(received, "恢复本局设置")).text
    await apply()
    assert await moments() == {"t-1": "11-27 09:00", "t-0": "11-30 09:00", "overdue+1": "12-01 09:00"}
    assert hours.in_office_hours(received.office, at("2026-11-27", "09:00"))


async def test_what_was_put_off_is_no_trace_of_a_defect(received):
    screen = await told(received, "2026-11-27", "feedback")
    asked = await tap(received, "稍后提醒", on=screen)
    await tap(received, "3个工作日后", on=asked)
    await tap(received, "仍按此日提醒")
    received.office.clock.offset = at("2026-11-30") - received.office.clock.now()
    assert await reconcile.run(received.database, received.office) == 0
