"""What was kept of staff, and what they wrote, goes when its time is over; what happened can still be read."""

from pathlib import Path

import pytest

from storage.tables import Invite, Issue, Person, PersonState, Referral
from tests.conftest import COLLEAGUE, COORDINATOR, OFFICER, STRANGER
from tests.journeys.story import Story, only
from tests.journeys.test_office import _card as card_of
from tests.journeys.test_people import _invited as invited

SAID = "中心反馈的口径不一致"
ASKED = "市里新增的评选"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """What is shown here does not depend on the database."""
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


async def _fed_back_and_asked(story: Story) -> None:
    officer, coordinator = story.person(OFFICER), story.person(COORDINATOR)
    await officer.type(f"/feedback {SAID}")
    await officer.press("查询意见内容")
    await officer.press("提交")
    await coordinator.wait_for(SAID)
    await coordinator.press("已办结")
    await officer.wait_for("办理状态：已办结")
    await officer.type("/guide 绿色企业评选")
    await officer.press("环境友好企业、绿色企业评选")
    await officer.press("否")
    await officer.press("转政法处研究")
    await officer.type(ASKED)
    await officer.type("/study")
    await officer.press("1 环境友好企业")
    await officer.press("撤回")


async def _come_and_gone(story: Story) -> None:
    """Somebody is refused, a colleague leaves, and an invitation is never used."""
    coordinator, stranger = story.person(COORDINATOR), story.person(STRANGER)
    story.api.add_user(STRANGER, "钱七（虚构）")
    await stranger.type(f"/start {await invited(coordinator)}")
    await coordinator.wait_for("钱七")
    await coordinator.press("不予核准")
    await invited(coordinator)
    await card_of(story, coordinator, COLLEAGUE)
    await coordinator.press("离任注销")
    await coordinator.press("确认注销")


async def _keep_house(story: Story, moment: str) -> None:
    story.pass_time(moment)
    await story.service.jobs.housekeeping()
    await story.settle()


async def test_names_invitations_and_texts_go_after_their_days_and_not_before(story: Story):
    await _fed_back_and_asked(story)
    await _come_and_gone(story)
    await story.settle()
    left = await story.rows(Person, Person.state == PersonState.LEFT)
    assert {row.telegram_id for row in left} == {STRANGER, COLLEAGUE}

    await _keep_house(story, "2029-11-22 08:00")
    assert await story.rows(Person, Person.state == PersonState.LEFT, Person.name.is_(None)) == []
    assert len(await story.rows(Invite)) == 2
    assert only(await story.rows(Issue)).text == SAID

    await _keep_house(story, "2029-11-26 10:00")
    gone = await story.rows(Person, Person.state == PersonState.LEFT)
    assert [(row.name, row.telegram_id) for row in gone] == [(None, -row.id) for row in gone]
    assert await story.rows(Invite) == []
    case = only(await story.rows(Referral))
    assert (only(await story.rows(Issue)).text, case.answers, case.note) == ("", {}, None)
    coordinator = story.person(COORDINATOR)
    await coordinator.type("/office")
    await coordinator.press("人员")
    assert not any("李四" in label or "钱七" in label for label in coordinator.buttons)
    assert "保存期限已满" in await coordinator.type("/feedback")
    await coordinator.type("/study")
    assert ASKED not in await coordinator.press("1 ")
    again = story.person(STRANGER)  # an account that was forgotten may be invited like any other
    await again.type(f"/start {await invited(coordinator)}")
    await story.settle()
    await coordinator.press("核准")
    assert len(await story.rows(Person, Person.telegram_id == STRANGER, Person.state == PersonState.ACTIVE)) == 1
