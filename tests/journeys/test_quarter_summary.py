"""The summary between its draft and its push: what a coordinator sees and edits is what leaves, and to nobody else."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from python_calamine import CalamineWorkbook
from sqlalchemy import update

from bot.returns import PushState, ReturnState
from bot.screens.screen import Press
from handlers import quarter_files
from storage.tables import Audit, Item, Outbox, QuarterPush, QuarterSummary, Role
from tests.conftest import AUDITOR, COORDINATOR, OFFICER
from tests.journeys.story import Story, only, register
from tests.journeys.test_quarter import GROUP, HEAD, LIAISON, SOIL, bind_group, quarter, returned
from tests.officer import Officer

__all__ = ["quarter"]  # the fixture

OTHER_FIRM = "虚构第二环保有限公司 91410100MA00000P2Q"
WRONGED = "李四（虚构）多次不交材料"


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Make no file, and return what each report was to be made of."""
    told: list[dict[str, Any]] = []

    async def made(*_args: object, **more: Any) -> bytes:
        if "paragraphs" in more:
            told.append(more)
        return b"of the files it is enough that they are there"

    for builder in ("picture", "book", "report"):
        monkeypatch.setattr(quarter_files, builder, made)
    return told


async def _drafted(story: Story) -> Officer:
    """Let an entry be made, the quarter end and its summary draft itself."""
    await register(story.person(OFFICER))
    await story.at("2027-01-04 09:01")
    await story.at("2027-01-08 09:01")
    coordinator = story.person(COORDINATOR)
    await coordinator.wait_for("汇总稿已自动生成")
    return coordinator


async def _opened(coordinator: Officer) -> str:
    await coordinator.type("/quarter 2026年第四季度")
    return await coordinator.press("汇总稿")


async def test_the_new_quarters_work_does_not_hold_up_what_was_confirmed(quarter: Story, papers: list[dict[str, Any]]):
    story, coordinator = quarter, await _drafted(quarter)
    await register(story.person(OFFICER), subject=OTHER_FIRM)  # feedback on it falls due in the new quarter
    soil = story.person(SOIL)
    await soil.press("填写问题")
    await soil.type("系统登录不便（虚构）")
    await soil.press("保存")
    await coordinator.press("确认推送")
    await coordinator.press("推送")
    await story.settle()
    assert only(await story.rows(QuarterPush)).state is PushState.PUSHED
    assert len(await story.rows(QuarterSummary)) == 1
    assert [each["problems"] for each in papers] == [{}, {}]  # what the coordinator has not seen does not leave


async def test_an_edited_paragraph_stands_beside_what_the_figures_say_by_now(
    quarter: Story, papers: list[dict[str, Any]]
):
    story, coordinator = quarter, await _drafted(quarter)
    before = only(await story.rows(QuarterPush)).files["report"]
    await coordinator.press("修改文字")
    await coordinator.press("第1段")
    await coordinator.type("四季度申请核查1次1家。")
    assert "汇总报告正按修改后的文字重新生成" in await coordinator.press("保存")
    assert "汇总报告" not in coordinator.buttons
    await story.settle()
    assert papers[-1]["paragraphs"][0] == "四季度申请核查1次1家。"
    assert only(await story.rows(QuarterPush)).files["report"] != before
    assert "修改后数据有变" not in await _opened(coordinator)
    assert "汇总报告" in coordinator.buttons

    async with story.database.write() as session:
        await session.execute(update(Item).values(submitted_on=dt.date(2027, 1, 4)))
    await coordinator.press("重新汇总")
    await story.settle()
    said = await _opened(coordinator)
    assert "四季度申请核查1次1家。" in said and "第1段修改后数据有变，现自动文字为：" in said
    assert "未反馈0家" in said  # a paragraph that nobody touched says what the figures say
    await coordinator.press("恢复自动文字")
    assert "已恢复自动生成的文字。" in coordinator.screen and "四季度申请核查1次1家。" not in coordinator.screen
    assert "恢复自动文字" not in coordinator.buttons
    await story.settle()
    assert "四季度申请核查1次1家。" not in papers[-1]["paragraphs"]


