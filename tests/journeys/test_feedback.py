"""Problems and suggestions: fed back in a sentence, dealt with by a coordinator, heard of by the officer."""

from pathlib import Path

import pytest

from bot.issues import IssueState
from storage.tables import Audit, Draft, Issue, Outbox
from tests.conftest import AUDITOR, COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import Story, only, register

LATE = "中心收件后已8个工作日未反馈，影响奖励名单研究"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """What is shown here does not depend on the database."""
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


async def test_a_problem_is_handed_in_dealt_with_and_settled(story: Story):
    officer, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await register(officer)
    assert "请用一两句话写明问题或建议" in await officer.type("/feedback")
    await officer.type(LATE)
    await officer.press("反馈不及时")
    await officer.press("改涉及事项")
    await officer.type("绿色企业")  # of the catalogue, though it has no button
    assert "涉及事项：环境友好企业、绿色企业评选" in officer.screen
    await officer.press("改信用产品")
    await officer.press("信用信息核查")
    assert "已提交政法处" in await officer.press("提交")
    waiting = await coordinator.wait_for(LATE)
    assert "【问题与建议】第1号" in waiting and "张三（虚构），11月23日（周一）" in waiting
    assert "反馈不及时，环境友好企业、绿色企业评选，信用信息核查" in waiting

    await coordinator.press("处理中")
    assert coordinator.toast == "已记录"
    assert "办理状态：处理中" in await officer.wait_for("办理状态：处理中")
    await coordinator.press("答复")
    await coordinator.type("已与市信用中心联系，预计11月25日前反馈")
    assert "发送后即通知反馈人" in coordinator.screen
    await coordinator.press("发送答复")
    assert "11月23日（周一）答复：已与市信用中心联系" in await officer.wait_for("11月23日（周一）答复")
    await coordinator.press("已反馈市信用办")
    await officer.wait_for("办理状态：已反馈市信用办")
    await coordinator.press("已办结")
    await officer.wait_for("办理状态：已办结")
    row = only(await story.rows(Issue))
    assert (row.state, row.year, row.quarter, row.closed_at is None) == (IssueState.CLOSED, 2026, 4, False)
    verbs = [line.verb for line in await story.rows(Audit, Audit.subject_kind == "issue")]
    assert verbs == ["issue.feed_back", "issue.state", "issue.answer", "issue.state", "issue.state"]
    assert "共1件" in await officer.type("/feedback")
    assert "已办结" in await officer.press("第1号")


async def test_a_problem_is_counted_as_telegram_counts_it(story: Story):
    """Of rare characters and emoji half as many fit a message."""
    officer = story.person(OFFICER)
    assert "共600字，最多500字" in await officer.type("/feedback " + "𠮷" * 300)
    assert not await story.rows(Issue)


async def test_words_after_the_command_are_the_problem_and_a_draft_waits_for_its_end(story: Story):
    officer = story.person(OFFICER)
    await officer.type("/guide 排污许可证延续")
    drafted = only(await story.rows(Draft)).purpose
    await officer.type("/feedback 建议公布中心的查询口径")
    await story.restart()
    await officer.press("工作建议")
    await officer.press("提交")
    assert only(await story.rows(Issue)).text == "建议公布中心的查询口径"
    assert only(await story.rows(Draft)).purpose == drafted  # what was begun before is taken up again


async def test_what_cannot_be_understood_is_said_and_nothing_is_lost(story: Story):
    officer = story.person(OFFICER)
    await officer.type("/feedback " + "长" * 501)
    assert "501字" in officer.screen and await story.rows(Draft) == []
    await officer.type("/feedback 口径不一")
    await officer.press("查询意见内容")
    await officer.press("改涉及事项")
    assert "未能对应到唯一一项" in await officer.type("排污许可")  # several have it in their names
    await officer.press("返回")
    assert "问题或建议：口径不一" in officer.screen
    await officer.type("张三 410105199001010014")
    assert "口径不一" in officer.screen and "410105" not in officer.transcript().split("口径不一")[-1]


async def test_a_problem_is_for_its_officer_and_the_coordinators(story: Story):
    officer, other, auditor = (story.person(each) for each in (OFFICER, COLLEAGUE, AUDITOR))
    coordinator = story.person(COORDINATOR)
    await officer.type("/feedback 材料要求不一致")
    await officer.press("材料和程序")
    await officer.press("提交")
    await coordinator.wait_for("材料要求不一致")
    row = only(await story.rows(Issue))
    await other.type("/feedback")
    for press in (f"1:fbone:{row.id}:0:", f"1:fbset:{row.id}:{row.version}:closed", f"1:fbans:{row.id}:{row.version}:"):
        assert "材料要求不一致" not in await other.press_data(other.messages[-1].id, press), press
        await officer.press_data(officer.messages[-1].id, press)
    assert only(await story.rows(Issue)).state is IssueState.NEW
    assert "没有这项操作" in await auditor.type("/feedback")
    stale = f"1:fbset:{row.id}:{row.version}:working"
    await coordinator.press("处理中")
    await coordinator.press_data(coordinator.messages[-1].id, stale)
    assert coordinator.toast == "现显示最新状态。"
    assert len(await story.rows(Outbox, Outbox.kind == "issue.told")) == 1
