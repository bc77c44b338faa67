"""When each kind of reminder comes, by dates written down by hand from the published calendar of 2026.

The weeks from 23 November to 31 December 2026 hold no holiday: Monday to Friday are worked, and nothing else.
"""

import datetime as dt

import pytest
from sqlalchemy import update

from bot.screens.screen import Press
from handlers import expiry, planning
from storage.tables import Opinion, Reminder, ReminderState, Request
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, INSTITUTE, Desk
from tests.handlers.test_reminders import ZONE, at, deliver, rows, sent_at, tick

PERMIT = {"matter": ("m04b",)}
LOAN = {"matter": ("m33",)}  # verification and report


pytestmark = pytest.mark.usefixtures("chinese")


@pytest.fixture
async def desk(database, office, officer):
    return Desk(database, office, officer, NOW)


async def tap(desk, label, *, on=None):
    """Press the button of a label, on the officer's screen or on another one."""
    found = [each for each in desk.buttons(on) if label in each.text and each.press]
    assert found, f"no {label} among {[each.text for each in desk.buttons(on)]}"
    screen = await desk.send(found[0].press)
    desk.screen = screen
    return screen


async def planned(desk, kind):
    """Return what is to come of a kind: stage -> local date."""
    found = await rows(desk, Reminder)
    return {
        row.stage: f"{row.due_at.astimezone(ZONE):%m-%d}"
        for row in found
        if row.kind == kind and row.state is ReminderState.PLANNED
    }


async def entered(desk, answers=PERMIT, *, submit="0", decide=None, subject=COMPANY):
    await desk.decide(answers)
    await desk.type(subject)
    await desk.press("rsubm", submit)
    if decide:
        await desk.press("redit", "decide")
        await desk.type(decide)
    await desk.press("rconf")


async def opened(desk, request_id=1):
    desk.screen = await desk.send(Press("req", request_id))


async def handed_in(desk):
    """Enter on Monday 23 November what the centre received on that day: its feedback is due on Monday 30 November."""
    await entered(desk)
    await opened(desk)
    await tap(desk, "今天中心已收件")
    return desk


async def handed_over(desk, to, *, request_id=1):
    """Let the officer give an entry to a colleague, and let the colleague have the word of it."""
    await desk.at("hand", request_id)
    await desk.press("hdset", f"to,{to.id}")
    await desk.press("hdok")
    return await deliver(desk)


async def with_opinion(desk, *, issued="2026-11-23", valid_to=None, **entry):
    """Enter, and write down an opinion of a given day of issue, all on 23 November."""
    await entered(desk, **entry)
    await opened(desk)
    for label in ("已收到意见", "今天", "登记意见内容", "未查询到不良信息"):
        await tap(desk, label)
    desk.screen = await desk.type(issued)
    await tap(desk, "暂不填")
    await tap(desk, "确认登记")
    if valid_to:
        async with desk.database.write() as session:
            await session.execute(update(Opinion).values(valid_to=dt.date.fromisoformat(valid_to)))
        await planned_anew(desk)


async def planned_anew(desk):
    async with desk.database.write() as session:
        return await expiry.ensure_all(session, desk.office, desk.now)


async def told(desk, day, kind):
    """Let a morning come; return the reminder of a kind that it brings, by itself or opened from the digest."""
    await tick(desk, at(day))
    screens = [each for _chat, each in await deliver(desk)]
    lists = [each for each in screens if each.name == "digest"]
    presses = [button.press for each in lists for button in desk.buttons(each) if button.press]
    opened = [await desk.send(press) for press in presses if press.verb == "dgopn"]
    [screen] = [each for each in [*screens, *opened] if each.name == f"reminder_{kind}"]
    return screen


async def test_an_opinion_that_is_not_used_is_asked_about_after_the_decision(desk):
    await with_opinion(desk, decide="2026-12-04")
    assert await planned(desk, "use") == {"ask+5": "12-11", "ask+15": "12-25"}
    screen = await sent_at(desk, at("2026-12-11"))
    assert "【意见待使用】台账 大气2026-1" in screen.text
    assert "11月23日（周一）已收到意见。\n原定于12月4日（周五）研究决定" in screen.text
    await tap(desk, "登记使用情况", on=screen)
    await tap(desk, "通过")
    await tap(desk, "确认登记")
    assert await planned(desk, "use") == {}
    assert [row.reason for row in await rows(desk, Reminder) if row.stage == "ask+15"][-1] == "opinion received"


