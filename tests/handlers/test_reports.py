"""A third-party report: accepted by its shortest form, with warnings that never block."""

import datetime as dt

import pytest

from bot.credit_reports import block_names, subject_cautions
from bot.errors import Refusal
from bot.guidance import next_step
from bot.language import speaking
from bot.screens import credit_reports as screens
from handlers.timeline import wording
from handlers.turn import Stale
from storage import credit_reports
from storage.files import FileStore
from storage.tables import Audit, CreditReport, Item, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, FILING, LOAN, PERMIT, SHOP, TENDER, Desk

TODAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
async def desk(database, office, officer, tmp_path):
    return Desk(database, office, officer, NOW, FileStore(tmp_path / "files"))


async def accept(desk, request_id, missing=(), matches="yes", arg=""):
    """Fill the form in up to its confirmation."""
    await desk.at("rep", request_id, arg)
    await desk.type("虚构征信有限公司")
    await desk.press("fday", "on,1")
    await desk.press("fset", "blocks,lacking" if missing else "blocks,complete")
    for block in missing:
        await desk.press("fset", f"missing,{block}")
    if missing:
        await desk.press("fdone")
    return await desk.press("fset", f"matches,{matches}")


async def lines(desk):
    items = await desk.rows(Item)
    async with desk.database.read() as session:
        found = await credit_reports.of_items(session, {item.id: f"第{item.id}家" for item in items})
    return screens.lines(list(found.values()), block_names(desk.office.policy), wording(desk.office, TODAY))


async def test_until_it_is_written_down_only_the_product_is_on_record(desk):
    await desk.register(LOAN, submitted="0")
    [row] = await desk.rows(CreditReport)
    assert (row.agency, row.blocks, row.matches) == (None, None, None)
    assert await lines(desk) == []


async def test_agency_date_contents_and_name_are_all_that_is_asked(desk):
    entry = await desk.register(LOAN, submitted="0")
    confirmed = await accept(desk, entry)
    assert confirmed.name == "form_confirm"
    await desk.press("fok")
    [row] = await desk.rows(CreditReport)
    assert (row.agency, row.on, row.number, row.grade) == ("虚构征信有限公司", TODAY - dt.timedelta(days=1), None, None)
    assert row.matches is True
    assert set(row.blocks.values()) == {"present"} and len(row.blocks) == 9
    [said] = await lines(desk)
    assert said.startswith("Credit report: 虚构征信有限公司 ") and said.endswith("complete")


async def test_number_and_grade_wait_behind_their_buttons(desk):
    entry = await desk.register(LOAN, submitted="0")
    await accept(desk, entry)
    await desk.press("fedit", "number")
    await desk.type("虚信评2026-9")
    await desk.press("fedit", "grade")
    await desk.type("AA-")
    await desk.press("fok")
    [said] = await lines(desk)
    assert "虚信评2026-9" in said and "AA-" in said


async def test_missing_blocks_are_named_and_do_not_block(desk):
    entry = await desk.register(LOAN, submitted="0")
    confirmed = await accept(desk, entry, missing=("judicial", "bank"))
    assert "generally holds" in confirmed.text
    await desk.press("fok")
    [row] = await desk.rows(CreditReport)
    assert {key for key, said in row.blocks.items() if said == "missing"} == {"bank", "judicial"}
    [said] = await lines(desk)
    assert said.endswith("missing: ④银行信用记录, ⑦司法信息")


async def test_another_name_is_warned_of_and_does_not_block(desk):
    entry = await desk.register(LOAN, submitted="0")
    confirmed = await accept(desk, entry, matches="no")
    assert "differ from the ledger" in confirmed.text
    await desk.press("fok")
    [row] = await desk.rows(CreditReport)
    assert row.matches is False
    assert "differ from the ledger" in (await lines(desk))[1]


async def test_no_validity_is_invented(desk):
    entry = await desk.register(LOAN, submitted="0")
    await accept(desk, entry)
    await desk.press("fok")
    assert "valid" not in (await lines(desk))[0]


async def test_a_report_of_tomorrow_is_refused(desk):
    entry = await desk.register(LOAN, submitted="0")
    await desk.at("rep", entry)
    await desk.type("虚构征信有限公司")
    with pytest.raises(Refusal, match="future"):
        await desk.type("2026-11-24")


async def test_in_a_tender_the_form_repeats_what_is_to_be_heeded(desk, office):
    entry = await desk.register(TENDER)
    asked = await desk.at("rep", entry)
    assert "发改办财金〔2023〕860号" in asked.text and "财库〔2016〕125号" in asked.text
    assert "开标前不得询问、登记潜在投标人名称" in asked.text
    outcome = next_step(office.policy, TENDER, on=TODAY)
    assert any("开标前" in line for line in subject_cautions(outcome))


async def test_where_no_report_is_in_question_nothing_is_cautioned(office):
    assert subject_cautions(next_step(office.policy, PERMIT, on=TODAY)) == ()


async def test_an_entry_without_a_report_has_no_form(desk):
    entry = await desk.register(FILING)
    with pytest.raises(Stale):
        await desk.at("rep", entry)


async def test_of_several_counterparts_one_is_chosen(desk):
    entry = await desk.register(LOAN, f"{COMPANY}\n{SHOP}", submitted="0")
    assert (await desk.at("rep", entry)).name == "ledger_line"
    with pytest.raises(Stale):
        await desk.at("rep", entry, "all")  # a report is about one organisation
    second = (await desk.rows(CreditReport))[1]
    await accept(desk, entry, arg=str(second.item_id))
    await desk.press("fok")
    assert [row.agency for row in await desk.rows(CreditReport)] == [None, "虚构征信有限公司"]
    assert (await lines(desk))[0].startswith(f"第{second.item_id}家")


async def test_what_is_on_record_is_changed_only_with_a_reason_and_can_be_taken_back(desk):
    entry = await desk.register(LOAN, submitted="0")
    await accept(desk, entry, missing=("bank",))
    await desk.press("fok")
    asked = await desk.at("rep", entry)
    assert "Why is it corrected?" in asked.text
    await desk.type("补齐后重新出具")
    await desk.press("fedit", "blocks")
    await desk.press("fset", "blocks,complete")
    await desk.press("fok")
    [row] = await desk.rows(CreditReport)
    assert "missing" not in row.blocks.values()
    assert (await desk.rows(Audit, Audit.verb == "report.record"))[-1].reason == "补齐后重新出具"
    await desk.at("undo", entry)
    [row] = await desk.rows(CreditReport)
    assert row.blocks["bank"] == "missing"
    await desk.at("undo", entry)
    [row] = await desk.rows(CreditReport)
    assert (row.agency, row.on, row.blocks, row.matches) == (None, None, None, None)


@pytest.mark.parametrize(("unit", "role"), [("air", Role.OFFICER), ("air", Role.HEAD), ("air", Role.AUDITOR)])
async def test_nobody_but_the_owner_and_the_coordinators_writes_it_down(desk, enrol, unit, role):
    entry = await desk.register(LOAN, submitted="0")
    other = desk.of(await enrol(900002, unit=unit, role=role))
    with pytest.raises(Refusal):
        await other.at("rep", entry)
