"""The unit's own ledger comes in through the front door, once, and goes out again in its own columns."""

import asyncio
import datetime as dt

import pytest

from bot.language import _, ngettext, pgettext, speaking
from bot.ledger_import import Ledger
from handlers import ledger_entering
from handlers.ledger_entering import Act
from handlers.ledger_import_work import columns_of, read_ledger
from storage.sight import Sight
from storage.tables import (
    Audit,
    Item,
    ItemState,
    Opinion,
    Person,
    Reminder,
    ReminderState,
    Request,
    RequestState,
    Sheet,
)
from tests.conftest import COLLEAGUE, OFFICER
from tests.journeys.story import Story
from tests.officer import Officer
from tests.sheets import cells, code, company, xlsx

HEADER = (
    "序号", "台账编号", "办理事项", "企业（单位）名称", "信用代码", "承办人", "受理时间", "中心收件时间", "回复时间",
    "结果", "意见文号", "意见日期", "有效期", "办理情况", "备注",
)  # fmt: skip
SECRET = "张丰丰"


def label(message: str, **values: object) -> str:
    """Return a button's words as the officers of these stories read them."""
    with speaking("zh_CN"):
        return pgettext("button", message) % values


def said(message: str, **values: object) -> str:
    with speaking("zh_CN"):
        return _(message) % values


def old_ledger() -> bytes:
    """Sixty rows of a year: under way, answered, settled, expired, wrong, and a natural person."""
    rows: list[list[str]] = []
    for n in range(1, 61):
        row = [str(n), f"气信{n}", "排污许可证延续", company(n), code(n), "", "2026.11.20", *[""] * 8]
        if n <= 5:
            row[7] = "2026/11/20"
        elif n <= 35:
            row[6:13] = ["2026.3.2", "2026.3.2", "2026年3月9日", "正常", f"郑信查{n}", "20260309", ""]
            row[13] = "已办结"
        elif n <= 50:
            row[6:13] = ["2024.3.2", "", "2024.3.9", "无", f"旧{n}", "2024.3.9", "2025.3.8"]
        elif n <= 55:
            row[4] = row[4][:-1] + ("0" if row[4][-1] != "0" else "1")
        elif n == 56:
            row[3], row[4] = SECRET, ""
        rows.append(row)
    return xlsx(rows, HEADER, above=[("大气处信用核查台账（虚构）",)])


async def document(story: Story, me: Officer, part: str) -> tuple[str, list[list[str]]]:
    """Wait for a text and the sheet that goes with it; return both as they came over the wire."""
    before = sum("document" in each.body for each in me.messages)
    text = await me.wait_for(part)
    if not any(part in each.text and "document" in each.body for each in me.messages):
        await me._until(lambda: sum("document" in each.body for each in me.messages) > before, "a file")
    sent = next(each for each in reversed(me.messages) if "document" in each.body)
    return text, cells(story.api.files[sent.body["document"]["file_id"]].content)


async def try_out(story: Story, me: Officer) -> tuple[str, list[list[str]]]:
    await me.type("/sheet")
    await me.press(label("Import a ledger"))
    await me.send_document(old_ledger(), "台账.xlsx")
    text = await me.wait_for(said("[Columns of the ledger]"))
    assert "受理时间" in text
    await me.press(label("The columns are right"))
    return await document(story, me, said("[Import of a ledger: not recorded yet]"))


async def test_a_ledger_is_tried_the_bot_dies_and_it_is_imported_once(story: Story) -> None:
    me = story.person()
    text, back = await try_out(story, me)
    for words, n in (
        ("%(n)d open entries", 9), ("%(n)d valid opinions of settled matters", 30),
        ("%(n)d with an expired opinion, left out", 15), ("%(n)d wrong, left out", 5),
        ("%(n)d natural persons, counted only; their names were not kept", 1),
    ):  # fmt: skip
        assert said(words, n=n) in text
    assert len(back) == 61
    assert SECRET not in str(back)
    assert SECRET not in "".join(each.text for each in me.messages)
    assert await story.count(Request) == await story.count(Opinion) == 0

    await story.restart()  # between the trial and the word
    await me.press(label("Import (%(n)d)", n=39))
    text, wrong = await document(story, me, said("[Ledger imported]"))
    assert said("Numbers %(first)s to %(last)s", first="大气2026-1", last="大气2026-9") in text
    assert len(wrong) == 6
    assert "53" in wrong[1][-1]  # the row as the officer counts it, below the title and the heading
    entries = await story.rows(Request)
    assert [each.seq for each in entries] == list(range(1, 10))
    assert {each.state for each in entries} == {RequestState.OPEN}
    items = await story.rows(Item)
    assert [item.state for item in items] == [ItemState.RECEIVED] * 5 + [ItemState.SUBMITTED] * 4
    assert {item.due_on for item in items} == {dt.date(2026, 11, 27)}
    assert len(await story.rows(Opinion)) == 30
    planned = await story.rows(Reminder, Reminder.state == ReminderState.PLANNED, Reminder.subject_kind == "request")
    assert {each.subject_id for each in planned} == {each.id for each in entries}
    assert len(await story.rows(Audit, Audit.verb == "request.register", Audit.reason.is_not(None))) == 9
    assert all(sheet.rows is None for sheet in await story.rows(Sheet))

    # A new matter of one of these companies: the imported opinion is offered instead of an application.
    await me.type("/new 环评报告表")
    await me.press("建设项目环评报告表审批")
    await me.type(f"{company(20)} {code(20)}")
    assert "郑信查20" in me.screen

    # The centre's feedback on an imported entry is watched as that of any other.
    await me.type("/cancel")
    await story.at("2026-11-27 09:05")
    assert "大气2026-1" in "".join(each.text for each in me.messages[-6:])


