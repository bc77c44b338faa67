"""A commitment from the letter to its fulfilment or breach, and who may write it down."""

import datetime as dt

import pytest

from bot.errors import Refusal
from bot.language import speaking
from bot.screens import commitments as screens
from bot.screens.screen import Press
from handlers.timeline import wording
from handlers.turn import Stale
from storage import commitments
from storage.files import FileStore
from storage.tables import Audit, Commitment, CommitmentState, Item, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, FILING, PERMIT, SHOP, Desk

TODAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
async def desk(database, office, officer, tmp_path):
    return Desk(database, office, officer, NOW, FileStore(tmp_path / "files"))


async def write_letter(desk, request_id, until=None, arg=""):
    await desk.at("let", request_id, arg)
    await desk.press("fday", "signed_on,0")
    if until is None:
        await desk.press("fpass", "fulfil_by_on")
    else:
        await desk.type(until)
    return await desk.press("fok")


async def settle(desk, request_id, outcome, evidence=None, arg=""):
    await desk.at("setl", request_id, arg)
    await desk.press("fset", f"outcome,{outcome}")
    await desk.press("fday", "settled_on,0")
    if evidence:
        await desk.type(evidence)
    return await desk.press("fok")


async def only(desk):
    [row] = await desk.rows(Commitment)
    return row


async def lines(desk):
    """What the entry says of its commitments."""
    items = await desk.rows(Item)
    async with desk.database.read() as session:
        found = await commitments.of_items(session, {item.id: f"第{item.id}家" for item in items})
    return screens.lines(list(found.values()), wording(desk.office, TODAY))


async def test_a_number_of_letters_is_enough(desk):
    await desk.register(FILING)
    assert ((await only(desk)).state, (await only(desk)).letters) == (CommitmentState.SIGNED, 1)
    assert await lines(desk) == []


async def test_the_shortest_letter_is_its_day(desk):
    entry = await desk.register(FILING)
    await write_letter(desk, entry)
    row = await only(desk)
    assert (row.state, row.signed_on, row.fulfil_by_on, row.kind) == (CommitmentState.SIGNED, TODAY, None, None)
    [said] = await lines(desk)
    assert "signed on" in said


async def test_type_and_number_wait_behind_their_buttons(desk):
    entry = await desk.register(FILING)
    await desk.at("let", entry)
    await desk.press("fday", "signed_on,1")
    await desk.press("fpass", "fulfil_by_on")
    await desk.press("fedit", "kind")
    await desk.press("fset", "kind,tolerance")
    await desk.press("fedit", "letters")
    await desk.type("3")
    await desk.press("fok")
    row = await only(desk)
    assert (row.kind, row.letters, row.signed_on) == ("tolerance", 3, TODAY - dt.timedelta(days=1))


async def test_a_term_makes_it_being_fulfilled_until_it_is_fulfilled(desk):
    entry = await desk.register(FILING)
    await write_letter(desk, entry, until="2027-03-31")
    row = await only(desk)
    assert (row.state, row.fulfil_by_on) == (CommitmentState.FULFILLING, dt.date(2027, 3, 31))
    assert "to be fulfilled by" in (await lines(desk))[0]
    [line] = await desk.rows(Audit, Audit.verb == "commitment.letter")
    assert line.after["fulfil_by_on"] == "2027-03-31"  # from here on what is owed then counts
    await settle(desk, entry, "fulfilled")
    row = await only(desk)
    assert (row.state, row.settled_on, row.evidence) == (CommitmentState.FULFILLED, TODAY, None)
    assert "to be fulfilled by" not in (await lines(desk))[0]


async def test_a_letter_is_corrected_after_its_term_and_keeps_it(desk):
    entry = await desk.register(FILING)
    await write_letter(desk, entry, until="2026-11-24")
    desk.now += dt.timedelta(days=7)
    await desk.at("let", entry)
    await desk.type("类型写错")
    await desk.press("fedit", "kind")
    await desk.press("fset", "kind,tolerance")
    await desk.press("fok")
    row = await only(desk)
    assert (row.kind, row.fulfil_by_on) == ("tolerance", dt.date(2026, 11, 24))


async def test_a_term_that_has_passed_is_said(desk):
    entry = await desk.register(FILING)
    await write_letter(desk, entry, until="2026-11-24")
    [said] = screens.lines(list((await _found(desk)).values()), wording(desk.office, TODAY + dt.timedelta(days=2)))
    assert "please record the fulfilment" in said


async def _found(desk):
    items = await desk.rows(Item)
    async with desk.database.read() as session:
        return await commitments.of_items(session, {item.id: "" for item in items})


async def test_a_term_in_the_past_is_refused(desk):
    entry = await desk.register(FILING)
    await desk.at("let", entry)
    await desk.press("fday", "signed_on,0")
    with pytest.raises(Refusal, match="already past"):
        await desk.type("2026-11-20")


async def test_a_breach_wants_its_evidence_and_says_that_it_is_a_record_only(desk):
    entry = await desk.register(FILING)
    await desk.at("setl", entry)
    await desk.press("fset", "outcome,breached")
    asked = await desk.press("fday", "settled_on,0")
    assert "From what is the breach seen?" in asked.text
    confirmed = await desk.type("检查记录郑环检〔2026〕31号")
    assert "only records this" in confirmed.text
    await desk.press("fok")
    row = await only(desk)
    assert (row.state, row.settled_on) == (CommitmentState.BREACHED, TODAY)
    assert row.evidence == "检查记录郑环检〔2026〕31号"
    assert "检查记录郑环检〔2026〕31号" in (await lines(desk))[0]