async def test_without_a_planned_decision_it_is_asked_about_after_it_came(desk):
    await entered(desk)
    await opened(desk)
    await tap(desk, "已收到意见")
    await tap(desk, "今天")
    assert await planned(desk, "use") == {"ask+5": "11-30", "ask+15": "12-14"}
    screen = await sent_at(desk, at("2026-11-30"))
    assert "请登记意见内容，以便重复使用。" in screen.text
    assert "核查结果" in (await tap(desk, "登记意见内容", on=screen)).text


async def test_a_counterpart_that_applied_itself_is_asked_for_and_the_centre_never(desk):
    await entered(desk, LOAN, submit="cp", decide="2026-12-22")
    assert await planned(desk, "hand_in") == {"ask+8": "12-03", "ask+18": "12-17", "t-3": "12-17"}
    assert await planned(desk, "feedback") == {} == await planned(desk, "receipt")
    screen = await sent_at(desk, at("2026-12-03"))
    assert "自行申请核查，是否已提交意见？" in screen.text
    assert "拟于12月22日（周二）研究决定" in screen.text  # the day is still to come
    assert not any("商请" in each.text for each in desk.buttons(screen))
    assert "已记录：尚未提交意见" in (await tap(desk, "尚未提交", on=screen)).text
    screen = await told(desk, "2026-12-17", "hand_in")
    await tap(desk, "已收到意见", on=screen)
    assert await planned(desk, "hand_in") == {}


async def test_a_report_that_has_not_been_written_down_is_asked_about_until_it_is(desk):
    await entered(desk, LOAN)
    assert await planned(desk, "report") == {"ask+10": "12-07", "ask+20": "12-21"}
    screen = await told(desk, "2026-12-07", "report")
    assert "本件台账含信用报告，内容尚未登记" in screen.text
    desk.screen = await tap(desk, "登记信用报告", on=screen)
    desk.screen = await desk.type("虚构征信有限公司")
    desk.screen = await desk.type("2026-12-01")
    for label in ("齐", "一致", "确认登记"):
        await tap(desk, label)
    assert await planned(desk, "report") == {}


async def test_an_expiry_is_told_on_the_working_day_before_where_its_day_is_none(desk):
    """Valid to Sunday 27 December 2026: 30 days before is Friday 27 November, 7 before Sunday the 20th."""
    await with_opinion(desk, valid_to="2026-12-27")
    assert await planned(desk, "expiry") == {"d-30": "11-27", "d-7": "12-18"}
    screen = await told(desk, "2026-11-27", "expiry")
    assert "【查询意见到期提示】虚构环保科技有限公司" in screen.text
    assert "意见出具于11月23日（周一），有效至12月27日（周日），还有30天" in screen.text
    await tap(desk, "已知悉", on=screen)
    assert await planned(desk, "expiry") == {"d-7": "12-18"}


async def test_a_watched_opinion_is_told_more_often_and_singly(desk):
    await with_opinion(desk, valid_to="2026-12-27")
    screen = await told(desk, "2026-11-27", "expiry")
    await tap(desk, "单独提醒", on=screen)
    assert await planned(desk, "expiry") == {"d-7": "12-18", "d-1": "12-25"}
    await tap(desk, "改回每日汇总")
    assert await planned(desk, "expiry") == {"d-7": "12-18"}


async def test_a_matter_that_decides_after_it_is_named_with_its_last_day_to_apply(desk):
    """The decision is on Friday 15 January: five working days and one of margin before it is Thursday 7 January."""
    await with_opinion(desk, valid_to="2026-12-25", decide="2027-01-15")
    screen = await told(desk, "2026-11-25", "expiry")
    assert "在办事项大气2026-1“排污许可证延续”拟于2027年1月15日（周五）研究决定，届时意见已过期" in screen.text
    assert "需继续使用的，请最迟于2027年1月7日（周四，暂定）重新申请核查" in screen.text
    await tap(desk, "重新申请", on=screen)
    assert "虚构环保科技有限公司" in (await desk.press("rsubm", "0")).text
    await desk.press("rconf")
    second = (await rows(desk, Request))[-1]
    assert (second.seq, second.decide_on) == (2, dt.date(2027, 1, 15))
    for day in ("2026-12-18", "2026-12-24"):  # applied for anew: nothing more is told of the old one
        await tick(desk, at(day))
        assert all(each.name != "reminder_expiry" for _chat, each in await deliver(desk))


async def test_what_ends_before_the_decision_is_told_to_the_new_owner_whoever_was_told_before(desk, enrol):
    other = await enrol(900002)
    await with_opinion(desk, valid_to="2026-12-25", decide="2027-01-15")
    for day in ("2026-11-25", "2026-12-18"):
        await told(desk, day, "expiry")
    desk.now = at("2026-12-21", "10:00")
    await handed_over(desk, other)
    await tick(desk, at("2026-12-21", "10:01"))
    [(chat, screen)] = await deliver(desk)
    assert (chat, screen.name) == (900002, "reminder_expiry")
    assert "请最迟于2027年1月7日（周四，暂定）重新申请核查" in screen.text and "延迟提醒" not in screen.text
    await tick(desk, at("2026-12-22"))
    assert await deliver(desk) == []


