"""A verification through its whole life, its opinion used again by another unit, and mistakes put right."""

import datetime as dt

from sqlalchemy import select

from storage.tables import (
    FollowUp,
    FollowUpState,
    Item,
    ItemState,
    Opinion,
    OpinionUse,
    Reminder,
    ReminderState,
    Request,
    RequestState,
)
from tests.conftest import COORDINATOR
from tests.journeys.story import FIRM, OUTSIDER, Story, only, register
from tests.officer import Officer


async def verification(story: Story) -> Item:
    return only([row for row in await story.rows(Item) if row.product_kind == "verification"])


async def receive(me: Officer) -> None:
    await me.press("查看台账")
    await me.press("今天中心已收件")


async def write_down(me: Officer, result: str = "未查询到不良信息", number: str | None = "信核2026-118") -> str:
    await me.press("登记意见内容")
    await me.press(result)
    await me.press("今天")
    if number is None:
        await me.press("暂不填")
    else:
        await me.type(number)
    return await me.press("确认登记")


async def test_the_whole_life_from_the_draft_to_the_use(story: Story):
    me = story.person()
    await register(me, submit="尚未提交")
    await me.press("查看台账")
    assert (await verification(story)).state is ItemState.DRAFT
    await me.press("更多")
    await me.press("拟决定日期")
    confirmed = await me.type("2027-01-15")
    assert "最迟提交日" in confirmed and "暂定" in confirmed
    screen = await me.press("确认登记")
    assert "拟决定日期由空改为2027年1月15日（周五）" in screen and "最迟提交日" in screen
    await me.press("今天已提交")
    assert (await verification(story)).state is ItemState.SUBMITTED
    await me.press("今天中心已收件")
    assert (await verification(story)).due_on == dt.date(2026, 11, 30)

    await story.at("2026-11-25 10:00")  # the centre wants more papers: its clock stands still
    await me.press("更多")
    await me.press("中心要求补正")
    screen = await me.press("今天")
    assert "补正中" in screen and "应于" not in screen
    assert (await verification(story)).state is ItemState.SUPPLEMENT
    unsent = [row for row in await story.rows(Reminder) if row.state is ReminderState.PLANNED]
    assert {row.kind for row in unsent} == {"decide"}  # the day of the decision stands

    await story.at("2026-11-27 10:00")  # handed in: five working days anew
    await me.press("已补正")
    await me.press("今天")
    assert (await verification(story)).due_on == dt.date(2026, 12, 4)

    await story.at("2026-12-03 15:00")
    said = await me.press("已收到意见")  # on the reminder itself
    assert "请登记意见内容" in said
    screen = await me.press("查看台账")
    assert "尚有1份意见未补录" in screen
    screen = await write_down(me)
    assert "未查询到不良信息" in screen and "信核2026-118" in screen
    assert "有效至2027年12月2日" in screen
    opinion = only(await story.rows(Opinion))
    assert (opinion.issued_on, opinion.valid_to, opinion.valid_source) == (
        dt.date(2026, 12, 3),
        dt.date(2027, 12, 2),
        "policy",
    )

    await me.press("登记使用情况")
    await me.press("通过")
    screen = await me.press("确认登记")
    assert "状态：已使用" in screen and "使用：通过" in screen
    item = await verification(story)
    assert (item.state, item.used_as, item.used_on) == (ItemState.USED, "passed", dt.date(2026, 12, 3))
    assert only(await story.rows(Request)).state is RequestState.CLOSED


