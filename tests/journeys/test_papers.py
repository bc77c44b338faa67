"""From an entry to its letter and calendar file in the chat."""

import asyncio
import io
import re
import zipfile

from docx import Document
from icalendar import Calendar

from bot.screens.screen import Press
from storage.tables import Audit
from tests.conftest import OFFICER
from tests.journeys.story import OUTSIDER, Story, register
from tests.sheets import cells


async def document_of(story: Story):
    """Wait for the document in the officer's chat, which the worker makes, and return its name and bytes."""
    async with asyncio.timeout(30):
        while not documents(story):
            await story.api.changed.wait(story.api.changed.count, 0.1)
    [document] = documents(story)
    return document["file_name"], story.api.files[document["file_id"]].content


def documents(story: Story, user_id: int = OFFICER):
    return [each.body["document"] for each in story.api.messages(user_id) if each.from_bot and "document" in each.body]


async def pressed(me, press: Press) -> str:
    return await me.press_data(me.messages[-1].id, press.encode())


async def test_a_letter_is_asked_for_and_comes_as_a_document_into_the_chat(story: Story) -> None:
    me = story.person()
    hostile = "=HYPERLINK(1)<b>&amp;{{ 7*7 }}{% x %}甲公司"  # fictitious; text wherever it comes out
    await register(me, subject=f"{hostile} 91410100MA00000T42")
    await me.press("查看台账")
    await me.press("更多")
    await me.press("生成函件")
    await me.press("核查申请函")
    assert "大气2026-1" in me.screen and not documents(story)
    name, content = await document_of(story)
    assert name == "核查申请函-大气2026-1.docx"
    said = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(content)).paragraphs)
    assert f"{hostile}，统一社会信用代码：91410100MA00000T42" in said

    await me.type("/find 甲公司")
    await me.press("导出表格")
    await me.wait_for("共")
    await story.settle()
    [sheet] = [each for each in documents(story) if each["file_name"].endswith(".xlsx")]
    content = story.api.files[sheet["file_id"]].content
    assert [line for line in cells(content) if hostile in line]
    assert not re.search(b"<f[ >]", zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml"))
    assert "paper.make" in [row.verb for row in await story.rows(Audit)]


async def test_the_days_come_as_a_calendar_file(story: Story) -> None:
    me = story.person()
    await register(me)
    await pressed(me, Press("icsme"))
    name, content = await document_of(story)
    assert name.endswith(".ics")
    assert len(Calendar.from_ical(content).walk("VEVENT")) == 1


async def test_nobody_outside_the_unit_has_a_letter_made_with_a_forged_press(story: Story) -> None:
    me, other = story.person(), story.person(OUTSIDER)
    await register(me)
    await other.type("/my")
    await pressed(other, Press("pmake", 1, 1, "application"))
    await story.settle()
    assert documents(story, OUTSIDER) == []
