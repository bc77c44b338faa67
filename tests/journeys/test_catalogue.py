"""The catalogue and the settings in the chat: proposed, seen with its effect, put in force, replayed afterwards."""

import datetime as dt
from collections.abc import Awaitable, Callable

import pytest

from bot.policy.model import Policy
from bot.quarters import Quarter
from handlers import proposals, quarter_prompts
from storage import overlay
from storage.tables import (
    Audit,
    Decision,
    Item,
    Outbox,
    OutboxState,
    Overlay,
    OverlayState,
    PolicySnapshot,
    Request,
    Role,
)
from tests.conftest import COORDINATOR, OFFICER
from tests.journeys.story import FIRM, Story, only, register
from tests.officer import Officer

SECOND = 5_000_022  # another coordinator


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path) -> str:
    """What is said and kept does not depend on the database."""
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


async def test_a_matter_that_the_catalogue_lacks_is_proposed_taken_up_and_used(story: Story, policy: Policy):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await _propose(me)
    assert "荣誉授予" in me.screen
    await me.press("提交建议")
    assert "已提交建议“虚构环保先锋评选”" in me.screen

    said = await coordinator.wait_for("新增事项建议")
    for words in (
        "虚构环保先锋评选",
        "表彰和荣誉",
        "荣誉授予",
        "张三（虚构） 大气",
        "今年起每年开展",
        "新增：虚构环保先锋评选，",
        "核查（方案列明）",
        "目录以外同类在办事项0件",
    ):
        assert words in said, said
    await coordinator.press("采纳")
    assert "没有待答复的建议" in coordinator.screen
    assert "已列入事项目录" in await me.wait_for("【新增事项建议】虚构环保先锋评选")
    row = only(await story.rows(Overlay))
    assert (row.state, row.content["facts"]) == (OverlayState.IN_FORCE, {"triggers": ["honour"]})

    await story.settle()
    await me.type("/cancel")
    await me.type("/new 虚构环保先锋")
    await me.press("虚构环保先锋评选")
    await me.type(FIRM)
    await me.press("今天提交")
    await me.press("确认登记")
    request = only(await story.rows(Request))
    decision = only(await story.rows(Decision, Decision.id == request.decision_id))
    assert request.matter_code == row.key
    assert decision.policy_hash == story.service.office.policy.hash != policy.hash
    kept = only(await story.rows(PolicySnapshot, PolicySnapshot.hash == decision.policy_hash))
    assert "虚构环保先锋评选" in kept.content

    await story.restart()
    assert story.service.office.policy.hash == decision.policy_hash
    assert story.service.office.pack.hash == policy.hash
    assert "虚构环保先锋评选" in await me.type("/guide 虚构环保先锋评选") + "".join(me.buttons)


