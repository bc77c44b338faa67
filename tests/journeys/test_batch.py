"""A list of three hundred rows through the front door: checked, registered as one entry, its results imported."""

import datetime as dt

import pytest
from sqlalchemy import select

from bot.counterparts import Organisation
from bot.identifiers import read_code
from bot.language import _, pgettext, speaking
from bot.opinions import Finding
from bot.screens.screen import Press
from storage import opinions, registration
from storage.tables import Draft, FollowUp, Item, ItemState, Opinion, OpinionUse, Request, RequestState, Sheet, Work
from tests.conftest import AUDITOR
from tests.journeys.story import Story, only
from tests.officer import Officer
from tests.sheets import RESULT_HEADER, cells, code, company, row, xlsx

SPECIMEN = "11010519491231002X"  # a published specimen; nobody's
SECRET_NAMES = tuple(f"虚构{name}" for name in ("甲", "乙", "丙", "丁", "戊"))


def label(message: str, **values: object) -> str:
    """Return a button's words as the officers of these stories read them."""
    with speaking("zh_CN"):
        return pgettext("button", message) % values


def said(message: str, **values: object) -> str:
    with speaking("zh_CN"):
        return _(message) % values


def mixed_list() -> bytes:
    """Three hundred rows of an award: most right, some wrong in each way that lists are wrong."""
    rows: list[tuple] = [row(n) for n in range(1, 251)]
    rows += [row(n, its_code=code(n)[:-1] + ("0" if code(n)[-1] != "0" else "1")) for n in range(251, 261)]  # check
    rows += [(n, company(n), "企业", 914101000000000000 + n, "", "", "", "") for n in range(261, 271)]  # lost digits
    rows += [row(n, its_code="") for n in range(271, 276)]
    rows += [row(n, f"{company(n - 275)} ", code(n - 275)) for n in range(276, 286)]  # repeated
    rows += [row(n, its_code=code(n, "12410100MB"), kind="事业单位") for n in range(286, 291)]  # not for this matter
    rows += [(str(290 + n), name, "自然人", "", "", "", "", "") for n, name in enumerate(SECRET_NAMES, start=1)]
    rows += [row(n, f"虚构({n})绿色环境集团有限公司", note=f"法定代表人{SPECIMEN}") for n in range(296, 301)]
    return xlsx(rows, above=[("2026年绿色企业拟表彰名单（虚构）",)])


async def hold_opinions(story: Story, numbers: range) -> None:
    """Let another unit hold valid opinions on some companies."""
    async with story.database.write() as session:
        named = [Organisation(company(n), read_code(code(n))) for n in numbers]
        ids = await registration.organisations(session, named)
        new = [
            opinions.NewOpinion(
                counterpart_id=ids[each.code.value], item_id=None, unit_id=None, holder_id=None,
                issued_on=dt.date(2026, 5, 1), valid_to=dt.date(2027, 4, 30), valid_source="printed",
                finding=Finding.CLEAN,
            )
            for each in named
        ]  # fmt: skip
        await opinions.record(session, new, now=story.clock.now())


async def begin(story: Story, me: Officer) -> None:
    """Come to the question for the list by way of the entry's form."""
    await me.type("/new 绿色企业评选")
    await me.press("环境友好企业、绿色企业评选")
    await me.press("是")
    async with story.database.read() as session:
        draft = (await session.scalars(select(Draft).where(Draft.active))).one()
    await me.press_data(me.messages[-1].id, Press("bnew", draft.id, draft.version).encode())


async def document(story: Story, me: Officer, part: str) -> tuple[str, bytes]:
    """Wait for a text and the file that goes with it; return both as they came over the wire."""
    text = await me.wait_for(part)
    await me._until(lambda: any("document" in each.body for each in me.messages), "a file")
    sent = next(each for each in reversed(me.messages) if "document" in each.body)
    return text, story.api.files[sent.body["document"]["file_id"]].content


