"""A third-party report from the entry to what is on record of it: warned of, never blocked."""

import datetime as dt

from storage.tables import CreditReport, Request
from tests.conftest import AUDITOR, COLLEAGUE
from tests.journeys.story import FIRM, OUTSIDER, Story, only, register
from tests.officer import Officer


async def begin(me: Officer) -> str:
    """Press 〔登记信用报告〕, wherever it stands."""
    if not any("登记信用报告" in each for each in me.buttons):
        await me.press("更多")
    return await me.press("登记信用报告")


async def enter_loan(story: Story, me: Officer) -> None:
    matter = next(each.name for each in story.policy.matters.values() if each.code == "m33")
    await register(me, matter)
    await me.press("查看台账")


async def test_a_report_with_missing_blocks_and_another_name_is_recorded_all_the_same(story: Story):
    me = story.person()
    await enter_loan(story, me)
    asked = await begin(me)
    assert "由哪家机构出具" in asked
    await me.type("虚构征信有限公司")
    await me.press("昨天")
    asked = await me.press("有缺项")
    assert "缺哪几项" in asked
    await me.press("④银行信用记录")
    await me.press("⑦司法信息")
    await me.press("选好了")
    confirmed = await me.press("不一致")
    assert "是否要求补齐由您判断" in confirmed and "请核实是否为同一单位" in confirmed
    await me.press("改报告编号")
    await me.type("虚信评2026-9")
    await me.press("改信用等级")
    await me.type("AA-")
    screen = await me.press("确认登记")
    assert "信用报告：虚构征信有限公司 虚信评2026-9 11月22日（周日） AA-；缺：④银行信用记录、⑦司法信息" in screen
    assert "报告的名称或代码与台账不一致" in screen
    assert "登记信用报告" in screen and "有效" not in screen  # how long a report may be used is not laid down
    row = only(await story.rows(CreditReport))
    assert (row.on, row.matches) == (dt.date(2026, 11, 22), False)


async def test_a_complete_report_is_said_to_be_complete_and_put_right_with_a_reason(story: Story):
    me = story.person()
    await enter_loan(story, me)
    await begin(me)
    await me.type("虚构征信有限公司")
    await me.press("今天")
    await me.press("齐")
    await me.press("一致")
    screen = await me.press("确认登记")
    assert "；齐" in screen
    asked = await begin(me)
    assert "为何更正" in asked
    confirmed = await me.type("机构名称写错")
    assert "虚构征信有限公司" in confirmed
    await me.press("改出具机构")
    await me.type("虚构信用评价有限公司")
    screen = await me.press("确认登记")
    assert "虚构信用评价有限公司" in screen and "机构名称写错" in screen
    screen = await me.press("撤销上一步")
    assert only(await story.rows(CreditReport)).agency == "虚构征信有限公司"


async def test_in_a_tender_the_form_repeats_what_is_to_be_heeded(story: Story):
    me = story.person()
    matter = next(each.name for each in story.policy.matters.values() if each.code == "m35")
    await me.type(f"/new {matter}")
    await me.press(matter)
    await me.press("是")  # the tender documents ask for one
    assert "供应商（中标候选人）" in me.screen  # nobody is asked for bidders
    await me.type(FIRM)
    await me.press("确认登记")
    await me.press("查看台账")
    asked = await begin(me)
    assert "变相壁垒" in asked and "860号" in asked and "125号" in asked
    assert "开标前不得询问、登记潜在投标人名称" in asked


async def test_nobody_but_the_owner_and_the_coordinators_writes_it_down(story: Story):
    me = story.person()
    await enter_loan(story, me)
    entry = only(await story.rows(Request))
    for user_id in (OUTSIDER, COLLEAGUE, AUDITOR):
        stranger = story.person(user_id)
        await stranger.type("/start")
        await stranger.press_data(stranger.messages[-1].id, f"1:rep:{entry.id}:{entry.version}:")
        await stranger.type("虚构征信有限公司")
    assert only(await story.rows(CreditReport)).agency is None
    assert only(await story.rows(Request)).version == entry.version
