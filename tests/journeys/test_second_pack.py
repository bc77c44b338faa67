"""Another bureau, another rule set: the same journey from TOML alone, in its own words, hours and periods."""

import datetime as dt

import pytest

from bot.policy.loader import load, packaged
from bot.policy.model import Policy
from storage.tables import Decision, Item, Reminder, ReminderState, Request, RequestState
from tests.journeys.story import FIRM, Story, only


@pytest.fixture(scope="session")
def policy() -> Policy:
    """The fictitious garden bureau."""
    return load(packaged("example"))


@pytest.fixture
def desk_unit() -> str:
    return "garden"


async def test_the_same_journey_runs_on_another_bureaus_pack(story: Story):
    me = story.person()
    assert "示例市园林管理局" in await me.type("/start")
    assert "虚构" in me.screen
    await me.type("/guide 施工")
    await me.press("公园施工许可")
    await me.press("否")
    assert "信用信息审查（方案列明）" in me.screen
    assert "示园（虚构）2024年1号" in me.screen
    await me.press("登记台账")
    await me.type(FIRM)
    await me.press("今天提交")
    assert "已登记台账：园艺2026-1" in await me.press("确认登记")
    await _watched_by_its_own_rules(story)
    assert "请登记意见内容" in await me.press("已收到意见")
    assert only(await story.rows(Request)).state is RequestState.CLOSED
    assert only(await story.rows(Decision)).policy_hash == story.policy.hash


async def _watched_by_its_own_rules(story: Story) -> None:
    """Three working days instead of five, asked after two, at ten instead of nine, warned once, chased each day."""
    me = story.person()
    item = only(await story.rows(Item))
    assert (item.product_kind, item.due_on) == ("verification", dt.date(2026, 11, 26))
    await story.at("2026-11-24 10:00")
    await story.at("2026-11-25 09:59")
    assert "中心" not in me.screen.partition("已登记")[0]
    before = len(me.messages)
    await story.at("2026-11-25 10:00")
    assert len(me.messages) == before + 1
    assert "已向示例市信用站（虚构）提交" in me.screen
    await me.press("11月23日（周一）已收件")
    stages = {row.stage: row.due_at for row in await story.rows(Reminder, Reminder.basis_version == 2)}
    assert stages.keys() == {"t-1", "overdue+1"}
    await story.at("2026-11-27 10:00")
    assert "已超期1个工作日" in me.screen
    await story.at("2026-11-30 10:00")
    assert "已超期2个工作日" in me.screen
    sent = await story.rows(Reminder, Reminder.state == ReminderState.SENT)
    assert [row.stage for row in sent][-2:] == ["overdue+1", "overdue+2"]


async def test_a_promise_of_the_other_bureau_is_entered_with_its_number(story: Story):
    me = story.person()
    await me.type("/new 养护")
    await me.press("绿地养护签约")
    await me.press("只登记份数")
    assert "4份" in await me.type("4")
    assert "已登记台账：园艺2026-1" in await me.press("确认登记")
    assert only(await story.rows(Item)).head_count == 4
