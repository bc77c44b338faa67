"""稍后提醒 and the officer's own hour and stages: what was put off comes again, and no deadline is lost on the way."""

import datetime as dt
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select, update

from bot.errors import Refusal
from bot.screens.screen import Press
from handlers import frame, hours, planning, reconcile, reminder_settings, watching
from handlers.reconcile import _differences, _watched_after
from storage import expected
from storage import reminders as stored
from storage.tables import Outbox, Person, Reminder, ReminderState, Request, Role, Work
from tests.handlers import test_reminder_kinds
from tests.handlers.desk import Desk
from tests.handlers.test_reminder_kinds import LOAN, entered, handed_in, handed_over, opened, planned, tap, told
from tests.handlers.test_reminders import at, deliver, rows, tick

desk = test_reminder_kinds.desk  # its fixture


pytestmark = pytest.mark.usefixtures("chinese")


@pytest.fixture
async def received(desk):
    return await handed_in(desk)


async def planned_anew(desk):
    """Plan what the officer has set, as the worker does after a change of the settings."""
    async with desk.database.write() as session:
        finish = await reminder_settings.replan(
            SimpleNamespace(office=desk.office), {"person_id": desk.person.id}, desk.now
        )
        await finish(session)


async def received_on(desk, day):
    """Let the centre have received it on another day, and plan that, as an act on the entry does."""
    async with desk.database.write() as session:
        request = await session.get_one(Request, 1)
        [item] = (await expected.of_request(session, request)).waiting
        item.received_on = dt.date.fromisoformat(day)
        planning.reckon(desk.office, item, item.received_on)
        request.basis_version += 1
        await planning.replan(session, desk.office, request, desk.now)


async def put_off_and_noted(desk, screen, day):
    """Put a reminder off, look at it again, and take note of it."""
    await tap(desk, "稍后提醒", on=screen)
    done = await desk.type(day)
    return await tap(desk, "已知悉", on=await tap(desk, "返回", on=done))


async def later(desk):
    turn = await desk.run(frame.COMMANDS["later"])
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
    assert "推迟到12月3日（周四）的，期限11月30日（周一）前不再发送本提醒" in warned.text
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
    assert "推迟到12月4日（周五）的，期限" in (await received.type("2026-12-05")).text  # a Saturday
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
    async def moments():
        found = [row for row in await rows(received, Reminder) if row.state is ReminderState.PLANNED]
        return {row.stage: f"{row.due_at.astimezone(received.office.zone):%m-%d %H:%M}" for row in found}

    received.screen = await received.run(frame.COMMANDS["settings"])
    overview = await tap(received, "提醒")
    assert "提醒时间：09:00\n中心反馈：提前1个工作日，当天\n" in overview.text
    await tap(received, "提醒时间")
    assert "提醒时间：14:30（自定）" in (await tap(received, "14:30")).text
    await tap(received, "中心反馈")
    await tap(received, "提前3个工作日")
    with pytest.raises(Refusal, match="最后一次提醒须保留"):
        await tap(received, "✓ 当天")
    assert len(await rows(received, Work)) == 1  # many ticks, one change
    await planned_anew(received)
    assert await moments() == {
        "t-3": "11-25 14:30", "t-1": "11-27 14:30", "t-0": "11-30 14:30", "overdue+1": "12-01 14:30",
    }  # fmt: skip
    assert await tick(received, at("2026-11-25", "09:00")) == 0
    assert await tick(received, at("2026-11-25", "14:30")) == 1
    await deliver(received)
    received.screen = await received.send(Press("rmd"))
    assert "（自定）" not in (await tap(received, "恢复本局设置")).text
    await planned_anew(received)
    assert await moments() == {"t-1": "11-27 09:00", "t-0": "11-30 09:00", "overdue+1": "12-01 09:00"}
    assert hours.in_office_hours(received.office, at("2026-11-27", "09:00"))


