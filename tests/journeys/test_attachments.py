"""Files of an entry, over the wire: sent in, kept, sent back, taken away; hostile ones and strangers refused."""

from collections.abc import Sequence

import pytest

from storage.tables import Attachment, Audit, Item, Request, Work, WorkState
from tests.conftest import AUDITOR, COLLEAGUE
from tests.journeys.story import FIRM, OUTSIDER, Story, only, register
from tests.officer import Officer
from tests.papers import PAGES, SCRIPT, archive, jpeg, pdf, png

FILING = "机动车排放检验机构监管备案"


async def open_files(me: Officer) -> str:
    """Press 〔附件〕, wherever it stands."""
    if not any(each.startswith("附件") for each in me.buttons):
        await me.press("更多")
    return await me.press("附件")


async def asked_for_letter(me: Officer) -> str:
    await me.type(f"/new {FILING}")
    await me.press(FILING)
    await me.type(FIRM)
    await me.press("确认登记")
    await me.press("查看台账")
    await open_files(me)
    return await me.press("保存承诺书")


def files_of(story: Story) -> Sequence[str]:
    folder = story.settings.data / "files"
    return sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []


async def test_a_signed_letter_is_kept_sent_back_and_taken_away(story: Story):
    me = story.person()
    asked = await asked_for_letter(me)
    assert "请发送承诺书的照片或PDF文件，不超过10MB" in asked and "不得含个人证件" in asked
    said = await me.send_document(pdf(PAGES), "某某公司承诺书.pdf")
    assert "正在保存附件：承诺书" in said or "附件已保存：承诺书" in said
    await me.wait_for("附件已保存：承诺书")
    row = only(await story.rows(Attachment))
    assert (row.purpose, row.media_type) == ("letter", "application/pdf")
    assert (story.settings.data / "files" / row.path).read_bytes() == pdf(PAGES)

    screen = await me.press("查看台账")
    assert "附件：承诺书1份" in screen and "保存附件" in screen
    await open_files(me)
    await me.press("查看承诺书")
    back = next(message for message in reversed(me.messages) if message.body.get("document"))
    document = back.body["document"]
    assert document["file_name"] == "承诺书-大气2026-1.pdf"
    assert story.api.files[document["file_id"]].content == pdf(PAGES)
    looks = [line for line in await story.rows(Audit) if line.verb == "attachment.look"]
    assert only(looks).subject_id == row.id

    await me.press("附件")
    await me.press("删除承诺书")
    screen = await me.press("确认删除")
    assert "尚无附件" in screen
    await story.settle()
    await _until_idle(story)
    assert files_of(story) == []
    await me.press("返回")
    assert "移除附件" in me.screen


async def test_a_photo_of_the_opinion_once_it_has_come_back(story: Story):
    me = story.person()
    await register(me)
    await me.press("查看台账")
    await me.press("今天中心已收件")
    await open_files(me)
    assert "保存查询意见" not in " ".join(me.buttons)
    await me.press("返回")
    await me.press("已收到意见")
    await me.press("今天")
    await open_files(me)
    await me.press("保存查询意见")
    await me.send_photo(jpeg())
    await me.wait_for("附件已保存：查询意见")
    assert only(await story.rows(Attachment)).media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"<html><script>alert(1)</script></html>", "承诺书.pdf", "只收照片或PDF文件"),
        (archive() + jpeg(), "承诺书.jpg", "只收照片或PDF文件"),
        (png() + archive(), "承诺书.png", "只收照片或PDF文件"),
        (pdf(SCRIPT), "承诺书.pdf", "含脚本"),
        (b"%PDF-1.7 " + b"0" * 11 * 1024 * 1024, "承诺书.pdf", "超过10MB"),
        (b"", "承诺书.pdf", "空文件"),
    ],
    ids=["html", "zip-jpg", "png-zip", "script", "large", "empty"],
)
async def test_a_hostile_file_is_refused_with_its_reason(story: Story, content: bytes, name: str, why: str):
    me = story.person()
    await asked_for_letter(me)
    await me.send_document(content, name)
    await me.wait_for(why)
    await _until_idle(story)
    assert await story.count(Attachment) == 0 and files_of(story) == []


async def test_words_where_a_file_is_awaited_do_not_search_the_catalogue(story: Story):
    me = story.person()
    await asked_for_letter(me)
    said = await me.type("已经签了")
    assert "请直接发送照片或PDF文件" in said and "请发送承诺书的照片" in said


async def test_strangers_get_nothing(story: Story):
    me = story.person()
    await asked_for_letter(me)
    await me.send_document(pdf(PAGES), "承诺书.pdf")
    await me.wait_for("附件已保存")
    entry, row = only(await story.rows(Request)), only(await story.rows(Attachment))
    item = only(await story.rows(Item))
    for user_id in (OUTSIDER, COLLEAGUE):
        stranger = story.person(user_id)
        await stranger.type("/start")
        for data in (f"atts:{entry.id}", f"att:{item.id}", f"attg:{row.id}", f"attr:{row.id}"):
            for arg in ("", "yes"):
                await stranger.press_data(stranger.messages[-1].id, f"1:{data}:0:{arg}")
        await stranger.send_document(png(), "承诺书.png")
        assert not [message for message in stranger.messages if message.body.get("document")]
        assert "承诺书-" not in stranger.screen
    assert only(await story.rows(Attachment)).removed_at is None
    assert [line for line in await story.rows(Audit) if line.verb == "attachment.look"] == []


async def test_an_auditor_looks_and_takes_nothing_away(story: Story):
    me, auditor = story.person(), story.person(AUDITOR)
    await asked_for_letter(me)
    await me.send_document(pdf(PAGES), "承诺书.pdf")
    await me.wait_for("附件已保存")
    row = only(await story.rows(Attachment))
    await auditor.type("/start")
    for arg in ("", "yes"):
        await auditor.press_data(auditor.messages[-1].id, f"1:attr:{row.id}:0:{arg}")
    assert only(await story.rows(Attachment)).removed_at is None
    await auditor.press_data(auditor.messages[-1].id, f"1:attg:{row.id}:0:")
    assert [message for message in auditor.messages if message.body.get("document")]
    assert "attachment.look" in [line.verb for line in await story.rows(Audit)]


async def test_of_persons_nothing_is_kept(story: Story):
    me = story.person()
    matter = next(each.name for each in story.policy.matters.values() if each.code == "m24")
    await me.type(f"/new {matter}")
    await me.press(matter)
    await me.press("是")
    await me.press("社会人士")
    await me.type("3")
    await me.press("今天提交")
    await me.press("确认登记")
    await me.press("查看台账")
    await me.press("今天中心已收件")
    await me.press("已收到意见")
    await me.press("今天")
    await open_files(me)
    said = await me.press("保存查询意见")
    assert "涉及自然人的材料不在此保存" in said
    said = await me.send_document(pdf(PAGES), "意见.pdf")
    assert await story.count(Attachment) == 0
    assert [row.kind for row in await story.rows(Work) if row.kind.startswith("attachment")] == []


async def test_a_restart_while_the_file_is_awaited_loses_nothing(story: Story):
    me = story.person()
    await asked_for_letter(me)
    await story.restart()
    await me.send_document(pdf(PAGES), "承诺书.pdf")
    await me.wait_for("附件已保存")
    assert await story.count(Attachment) == 1


async def _until_idle(story: Story) -> None:
    """Wait until the worker has nothing left to do."""
    while [row for row in await story.rows(Work) if row.state in (WorkState.WAITING, WorkState.RUNNING)]:
        await story.api.changed.wait(story.api.changed.count, 0.02)