async def test_what_ended_before_the_decision_is_told_to_the_new_owner_after_its_last_day_too(desk, enrol):
    other = await enrol(900002)
    await with_opinion(desk, valid_to="2026-12-25", decide="2027-01-15")
    await told(desk, "2026-12-18", "expiry")
    desk.now = at("2026-12-28", "10:00")
    await handed_over(desk, other)
    assert "重新申请核查" in (await told(desk.of(other), "2026-12-29", "expiry")).text


async def test_an_opinion_that_the_old_owner_put_off_does_not_bind_the_new_one(desk, enrol):
    other = await enrol(900002)
    await with_opinion(desk, valid_to="2026-12-25")
    screen = await told(desk, "2026-11-25", "expiry")
    await tap(desk, "稍后提醒", on=screen)
    await desk.type("12月21日")
    assert await planned(desk, "expiry") == {"d-30": "12-21"}
    desk.now = at("2026-11-26", "10:00")
    await handed_over(desk, other)
    assert await planned(desk, "expiry") == {"d-30": "11-26", "d-7": "12-18"}
    await tick(desk, at("2026-11-26", "10:01"))
    assert [(chat, each.name) for chat, each in await deliver(desk)] == [(900002, "reminder_expiry")]


async def test_of_many_matters_that_decide_after_it_five_are_named_and_the_others_counted(desk):
    """Sixty of them would be more than one message takes, and the reminder would never arrive."""
    await with_opinion(desk, valid_to="2026-12-25", decide="2027-01-15")
    for n in range(6):
        await desk.decide(PERMIT)
        await desk.type(COMPANY)
        await desk.press("ruse", "yes")
        await desk.press("rconf")
        await desk.at("pdec", n + 2)
        await desk.type(f"2027-01-{18 + n}")
        await desk.press("fok")
    screen = await told(desk, "2026-11-25", "expiry")
    assert [f"大气2026-{n}“" in screen.text for n in range(1, 8)] == [True] * 5 + [False] * 2
    assert "另有2项" in screen.text


async def test_nobody_is_told_of_what_was_let_lapse_taken_back_or_cannot_be_used(desk):
    await with_opinion(desk, valid_to="2026-12-27")
    screen = await told(desk, "2026-11-27", "expiry")
    said = await tap(desk, "届时不再使用", on=screen)
    assert "此后不再提醒" in said.text
    assert await planned(desk, "expiry") == {}
    await tap(desk, "恢复提醒", on=said)
    assert await planned(desk, "expiry") == {"d-7": "12-18"}
    async with desk.database.write() as session:
        await session.execute(update(Opinion).values(undone_at=desk.now))
    assert await planned_anew(desk) == [1]
    assert await planned(desk, "expiry") == {}
    assert await planned_anew(desk) == []


async def test_the_opinions_of_a_list_are_told_together(desk):
    await entered(desk, subject=f"{COMPANY}\n{INSTITUTE}")
    await opened(desk)
    for label in ("已收到意见", "今天", "登记意见内容", "全部相同", "未查询到不良信息"):
        await tap(desk, label)
    desk.screen = await desk.type("2025-12-10")
    await tap(desk, "暂不填")
    await tap(desk, "确认登记")
    assert len(await rows(desk, Opinion)) == 2
    assert await planned(desk, "expiry") == {"d-7": "12-02"}  # valid to 9 December; 30 days before it was past
    screen = await told(desk, "2026-12-02", "expiry")
    assert "虚构环保科技有限公司等2家" in screen.text
    await tap(desk, "重新申请", on=screen)
    again = await desk.press("rsubm", "0")
    assert "虚构环保科技有限公司" in again.text and "虚构监测站" in again.text


async def test_an_older_ledger_is_not_asked_about_at_once(desk):
    """Everything that lay past when the entry came into the ledger stays unsaid."""
    await with_opinion(desk, valid_to="2026-12-10")
    async with desk.database.write() as session:
        request = await session.get_one(Request, 1)
        request.created_at, request.basis_version = at("2026-12-04"), request.basis_version + 1
        await session.execute(update(Opinion).values(recorded_at=at("2026-12-04")))
        await planning.replan(session, desk.office, request, at("2026-12-04"))
    desk.now = at("2026-12-04")
    await planned_anew(desk)
    assert await planned(desk, "use") == {"ask+15": "12-14"}
    assert await planned(desk, "expiry") == {}
