"""Sheets that lists do not come in: each gets its sentence, with row and column, and nothing of it is half taken in."""

import pytest
from sqlalchemy import select

from bot.screens.screen import Press
from storage.tables import Draft, Item, ItemState, Opinion, Request, Sheet
from tests.journeys.story import Story, only
from tests.officer import Officer
from tests.sheets import HEADER, RESULT_HEADER, code, company, repacked, row, xlsx

GOOD = xlsx([row(1)])
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
MATTER = "环境友好企业、绿色企业评选"
UNREADABLE = {
    "空.xlsx": (b" \r\n", "文件为空"),
    "宏.xlsm": (repacked(GOOD, {"xl/vbaProject.bin": b"macro"}), "宏"),
    "旧宏.xls": (OLE + "_VBA_PROJECT".encode("utf-16-le"), "宏"),
    "加密.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le"), "密码"),
    "炸弹.xlsx": (repacked(GOOD, {"xl/worksheets/sheet9.xml": bytes(20_000_000)}), "过大"),
    "坏.xlsx": (GOOD[:-200], "已损坏"),
    "无表头.xlsx": (xlsx([row(1)], header=("一", "二", "三")), "表头"),
    "缺列.xlsx": (xlsx([row(1)[:3]], header=HEADER[:3]), "统一社会信用代码"),
    "过大.csv": (bytes(11_000_000), "超过10"),
    "三十兆.xlsx": (bytes(30_000_000), "超过20"),
}


@pytest.fixture
def database_url(copied_file: str) -> str:
    """What a file says is read the same way whatever the database."""
    return copied_file


async def asked_for_a_list(story: Story) -> Officer:
    me = story.person()
    await me.type("/new 绿色企业评选")
    await me.press(MATTER)
    await me.press("是")
    async with story.database.read() as session:
        draft = (await session.scalars(select(Draft).where(Draft.active))).one()
    await me.press_data(me.messages[-1].id, Press("bnew", draft.id, draft.version).encode())
    return me


async def answer_to(story: Story, me: Officer, content: bytes, name: str) -> str:
    """Send a file and return everything that the bot said about it."""
    before = len(me.messages)
    await me.send_document(content, name)
    await story.settle()
    return "\n".join(message.text for message in me.messages[before:])


async def test_what_cannot_be_a_list_is_refused_in_one_sentence_and_a_good_one_may_follow(story: Story) -> None:
    me = await asked_for_a_list(story)
    for name, (content, part) in UNREADABLE.items():
        said = await answer_to(story, me, content, name)
        assert part in said, (name, said)
        assert "登记" not in " ".join(me.buttons), name
    assert (await story.count(Request), await story.count(Item), await story.count(Opinion)) == (0, 0, 0)
    gbk = f"单位名称,代码\n{company(1)},{code(1)}\n".encode("gbk")
    assert "共1行，1家无误" in await answer_to(story, me, gbk, "名单.csv")
    assert [each.closed_at is None for each in await story.rows(Sheet)].count(True) == 1


async def test_each_wrong_cell_is_named_by_row_and_column_and_only_right_rows_are_registered(story: Story) -> None:
    me = await asked_for_a_list(story)
    content = xlsx(
        [row(1), row(2), (3, company(3), "企业", 914101000000000003, "", "", "", ""), row(4), row(5)],
        formulas={(2, 3): ("=D2", code(1))},
        merged=[(4, 3, 5, 3, code(4))],
    )
    said = await answer_to(story, me, content, "名单.xlsx")
    for number, part in ((3, "公式"), (4, "末几位已丢失"), (6, "合并单元格")):
        fault = next(line for line in said.splitlines() if line.startswith(f"第{number}行“统一社会信用代码”"))
        assert part in fault, said
    await me.press("登记台账（2")
    await me.press("今天")
    items = [item for item in await story.rows(Item) if item.product_kind == "verification"]
    assert [item.state for item in items] == [ItemState.SUBMITTED] * 2

    request = only(await story.rows(Request))
    await me.press_data(me.messages[-1].id, Press("bres", request.id, request.version).encode())
    wrong = [
        ((code(1), "无", "", "", "", "2027-03-01", ""), "出具日期", "晚于今天"),
        ((code(1), "无", "", "", "", "2026-11-20", "2026-11-19"), "有效期至", "早于出具日期"),
        ((code(1), "无", "", "", "", "2025-11-20", "2026-11-19"), "有效期至", "已过期"),
        ((code(1), "无", "", "", "", "2025-11-20", ""), "出具日期", "已过期"),
    ]
    results = xlsx([each for each, _column, _part in wrong], header=RESULT_HEADER)
    said = await answer_to(story, me, results, "结果.xlsx")
    for number, (_row, column, part) in enumerate(wrong, start=2):
        fault = next(line for line in said.splitlines() if line.startswith(f"第{number}行“{column}”"))
        assert part in fault, said
    assert await story.count(Opinion) == 0
