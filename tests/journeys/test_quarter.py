"""A quarter from the first prompt to the push: one unit reports, one has nothing, one is silent."""

import asyncio
import datetime as dt
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import update

from bot.returns import PushState, ReturnState
from bot.screens.screen import Press
from handlers import quarter_files, worker
from handlers.telegram import outbox
from storage import chats, people, work
from storage.tables import Audit, Item, Outbox, OutboxState, QuarterPush, QuarterReturn, QuarterSummary, Role, Unit
from tests.conftest import COORDINATOR, OFFICER
from tests.handlers.test_calendar import NOTICE
from tests.journeys.story import Story, only, register
from tests.officer import Officer

LIAISON, WATER, SOIL, HEAD = 5_000_011, 5_000_012, 5_000_013, 5_000_014
GROUP, SECOND = -5_000_021, 5_000_022


@pytest.fixture
async def quarter(story: Story) -> Story:
    await story.enrol(LIAISON, "孙联络（虚构）", Role.LIAISON, "air")
    await story.enrol(WATER, "周联络（虚构）", Role.LIAISON, "water")
    await story.enrol(SOIL, "吴联络（虚构）", Role.LIAISON, "soil")
    return story


async def returned(story: Story, unit: str) -> QuarterReturn:
    seat = only(await story.rows(Unit, Unit.code == unit))
    return only(await story.rows(QuarterReturn, QuarterReturn.unit_id == seat.id))


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


async def two_write_at_once(story: Story, coordinator: Officer) -> None:
    """Two coordinators change the first paragraph; the second sees what the first wrote before it is replaced."""
    await story.enrol(SECOND, "郑协调（虚构）", Role.COORDINATOR, "legal")
    second = story.person(SECOND)
    await second.type("/quarter 2026年第四季度")
    await second.press("汇总稿")
    await second.press("修改文字")
    await second.press("第1段")
    await second.type("四季度全局信用产品应用较为平稳。")
    await coordinator.press("修改文字")
    await coordinator.press("第1段")
    await coordinator.type("四季度全局信用产品应用总体平稳。")
    await coordinator.press("保存")
    shown = await second.press("保存")
    assert "他人已作修改，现为：\n第1段：四季度全局信用产品应用总体平稳。" in shown
    assert "四季度全局信用产品应用较为平稳。" in await second.press("保存")
    await coordinator.type("/quarter 2026年第四季度")
    await coordinator.press("汇总稿")


