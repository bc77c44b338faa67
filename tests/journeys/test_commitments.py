"""A commitment through its whole life: counted, signed, fulfilled or breached, and remembered."""

import datetime as dt

from storage.tables import Commitment, CommitmentState, Reminder, ReminderState, Request
from tests.conftest import AUDITOR, COLLEAGUE, COORDINATOR
from tests.journeys.story import FIRM, OUTSIDER, Story, only, register
from tests.officer import Officer

FILING = "机动车排放检验机构监管备案"


async def file_in(me: Officer, subject: str = FIRM) -> str:
    """Make an entry that holds a commitment letter and nothing else."""
    await me.type(f"/new {FILING}")
    await me.press(FILING)
    await me.type(subject)
    return await me.press("确认登记")


async def act(me: Officer, label: str) -> str:
    """Press a button of the entry, wherever it stands."""
    if not any(label in each for each in me.buttons):
        await me.press("更多")
    return await me.press(label)


async def test_a_letter_from_the_signature_to_its_fulfilment(story: Story):
    me = story.person()
    assert "大气2026-1" in await file_in(me)
    await me.press("查看台账")
    asked = await act(me, "登记承诺书")
    assert "承诺书何时签署" in asked
    await me.press("今天")
    confirmed = await me.type("2027年3月31日")
    assert "签署日期：11月23日（周一）" in confirmed and "履行期限：2027年3月31日（周三）" in confirmed
    await me.press("改承诺类型")
    await me.press("容缺受理型")
    screen = await me.press("确认登记")
    assert "承诺书：履行中" in screen and "容缺受理型" in screen
    assert "应于2027年3月31日（周三）前履行" in screen and "登记承诺书" in screen
    row = only(await story.rows(Commitment))
    assert (row.state, row.kind) == (CommitmentState.FULFILLING, "tolerance")

    await story.at("2027-04-02 10:00")
    await me.type("/find 大气2026-1")
    await me.press("大气2026-1")
    assert "已过，请登记履行情况" in me.screen
    await act(me, "登记履行情况")
    await me.press("已履行")
    await me.press("昨天")
    screen = await me.press("确认登记")
    assert "承诺书：4月1日（周四）履行完毕" in screen
    row = only(await story.rows(Commitment))
    assert (row.state, row.settled_on) == (CommitmentState.FULFILLED, dt.date(2027, 4, 1))


async def test_a_breach_is_recorded_with_its_evidence_and_shown_when_the_same_one_comes_again(story: Story):
    me, other = story.person(), story.person(OUTSIDER)
    await file_in(me)
    await me.press("查看台账")
    await act(me, "登记履行情况")
    await me.press("违背承诺")
    asked = await me.press("今天")
    assert "依据什么认定" in asked
    confirmed = await me.type("检查记录2026-31")
    assert "不作任何惩戒" in confirmed
    screen = await me.press("确认登记")
    assert "违背承诺" in screen and "检查记录2026-31" in screen
    assert only(await story.rows(Commitment)).state is CommitmentState.BREACHED

    await other.type(f"/new {FILING}")
    await other.press(FILING)
    confirmed = await other.type(FIRM)
    assert (
        "曾违背承诺" in confirmed and "检查记录2026-31" not in confirmed
    )  # what was found is for the unit that found it

    screen = await me.press("撤销上一步")
    assert "违背承诺，" not in screen
    assert only(await story.rows(Commitment)).state is CommitmentState.SIGNED


async def test_a_pledge_inside_the_form_is_counted_and_has_no_letter(story: Story):
    me = story.person()
    await register(me)
    screen = await me.press("查看台账")
    assert "已含" in screen
    if "登记履行情况" not in " ".join(me.buttons):
        await me.press("更多")
    assert "登记承诺书" not in " ".join(me.buttons)
    assert only(await story.rows(Commitment)).in_form


async def test_nobody_but_the_owner_and_the_coordinators_writes_it_down(story: Story):
    me = story.person()
    await file_in(me)
    entry = only(await story.rows(Request))
    for user_id in (OUTSIDER, COLLEAGUE, AUDITOR):
        stranger = story.person(user_id)
        await stranger.type("/start")
        for verb in ("let", "setl"):
            await stranger.press_data(stranger.messages[-1].id, f"1:{verb}:{entry.id}:{entry.version}:")
    assert only(await story.rows(Commitment)).state is CommitmentState.SIGNED
    assert only(await story.rows(Request)).version == entry.version
    chief = story.person(COORDINATOR)
    await chief.type("/start")
    asked = await chief.press_data(chief.messages[-1].id, f"1:let:{entry.id}:{entry.version}:")
    assert "承诺书何时签署" in asked


async def test_it_is_all_there_after_a_restart(story: Story):
    me = story.person()
    await file_in(me)
    await me.press("查看台账")
    await act(me, "登记承诺书")
    await me.press("今天")
    await story.restart()
    confirmed = await me.press("暂不填")
    assert "签署日期" in confirmed
    await me.press("确认登记")
    assert only(await story.rows(Commitment)).signed_on == dt.date(2026, 11, 23)


async def test_the_officer_is_prompted_before_the_term_of_a_letter_ends_and_not_after_it_is_settled(story: Story):
    me = story.person()
    await file_in(me)
    await me.press("查看台账")
    await act(me, "登记承诺书")
    await me.press("今天")
    await me.type("2026年12月11日")
    await me.press("确认登记")
    await story.at("2026-12-04 09:00")  # five working days before
    assert "承诺履行提示" in me.screen and "12月11日（周五）前履行" in me.screen
    await me.press("查看台账")
    await act(me, "登记履行情况")
    await me.press("已履行")
    await me.press("今天")
    await me.press("确认登记")
    await story.at("2026-12-11 09:00")
    stages = {row.stage: row.state for row in await story.rows(Reminder, Reminder.kind == "fulfil")}
    assert stages["t-0"] is ReminderState.CANCELLED
    assert "承诺履行提示" not in me.screen