async def test_three_hundred_rows_of_mixed_quality(story: Story) -> None:
    me = story.person()
    await hold_opinions(story, range(1, 31))
    await begin(story, me)
    await me.send_document(mixed_list(), "拟表彰名单.xlsx")
    text, back = await document(story, me, said("%(rows)d rows, %(right)d of organisations right", rows=300, right=255))
    assert said("%(reuse)d have a valid opinion, %(apply)d need verification", reuse=30, apply=225) in text
    assert said("%(n)d wrong", n=30) in text and said("%(n)d repeated, counted once", n=10) in text
    assert said("%(n)d natural persons, counted only; their names were not kept", n=5) in text
    assert "253" in text and "统一社会信用代码" in text  # the first wrong row as the officer counts it
    sheet = cells(back)
    assert len(sheet) == 301 and len(sheet[0]) == 13
    assert [line[1] for line in sheet[1:251]] == [company(n) for n in range(1, 251)]
    assert sum(bool(line[10]) for line in sheet[1:]) == 30
    everything = "".join(message.text for message in me.messages) + str(sheet)
    assert not any(name in everything for name in (*SECRET_NAMES, SPECIMEN))

    await me.press(label("Register (%(n)d)", n=260))
    await me.press(label("Today"))
    assert "大气2026-1" in me.screen
    request = only(await story.rows(Request))
    assert request.state is RequestState.OPEN
    checks = [item for item in await story.rows(Item) if item.product_kind == "verification"]
    states = {state: sum(item.state is state for item in checks) for state in ItemState}
    assert (states[ItemState.SUBMITTED], states[ItemState.USED], len(checks)) == (226, 30, 256)
    assert [item.head_count for item in checks if item.head_count] == [5]
    assert len(await story.rows(OpinionUse)) == 30
    kept = only(await story.rows(Sheet))
    assert kept.closed_at is not None and kept.rows is None

    await story.at("2026-11-30 10:00")
    await me.type("/my")
    [request] = await story.rows(Request)
    await me.press_data(me.messages[-1].id, Press("bres", request.id, request.version).encode())
    results = [(code(n), "未查询到不良信息", "", "", f"信核{n}", "2026-11-27", "") for n in range(31, 201)]
    results[3] = (code(34), "有不良信息", "1", "行政处罚", "信核34", "2026-11-27", "")
    results += [
        (code(201), "未查询到不良信息", "", "", "", "2026-12-30", ""),
        (code(900), "无", "", "", "", "2026-11-27", ""),
    ]
    await me.send_document(xlsx(results, header=RESULT_HEADER), "核查结果.xlsx")
    text = await me.wait_for(said("%(right)d can be recorded, %(wrong)d rows are wrong", right=170, wrong=2))
    assert said('Row %(row)d, "%(column)s": %(fault)s', row=172, column="出具日期", fault="")[:8] in text
    assert not [row for row in await story.rows(Opinion) if row.item_id is not None]
    await me.press(label("All others: nothing found"))
    await me.type("11月27日")
    await me.press(label("Came today, record %(n)d", n=224))
    assert len([row for row in await story.rows(Opinion) if row.item_id is not None]) == 224
    only(await story.rows(FollowUp))
    checks = [item for item in await story.rows(Item) if item.product_kind == "verification"]
    assert sum(item.state is ItemState.RETURNED for item in checks) == 224


async def test_a_restart_while_the_list_is_checked_loses_nothing(story: Story) -> None:
    me = story.person()
    await begin(story, me)
    await me.send_document(xlsx([row(1)]), "名单.xlsx")
    await story.restart()
    story.pass_time("2026-11-23 10:00")  # on PostgreSQL another instance may be at it until its lease is over
    story.service.worker.wake()
    await me.wait_for(said("%(rows)d rows, %(right)d of organisations right", rows=1, right=1))
    await story.settle()
    checked = [each for each in me.messages if "document" in each.body]
    assert len(checked) == 1
    assert {job.state.value for job in await story.rows(Work)} == {"done"}


async def test_a_sheet_that_nobody_asked_for(story: Story) -> None:
    me = story.person()
    await me.send_document(xlsx([row(1), row(2)]), "名单.xlsx")
    await me.press(label("Check a list"))
    await me.wait_for(said("%(rows)d rows, %(right)d of organisations right", rows=2, right=2))
    await me.press(label("Choose the matter"))
    await me.type("绿色企业评选")
    await me.press("环境友好企业、绿色企业评选")
    await me.press("是")
    async with story.database.read() as session:
        draft = (await session.scalars(select(Draft).where(Draft.person_id.is_not(None), Draft.active))).one()
    await me.press_data(me.messages[-1].id, Press("bnew", draft.id, draft.version).encode())
    await me.wait_for(said("[List checked] %(matter)s", matter="环境友好企业、绿色企业评选"))
    await me.press(label("Register (%(n)d)", n=2))
    await me.press(label("Not handed in yet"))
    assert [item.state for item in await story.rows(Item) if item.product_kind == "verification"] == [
        ItemState.DRAFT
    ] * 2


@pytest.mark.parametrize("kind", ["list", "results"])
async def test_the_template_comes_and_can_be_sent_back(story: Story, kind: str) -> None:
    me = story.person()
    await me.type("/batch")
    await me.press_data(me.messages[-1].id, Press("btpl", 0, 0, kind).encode())
    name = said("Template of results") if kind == "results" else said("Template of a list")
    await story.settle()
    await me._until(lambda: any("document" in each.body for each in me.messages), "the template")
    sent = next(each for each in me.messages if "document" in each.body)
    assert sent.body["document"]["file_name"] == f"{name}.xlsx"


async def test_an_auditor_sends_nothing(story: Story) -> None:
    auditor = story.person(AUDITOR)
    await auditor.send_document(xlsx([row(1)]), "名单.xlsx")
    assert await story.count(Sheet) == 0