async def test_a_printed_day_wins_and_an_expired_opinion_is_said_to_be_of_no_use(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await me.press("登记意见内容")
    await me.press("未查询到不良信息")
    assert "早于" not in await me.type("2025-11-20")
    confirmed = await me.press("暂不填")
    assert "按规定计算有效至" in confirmed or "已不能使用" in confirmed
    await me.press("改载明有效期至")
    wrong = await me.type("2025-11-01")
    assert "确认登记" in " ".join(me.buttons)
    assert "2025年11月1日" in wrong
    refused = await me.press("确认登记")
    assert "有效期截止日早于出具日期" in refused and "2025年11月20日" in refused  # nothing that was entered is lost
    await me.press("改载明有效期至")
    confirmed = await me.type("2026-11-20")
    assert "已不能使用" in confirmed
    await me.press("确认登记")
    opinion = only(await story.rows(Opinion))
    assert (opinion.valid_to, opinion.valid_source) == (dt.date(2026, 11, 20), "printed")


async def test_a_day_of_issue_in_the_future_is_refused(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await me.press("登记意见内容")
    await me.press("未查询到不良信息")
    assert "日期不能晚于今天" in await me.type("2026-12-24")
    assert await story.count(Opinion) == 0


async def test_an_adverse_opinion_opens_its_side_task_and_a_limit_wants_its_basis(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    screen = await write_down(me, "有不良信息", number=None)
    assert "有不良信息" in screen and "告知异议、修复途径" in " ".join(me.buttons)
    assert only(await story.rows(FollowUp)).state is FollowUpState.OPEN
    advice = await me.press("告知异议、修复途径")
    assert "信用中国" in advice and "不作判断" in advice
    await me.press("已告知")
    assert only(await story.rows(FollowUp)).state is FollowUpState.INFORMED
    await me.press("登记异议、修复情况")
    await me.press("已申请修复")
    await me.type("处罚决定已履行，11月23日提出申请")
    await me.press("确认登记")
    assert only(await story.rows(FollowUp)).state is FollowUpState.REPAIR

    await me.press("登记使用情况")
    asked = await me.press("限制")
    assert "依据" in asked
    await me.type("河南省社会信用条例")
    await me.press("确认登记")
    item = await verification(story)
    assert (item.used_as, item.basis) == ("limited", "河南省社会信用条例")


async def test_another_unit_uses_a_valid_opinion_instead_of_applying(story: Story):
    me, other = story.person(), story.person(OUTSIDER)
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me)

    await other.type("/new 排污许可证变更")
    await other.press("排污许可证变更")
    offered = await other.type(FIRM)
    assert "已有有效查询意见，可直接使用" in offered
    assert "信核2026-118" in offered and "2027年11月22日" in offered and "大气" in offered
    confirmed = await other.press("直接使用，不再申请")
    assert "直接使用有效意见：信核2026-118" in confirmed
    done = await other.press("确认登记")
    assert "无须再办理" in done
    use = only(await story.rows(OpinionUse))
    opinion = only(await story.rows(Opinion))
    assert use.opinion_id == opinion.id
    again = only([row for row in await story.rows(Item) if row.reused_opinion_id is not None])
    assert (again.state, again.submitted_on, again.reused_opinion_id) == (ItemState.USED, None, opinion.id)
    assert (await _request(story, again)).state is RequestState.CLOSED


async def test_an_opinion_that_ends_before_the_decision_is_not_offered_for_it(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me)
    await story.at("2027-11-22 10:00")  # its last valid day
    await me.type("/new 排污许可证变更")
    await me.press("排污许可证变更")
    assert "可直接使用" in await me.type(FIRM)
    confirmed = await me.press("直接使用，不再申请")
    assert "直接使用有效意见" in confirmed
    await me.press("改拟决定日")
    after = await me.type("2027-11-23")
    assert "直接使用有效意见" not in after  # it must hold on the day of the decision
    assert "何时提交" in after


async def test_an_opinion_without_a_number_leaves_no_gap_where_it_is_used_again(story: Story):
    me, other = story.person(), story.person(OUTSIDER)
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, number=None)
    await other.type("/new 排污许可证变更")
    await other.press("排污许可证变更")
    await other.type(FIRM)
    confirmed = await other.press("直接使用，不再申请")
    assert "直接使用有效意见，有效至2027年11月22日（周一）" in confirmed


async def test_the_card_answers_whether_a_valid_opinion_is_there(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me)
    other = story.person(OUTSIDER)
    await other.type("排污许可证变更")
    await other.press("排污许可证变更")
    await other.press("查有效意见")
    found = await other.type("虚构环保")
    assert "信核2026-118" in found and "核查结果" not in found  # the result is for the unit that holds it
    back = await other.press("返回")
    assert "排污许可证变更" in back and "登记台账" in " ".join(other.buttons)


async def test_an_open_entry_for_the_same_is_warned_of_before_the_second_is_made(story: Story):
    me = story.person()
    await register(me)
    await me.type("/new 排污许可证延续")
    await me.press("排污许可证延续")
    await me.type(FIRM)
    confirmed = await me.press("今天提交")
    assert "已有在办台账：大气2026-1" in confirmed
    await me.press("确认登记")
    assert await story.count(Request) == 2


async def test_the_last_step_is_taken_back_within_ten_minutes_and_stays_in_the_timeline(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    before = await verification(story)
    await me.press("已收到意见")
    await me.press("今天")
    screen = await me.press("撤销上一步")
    after = await verification(story)
    assert (after.state, after.returned_on, after.due_on) == (ItemState.RECEIVED, None, before.due_on)
    assert "登记收到意见" in screen and "撤销上一步" in screen
    planned = [row for row in await story.rows(Reminder) if row.state is ReminderState.PLANNED]
    assert planned, "what is watched again is planned again"
    await story.at("2026-11-23 09:20")
    screen = await me.press("我的台账")
    await me.press("大气2026-1")
    assert "撤销上一步" not in me.buttons


async def test_a_whole_entry_is_taken_back_and_its_number_is_not_given_again(story: Story):
    me = story.person()
    await register(me)
    await me.press("查看台账")
    await me.press("撤销上一步")
    request = only(await story.rows(Request))
    assert (request.state, request.undone_at is not None) == (RequestState.UNDONE, True)
    assert not [row for row in await story.rows(Reminder) if row.state is ReminderState.PLANNED]
    assert "大气2026-2" in await register(me)


async def test_an_opinion_taken_back_is_offered_to_nobody(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me)
    await me.press("撤销上一步")
    other = story.person(OUTSIDER)
    await other.type("/new 排污许可证变更")
    await other.press("排污许可证变更")
    assert "可直接使用" not in await other.type(FIRM)


async def test_a_correction_needs_its_reason_and_keeps_what_stood_there(story: Story):
    me = story.person()
    await register(me)
    await receive(me)
    await story.at("2026-11-25 10:00")
    await me.press("更多")
    await me.press("更正（须说明原因）")
    await me.press("中心收件日期")
    asked = await me.type("2026-11-24")
    assert "为何更正" in asked
    confirmed = await me.type("收件回执日期看错")
    assert "原内容保留" in confirmed
    screen = await me.press("确认登记")
    assert "由11月23日（周一）改为11月24日（周二），收件回执日期看错" in screen
    item = await verification(story)
    assert (item.received_on, item.due_on) == (dt.date(2026, 11, 24), dt.date(2026, 12, 1))

    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, "有不良信息")
    await me.press("更多")
    await me.press("更正（须说明原因）")
    await me.press("意见的核查结果")
    await me.press("未查询到不良信息")
    await me.type("看错行")
    screen = await me.press("确认登记")
    assert "由有不良信息改为未查询到不良信息，看错行" in screen
    assert only(await story.rows(FollowUp)).state is FollowUpState.CLOSED  # nobody is told of what was never found
    assert "告知异议、修复途径" not in " ".join(me.buttons)


async def test_the_loser_of_a_race_sees_what_changed_and_keeps_what_was_typed(story: Story):
    me, chief = story.person(), story.person(COORDINATOR)
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    entry = only(await story.rows(Request))
    await me.press("登记意见内容")
    await me.press("未查询到不良信息")
    await me.press("今天")
    await me.type("信核2026-118")

    await chief.type("/my")
    await chief.press_data(chief.messages[-1].id, f"1:req:{entry.id}:0:")
    await chief.press("更多")
    await chief.press("更正收到意见日期")
    await chief.press("今天")

    warned = await me.press("确认登记")
    assert "您填写期间，该台账有变动" in warned and "您填写的内容已保留" in warned
    assert "信核2026-118" in warned
    assert await story.count(Opinion) == 0
    await me.press("确认登记")
    assert only(await story.rows(Opinion)).number == "信核2026-118"


async def test_nobody_but_the_owner_and_the_coordinators_writes_an_opinion_down(story: Story):
    me, stranger = story.person(), story.person(OUTSIDER)
    await register(me)
    await receive(me)
    entry = only(await story.rows(Request))
    await stranger.type("/my")
    for verb in ("opn", "use", "told", "fol", "corr", "undo", "more", "rwdok"):
        await stranger.press_data(stranger.messages[-1].id, f"1:{verb}:{entry.id}:{entry.version}:")
    assert (await verification(story)).state is ItemState.RECEIVED
    assert only(await story.rows(Request)).version == entry.version


async def _request(story: Story, item: Item) -> Request:
    async with story.database.read() as session:
        row = await session.scalar(select(Request).where(Request.id == item.request_id))
        assert row is not None
        return row