async def test_an_own_hour_that_was_to_come_and_is_set_back_past_costs_no_place_in_the_days_list(received):
    """At ten the hour goes from three in the afternoon back to nine: the day before the last is said today."""

    async def wants(hour):
        async with received.database.write() as session:
            (await session.get_one(Person, received.person.id)).reminder_hour = hour
        await planned_anew(received)

    await wants("15:00")
    received.now = at("2026-11-27", "10:00")
    await wants(None)
    assert await tick(received, at("2026-11-27", "10:01")) == 1
    [row] = [row for row in await rows(received, Outbox) if row.kind == "digest"]
    assert row.not_before == at("2026-11-27", "10:01")


async def test_what_an_act_made_due_waits_for_the_next_morning_also_after_another_act(desk):
    desk.now = at("2026-11-23", "14:00")
    await entered(desk, submit="no", decide="2026-12-04")  # three days before the last, 26 November, is this morning
    desk.now = at("2026-11-23", "15:00")
    await planned_anew(desk)
    await tick(desk, at("2026-11-23", "15:01"))
    [row] = [row for row in await rows(desk, Outbox) if row.kind == "digest"]
    assert row.not_before >= at("2026-11-24")


async def test_what_was_put_off_is_no_trace_of_a_defect(received):
    screen = await told(received, "2026-11-27", "feedback")
    asked = await tap(received, "稍后提醒", on=screen)
    await tap(received, "3个工作日后", on=asked)
    await tap(received, "仍按此日提醒")
    received.office.clock.offset = at("2026-11-30") - received.office.clock.now()
    assert await reconcile.run(received.database, received.office) == 0


async def test_what_was_put_off_and_then_noted_leaves_the_further_stages(desk):
    """The feared one: put off to the last day, then noted, and nobody ever says that it is the last day."""
    await entered(desk, submit="no", decide="2026-12-14")
    assert await planned(desk, "submit_by") == {"t-3": "12-01", "t-1": "12-03", "t-0": "12-04"}
    await put_off_and_noted(desk, await told(desk, "2026-12-01", "submit_by"), "12月4日")
    assert await planned(desk, "submit_by") == {"t-1": "12-03", "t-0": "12-04"}
    await told(desk, "2026-12-03", "submit_by")
    assert "12月4日" in (await told(desk, "2026-12-04", "submit_by")).text


async def test_an_owed_feedback_goes_on_after_what_was_put_off_was_noted(received):
    await put_off_and_noted(received, await told(received, "2026-11-27", "feedback"), "11月30日")
    assert await planned(received, "feedback") == {"t-0": "11-30", "overdue+1": "12-01"}
    await told(received, "2026-11-30", "feedback")
    screen = await told(received, "2026-12-01", "feedback")
    received.now = at("2026-12-04")
    await tap(received, "稍后提醒", on=screen)
    done = await received.type("12月15日")
    received.now = at("2026-12-08", "10:00")
    await tap(received, "已知悉", on=await tap(received, "返回", on=done))
    assert await planned(received, "feedback") == {"overdue+4": "12-09"}


async def test_a_question_that_was_put_off_and_answered_not_yet_comes_again(desk):
    await entered(desk, {"matter": ("m33",)}, submit="cp", decide="2026-12-22")
    screen = await told(desk, "2026-12-03", "hand_in")
    await tap(desk, "稍后提醒", on=screen)
    done = await desk.type("12月18日")
    assert await planned(desk, "hand_in") == {"ask+8": "12-18"}
    await tap(desk, "尚未提交", on=await tap(desk, "返回", on=done))
    assert await planned(desk, "hand_in") == {"ask+18": "12-17", "t-3": "12-17"}


async def test_what_is_asked_again_stays_a_line_of_the_list_when_it_is_planned_anew(desk):
    await entered(desk)
    await tick(desk, at("2026-11-24"))
    [(_chat, asked)] = await deliver(desk)
    await tap(desk, "尚未收件", on=asked)
    await _planned_once_more(desk)
    [again] = [row for row in await desk.rows(Reminder) if stored.is_put_off(row)]
    assert (again.snoozed_to is not None, stored.comes_singly(again)) == (True, False)


async def _planned_once_more(desk):
    """Plan the entry anew, as an act on it does that moves no date."""
    async with desk.database.write() as session:
        request = await session.get_one(Request, 1)
        request.basis_version += 1
        await planning.replan(session, desk.office, request, desk.now)