async def test_a_wording_too_long_for_a_message_is_refused_and_what_stood_stands(
    quarter: Story, papers: list[dict[str, Any]]
):
    story, coordinator = quarter, await _drafted(quarter)
    for number in range(4):
        await _add_a_paragraph(coordinator, number)
    kept = only(await story.rows(QuarterPush)).wording
    await _add_a_paragraph(coordinator, 4)
    assert "最多2400字" in coordinator.screen
    assert only(await story.rows(QuarterPush)).wording == kept and len(kept) == 4
    await coordinator.type("/cancel")
    await _opened(coordinator)
    await coordinator.press("恢复自动文字")
    [*_edits, restored] = await story.rows(Audit, Audit.verb == "quarter.wording")
    assert any(each.startswith("第3段补充") for each in restored.before)
    assert not any(each.startswith("第3段补充") for each in restored.after)


async def _add_a_paragraph(coordinator: Officer, number: int) -> None:
    await coordinator.press("修改文字")
    await coordinator.press("新增")
    await coordinator.type(f"第{number}段补充" + "信用产品应用情况平稳。" * 44)
    await coordinator.press("保存")


async def test_what_is_edited_after_somebody_else_confirmed_is_said_not_to_count(
    quarter: Story, papers: list[dict[str, Any]]
):
    story, coordinator = quarter, await _drafted(quarter)
    await coordinator.press("修改文字")
    await coordinator.press("第1段")
    await coordinator.type("全局应用平稳。")
    async with story.database.write() as session:
        await session.execute(update(QuarterPush).values(state=PushState.CONFIRMED))
    assert "汇总稿此前已确认，以下修改未采用：全局应用平稳。" in await coordinator.press("保存")


async def test_a_return_is_put_right_after_the_draft_until_the_summary_is_sent_on(
    quarter: Story, papers: list[dict[str, Any]]
):
    story = quarter
    await register(story.person(OFFICER))
    await story.at("2027-01-04 09:01")
    liaison = story.person(LIAISON)
    await liaison.press("核对报送")
    await liaison.press("报送")
    async with story.database.write() as session:
        await session.execute(update(Item).values(submitted_on=dt.date(2027, 1, 4)))  # somebody puts the ledger right
    await story.at("2027-01-08 09:01")
    coordinator = story.person(COORDINATOR)
    assert "所报数据与台账不一致：大气环境处" in await coordinator.wait_for("汇总稿已自动生成")
    assert (await returned(story, "air")).state is ReturnState.SUMMARISED

    await liaison.type("/quarter")
    assert "已撤回" in await liaison.press("撤回修改")
    await liaison.press("报送")
    assert (await returned(story, "air")).state is ReturnState.REPORTED
    assert "所报数据与台账不一致" not in await _opened(coordinator)
    await coordinator.press("确认推送")
    await coordinator.press("推送")
    await story.settle()
    assert (await returned(story, "air")).state is ReturnState.SUBMITTED
    await liaison.type("/quarter 2026年第四季度")
    assert "撤回修改" not in liaison.buttons


async def test_the_circular_repeats_nothing_that_a_unit_wrote(quarter: Story):
    story = quarter
    await register(story.person(OFFICER))
    await story.at("2027-01-04 09:01")
    liaison = story.person(LIAISON)
    await liaison.press("填写问题")
    await liaison.type(WRONGED)
    await liaison.press("保存")
    await story.at("2027-01-08 09:01")
    coordinator = story.person(COORDINATOR)
    await coordinator.wait_for("汇总稿已自动生成")
    assert WRONGED in _text(story, only(await story.rows(QuarterPush)).files["report"])  # it is looked over there
    await coordinator.press("通报稿")
    await coordinator.press("生成通报稿")
    await story.settle()
    made = only(await story.rows(Outbox, Outbox.kind == "quarter.circular_made"))
    said = _text(story, made.params["key"])
    assert WRONGED not in said and "（请补充）" in said and "大气环境处" not in said


