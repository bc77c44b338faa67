"""A coordinator keeps the list: what is changed in the chat holds from the next update on."""

import pytest
from sqlalchemy import select

from bot.screens.screen import Press
from handlers import access
from storage.tables import Audit, Invite, Overlay, Person, PersonState, Request, Role, Unit
from tests.conftest import COLLEAGUE, COORDINATOR, OFFICER, STRANGER
from tests.journeys.story import FIRM, Story, only, register
from tests.officer import Officer, labels

SECOND = 5_000_022  # another coordinator
STALE, OUTDATED = Press("nosuch").encode(), "该菜单已更新"


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path) -> str:
    """What a coordinator sees does not depend on the database."""
    return f"sqlite:///{tmp_path / 'xinxuan.db'}"


async def _person(story: Story, user_id: int) -> Person:
    return only(await story.rows(Person, Person.telegram_id == user_id))


async def _card(story: Story, coordinator: Officer, user_id: int) -> str:
    await coordinator.type("/office")
    await coordinator.press("人员")
    return await coordinator.press_data(
        coordinator.messages[-1].id, Press("man", (await _person(story, user_id)).id).encode()
    )


async def test_suspended_moved_promoted_and_gone_each_at_once(story: Story):
    me, officer, colleague = story.person(COORDINATOR), story.person(OFFICER), story.person(COLLEAGUE)
    await register(officer)
    request = only(await story.rows(Request))

    await _suspended_and_back(story, me, officer, request)
    await _another_role(story, me, colleague)
    await _another_unit(story, me, colleague)
    await _the_last_coordinator_stays(story, me)
    await _a_leaver_hands_over_first(story, me, officer, request)
    verbs = [row.verb for row in await story.rows(Audit, Audit.subject_kind == "person")]
    assert [verb for verb in verbs if verb != "person.language"] == [
        "person.appoint", "person.suspend", "person.resume", "person.role", "person.unit", "person.leave",
    ]  # fmt: skip


async def _suspended_and_back(story: Story, me: Officer, officer: Officer, request: Request) -> None:
    await officer.press("查看台账")
    card = await _card(story, me, OFFICER)
    for words in ("张三（虚构）", f"账号编号：{OFFICER}", "状态：在用", "在办1件"):
        assert words in card, card
    await me.press("停用")
    assert (await _person(story, OFFICER)).state is PersonState.ACTIVE  # asked once more
    await me.press("确认停用")
    assert "状态：已停用" in me.screen
    data = Press("rdo", request.id, request.version, "received,0").encode()
    query = story.api.press(OFFICER, officer.messages[-1].id, data)
    await officer._until(lambda: query.answered, "the spinner ends")
    assert only(await story.rows(Request)).version == request.version
    assert await officer.type("/my") == "您的账号已停用，请联系管理员。"
    await me.press("恢复使用")
    assert "我的台账" in await officer.type("/my")


async def _another_role(story: Story, me: Officer, colleague: Officer) -> None:
    assert "没有这项操作" in await colleague.type("/handover")
    await _card(story, me, COLLEAGUE)
    await me.press("调整角色")
    old = me.messages[-1].buttons[0][0]["callback_data"]
    await me.press("单位联络员")
    assert "单位联络员" in await colleague.wait_for("您的单位或角色已调整")
    assert "转办" in await colleague.type("/handover")
    await story.settle()
    shown = [each["command"] for each in story.api.profile.commands_for(COLLEAGUE, "zh-hans")]
    assert shown == [name for name, _line in access.menu(Role.LIAISON)]
    await me.press_data(me.messages[-1].id, old)  # of the time before: it says from which role
    assert (await _person(story, COLLEAGUE)).role is Role.LIAISON


async def test_a_form_that_is_open_ends_with_the_right_to_it(story: Story):
    me, officer = story.person(COORDINATOR), story.person(OFFICER)
    await officer.type("/new 排污许可证延续")
    await officer.press("排污许可证延续")
    await officer.type(FIRM)
    await officer.press("今天提交")
    asked = officer.messages[-1]
    [confirm] = [each["callback_data"] for row in asked.buttons for each in row if "确认登记" in each["text"]]
    await _card(story, me, OFFICER)
    await me.press("调整角色")
    await me.press("只读人员")
    await officer.wait_for("您的单位或角色已调整")
    await officer.press_data(asked.id, confirm)
    assert await story.rows(Request) == []