async def test_an_opinion_that_was_put_off_is_told_again_although_a_new_application_was_begun(desk):
    await test_reminder_kinds.with_opinion(desk, valid_to="2026-12-31")
    screen = await told(desk, "2026-12-01", "expiry")
    await tap(desk, "稍后提醒", on=screen)
    done = await desk.type("12月28日")
    assert await planned(desk, "expiry") == {"d-30": "12-28"}
    await tap(desk, "重新申请", on=await tap(desk, "返回", on=done))
    assert await planned(desk, "expiry") == {"d-7": "12-24"}


async def test_putting_off_to_an_earlier_day_gives_the_stages_after_it_back(received):
    screen = await told(received, "2026-11-27", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await tap(received, "仍按此日提醒", on=await received.type("12月3日"))
    assert await planned(received, "feedback") == {"t-1": "12-03"}
    await tap(received, "稍后提醒", on=screen)
    await received.type("11月30日")
    assert await planned(received, "feedback") == {"t-1": "11-30", "overdue+1": "12-01"}


async def test_of_one_kind_the_last_word_on_until_when_holds(desk):
    await entered(desk, submit="no", decide="2026-12-14")
    first = await told(desk, "2026-12-01", "submit_by")
    second = await told(desk, "2026-12-03", "submit_by")
    await tap(desk, "稍后提醒", on=first)
    await tap(desk, "仍按此日提醒", on=await desk.type("12月10日"))
    await tap(desk, "稍后提醒", on=second)
    await desk.type("12月4日")
    assert await planned(desk, "submit_by") == {"t-1": "12-04"}


async def test_planning_anew_keeps_an_overdue_reminder_until_its_moment(received):
    await told(received, "2026-12-01", "feedback")
    screen = await told(received, "2026-12-03", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await received.type("12月10日")
    for _again in range(2):
        await planned_anew(received)
        assert await planned(received, "feedback") == {"overdue+2": "12-10"}
    for day in ("2026-12-04", "2026-12-07", "2026-12-09"):
        assert await tick(received, at(day)) == 0
    await told(received, "2026-12-10", "feedback")
    await planned_anew(received)
    assert await planned(received, "feedback") == {"overdue+5": "12-11"}


async def test_planning_anew_says_nothing_until_the_moment_that_was_confirmed_beyond_the_deadline(received):
    screen = await told(received, "2026-11-27", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await tap(received, "仍按此日提醒", on=await received.type("12月4日"))
    for day in ("2026-11-27", "2026-11-30", "2026-12-01", "2026-12-03"):
        received.now = at(day, "10:00")
        await planned_anew(received)
        assert await planned(received, "feedback") == {"t-1": "12-04"}
        assert await tick(received, at(day, "10:01")) == 0
    assert "已超期4个工作日" in (await told(received, "2026-12-04", "feedback")).text
    received.now = at("2026-12-04", "10:00")
    await planned_anew(received)
    assert await tick(received, at("2026-12-04", "10:01")) == 0  # what it stood for has been said with it
    assert await planned(received, "feedback") == {"overdue+3": "12-07"}


async def test_what_the_old_owner_put_off_does_not_bind_the_new_one(received, enrol):
    other = await enrol(900002)
    screen = await told(received, "2026-11-27", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await tap(received, "仍按此日提醒", on=await received.type("12月10日"))
    received.now = at("2026-11-27", "11:00")
    await handed_over(received, other)
    assert await planned(received, "feedback") == {"t-1": "11-27", "t-0": "11-30", "overdue+1": "12-01"}
    assert "今天为反馈期限最后一天" in (await told(received, "2026-11-30", "feedback")).text


async def test_what_is_overdue_and_was_put_off_comes_to_the_new_owner_on_that_day(received, enrol):
    other = await enrol(900002)
    await told(received, "2026-12-01", "feedback")
    screen = await told(received, "2026-12-03", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await received.type("12月10日")
    received.now = at("2026-12-04", "11:00")
    await handed_over(received, other)
    assert await planned(received, "feedback") == {"overdue+1": "12-04"}
    await tick(received, at("2026-12-04", "11:01"))
    [(chat, told_now)] = await deliver(received)
    assert (chat, "已超期4个工作日" in told_now.text) == (900002, True)
    assert await planned(received, "feedback") == {"overdue+3": "12-07"}


async def test_what_the_new_owner_is_still_to_hear_outlives_planning_anew(desk, enrol):
    """The last question went to the old owner; a change of the new one's hour in the evening does not swallow it."""
    other = await enrol(900002)
    await entered(desk, LOAN, submit="cp")
    await told(desk, "2026-12-03", "hand_in")
    await told(desk, "2026-12-17", "hand_in")
    desk.now = at("2026-12-17", "18:30")
    await handed_over(desk, other)
    theirs = desk.of(other)
    for hour in ("19:00", "20:00"):
        theirs.now = at("2026-12-17", hour)
        await planned_anew(theirs)
        assert await planned(desk, "hand_in") == {"ask+18": "12-17"}
    await told(theirs, "2026-12-18", "hand_in")
    await planned_anew(theirs)
    assert await planned(desk, "hand_in") == {}


async def test_what_was_said_is_not_said_again_because_its_day_moved_away_and_back(received):
    await told(received, "2026-11-27", "feedback")
    received.now = at("2026-11-27", "10:00")
    await received_on(received, "2026-11-25")
    assert await planned(received, "feedback") == {"t-1": "12-01", "t-0": "12-02", "overdue+1": "12-03"}
    await received_on(received, "2026-11-23")
    assert await planned(received, "feedback") == {"t-0": "11-30", "overdue+1": "12-01"}


async def decided_on_the_last_day(desk):
    """Enter what is decided on on the day on which its feedback is due: Monday 30 November."""
    await entered(desk, decide="2026-11-30")
    await opened(desk)
    await tap(desk, "今天中心已收件")


async def test_the_day_of_a_decision_is_said_where_the_feedback_of_that_day_was_put_off(desk):
    await decided_on_the_last_day(desk)
    screen = await told(desk, "2026-11-27", "feedback")
    await tap(desk, "稍后提醒", on=screen)
    await tap(desk, "仍按此日提醒", on=await desk.type("12月3日"))
    assert "拟于11月30日（周一）研究决定" in (await told(desk, "2026-11-30", "decide")).text
    await told(desk, "2026-12-03", "feedback")


async def test_a_warning_of_the_feedback_that_goes_out_says_enough_of_the_decision_of_that_day(desk):
    await decided_on_the_last_day(desk)
    for day in ("2026-11-27", "2026-11-30"):
        await tick(desk, at(day))
        assert [each.name for _chat, each in await deliver(desk)] == ["reminder_feedback"]
        desk.now = at(day, "10:00")
        await planned_anew(desk)
        assert await tick(desk, at(day, "10:01")) == 0
    await tick(desk, at("2026-12-01"))
    assert [each.name for _chat, each in await deliver(desk)] == ["reminder_feedback"]
    await planned_anew(desk)
    assert await planned(desk, "decide") == {}


async def test_a_decision_that_was_put_off_to_the_last_day_is_said_on_it(desk):
    """The officer asked for it, so that the warning of the feedback takes nothing away."""
    await entered(desk, decide="2026-11-25")
    await opened(desk)
    await tap(desk, "今天中心已收件")
    screen = await told(desk, "2026-11-25", "decide")
    await tap(desk, "稍后提醒", on=screen)
    await tap(desk, "仍按此日提醒", on=await desk.type("11月30日"))
    await tick(desk, at("2026-11-30"))
    assert sorted(each.name for _chat, each in await deliver(desk)) == ["reminder_decide", "reminder_feedback"]


async def test_an_own_hour_and_fewer_stages_keep_what_was_put_off(desk):
    await entered(desk, submit="no", decide="2026-12-14")
    screen = await told(desk, "2026-12-01", "submit_by")
    await tap(desk, "稍后提醒", on=screen)
    await desk.type("12月3日")
    async with desk.database.write() as session:
        person = await session.get_one(Person, desk.person.id)
        person.reminder_hour, person.reminder_stages = "14:30", {"submit_by": [1, 0]}
    await planned_anew(desk)
    assert await planned(desk, "submit_by") == {"t-3": "12-03", "t-1": "12-03", "t-0": "12-04"}
    desk.office.clock.offset = at("2026-12-01", "11:00") - desk.office.clock.now()
    assert await reconcile.run(desk.database, desk.office) == 0
    await told(desk, "2026-12-03", "submit_by")


async def test_a_deadline_that_comes_earlier_ends_the_putting_off(received):
    """Put off beyond the deadline of 30 November; then the receipt turns out to have been a working day earlier."""
    screen = await told(received, "2026-11-27", "feedback")
    await tap(received, "稍后提醒", on=screen)
    await tap(received, "仍按此日提醒", on=await received.type("12月4日"))
    received.now = at("2026-11-27", "10:00")
    await received_on(received, "2026-11-20")
    assert await planned(received, "feedback") == {"t-0": "11-27", "overdue+1": "11-30"}
    assert await tick(received, at("2026-11-27", "10:01")) == 1
    assert "今天为反馈期限最后一天" in (await deliver(received))[0][1].text


async def test_a_stage_is_said_for_the_new_day_although_it_was_said_for_the_old_one(received):
    await told(received, "2026-11-27", "feedback")
    received.now = at("2026-11-27", "10:00")
    await received_on(received, "2026-11-25")  # due on 2 December, so that the day before is 1 December
    received.now = at("2026-12-01", "09:30")  # nobody looked in the morning
    await planned_anew(received)
    assert await tick(received, received.now) == 1


async def test_a_closed_stage_ahead_is_found_and_put_right(received):
    """What a defect has closed: neither said nor answered, and nothing that is put off stands for it."""
    async with received.database.write() as session:
        [lost] = [row for row in await session.scalars(select(Reminder)) if row.stage == "t-0"]
        lost.state, lost.reason = ReminderState.SUPERSEDED, "put off"
    async with received.database.read() as session:
        [found] = await watching.broken(session, received.office, received.now)
    assert (found.code, found.examples) == ("I1", (f"reminder:{lost.id}",))
    assert await reconcile.run(received.database, received.office) == 1
    assert await planned(received, "feedback") == {"t-1": "11-27", "t-0": "11-30", "overdue+1": "12-01"}
    async with received.database.read() as session:
        assert await watching.broken(session, received.office, received.now) == []


async def test_a_closed_stage_of_an_opinion_is_put_right(desk):
    await test_reminder_kinds.with_opinion(desk, valid_to="2026-12-31")
    async with desk.database.write() as session:
        await session.execute(update(Reminder).where(Reminder.stage == "d-7").values(state=ReminderState.SUPERSEDED))
    assert await reconcile.run(desk.database, desk.office) == 1
    assert await planned(desk, "expiry") == {"d-30": "12-01", "d-7": "12-24"}


async def test_what_a_coordinator_put_off_for_somebody_away_is_on_their_own_list(desk, enrol):
    coordinator = await enrol(900009, unit="legal", role=Role.COORDINATOR)
    await entered(desk, submit="no", decide="2026-12-14")
    async with desk.database.write() as session:
        person = await session.get_one(Person, desk.person.id)
        person.reachable, person.unreachable_since = False, desk.now
    await tick(desk, at("2026-12-01"))
    [(chat, screen)] = await deliver(desk)
    assert chat == 900009
    other = Desk(desk.database, desk.office, coordinator, at("2026-12-01"))
    await tap(other, "稍后提醒", on=screen)
    await other.type("12月2日")
    assert "1. 大气2026-1" in (await later(other)).text
    stranger = Desk(desk.database, desk.office, await enrol(900010), at("2026-12-01"))
    assert "没有推迟的提醒" in (await later(stranger)).text


async def test_a_long_list_of_what_was_put_off_has_pages(received):
    for number in range(2, 10):
        await entered(received)
        await opened(received, number)
    await tick(received, at("2026-11-24"))
    async with received.database.write() as session:
        for row in (await session.scalars(select(Reminder).where(Reminder.state == ReminderState.QUEUED))).all():
            await stored.snooze(session, row, at("2026-11-26"), now=received.now)
    listed = await later(received)
    assert "6. " in listed.text and "7. " not in listed.text
    turned = await tap(received, "下一页", on=listed)
    assert "7. " in turned.text and "1. " not in turned.text
    assert "7. " in (await tap(received, "8 取消推迟", on=turned)).text


async def test_a_provisional_day_says_so_where_something_is_put_off(desk):
    await entered(desk, submit="no", decide="2027-01-15")
    screen = await told(desk, "2027-01-04", "submit_by")
    await tap(desk, "稍后提醒", on=screen)
    warned = await desk.type("2027-01-12")
    assert "推迟到1月12日（周二，暂定）的，期限1月7日（周四，暂定）" in warned.text
    done = await tap(desk, "仍按此日提醒", on=warned)
    assert "将于1月12日（周二，暂定） 09:00再次提醒" in done.text
    assert "1月12日（周二，暂定） 09:00再次提醒" in (await later(desk)).text


async def test_what_is_asked_before_a_decision_is_put_off_beyond_that_day(desk):
    await entered(desk, {"matter": ("m33",)}, submit="cp", decide="2026-12-22")
    screen = await told(desk, "2026-12-03", "hand_in")
    await tap(desk, "稍后提醒", on=screen)
    warned = await desk.type("12月23日")
    assert "推迟到12月23日（周三）的，拟决定日12月22日（周二）前不再发送本提醒" in warned.text


async def test_after_the_last_message_of_its_own_the_digest_alone_says_that_it_is_overdue(received):
    for day in ("2026-11-27", "2026-11-30", "2026-12-01", "2026-12-03", "2026-12-07", "2026-12-09", "2026-12-11"):
        await told(received, day, "feedback")
    assert await planned(received, "feedback") == {"overdue+6/digest": "12-15"}
    screen = await told(received, "2026-12-15", "feedback")
    assert screen.silent and "已超期11个工作日" in screen.text
    digests = [row for row in await rows(received, Outbox) if row.kind == "digest"]
    assert len(digests) == 2  # of the day before the last one, and this
    assert await planned(received, "feedback") == {"overdue+7/digest": "12-17"}


async def test_an_old_message_does_not_move_a_stage_that_lies_ahead_again(received):
    """The last day was said; then the deadline moved on, and the old message is put off to a day before the new one."""
    await told(received, "2026-11-27", "feedback")
    screen = await told(received, "2026-11-30", "feedback")
    received.now = at("2026-11-30", "10:00")
    await received_on(received, "2026-11-30")
    shown = await tap(received, "稍后提醒", on=screen)
    assert shown.toast and "12月7日" in shown.text
    await received.send(Press("nput", 3, arg="2026-12-02"))
    assert await planned(received, "feedback") == {"t-1": "12-04", "t-0": "12-07", "overdue+1": "12-08"}


async def test_what_colleagues_have_put_off_is_not_gone_through_for_ones_own_list(received, database, enrol):
    """The list takes as many statements whatever the rest of the bureau has put off."""
    await tap(received, "稍后提醒", on=await told(received, "2026-11-27", "feedback"))
    await received.type("11月30日")
    other, said = await enrol(900_061), []
    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))

    async def listed() -> tuple[str, int]:
        said.clear()
        return (await later(received)).text, len(said)

    alone = await listed()
    assert "1. 大气2026-1" in alone[0]
    async with database.write() as session:
        mine = await session.get_one(Request, 1)
        columns = {each.name: getattr(mine, each.name) for each in Request.__table__.columns if each.name != "id"}
        for number in range(5):
            theirs = Request(**columns | {"seq": 90 + number, "owner_id": other.id})
            session.add(theirs)
            await session.flush()
            session.add(
                Reminder(subject_kind="request", subject_id=theirs.id, kind="receipt", stage="x", audience="owner",
                         basis_version=1, due_at=received.now, snoozed_to=received.now)
            )  # fmt: skip
    assert await listed() == alone
