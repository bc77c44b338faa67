"""The figures through the front door: from a number to the entries behind it, and out as a book."""

import io

from python_calamine import CalamineWorkbook

from storage.tables import Audit
from tests.conftest import COORDINATOR
from tests.journeys.story import Story, register

OTHER = "虚构监测站 12410100MB0000T3XJ"
SHOP = "虚构便民店 92410100MA00000T4Y"


async def test_a_figure_leads_to_its_entries_and_the_book_adds_up_to_them(story: Story):
    me = story.person()
    await register(me, subject=SHOP)
    await register(me, subject=OTHER)
    shown = await me.type("/stats")
    assert "【统计】2026年第四季度，大气环境处" in shown
    assert "核查申请2次2家" in shown and "信用承诺2份，其中申请材料已含2份" in shown
    assert "期初结转0家，期末未反馈2家" in shown
    listed = await me.press("核查申请 2")
    assert "核查申请：台账2件" in listed and "大气2026-1" in listed and "大气2026-2" in listed
    opened = await me.press("大气2026-2")
    assert "虚构监测站" in opened

    await me.type("/stats 10月")
    assert "本时段无使用记录" in me.screen
    await me.press("本季度")
    await me.press("导出表格")
    await story.settle()

    chief = story.person(COORDINATOR)
    assert "全局" in await chief.type("/stats 2026年")
    await chief.press("选择单位")
    assert "核查申请2次2家" in await chief.press("大气环境处")
    await chief.press("导出表格")
    await story.settle()
    sent = [each for each in chief.messages if each.body.get("document")][-1]
    document = sent.body["document"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(story.api.files[document["file_id"]].content))
    rows = book.get_sheet_by_name("台账").to_python()
    at = rows[0].index("核查申请（家）")
    assert sum(int(row[at]) for row in rows[1:]) == 2
    assert "**************0T4Y" in str(rows) and "92410100MA00000T4Y" not in str(rows)  # whoever takes it away
    mine = [each for each in me.messages if each.body.get("document")]
    assert len(mine) == 1
    assert len(await story.rows(Audit, Audit.verb == "stats.export")) == 2
