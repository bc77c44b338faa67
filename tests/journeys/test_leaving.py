"""Whoever goes: to another unit, to the auditors, out of the bureau. What they have neither stays behind nor leaks."""

from bot.screens.screen import Press
from storage.tables import Audit, Cover, Opinion, Person, PersonState, Referral, Request, Role
from tests.conftest import COLLEAGUE, COORDINATOR, OFFICER
from tests.journeys.story import OUTSIDER, Story, only, register
from tests.journeys.test_cover import ZHANG, ZHOU, cover, key_of
from tests.journeys.test_handover import SECOND_FIRM
from tests.journeys.test_reminder_acts import write_down
from tests.journeys.test_verification import receive
from tests.officer import Officer

LIAISON = 5_000_012


async def card(story: Story, telegram_id: int) -> Officer:
    """The coordinator before somebody's card."""
    coordinator = story.person(COORDINATOR)
    await coordinator.type("/start")
    await coordinator.press_data(coordinator.messages[-1].id, Press("man", await key_of(story, telegram_id)).encode())
    return coordinator


async def closed_entry(me: Officer) -> None:
    """An entry that is closed, and whose opinion is valid for a year."""
    await register(me)
    await receive(me)
    await me.press("已收到意见")
    await me.press("今天")
    await write_down(me, "2025-12-26", "2026-12-25")


async def moved_to_water(story: Story) -> None:
    """An officer with an open and a closed entry and a case goes to another unit, and begins there."""
    me = story.person(OFFICER)
    await closed_entry(me)
    await register(me, subject=SECOND_FIRM)
    await me.type("/guide 绿色企业评选")
    await me.press("环境友好企业、绿色企业评选")
    await me.press("否")
    await me.press("转政法处研究")
    await me.type("市里新增的评选")
    coordinator = await card(story, OFFICER)
    await coordinator.press("调整单位")
    await coordinator.press("水")
    await me.wait_for("您的单位或角色已调整")
    await register(me, matter="辐射安全许可证核发", subject=SECOND_FIRM)


async def test_a_liaison_takes_over_what_stands_in_their_own_ledger_and_sees_nothing_of_the_rest(story: Story):
    await story.enrol(LIAISON, ZHOU, Role.LIAISON, "water")
    await moved_to_water(story)
    liaison = story.person(LIAISON)
    before = {row.id: row for row in await story.rows(Request)}
    await liaison.type("/handover")
    screen = await liaison.press("张三")
    assert "在办1件" in screen
    assert not any(words in screen for words in ("已办结", "转研究", "请假代办"))
    await liaison.press("周八")
    await liaison.press("确认转办")
    mine, his = await key_of(story, LIAISON), await key_of(story, OFFICER)
    unit = only(await story.rows(Person, Person.id == mine)).unit_id
    after = await story.rows(Request)
    assert {row.id: row.owner_id for row in after} == {
        key: mine if row.unit_id == unit else his for key, row in before.items()
    }
    assert sorted(row.owner_id == mine for row in after) == [False, False, True]
    assert {row.holder_id for row in await story.rows(Opinion)} == {his}
    assert only(await story.rows(Referral)).person_id == his
    for row in after:
        if row.owner_id == his:
            await liaison.type("/start")
            said = await liaison.press_data(liaison.messages[-1].id, Press("req", row.id).encode())
            assert "您的台账中没有此件" in said


async def test_a_coordinator_takes_over_the_rest_in_whatever_ledger_it_stands(story: Story):
    await moved_to_water(story)
    coordinator = story.person(COORDINATOR)
    await coordinator.type("/handover")
    screen = await coordinator.press("张三")
    for words in ("在办2件", "已办结、仍有提醒或有效意见1件", "转研究待答复1件"):
        assert words in screen
    await coordinator.press("李四")
    await coordinator.press("转办并注销其账号")
    heir = await key_of(story, COLLEAGUE)
    assert {row.owner_id for row in await story.rows(Request)} == {heir}
    assert {row.holder_id for row in await story.rows(Opinion)} == {heir}
    assert only(await story.rows(Referral)).person_id == heir


async def test_whoever_leaves_only_closed_work_behind_is_not_let_go_before_it_is_handed_over(story: Story):
    await closed_entry(story.person(OFFICER))
    coordinator = await card(story, OFFICER)
    assert "转办全部事项" in coordinator.buttons
    screen = await coordinator.press("离任注销")
    assert "已办结、仍有提醒或有效意见1件" in screen and "须先转办" in screen
    assert coordinator.buttons == ["转办全部事项", "返回"]
    await coordinator.press("转办全部事项")
    await coordinator.press("李四")
    await coordinator.press("转办并注销其账号")
    assert only(await story.rows(Request)).owner_id == await key_of(story, COLLEAGUE)
    assert only(await story.rows(Person, Person.telegram_id == OFFICER)).state is PersonState.LEFT
    assert "张三" not in " ".join((await _leavers(coordinator)).buttons)


async def test_a_case_or_a_cover_of_somebody_who_has_left_can_still_be_handed_over(story: Story):
    await cover(story, story.person(COLLEAGUE), "张三", "11月24日", "11月27日")
    async with story.database.write() as session:
        person = await session.get_one(Person, await key_of(story, OFFICER))
        person.state = PersonState.LEFT
    coordinator = await card(story, OFFICER)
    assert coordinator.buttons == ["转办全部事项", "返回"]
    assert "张三" in " ".join((await _leavers(coordinator)).buttons)
    await coordinator.press("张三")
    await coordinator.press("赵六")
    await coordinator.press("确认转办")
    assert only(await story.rows(Cover)).ended_at is not None


async def test_whoever_has_nothing_leaves_at_once(story: Story):
    coordinator = await card(story, OUTSIDER)
    assert "转办全部事项" not in coordinator.buttons
    await coordinator.press("离任注销")
    await coordinator.press("确认注销")
    assert only(await story.rows(Person, Person.telegram_id == OUTSIDER)).state is PersonState.LEFT


async def test_before_somebody_with_work_becomes_an_auditor_the_coordinator_is_warned(story: Story):
    await register(story.person(OFFICER))
    coordinator = await card(story, OFFICER)
    await coordinator.press("调整角色")
    screen = await coordinator.press("只读人员")
    assert "在办1件" in screen and "只读人员不办理事项" in screen
    assert coordinator.buttons == ["转办全部事项", "仍然调整", "返回"]
    assert only(await story.rows(Person, Person.telegram_id == OFFICER)).role is Role.OFFICER
    await coordinator.press("仍然调整")
    assert only(await story.rows(Person, Person.telegram_id == OFFICER)).role is Role.AUDITOR
    assert len(await story.rows(Audit, Audit.verb == "person.role")) == 1
    assert ZHANG in " ".join((await _leavers(coordinator)).buttons)  # what an auditor still has can be taken over


async def _leavers(coordinator: Officer) -> Officer:
    await coordinator.type("/handover")
    return coordinator