async def test_a_whole_quarter_from_the_first_prompt_to_the_circular(quarter: Story):
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
    assert "请季末核对，于2027年1月7日（周四，暂定）前报送" in said
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
    await coordinator.press("零报告")  # nobody else answers for the legal division
    await liaison.press("报送")
    row = await returned(story, "air")
    assert (row.state, row.nil, row.problems) == (ReturnState.REPORTED, False, "中心反馈偏慢")
    assert row.figures == {"letters": 1, "in_form": 1, "times": 1, "applied": 1, "open": 1, "open_overdue": 1}
    assert (await returned(story, "water")).nil

    before = {each.id: len(each.messages) for each in (liaison, water, soil)}
    await story.at("2027-01-06 09:01")
    assert [len(each.messages) - before[each.id] for each in (liaison, water, soil)] == [0, 0, 1]

    overview = await coordinator.type("/quarter")
    assert "单位已报（1个）：大气环境处" in overview and "零报告（2个）：政法处、水生态环境处" in overview
    assert "土壤生态环境处" in overview and "汇总稿于1月8日（周五，暂定）自动生成" in overview
    assert "报送截止1月7日（周四，暂定）" in overview
    await coordinator.press("催报1个单位")
    assert "已向1个单位催报。" in coordinator.screen
    assert "【季度报表催报】2026年第四季度，土壤生态环境处" in await soil.wait_for("催报")
    await coordinator.press("催报1个单位")
    assert "1个单位今天已催报过。" in coordinator.screen
    assert len(await story.rows(Outbox, Outbox.kind == "quarter.prompt")) == 4 + 4 + 1 + 1

    assert await story.rows(QuarterPush) == []
    await bind_group(story)
    await story.at("2027-01-08 09:01")
    said = await coordinator.wait_for("汇总稿已自动生成")
    assert "核查申请1次1家" in said and "未报：局办公室" in said and "土壤生态环境处" in said
    assert "所报数据与台账不一致" not in said
    assert [each[-4:] for each in documents(story, COORDINATOR)] == [".png"]
    assert (await returned(story, "air")).state is ReturnState.SUMMARISED
    await coordinator.press("汇总表")
    await coordinator.press("汇总报告")
    assert [each.split(".")[-1] for each in documents(story, COORDINATOR)] == ["png", "xlsx", "docx"]
    await story.restart()
    await coordinator.press("修改文字")
    await coordinator.press("第1段")
    await coordinator.type("四季度全局信用产品应用平稳。")
    await coordinator.press("保存")
    assert "四季度全局信用产品应用平稳。" in coordinator.screen and "收取信用承诺" not in coordinator.screen
    await two_write_at_once(story, coordinator)
    await coordinator.press("修改文字")
    await coordinator.press("第2段")
    await coordinator.type("删去")
    await coordinator.press("保存")
    assert "按时0家" not in coordinator.screen
    await coordinator.press("确认推送")
    assert "单位负责人、联络员3人\n单位群1个" in coordinator.screen
    story.api.users[SOIL].blocked = True
    await coordinator.press("推送")
    await story.settle()
    push = only(await story.rows(QuarterPush))
    assert push.state is PushState.PUSHED
    assert "已送达3份，未确认0份，未送达1份" in await coordinator.type("/quarter 2026年第四季度")
    await coordinator.press("汇总稿")
    assert "未送达：土壤生态环境处" in coordinator.screen
    story.api.unblock(SOIL)
    await story.settle()
    await coordinator.press("补发1份")
    await story.settle()
    for each in (LIAISON, WATER, SOIL, GROUP):
        texts = [
            message.text for message in story.api.messages(each) if "四季度全局信用产品应用较为平稳。" in message.text
        ]
        assert len(texts) == 1 and "本季未反馈：1家" in texts[0]
        assert any(name.endswith(".png") for name in documents(story, each))
    assert story.api.messages(GROUP)[-1].buttons == []
    await liaison.press("汇总表")
    assert documents(story, LIAISON)[-1] == "2026年第四季度汇总表.xlsx"
    assert (await returned(story, "air")).state is ReturnState.SUBMITTED
    assert only(await story.rows(QuarterSummary)).quarter == 4

    row = await returned(story, "soil")
    await soil.press_data(soil.messages[-1].id, Press("qrep", row.id, row.version).encode())
    assert "2026年第四季度已报送并锁定" in soil.screen
    assert "汇总已推送：已送达4份，未确认0份" in await coordinator.type("/quarter 2026年第四季度")
    assert not any("催报" in label for label in coordinator.buttons)
    await coordinator.press("汇总稿")
    await coordinator.press("通报稿")
    assert "未点名任何单位" in coordinator.screen
    await coordinator.press("土壤生态环境处")
    assert "点名单位：土壤生态环境处" in coordinator.screen
    await coordinator.press("生成通报稿")
    await coordinator.wait_for("请线下修改并按程序签发")
    await story.settle()
    assert documents(story, COORDINATOR)[-1] == "2026年第四季度通报稿.docx"

    # What is put right afterwards goes into the next quarter, with a note; what was sent on stays as it is.
    digest = only(await story.rows(QuarterSummary)).digest
    async with story.database.write() as session:
        await session.execute(update(Item).values(submitted_on=dt.date(2027, 1, 4)))
    await story.at("2027-03-19 09:01")
    assert "【季度汇总】2027年第一季度，大气环境处" in await liaison.wait_for("2027年第一季度")
    await liaison.press("查看报表")
    assert "2026年第四季度报送后更正：核查申请-1" in liaison.screen
    assert only(await story.rows(QuarterSummary)).digest == digest


