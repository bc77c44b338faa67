"""Reminders on their days: office hours, make-up days, people who cannot be reached, and an outage."""

import datetime as dt

from sqlalchemy import select

from handlers.office import ZONE
from storage.tables import Outbox, OutboxState, Person, PersonState, Reminder, ReminderState, Request
from tests.conftest import COORDINATOR, OFFICER
from tests.journeys.story import Story, only, register

WEEK = dt.timedelta(weeks=1)


async def _received(story: Story) -> None:
    """An entry of Monday 23 November, received the same day: feedback due on Monday 30 November."""
    me = story.person()
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
    assert "收到意见。请登记意见内容" in await coordinator.press("已收到意见")
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