async def test_entries_of_all_units_are_for_those_who_read_all_units(quarter: Story):
    story, coordinator = quarter, await _drafted(quarter)
    await coordinator.press("确认推送")
    await coordinator.press("推送")
    await story.settle()
    push = only(await story.rows(QuarterPush))
    assert "台账" not in _sheets(story, push.files["sheet"]) and "台账" in _sheets(story, push.files["ledger"])
    liaison, officer, auditor = (story.person(each) for each in (LIAISON, OFFICER, AUDITOR))
    assert not any("台账" in label for label in liaison.buttons)
    for person, has in ((liaison, False), (officer, False), (auditor, True), (coordinator, True)):
        await person.type("/help")
        await person.press_data(person.messages[-1].id, Press("qfil", push.id, arg="ledger").encode())
        files = [message.body["document"]["file_name"] for message in person.messages if "document" in message.body]
        assert ("2026年第四季度汇总表（含台账）.xlsx" in files) is has, person.id


async def test_a_group_that_is_gone_is_named_and_who_came_since_gets_a_copy(
    quarter: Story, papers: list[dict[str, Any]]
):
    story, coordinator = quarter, await _drafted(quarter)
    await bind_group(story)
    story.api.chats[GROUP].kicked = True  # and the update that says so was lost
    await coordinator.press("确认推送")
    await coordinator.press("推送")
    await story.settle()
    assert "未送达：大气环境处工作群" in await _opened(coordinator)
    await story.enrol(HEAD, "郑负责（虚构）", Role.HEAD, "air")
    await _opened(coordinator)
    await coordinator.press("补发1份")  # to the head: the group is bound no more
    await story.settle()
    assert "【季度汇总】2026年第四季度" in story.person(HEAD).transcript()
    await _opened(coordinator)
    assert not any("补发" in label for label in coordinator.buttons)


async def test_a_confirmed_summary_that_could_not_be_made_is_drafted_anew_by_a_press(
    quarter: Story, papers: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
):
    story, coordinator = quarter, await _drafted(quarter)
    made = quarter_files.book

    async def broken(*_args: object, **_more: object) -> bytes:
        raise RuntimeError("a defect, on purpose")

    monkeypatch.setattr(quarter_files, "book", broken)
    await coordinator.press("确认推送")
    await coordinator.press("推送")
    await coordinator.wait_for("请将编号")
    assert only(await story.rows(QuarterPush)).state is PushState.CONFIRMED
    monkeypatch.setattr(quarter_files, "book", made)
    await _opened(coordinator)
    await coordinator.press("重新汇总")
    await story.settle()
    assert only(await story.rows(QuarterPush)).state is PushState.DRAFTED


async def test_no_unit_is_chased_for_a_quarter_before_the_office_used_the_bot(quarter: Story):
    coordinator = quarter.person(COORDINATOR)
    await coordinator.type("/quarter 2026年第三季度")
    assert not any("催报" in label for label in coordinator.buttons)
    await coordinator.press_data(coordinator.messages[-1].id, Press("qcha", arg="2026Q3").encode())
    assert await quarter.rows(Outbox, Outbox.kind == "quarter.prompt") == []


async def test_an_officer_reads_no_return_that_names_entries_of_others(quarter: Story):
    await register(quarter.person(LIAISON))
    await quarter.at("2026-12-21 09:01")
    row = await returned(quarter, "air")
    officer = quarter.person(OFFICER)
    await officer.type("/help")
    for verb in ("qret", "qmat", "qgap"):
        screen = await officer.press_data(officer.messages[-1].id, Press(verb, row.id, row.version).encode())
        assert "大气环境处" not in screen and "大气2026-1" not in screen, verb


def _path(story: Story, key: str) -> Path:
    return story.service.store.path(key)


def _text(story: Story, key: str) -> str:
    document = Document(str(_path(story, key)))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(each.text for each in document.paragraphs), *cells])


def _sheets(story: Story, key: str) -> list[str]:
    return CalamineWorkbook.from_path(str(_path(story, key))).sheet_names
