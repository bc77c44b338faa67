"""A quarter from the first prompt to the push: one unit reports, one has nothing, one is silent."""

from pathlib import Path

import pytest

from bot.returns import ReturnState
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
    print(said, liaison.buttons)
    await liaison.press("查看报表")
    print(liaison.screen, liaison.buttons)
    assert "报送（无问题）" not in liaison.buttons
    await liaison.press("填写问题")
    await liaison.type("中心反馈偏慢")
    await liaison.press("保存")
    assert "存在问题与建议：中心反馈偏慢" in liaison.screen
    assert (await returned(story, "air")).state is ReturnState.FILLING
    await story.restart()

    before = len(liaison.messages)
    await story.at("2027-01-04 09:01")
    assert len(liaison.messages) == before + 1
    print(liaison.screen, liaison.buttons)
    print(water.screen, water.buttons)
    await water.press("零报告")
    assert "已零报告。" in water.screen
    row = await returned(story, "water")
    assert (row.state, row.nil) == (ReturnState.REPORTED, True)
    await liaison.press("核对报送")
    await liaison.press("报送")
    print(liaison.screen, liaison.buttons)
    print(await coordinator.type("/quarter"), coordinator.buttons)
    assert await story.rows(Outbox, Outbox.kind == "quarter.prompt")