async def test_what_was_found_stands_in_the_file_only_encrypted(desk):
    entry = await desk.register(FILING)
    await settle(desk, entry, "breached", "检查记录郑环检〔2026〕31号")
    files = [path.read_bytes() for path in desk.store._folder.parent.glob("xinxuan.db*")]
    assert files and not any("检查记录".encode() in content for content in files)


async def test_nothing_is_fulfilled_or_breached_before_it_was_signed(desk):
    entry = await desk.register(FILING)
    await write_letter(desk, entry)
    await desk.at("setl", entry)
    await desk.press("fset", "outcome,fulfilled")
    await desk.press("fday", "settled_on,1")
    with pytest.raises(Refusal, match="before the signature"):
        await desk.press("fok")
    assert (await only(desk)).state is CommitmentState.SIGNED


async def test_a_letter_written_down_after_the_settlement_leaves_it_settled(desk):
    entry = await desk.register(FILING)
    await settle(desk, entry, "breached", "检查记录")
    await write_letter(desk, entry, until="2027-03-31")
    assert (await only(desk)).state is CommitmentState.BREACHED


async def test_what_is_on_record_is_changed_only_with_a_reason(desk):
    entry = await desk.register(FILING)
    await write_letter(desk, entry)
    await settle(desk, entry, "fulfilled")
    await desk.at("setl", entry)
    await desk.press("fset", "outcome,breached")
    await desk.press("fday", "settled_on,0")
    asked = await desk.type("检查记录")
    assert "Why is it corrected?" in asked.text
    await desk.type("复查发现未履行")
    await desk.press("fok")
    line = (await desk.rows(Audit, Audit.verb == "commitment.settle"))[-1]
    assert line.reason == "复查发现未履行"
    [before] = line.before["rows"]["commitment"].values()
    assert before["state"] == "fulfilled"


async def test_a_pledge_inside_the_form_has_no_letter_and_can_be_broken(desk):
    entry = await desk.register(PERMIT, submitted="0")
    assert (await only(desk)).in_form
    with pytest.raises(Stale):
        await desk.at("let", entry)
    await settle(desk, entry, "breached", "检查记录")
    assert (await only(desk)).state is CommitmentState.BREACHED


async def test_of_several_counterparts_each_or_all_alike(desk):
    entry = await desk.register(FILING, f"{COMPANY}\n{SHOP}")
    first, second = await desk.rows(Commitment)
    asked = await desk.at("let", entry)
    assert asked.name == "ledger_line"
    await write_letter(desk, entry, arg=str(first.item_id))
    assert [row.signed_on for row in await desk.rows(Commitment)] == [TODAY, None]
    await settle(desk, entry, "fulfilled", arg="all")
    assert {row.state for row in await desk.rows(Commitment)} == {CommitmentState.FULFILLED}
    said = await lines(desk)
    assert len(said) == 2 and f"第{second.item_id}家" in said[1]


async def test_for_all_alike_no_breach_is_offered(desk):
    entry = await desk.register(FILING, f"{COMPANY}\n{SHOP}")
    asked = await desk.at("setl", entry, "all")
    assert "breached" not in asked.text + str([button.text for button in desk.buttons()])
    with pytest.raises(Stale):
        draft = await desk.draft()
        await desk.send(Press("fset", draft.id, draft.version, "outcome,breached"))


@pytest.mark.parametrize("arg", ["999", "p", "0", "all", "p1x", "-1"])
async def test_a_forged_choice_is_stale(desk, arg):
    entry = await desk.register(FILING, f"{COMPANY}\n{SHOP}")
    for item in await desk.rows(Commitment):
        await write_letter(desk, entry, arg=str(item.item_id))
    with pytest.raises(Stale):
        await desk.at("let", entry, arg)


async def test_a_keyboard_of_before_a_change_is_stale(desk):
    entry = await desk.register(FILING)
    await write_letter(desk, entry)
    for verb in ("let", "setl"):
        with pytest.raises(Stale):
            await desk.send(Press(verb, entry, 1))


@pytest.mark.parametrize("verb", ["let", "setl"])
@pytest.mark.parametrize(
    ("unit", "role"), [("air", Role.OFFICER), ("water", Role.OFFICER), ("air", Role.HEAD), ("air", Role.AUDITOR)]
)
async def test_nobody_but_the_owner_and_the_coordinators_writes_it_down(desk, enrol, verb, unit, role):
    entry = await desk.register(FILING)
    other = desk.of(await enrol(900002, unit=unit, role=role))
    with pytest.raises(Refusal):
        await other.at(verb, entry)
    assert (await only(desk)).state is CommitmentState.SIGNED


async def test_it_is_taken_back_like_every_act(desk):
    entry = await desk.register(FILING)
    await write_letter(desk, entry, until="2027-03-31")
    await settle(desk, entry, "breached", "检查记录")
    await desk.at("undo", entry)
    row = await only(desk)
    assert (row.state, row.settled_on, row.evidence) == (CommitmentState.FULFILLING, None, None)
    await desk.at("undo", entry)
    row = await only(desk)
    assert (row.state, row.signed_on, row.fulfil_by_on) == (CommitmentState.SIGNED, None, None)


async def test_a_breach_is_shown_when_the_same_counterpart_comes_again(desk):
    entry = await desk.register(FILING)
    await settle(desk, entry, "breached", "检查记录")
    await desk.send(Press("ragn", entry))
    confirmed = await desk.type(COMPANY)
    assert "broke a commitment" in confirmed.text