async def test_the_same_sheet_twice_and_from_two_officers(story: Story) -> None:
    me, other = story.person(), story.person(COLLEAGUE)
    await try_out(story, me)
    await other.type("/sheet")
    await other.press(label("Import a ledger"))
    await other.send_document(old_ledger(), "台账.xlsx")  # the unit's columns are known: nobody is asked again
    await other.wait_for(said("[Import of a ledger: not recorded yet]"))
    await me.press(label("Import (%(n)d)", n=39))
    await other.press(label("Import (%(n)d)", n=39))
    first = await me.wait_for(said("[Ledger imported]"))
    second = await other.wait_for(said("[Ledger imported]"))
    assert sorted([said("%(n)d open entries", n=9) in first, said("%(n)d open entries", n=9) in second]) == [
        False,
        True,
    ]
    assert await story.count(Request) == 9
    assert await story.count(Opinion) == 30
    await me.type("/sheet")
    await me.press(label("Import a ledger"))
    await me.send_document(old_ledger(), "台账.xlsx")
    await me._until(
        lambda: said("%(n)d in the ledger already, left out", n=39) in me.screen, "everything is there already"
    )
    assert label("Import (%(n)d)", n=39) not in me.buttons
    assert await story.count(Request) == 9


async def test_the_ledger_goes_out_in_the_units_own_columns(story: Story) -> None:
    me = story.person()
    await try_out(story, me)
    await me.press(label("Import (%(n)d)", n=39))
    await me.wait_for(said("[Ledger imported]"))
    await me.type("/sheet")
    await me.press(label("Export the ledger"))
    text, out = await document(story, me, said("[Ledger as a sheet]") + "\n" + said_rows(9))
    assert said_rows(9) in text
    assert tuple(out[0][: len(HEADER)]) == HEADER
    assert len(out) == 10
    assert out[1][1:5] == ["大气2026-1", "排污许可证延续", company(1), code(1)]
    assert out[1][6] == "2026-11-20"


async def test_two_instances_that_import_at_the_same_moment_come_one_after_the_other(story: Story) -> None:
    office, now = story.service.office, story.clock.now()
    kept = await read_ledger(old_ledger(), None)
    rows = ledger_entering.read_rows(office, Ledger.from_json(kept), columns_of(kept), office.today(now))
    [owner] = await story.rows(Person, Person.telegram_id == OFFICER)

    async def enter() -> int:
        async with story.database.write() as session:
            act = Act(actor_id=owner.id, owner_id=owner.id, now=now, sight=Sight(owner, office.today(now)))
            done = await ledger_entering.enter(session, office, owner.unit_id, rows, act)
            await asyncio.sleep(0.05)
        return len(done.numbers)

    assert sorted(await asyncio.gather(enter(), enter())) == [0, 9]
    assert await story.count(Request) == 9
    assert await story.count(Opinion) == 30


def said_rows(n: int) -> str:
    with speaking("zh_CN"):
        return ngettext("%(n)d row of verifications", "%(n)d rows of verifications", n) % {"n": n}


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b" ", "空.xlsx", "The file is empty. Please send the list with its heading and at least one row."),
        (b"%PDF-1.7 fictitious", "台账.pdf", None),
    ],
)
async def test_a_bad_file_gets_its_sentence_and_a_better_one_may_follow(
    story: Story, content: bytes, name: str, sentence: str | None
) -> None:
    me = story.person()
    await me.type("/sheet")
    await me.press(label("Import a ledger"))
    shown = len(me.messages)
    await me.send_document(content, name)
    await me._until(lambda: len(me.messages) > shown + 1 or sentence is None, "the refusal")
    if sentence is not None:
        await me.wait_for(said(sentence))
    await me.send_document(old_ledger(), "台账.xlsx")
    await me.wait_for(said("[Columns of the ledger]"))
