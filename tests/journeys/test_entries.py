"""Entries of every kind, from the command to the rows: letters, persons, counts, lists, dates, and who applies."""

import datetime as dt

import pytest
from sqlalchemy import select

from bot.deadlines import feedback_due, latest_submission
from storage.tables import (
    Counterpart,
    Decision,
    Draft,
    Item,
    ItemState,
    Person,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)
from tests.conftest import OFFICER
from tests.journeys.story import FIRM, Story, only, register
from tests.officer import Officer


async def test_commitments_alone_are_entered_with_their_number_and_are_complete_at_once(story: Story):
    me = story.person()
    await me.type("/new 登记表备案")
    await me.press("环评登记表备案")
    await me.press("只登记份数")
    assert "承诺书：3份" in await me.type("３")
    assert "登记完成，无须再办理" in await me.press("确认登记")
    item = only(await story.rows(Item))
    assert (item.product_kind, item.head_count, item.state) == ("commitment", 3, ItemState.RECORDED)
    assert only(await story.rows(Request)).state is RequestState.CLOSED
    assert await story.count(Reminder) == 0


async def _to_awarded_persons(me: Officer) -> None:
    await me.type("/new 环保先进个人表彰")
    for label in ("环保先进个人表彰", "是", "社会人士"):
        await me.press(label)


async def test_a_natural_person_is_kept_by_surname_last_four_and_case_number_only(story: Story):
    me = story.person()
    await _to_awarded_persons(me)
    await me.press("自然人")
    await me.type("张 1234 人事2026-7")
    confirmed = await me.press("今天提交")
    assert "张某 1234 人事2026-7" in confirmed
    await me.press("确认登记")
    person = only(await story.rows(Counterpart))
    assert (person.kind, person.code, person.name, person.pinyin) == ("natural_person", None, None, None)
    assert person.person_label == {"surname": "张", "last4": "1234", "case_number": "人事2026-7"}
    await story.at("2026-11-24 09:00")
    assert "中心是否已收件" in me.screen
    assert "1234" not in me.screen


async def test_a_list_before_publication_is_entered_as_a_count(story: Story):
    me = story.person()
    await me.type("/new 绿色企业评选")
    await me.press("环境友好企业、绿色企业评选")
    await me.press("是")
    assert "32家" in await _after(me, "32")
    await me.press("确认登记")
    item = only([row for row in await story.rows(Item) if row.product_kind == "verification"])
    assert (item.head_count, item.counterpart_id) == (32, None)
    assert await story.count(Counterpart) == 0


async def _after(me: Officer, words: str) -> str:
    await me.type(words)
    return await me.press("今天提交")


async def test_persons_of_a_list_kept_elsewhere_are_entered_as_a_count(story: Story):
    me = story.person()
    await _to_awarded_persons(me)
    assert "12人" in await _after(me, "12")
    await me.press("确认登记")
    item = only([row for row in await story.rows(Item) if row.product_kind == "verification"])
    assert (item.head_count, item.counterpart_id) == (12, None)


async def test_several_organisations_are_pasted_with_full_width_digits(story: Story):
    me = story.person()
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    wide = "".join(chr(ord(each) + 0xFEE0) for each in "91410100MA00000T42")
    await me.type(f"１．虚构环保科技有限公司，{wide}\n2、虚构监测站 12410100 MB0000 T3XJ")
    asked = await me.press("今天提交")
    assert "虚构环保科技有限公司 91410100MA00000T42" in asked
    assert "虚构监测站 12410100MB0000T3XJ" in asked
    await me.press("确认登记")
    kept = {row.code: row.kind for row in await story.rows(Counterpart)}
    assert kept == {"91410100MA00000T42": "enterprise", "12410100MB0000T3XJ": "institution"}
    verifications = [row for row in await story.rows(Item) if row.product_kind == "verification"]
    assert len({row.counterpart_id for row in verifications}) == len(verifications) == 2
    assert await story.count(Request) == 1


async def test_the_last_day_to_submit_is_counted_back_and_warned_of(story: Story):
    """R24; the planned decision on 18 December leaves one working day after the five of the centre."""
    me = story.person()
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    await me.type(FIRM)
    await me.press("尚未提交·本部门")
    await me.press("修改拟决定日")
    asked = await me.type("12月18日")
    calendar, settings = story.service.office.calendar, story.policy.settings
    last = latest_submission(
        calendar,
        dt.date(2026, 12, 18),
        working_days=settings.feedback_working_days,
        margin_working_days=settings.submit_margin_working_days,
    )
    assert last.on == dt.date(2026, 12, 10)  # counted by hand: back from the 17th over five working days
    assert "最迟提交日：12月10日（周四）" in asked
    await me.press("确认登记")
    await _warned(story)
    assert "12月10日（周四）提交，预计12月17日（周四）前反馈" in await me.press("今天已提交")
    assert only(await story.rows(Request)).basis_version == 2
    await story.at("2026-12-11 09:00")
    assert "中心是否已收件" in me.screen