def documents(story: Story, chat_id: int) -> list[str]:
    """The names of the files in a chat, oldest first."""
    bodies = [message.body for message in story.api.messages(chat_id)]
    return [body["document"]["file_name"] for body in bodies if "document" in body]


async def bind_group(story: Story) -> None:
    story.api.add_group(GROUP, "大气环境处工作群（虚构）")
    async with story.database.write() as session:
        unit = await people.unit_by_code(session, "air")
        liaison = await people.by_telegram_id(session, LIAISON)
        assert unit is not None and liaison is not None
        await chats.bind(session, GROUP, unit, by=liaison, now=story.clock.now())


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
    stranger = story.person(WATER)  # of another unit
    assert "大气环境处" not in await stranger.type("/quarter")
    row = await returned(story, "air")
    verbs = ("qret", "qmat", "qgap", "qprb", "qnil", "qrep", "qcnf", "qbck", "qask")
    for verb in verbs:
        screen = await stranger.press_data(stranger.messages[-1].id, Press(verb, row.id, row.version).encode())
        assert "大气" not in screen, verb
    assert (await returned(story, "air")).version == row.version


class Died(BaseException):
    """The process is gone."""


class Deaths:
    """Lets the bot die at a named place, as a kill would, and lives it again.

    Args:
        story: The story.
        monkeypatch: Puts the deadly place in.
    """

    def __init__(self, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
        self.story, self.monkeypatch = story, monkeypatch
        self.died = asyncio.Event()
        self.module: Any = None
        self.harmless: Any = None

    def at(self, module: ModuleType, place: str) -> None:
        self.died.clear()

        def deadly(name: str) -> None:
            if name == place:
                self.died.set()
                raise Died(name)

        self.module, self.harmless = module, module.crash_point
        self.monkeypatch.setattr(module, "crash_point", deadly)

    async def mourned(self) -> None:
        """Wait for the death, and start the bot again."""
        async with asyncio.timeout(20):
            await self.died.wait()
        self.monkeypatch.setattr(self.module, "crash_point", self.harmless)
        await self.story.service.__aexit__(None, None, None)
        is_sqlite = self.story.settings.database_url.startswith("sqlite")
        if self.module is worker and not is_sqlite:  # another instance might be at work: see recover
            self.story.clock.move_to(self.story.clock.now() + work.LEASE)
        await self.story.open()


async def test_killed_at_any_moment_it_is_drafted_once_and_nobody_is_served_twice_unsaid(
    quarter: Story, monkeypatch: pytest.MonkeyPatch
):
    async def made(*_args: object, **_more: object) -> bytes:
        return b"of the files it is enough that they are there"

    for builder in ("picture", "book", "report"):
        monkeypatch.setattr(quarter_files, builder, made)
    story, coordinator = quarter, quarter.person(COORDINATOR)
    await register(story.person(OFFICER))
    deaths = Deaths(story, monkeypatch)
    await story.at("2027-01-07 09:01")
    deaths.at(worker, "work_claimed")
    story.pass_time("2027-01-08 09:01")
    await story.service.jobs.tick()
    await deaths.mourned()
    deaths.at(worker, "work_done")
    story.service.worker.wake()
    await deaths.mourned()
    await story.settle()
    assert len([each for each in coordinator.messages if "汇总稿已自动生成" in each.text]) == 1
    assert len(await story.rows(Audit, Audit.verb == "quarter.draft")) == 1

    # What is confirmed is what is sent on: the register has changed since, so nothing leaves.
    async with story.database.write() as session:
        await session.execute(update(Item).values(submitted_on=dt.date(2027, 1, 4)))
    await coordinator.press("确认推送")
    await coordinator.press("推送")
    await story.settle()
    assert "台账有变动，尚未推送" in await coordinator.wait_for("台账有变动")
    assert await story.rows(Outbox, Outbox.kind == "quarter.push") == await story.rows(QuarterSummary) == []

    await coordinator.press("确认推送")
    deaths.at(worker, "work_done")
    await coordinator.press("推送")
    await deaths.mourned()
    deaths.at(outbox, "claimed")
    story.service.worker.wake()
    await deaths.mourned()
    assert only(await story.rows(QuarterPush)).state is PushState.PUSHED
    assert len(await story.rows(Outbox, Outbox.kind == "quarter.push")) == 3
    story.pass_time("2027-01-08 11:00")  # the claims of the dead process have run out: each may have arrived
    await story.settle()
    deaths.at(outbox, "sent")  # Telegram has it, and nobody wrote that down
    story.pass_time("2027-01-08 11:10")
    story.service.sender.wake()
    await deaths.mourned()
    story.pass_time("2027-01-08 11:40")
    await story.settle()
    await story.at("2027-01-08 11:50")
    for each in (LIAISON, WATER, SOIL):
        texts = [message.text for message in story.api.messages(each)]
        copies = [text for text in texts if "【季度汇总】2026年第四季度\n" in text]
        assert copies and all("可能重复" in text for text in copies[1:]), copies
    assert len(await story.rows(QuarterSummary)) == 1
    rows = await story.rows(Outbox, Outbox.kind == "quarter.push")
    assert [row.state for row in rows] == [OutboxState.SENT] * 3
    assert max(row.copies for row in rows) > 1  # a place was hit at which a copy may have arrived twice


async def test_a_draft_that_cannot_be_made_is_told_and_made_again_by_a_press(
    quarter: Story, monkeypatch: pytest.MonkeyPatch
):
    story, coordinator = quarter, quarter.person(COORDINATOR)
    await register(story.person(OFFICER))

    async def broken(*_args: object, **_more: object) -> bytes:
        raise RuntimeError("a defect, on purpose")

    async def made(*_args: object, **_more: object) -> bytes:
        return b"of the files it is enough that they are there"

    for builder in ("picture", "book", "report"):
        monkeypatch.setattr(quarter_files, builder, broken)
    await story.at("2027-01-08 09:01")
    said = await coordinator.wait_for("季度汇总稿未能自动生成")
    assert "请将编号" in said and "用 /quarter 重新汇总" in said
    assert len(await story.rows(Outbox, Outbox.kind == worker.FAILED)) == 1
    for builder in ("picture", "book", "report"):
        monkeypatch.setattr(quarter_files, builder, made)
    await coordinator.type("/quarter 2026年第四季度")
    await coordinator.press("汇总稿")
    await coordinator.press("重新汇总")
    await story.settle()
    assert only(await story.rows(QuarterPush)).state is PushState.DRAFTED
    assert "汇总稿已自动生成" in await coordinator.wait_for("汇总稿已自动生成")


async def test_a_last_day_that_was_told_is_told_again_when_the_calendar_moves_it(quarter: Story):
    story = quarter
    liaison, soil, coordinator = (story.person(each) for each in (LIAISON, SOIL, COORDINATOR))
    await story.at("2026-12-21 09:01")
    assert "于2027年1月7日（周四，暂定）前报送" in await liaison.wait_for("季度汇总")
    async with story.database.write() as session:
        seat = await people.unit_by_code(session, "soil")
        assert seat is not None
        await session.execute(
            update(QuarterReturn).where(QuarterReturn.unit_id == seat.id).values(state=ReturnState.REPORTED)
        )
    await coordinator.type("/calendar")
    await coordinator.press("录入放假通知")
    await coordinator.type(NOTICE)
    await coordinator.press("确认启用")
    await story.settle()
    moved = "2026年第四季度报表：报送截止日期由2027年1月7日（周四，暂定）改为2027年1月8日（周五）"
    assert sum(moved in each.text for each in liaison.messages) == 1
    assert moved not in soil.transcript()