async def test_a_list_and_a_form_of_the_office_end_with_the_right_to_them(story: Story):
    me, other = story.person(COORDINATOR), story.person(SECOND)
    await story.enrol(SECOND, "郑协调（虚构）", Role.COORDINATOR, "legal")

    await other.type("/office")
    await other.press("人员")
    listed = other.messages[-1]
    assert "赵六（虚构）" in "".join(other.buttons)
    await _made(story, me, "经办人")
    await other.press_data(listed.id, STALE)
    assert OUTDATED in listed.text and "赵六（虚构）" not in "".join(labels(listed))

    await _made(story, me, "管理员")
    await other.type("/office")
    for press, typed in (("单位", ""), ("新增", "虚构"), ("", "虚构新处"), ("处室", "虚构依据")):
        if press:
            await other.press(press)
        if typed:
            await other.type(typed)
    asked = other.messages[-1]
    [confirm] = [each["callback_data"] for row in asked.buttons for each in row if "确认启用" in each["text"]]
    await _made(story, me, "经办人")
    for data in (confirm, STALE):
        await other.press_data(asked.id, data)
        assert OUTDATED in asked.text
    assert await story.rows(Overlay) == []


async def _made(story: Story, me: Officer, role: str) -> None:
    """Let the second coordinator be something else, and hear of it."""
    await _card(story, me, SECOND)
    await me.press("调整角色")
    await me.press(role)
    await story.settle()


async def _another_unit(story: Story, me: Officer, colleague: Officer) -> None:
    await _card(story, me, COLLEAGUE)
    await me.press("调整单位")
    await me.press("水")
    unit = only(await story.rows(Unit, Unit.id == (await _person(story, COLLEAGUE)).unit_id))
    assert "水" in unit.short_name
    request = only(await story.rows(Request))
    await colleague.type("/start")
    said = await colleague.press_data(colleague.messages[-1].id, Press("req", request.id).encode())
    assert "虚构环保科技有限公司" not in said  # the liaison of another unit by now


async def _the_last_coordinator_stays(story: Story, me: Officer) -> None:
    await _card(story, me, COORDINATOR)
    await me.press("停用")
    assert "这是唯一的管理员" in await me.press("确认停用")
    await _card(story, me, COORDINATOR)
    await me.press("调整角色")
    assert "这是唯一的管理员" in await me.press("经办人")
    person = await _person(story, COORDINATOR)
    assert (person.state, person.role) == (PersonState.ACTIVE, Role.COORDINATOR)


async def _a_leaver_hands_over_first(story: Story, me: Officer, officer: Officer, request: Request) -> None:
    await _card(story, me, OFFICER)
    assert "须先转办" in await me.press("离任注销")
    await me.press("转办全部事项")
    await me.press("李四")
    await me.press("转办并注销其账号")
    assert (await _person(story, OFFICER)).state is PersonState.LEFT
    assert only(await story.rows(Request)).owner_id == (await _person(story, COLLEAGUE)).id
    await officer.type("/my", answered=False)


async def test_the_list_is_searched_and_an_invitation_taken_back(story: Story):
    me = story.person(COORDINATOR)
    await me.type("/invite")
    await me.press("大气")
    await me.press("经办人")
    payload = next(word for word in me.screen.split() if "?start=" in word).partition("?start=")[2]
    await me.type("/office")
    await me.press("未使用的邀请")
    await me.press("大气")
    assert "没有未使用的邀请" in me.screen
    assert await story.person(STRANGER).type(f"/start {payload}") == "邀请已失效，请重新取得邀请。"
    assert only(await story.rows(Invite)).used_at is None
    await me.press("返回")
    await me.press("人员")
    assert any("张三" in label for label in me.buttons)
    await me.type("lisi")
    assert [label for label in me.buttons if "虚构" in label] and all("张三" not in label for label in me.buttons)
    await me.press("李四")
    assert "李四（虚构）" in me.screen
    async with story.database.read() as session:
        assert await session.scalar(select(Person).where(Person.telegram_id == STRANGER)) is None
    await me.type("/office")
    assert "大气" in await me.press("单位")
