"""The yearly notice from the coordinator's paste to the officer's message, through the front door."""

import datetime as dt

import pytest
from sqlalchemy import select

from bot.screens.screen import Press
from handlers.calendar_change import CHANGED
from storage.tables import CalendarDay, Item, Outbox, OutboxState
from tests.conftest import AUDITOR, COLLEAGUE, COORDINATOR, OFFICER
from tests.handlers.test_calendar import NOTICE
from tests.journeys.story import Story, only, register
from tests.journeys.test_reminder_acts import ends_before_the_decision


async def _press(someone, verb: str) -> str:
    """Press the button of a verb, whatever its label."""
    for message in reversed(someone.messages):
        for row in message.buttons:
            for each in row:
                if each.get("callback_data", "").startswith(f"1:{verb}:"):
                    return await someone.press_data(message.id, each["callback_data"])
    raise AssertionError(someone.transcript())


async def _before_new_year(story: Story) -> None:
    """Two officers, each with an entry that reaches into the year whose notice is missing."""
    await story.at("2026-12-31 09:30")
    for person in (OFFICER, COLLEAGUE):
        await register(story.person(person))


async def _paste(story: Story, text: str = NOTICE):
    coordinator = story.person(COORDINATOR)
    await coordinator.type("/calendar")
    await _press(coordinator, "calin")
    await coordinator.type(text)
    return coordinator


async def test_a_notice_moves_dates_and_each_officer_is_told_once(story: Story):
    await _before_new_year(story)
    checked = await story.rows(Item, Item.product_kind == "verification")
    assert [item.due_provisional for item in checked] == [True, True]
    coordinator = await _paste(story)
    assert "国办发明电〔2026〕99号" in coordinator.screen
    assert await story.rows(CalendarDay) == []
    await _press(coordinator, "calok")
    await story.settle()
    assert story.service.office.calendar.is_published(2027)
    assert {(item.due_on, item.due_provisional) for item in await story.rows(Item, Item.product_kind == "verification")
            } == {(dt.date(2027, 1, 9), False)}  # fmt: skip
    for person in (OFFICER, COLLEAGUE):
        told = [each.text for each in story.person(person).messages if "国办发明电〔2026〕99号" in each.text]
        assert len(told) == 1
    fresh = await register(story.person(OFFICER), subject="虚构能源有限公司 91410100MA00000T42")
    assert "1月9日" in fresh
    await _press(await _paste(story), "cal")
    await story.settle()
    assert len(await story.rows(Outbox, Outbox.kind == CHANGED)) == 2


async def test_a_crash_between_commit_and_message_costs_no_message_and_doubles_none(story: Story):
    await _before_new_year(story)
    coordinator = await _paste(story)
    story.service.sender.stop()
    await story.service.sender.run_round()
    await _press(coordinator, "calok")
    waiting = [row.state for row in await story.rows(Outbox, Outbox.kind == CHANGED)]
    assert len(waiting) == 2
    await story.restart()
    await story.settle()
    assert {row.state for row in await story.rows(Outbox, Outbox.kind == CHANGED)} == {OutboxState.SENT}
    assert story.service.office.calendar.is_published(2027)
    assert len([each for each in story.person(OFFICER).messages if "国办发明电〔2026〕99号" in each.text]) == 1


async def test_everybody_reads_the_calendar_and_only_the_coordinator_changes_it(story: Story):
    for person in (OFFICER, AUDITOR):
        reader = story.person(person)
        assert "2026" in await reader.type("/calendar")
        assert "2027" in await _press(reader, "cal")
        await reader.press_data(reader.messages[-1].id, Press("calin").encode())
        await reader.press_data(reader.messages[-1].id, Press("calok").encode())
    assert await story.rows(CalendarDay) == []


async def test_the_coordinators_are_asked_for_the_missing_year_each_week_until_it_is_there(story: Story):
    async def asked() -> int:
        return len(await story.rows(Outbox, Outbox.kind == "calendar.missing"))

    assert await asked() == 1
    await story.at("2026-11-24 10:00")
    assert await asked() == 1
    await story.at("2026-11-30 10:00")
    assert await asked() == 2
    await _press(await _paste(story), "calok")
    await story.at("2026-12-07 10:00")
    assert await asked() == 2
    newest = only([row for row in (await story.rows(Outbox, Outbox.kind == "calendar.missing"))[-1:]])
    assert newest.state is OutboxState.SENT


@pytest.mark.parametrize("text", ["今天天气很好", "2027年", NOTICE.replace("共9天", "共8天"), "🧧" * 2000])
async def test_a_text_that_is_no_notice_is_refused_and_asked_again(story: Story, text: str):
    coordinator = await _paste(story, text)
    assert any(each["callback_data"].startswith("1:calno:") for row in coordinator.messages[-1].buttons for each in row)
    await coordinator.type(NOTICE)
    await _press(coordinator, "calno")
    async with story.database.read() as session:
        assert (await session.scalars(select(CalendarDay))).all() == []


async def test_a_release_that_brings_the_year_moves_dates_at_its_start_and_says_so_once(story: Story, next_library):
    await _before_new_year(story)
    next_library(NOTICE)
    await story.restart()
    await story.settle()
    checked = await story.rows(Item, Item.product_kind == "verification")
    assert {(item.due_on, item.due_provisional) for item in checked} == {(dt.date(2027, 1, 9), False)}
    await story.restart()
    await story.settle()
    for person in (OFFICER, COLLEAGUE):
        assert len([each for each in story.person(person).messages if "随程序更新的放假安排" in each.text]) == 1


async def test_a_last_day_to_apply_anew_that_was_told_is_told_again_when_it_moves(story: Story):
    me = story.person()
    await ends_before_the_decision(me)
    await story.at("2026-11-25 09:00")
    assert "请最迟于2027年1月7日（周四，暂定）重新申请核查" in me.screen
    await _press(await _paste(story), "calok")
    await story.settle()
    moved = "大气2026-1：最迟重新申请日期由2027年1月7日（周四，暂定）改为2027年1月8日（周五）"
    assert sum(moved in each.text for each in me.messages) == 1


async def test_what_was_put_off_to_a_day_that_becomes_a_holiday_comes_on_the_working_day_before(story: Story):
    me = story.person()
    await register(me)
    await story.at("2026-11-24 09:00")
    await me.press("稍后提醒")
    assert "将于2027年1月4日（周一，暂定） 09:00再次提醒" in await me.type("2027-01-04")
    await _press(await _paste(story), "calok")
    assert "12月31日（周四） 09:00再次提醒" in await me.type("/later")
    before = len(me.messages)
    await story.at("2026-12-31 09:00")
    assert any("中心是否已收件？" in each.text for each in me.messages[before:])
