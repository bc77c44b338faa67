"""A quarter from the first prompt to the push: one unit reports, one has nothing, one is silent."""

from pathlib import Path

import pytest

from bot.returns import ReturnState
from bot.screens.screen import Press
from storage.tables import Outbox, QuarterReturn, Role, Unit
from tests.conftest import COORDINATOR, OFFICER
from tests.journeys.story import Story, only, register

LIAISON, WATER, SOIL, HEAD = 5_000_011, 5_000_012, 5_000_013, 5_000_014


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """What is shown here does not depend on the database."""
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


@pytest.fixture
async def quarter(story: Story) -> Story:
    await story.enrol(LIAISON, "孙联络（虚构）", Role.LIAISON, "air")
    await story.enrol(WATER, "周联络（虚构）", Role.LIAISON, "water")
    await story.enrol(SOIL, "吴联络（虚构）", Role.LIAISON, "soil")
    return story


async def returned(story: Story, unit: str) -> QuarterReturn:
    seat = only(await story.rows(Unit, Unit.code == unit))
    return only(await story.rows(QuarterReturn, QuarterReturn.unit_id == seat.id))


async def test_the_prompts_and_the_returns(quarter: Story):
    story = quarter
    officer, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    liaison, water, soil = (story.person(each) for each in (LIAISON, WATER, SOIL))
    await register(officer)
    await officer.press("查看台账")
    await officer.press("今天中心已收件")

    await story.at("2026-12-18 10:00")
    assert "季度汇总" not in liaison.transcript()
    await story.at("2026-12-21 09:01")
    said = await liaison.wait_for("季度汇总")
    assert "【季度汇总】2026年第四季度，大气环境处" in said
    assert "截至12月21日（周一）：承诺1份；申请核查1次1家；本季未反馈1家" in said
    assert "请季末核对，于2027年1月8日（周五，暂定）前报送" in said
    assert "没有的，不必回复" in await officer.wait_for("本季度即将结束")
    assert "无联络员和负责人" in await coordinator.wait_for("无人可通知")
    await liaison.press("查看报表")
    assert "本季未反馈：1家" in liaison.screen and not any("报送" in label for label in liaison.buttons)
    await liaison.press("填写问题")
    await liaison.type("中心反馈偏慢")
    await liaison.press("保存")
    assert "存在问题与建议：中心反馈偏慢" in liaison.screen
    row = await returned(story, "air")
    assert row.state is ReturnState.FILLING
    await liaison.press_data(liaison.messages[-1].id, Press("qrep", row.id, row.version).encode())
    assert "2026年第四季度尚未结束" in liaison.screen
    await story.restart()

    before = {each.id: len(each.messages) for each in (liaison, water, soil, officer)}
    await story.at("2027-01-04 09:01")  # the first working day after
    assert len(liaison.messages) == before[liaison.id] + 1
    await story.at("2027-01-05 09:01")
    assert len(liaison.messages) == before[liaison.id] + 1  # few prompts
    assert "零报告" not in liaison.buttons
    await liaison.press_data(liaison.messages[-1].id, Press("qnil", row.id, row.version).encode())
    assert "不能零报告" in liaison.screen
    await water.press("零报告")
    assert "已零报告。" in water.screen and "单位已报（零报告）" in water.screen
    await liaison.press("报送")
    row = await returned(story, "air")
    assert (row.state, row.nil, row.problems) == (ReturnState.REPORTED, False, "中心反馈偏慢")
    assert row.figures == {"letters": 1, "in_form": 1, "times": 1, "applied": 1, "open": 1, "open_overdue": 1}
    assert (await returned(story, "water")).nil

    before = {each.id: len(each.messages) for each in (liaison, water, soil)}
    await story.at("2027-01-06 09:01")
    assert [len(each.messages) - before[each.id] for each in (liaison, water, soil)] == [0, 0, 1]

    overview = await coordinator.type("/quarter")
    assert "单位已报（1个）：大气环境处" in overview and "零报告（1个）：水生态环境处" in overview
    assert "土壤生态环境处" in overview and "汇总稿于1月8日（周五，暂定）自动生成" in overview
    await coordinator.press("催报1个单位")
    assert "已向1个单位催报。" in coordinator.screen
    assert "【季度报表催报】2026年第四季度，土壤生态环境处" in await soil.wait_for("催报")
    await coordinator.press("催报1个单位")
    assert "1个单位今天已催报过。" in coordinator.screen
    assert len(await story.rows(Outbox, Outbox.kind == "quarter.prompt")) == 3 + 3 + 1 + 1


async def test_what_is_incomplete_is_named_with_whoever_can_complete_it(quarter: Story):
    story = quarter
    officer, liaison = story.person(OFFICER), story.person(LIAISON)
    await register(officer)
    await story.enrol(HEAD, "郑负责（虚构）", Role.HEAD, "air")
    await story.at("2026-12-21 09:01")
    said = await liaison.wait_for("季度汇总")
    assert "1件待补录（张三（虚构）1件）" in said
    await liaison.press("补录1件")
    assert "大气2026-1 张三（虚构）：收件和反馈未登记" in liaison.screen
    await liaison.press("请经办人补录")
    assert "已请1名经办人补录。" in liaison.screen
    await officer.wait_for("请在报送前补录")
    await officer.press("大气2026-1")
    assert "台账" in officer.screen
    row = await returned(story, "air")
    await liaison.press_data(liaison.messages[-1].id, Press("qask", row.id, row.version).encode())
    assert "今天已通知过。" in liaison.screen
    assert "大气环境处" not in await story.person(WATER).type("/quarter")


async def test_the_head_confirms_where_the_pack_says_so(quarter: Story, monkeypatch: pytest.MonkeyPatch):
    story = quarter
    rules = story.policy.quarters.model_copy(update={"head_confirms": True})
    monkeypatch.setattr(story.service.office.policy, "quarters", rules)
    await story.enrol(HEAD, "郑负责（虚构）", Role.HEAD, "air")
    head, liaison = story.person(HEAD), story.person(LIAISON)
    await story.at("2027-01-04 09:01")
    await liaison.press("零报告")
    assert "已提交单位负责人确认。" in liaison.screen
    row = await returned(story, "air")
    assert (row.state, row.filled_at is None) == (ReturnState.FILLING, False)
    await head.wait_for("待单位负责人确认")
    assert not any("确认报送" in label for label in liaison.buttons)
    await liaison.press_data(liaison.messages[-1].id, Press("qcnf", row.id, row.version).encode())
    assert (await returned(story, "air")).state is ReturnState.FILLING
    await head.press("退回修改")
    assert "报表已退回" in await liaison.wait_for("报表已退回")
    await liaison.press("零报告")
    await head.wait_for("待单位负责人确认")
    await head.press("确认报送")
    assert (await returned(story, "air")).state is ReturnState.REPORTED