async def _warned(story: Story) -> None:
    me = story.person()
    for moment, said in (
        ("2026-12-07 09:00", "还剩3个工作日"),
        ("2026-12-09 09:00", "还剩1个工作日"),
        ("2026-12-10 09:00", "今天为最迟提交日"),
    ):
        before = len(me.messages)
        await story.at(moment)
        assert len(me.messages) == before + 1
        assert said in me.screen
        assert "请最迟于12月10日（周四）提交核查申请" in me.screen


async def test_dates_in_a_year_whose_calendar_is_not_published_say_so(story: Story):
    me = story.person()
    await story.at("2026-12-30 10:00")
    said = await register(me)
    assert feedback_due(story.service.office.calendar, dt.date(2026, 12, 30), working_days=5).provisional
    assert "（周" in said
    assert "暂定）" in said.partition("预计反馈日期：")[2]
    item = only([row for row in await story.rows(Item) if row.product_kind == "verification"])
    assert item.due_provisional
    await story.at("2026-12-31 09:00")
    assert "暂定" in me.screen
    assert "2027年1月" in me.screen


async def test_nothing_is_chased_where_the_counterpart_applies(story: Story):
    me = story.person()
    said = await register(me, submit="申请人自行申请")
    assert "查询意见反馈至申请人，收到其提交的意见后请登记" in said
    item = only([row for row in await story.rows(Item) if row.product_kind == "verification"])
    assert (item.applicant.value, item.due_on) == ("counterpart", None)
    for moment in ("2026-11-24 09:00", "2026-12-01 09:00", "2026-12-31 09:00"):
        await story.at(moment)
        assert "超期" not in me.screen and "商请" not in me.screen
    asked = {row.kind for row in await story.rows(Reminder)}
    assert asked == {"hand_in"}  # only whether the opinion was handed in is asked; nobody is chased
    await me.type("/find 大气2026-1")
    await me.press("大气2026-1")
    assert "超期" not in me.screen
    await me.press("申请人已提交意见")
    await me.press("今天")
    assert only(await story.rows(Request)).state is RequestState.CLOSED


async def test_a_matter_is_decided_by_the_rules_of_its_own_date(story: Story):
    me = story.person()
    await me.type("/guide 排污许可证延续")
    await me.press("排污许可证延续")
    await me.press("按其他日期")
    assert "适用规则日期：10月8日（周四）" in await me.type("2026-10-08")
    await me.press("登记台账")
    await me.type(FIRM)
    await me.press("今天提交")
    await me.press("确认登记")
    assert only(await story.rows(Decision)).on == dt.date(2026, 10, 8)
    assert only(await story.rows(Request)).year == 2026
    item = only([row for row in await story.rows(Item) if row.product_kind == "verification"])
    assert item.submitted_on == dt.date(2026, 11, 23)


async def test_a_withdrawn_entry_is_reminded_of_no_more(story: Story):
    me = story.person()
    await register(me)
    await me.press("查看台账")
    await me.press("更多")
    await me.press("撤回")
    await me.press("确认撤回")
    before = len(me.messages)
    await story.at("2026-11-24 09:00")
    assert len(me.messages) == before
    reminder = only(await story.rows(Reminder))
    assert (reminder.state, reminder.reason) == (ReminderState.CANCELLED, "entry withdrawn")


@pytest.mark.parametrize("stop_after", ["question", "form"])
async def test_a_restart_loses_nothing_of_what_was_begun(story: Story, stop_after: str):
    me = story.person()
    await me.type("/new 绿色企业评选")
    await me.press("环境友好企业、绿色企业评选")
    if stop_after == "form":
        await me.press("是")
        await me.type("32")
    before, keyboard = me.screen, me.buttons
    await story.restart()
    assert (me.screen, me.buttons) == (before, keyboard)  # the old keyboard still works
    if stop_after == "question":
        await me.press("是")
        await me.type("32")
    await me.press("今天提交")
    await me.press("确认登记")
    assert only(await story.rows(Request)).seq == 1
    async with story.database.read() as session:
        owner = await session.scalar(select(Person.id).where(Person.telegram_id == OFFICER))
    assert [row.active for row in await story.rows(Draft, Draft.person_id == owner)] in ([], [False])


async def test_after_a_restart_a_new_beginning_asks_first_and_continues_where_it_stood(story: Story):
    me = story.person()
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    await me.type(FIRM)
    standing = me.screen
    await story.restart()
    assert "您尚未办完：排污许可证延续（登记台账）" in await me.type("/guide")
    assert await me.press("继续") == standing
    await me.press("今天提交")
    await me.press("确认登记")
    assert await story.count(Request) == 1