async def test_a_proposal_is_taken_up_with_the_effect_that_was_seen_and_no_other(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await _propose(me)
    await me.press("提交建议")
    await coordinator.wait_for("【新增事项建议】")
    shown = coordinator.messages[-1].id
    await _card_of(coordinator, "排污许可证变更")
    await coordinator.press("停办")
    await coordinator.type("2026-12-31")
    await coordinator.type("虚构局务会议纪要第3号")
    await coordinator.press("确认启用")
    await story.settle()
    await coordinator.press("采纳", on=shown)
    assert "规则已有变动" in coordinator.toast
    assert [row.state for row in await story.rows(Overlay)] == [OverlayState.PROPOSED, OverlayState.IN_FORCE]
    await coordinator.press("采纳")
    assert "没有待答复的建议" in coordinator.transcript()
    assert {row.state for row in await story.rows(Overlay)} == {OverlayState.IN_FORCE}


async def _card_of(coordinator: Officer, matter: str) -> list[str]:
    """Open a matter's card from the desk; return its buttons."""
    await coordinator.type("/office")
    await coordinator.press("事项目录")
    await coordinator.type(matter)
    await coordinator.press(matter)
    return coordinator.buttons


async def _propose(me: Officer) -> None:
    """Propose a matter from the guide's result, up to the last press."""
    await _outside_the_catalogue(me)
    await me.press("建议列入事项目录")
    await me.type("虚构环保先锋评选")
    await me.press("表彰和荣誉")
    await me.type("今年起每年开展")


async def _outside_the_catalogue(me: Officer) -> None:
    await me.type("/guide")
    await me.press("找不到")
    await me.press("荣誉授予")
    await me.press("确定")
    while "建议列入事项目录" not in me.buttons:
        await me.press(next(label for label in me.buttons if label not in ("返回", "取消")))


async def test_a_confirmed_list_says_required_and_an_older_opinion_limit_needs_its_basis(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    await _card_of(coordinator, "排污许可证延续")
    await coordinator.press("修改")
    await coordinator.type("虚构局务会议纪要第3号")
    assert "涉及在办事项0件" in coordinator.screen  # nothing changes yet
    await coordinator.press("列入本局正式清单")
    await coordinator.press("是")
    await coordinator.press("核查")
    await coordinator.press("选好了")
    assert "涉及在办事项1件" in coordinator.screen, coordinator.screen
    assert "核查（方案列明）" in coordinator.screen.partition("→")[0]
    assert "核查（必需）" in coordinator.screen.partition("→")[2]
    await coordinator.press("意见最长使用期")
    await coordinator.type("6")
    assert "须同时填写" in coordinator.screen
    await coordinator.press("该期限的依据")
    await coordinator.type("虚构办法第九条")
    await coordinator.press("确认启用")
    await story.settle()
    matter = next(each for each in story.service.office.policy.matters.values() if each.name == "排污许可证延续")
    assert (matter.source, matter.required, matter.opinion_age_months) == ("confirmed", ("verification",), 6)
    await me.type("/guide 排污许可证延续")
    assert "信用信息核查（必需）" in await me.press("排污许可证延续")
    line = only(await story.rows(Audit, Audit.verb == "rules.matter"))
    assert line.reason == "虚构局务会议纪要第3号"


async def test_a_longer_feedback_period_moves_the_dates_of_open_entries_and_tells_their_officer(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    before = only(await story.rows(Item, Item.due_on.is_not(None))).due_on
    await coordinator.type("/office")
    await coordinator.press("参数设置")
    assert "核查反馈期限（工作日）：5" in coordinator.screen
    await coordinator.press("核查反馈期限")
    await coordinator.type("40")
    assert "请填写1至15之间的数" in coordinator.screen or "15" in coordinator.screen
    await coordinator.type("7")
    await coordinator.type("虚构办法第五条")
    assert "其中日期将变动1件" in coordinator.screen, coordinator.screen
    await coordinator.press("确认启用")
    assert "7，已启用" in coordinator.screen
    await story.settle()
    after = only(await story.rows(Item, Item.due_on.is_not(None))).due_on
    assert after == before + dt.timedelta(days=2)  # Monday to Wednesday: 11月30日 → 12月2日
    assert "虚构办法第五条" in await me.wait_for("日期变动")
    assert story.service.office.policy.settings.feedback_working_days == 7
    async with story.database.read() as session:
        assert [layer.key for layer in await overlay.layers(session)] == ["settings.feedback_working_days"]


async def test_a_unit_is_added_and_can_be_invited_to_at_once(story: Story):
    coordinator = story.person(COORDINATOR)
    await _describe_unit(coordinator, "大气", "虚构科技处")
    assert "已有单位使用这一简称" in coordinator.screen
    await coordinator.press("简称")
    await coordinator.type("信用")
    await coordinator.press("确认启用")
    assert "“虚构科技处”已启用" in coordinator.screen
    await story.settle()
    await coordinator.type("/invite")
    assert "虚构科技处" in coordinator.buttons
    await story.restart()
    assert [unit.short_name for unit in story.service.office.policy.units.values() if unit.name == "虚构科技处"] == [
        "信用"
    ]


async def test_a_unit_is_dissolved_once_nothing_stands_on_it_and_stands_again(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    await _describe_unit(coordinator, "信用", "虚构科技处")
    await coordinator.press("确认启用")
    await story.settle()
    await coordinator.type("/invite")
    await coordinator.press("虚构科技处")
    await coordinator.press("经办人")

    held = {"大气": "该单位尚有3人，负责事项3项", "信用": "该单位尚有未用邀请1份", "政法": "负责全局汇总"}
    for unit, reason in held.items():
        await _dissolve(coordinator, unit)
        assert reason in coordinator.screen, coordinator.screen
        assert reason in await coordinator.press("确认启用")  # and not only said
        await coordinator.type("/cancel")

    await story.at("2026-11-24 12:00")  # the invitation is over
    await _dissolve(coordinator, "信用")
    assert "“虚构科技处”已登记撤销" in await coordinator.press("确认启用")
    await story.settle()
    assert "虚构科技处（信用） 已于11月24日（周二）撤销" in await coordinator.press("返回")
    await coordinator.type("/invite")
    assert "虚构科技处" not in coordinator.buttons
    assert "大气环境处" in coordinator.buttons
    async with story.database.read() as session:
        office = story.service.office
        for quarter, asked in ((Quarter(2026, 3), True), (Quarter(2026, 4), False)):
            units = await quarter_prompts.units_of(session, office, quarter, office.today(story.clock.now()))
            assert ("虚构科技处" in [unit.name for unit in units]) is asked, quarter

    await _change_unit(coordinator, "信用", "虚构编办批复第9号", "改撤销日期")
    await coordinator.press("暂不填")
    assert "“虚构科技处”已启用" in await coordinator.press("确认启用")
    await story.settle()
    await coordinator.type("/invite")
    assert "虚构科技处" in coordinator.buttons


async def _describe_unit(coordinator: Officer, short: str, name: str) -> None:
    await coordinator.type("/office")
    await coordinator.press("单位")
    await coordinator.press("新增单位")
    await coordinator.type(short)
    await coordinator.type(name)
    await coordinator.press("处室")
    await coordinator.type("虚构编办批复第7号")


async def _change_unit(coordinator: Officer, unit: str, basis: str, line: str) -> None:
    await coordinator.type("/office")
    await coordinator.press("单位")
    await coordinator.press(unit)
    await coordinator.type(basis)
    await coordinator.press(line)


async def _dissolve(coordinator: Officer, unit: str) -> None:
    await _change_unit(coordinator, unit, "虚构编办批复第8号", "改撤销日期")
    await coordinator.press("今天")


async def test_what_was_proposed_and_not_answered_is_listed_before_the_quarter_ends_once(story: Story):
    """R22: with its history and its effect on open entries, one press each."""
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await _outside_the_catalogue(me)
    await me.press("登记台账")
    await me.type(FIRM)
    await me.press("今天提交")
    await me.press("确认登记")
    await _propose(me)
    await me.press("提交建议")
    await coordinator.wait_for("新增事项建议")

    await story.at("2026-12-18 10:00")
    before = len(coordinator.messages)
    await story.restart()
    await story.at("2026-12-21 08:45")  # a Monday, the tenth day before the end; not before the office's hour
    assert [each for each in coordinator.messages[before:] if "虚构环保先锋评选" in each.text] == []
    await story.at("2026-12-21 09:01")
    [listed] = [each for each in coordinator.messages[before:] if "虚构环保先锋评选" in each.text]
    for words in ("张三（虚构） 大气", "11月23日", "今年起每年开展", "新增：虚构", "目录以外同类在办事项1件"):
        assert words in listed.text, listed.text
    await story.at("2026-12-22 09:01")
    assert len([each for each in coordinator.messages[before:] if "虚构环保先锋评选" in each.text]) == 1
    await coordinator.press("采纳", on=listed.id)
    assert "没有待答复的建议" in coordinator.transcript()
    assert "已列入事项目录" in await me.wait_for("【新增事项建议】虚构环保先锋评选")
    assert only(await story.rows(Overlay)).state is OverlayState.IN_FORCE


async def test_a_matter_is_retired_on_its_day_and_handled_again(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)

    assert "停办" in await _card_of(coordinator, "排污许可证变更")
    await coordinator.press("停办")
    await coordinator.type("2026-11-24")
    await coordinator.type("虚构局务会议纪要第4号")
    assert "涉及在办事项0件" in coordinator.screen
    assert "“排污许可证变更”办理到11月24日（周二）为止。" in await coordinator.press("确认启用")
    await story.settle()
    await me.type("/guide 排污许可证变更")
    assert "排污许可证变更" in me.buttons  # it is not over yet
    await story.at("2026-11-25 09:30")
    await me.type("/guide 排污许可证变更")
    assert "排污许可证变更" not in me.buttons
    assert "恢复办理" in await _card_of(coordinator, "排污许可证变更")
    await coordinator.press("恢复")
    await coordinator.type("虚构局务会议纪要第5号")
    assert "“排污许可证变更”已恢复办理。" in await coordinator.press("确认启用")
    await story.settle()
    await me.type("/guide 排污许可证变更")
    assert "排污许可证变更" in me.buttons
    lines = await story.rows(Audit, Audit.verb == "rules.matter")
    assert [line.reason for line in lines] == ["虚构局务会议纪要第4号", "虚构局务会议纪要第5号"]


async def test_a_unit_is_renamed_everywhere_and_the_pack_is_said_to_be_in_force(story: Story):
    me, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(me)
    await coordinator.type("/office")
    await coordinator.press("单位")
    await coordinator.press("大气")
    await coordinator.type("虚构编办批复第3号")
    assert "单位全称是什么？" in await coordinator.press("改名称")
    await coordinator.type("虚构大气与应对气候变化处")
    assert "“虚构大气与应对气候变化处”已启用" in await coordinator.press("确认启用")
    await story.settle()
    assert "单位：虚构大气与应对气候变化处" in await me.type("/settings")
    assert "大气2026-1" in await me.type("/my")  # numbers given out stay

    await me.type("/guide 排污许可证延续")
    assert "效力待政法处确认" in await me.press("排污许可证延续")
    await coordinator.type("/office")
    await coordinator.press("参数设置")
    await coordinator.press("规则效力")
    await coordinator.type("虚构政法处")
    await coordinator.press("今天")
    await coordinator.type("虚构复函第6号")
    assert "规则效力已由虚构政法处确认。" in await coordinator.press("确认启用")
    await story.settle()
    await me.type("/cancel")
    await me.type("/guide 排污许可证延续")
    assert "效力待政法处确认" not in await me.press("排污许可证延续")


async def _rename(coordinator: Officer, name: str) -> None:
    await _change_unit(coordinator, "大气", f"虚构编办批复：{name}", "改名称")
    await coordinator.type(name)


async def _confirm_the_rules(coordinator: Officer, by: str) -> None:
    await coordinator.type("/office")
    await coordinator.press("参数设置")
    await coordinator.press("规则效力")
    await coordinator.type(by)
    await coordinator.press("今天")
    await coordinator.type("虚构复函第6号")


async def _retire(coordinator: Officer, day: str) -> None:
    await _card_of(coordinator, "排污许可证变更")
    await coordinator.press("停办")
    await coordinator.type(day)
    await coordinator.type(f"虚构纪要：{day}")


@pytest.mark.parametrize(
    ("fill", "one", "other"),
    [
        (_rename, "虚构大气一处", "虚构大气二处"),
        (_retire, "2026-11-24", "2026-11-25"),
        (_confirm_the_rules, "虚构政法处", "虚构法规处"),
    ],
    ids=["unit", "matter", "confirmation"],
)
async def test_of_two_coordinators_the_second_sees_what_the_first_put_in_force_before_it_is_replaced(
    story: Story, fill: Callable[[Officer, str], Awaitable[None]], one: str, other: str
):
    await story.enrol(SECOND, "周协调（虚构）", Role.COORDINATOR, "legal")
    first, second = story.person(COORDINATOR), story.person(SECOND)
    await fill(first, one)
    await fill(second, other)
    await first.press("确认启用")
    await story.settle()
    shown = await second.press("确认启用")
    assert "您填写期间，他人已作修改，现为：\n11月23日（周一）" in shown and "您填写的内容已保留" in shown
    assert len(await story.rows(Overlay, Overlay.state == OverlayState.REPLACED)) == 0
    await second.press("确认启用")
    assert await story.rows(Overlay, Overlay.state == OverlayState.REPLACED)


async def test_what_is_proposed_in_the_last_days_is_listed_too(story: Story):
    me = story.person(OFFICER)
    await story.at("2026-12-21 09:01")  # the day of the list, with nothing to list
    await story.at("2026-12-21 16:30")
    await _propose(me)
    await me.press("提交建议")
    await story.at("2026-12-22 09:01")
    assert only(await story.rows(Outbox, Outbox.kind == proposals.LISTED)).state is OutboxState.SENT
