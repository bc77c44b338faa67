"""What the guide leaves behind: the last matters, the audit, entries, cases handed over."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import Refusal
from bot.identifiers import ID_NUMBER_MARKER
from bot.policy.model import MATTER, OTHER, Policy
from bot.screens.screen import Screen
from handlers import guide, requests
from handlers.turn import Stale, Turn
from storage.tables import Audit, Outbox, PolicySnapshot, RecentMatter, Referral, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk, presses, to_result, verbs, without_matter

# --- what is recorded --------------------------------------------------------------------------------------------


async def test_result_is_remembered_and_audited(desk: Desk) -> None:
    await to_result(desk, "m04b")
    assert await desk.count(RecentMatter) == 1
    async with desk.database.read() as session:
        line = await session.scalar(select(Audit).where(Audit.verb == "guide.result"))
    assert line is not None
    assert line.actor_id == desk.person.id
    assert line.after["matter"] == "m04b"


async def test_trial_run_records_nothing_and_offers_no_entry(desk: Desk) -> None:
    await desk.command("try", "排污许可证延续")
    card = await desk.press("gmat", "m04b")
    assert card.name == "guide.result"
    assert not verbs(card) & {"reg", "gref"}
    forged = replace(presses(card)[0], verb="gsend", arg="")
    with pytest.raises(Stale):
        await desk.send(forged)
    for table in (RecentMatter, Audit, Referral, PolicySnapshot, Outbox):
        assert await desk.count(table) == 0


async def test_auditor_reads_results_and_records_no_case(desk: Desk, enrol: Any) -> None:
    auditor = Desk(desk.database, desk.office, await enrol(900003, role=Role.AUDITOR))
    card = await to_result(auditor, "m04b")
    assert not verbs(card) & {"reg", "gref"}


async def test_new_goes_straight_to_the_entry(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    async def begin_entry(turn: Turn) -> Screen:
        assert turn.draft is not None
        seen.append(turn.draft.answers["answers"])
        return Screen("entry", "")

    monkeypatch.setattr(requests, "begin_entry", begin_entry)
    await desk.command("new", "排污许可证延续")
    assert (await desk.press("gmat", "m04b")).name == "entry"
    assert seen == [{MATTER: ["m04b"]}]


async def test_entry_under_way_is_asked_about_and_can_be_continued(desk: Desk) -> None:
    await desk.command("new", "排污许可证延续")
    entry = await desk.press("gmat", "m04b")
    asked = await desk.command("guide")
    assert verbs(asked) == {"gkeep", "gnew"}
    assert (await desk.press("gkeep")).text == entry.text
    draft = await desk.draft()
    assert draft is not None
    assert draft.purpose == requests.PURPOSE
    await desk.command("guide")
    assert (await desk.press("gnew")).name == "guide.home"


async def test_new_shows_the_advice_where_no_product_follows(desk: Desk) -> None:
    await desk.command("new", "企业申请开具无违法违规证明")
    card = await desk.press("gmat", "s01")
    assert card.name == "guide.result"
    assert "reg" not in verbs(card)
    assert "gref" in verbs(card)


async def test_finished_card_stays_and_cancelled_question_does_not(desk: Desk) -> None:
    card = await to_result(desk, "m04b")
    finished = await desk.press("gend")
    assert finished.stays
    assert finished.text == card.text
    assert await desk.draft() is None
    await to_result(desk, "m15")
    assert not (await desk.press("gend")).stays


# --- handing over to the legal division --------------------------------------------------------------------------


async def test_case_is_handed_over_with_its_answers_and_note(desk: Desk, enrol: Any, policy: Policy) -> None:
    coordinators = [await enrol(900010 + n, unit="legal", role=Role.COORDINATOR) for n in range(2)]
    await to_result(desk, "m15", "financing,no")
    await desk.press("gref")
    done = await desk.type("两家  单位联合申报，\n如何核查")
    assert done.stays
    async with desk.database.read() as session:
        row = await session.scalar(select(Referral))
        assert row is not None
        assert str(row.id) in done.text
        assert row.answers == {"answers": {MATTER: ["m15"], "financing": ["no"]}, "on": "2026-11-23"}
        assert row.note == "两家 单位联合申报， 如何核查"
        assert await session.get(PolicySnapshot, row.policy_hash) is not None
        sent = (await session.scalars(select(Outbox))).all()
        assert sorted(each.person_id for each in sent) == [person.id for person in coordinators]
        assert await session.scalar(select(Audit).where(Audit.verb == "referral.hand_over")) is not None
        other_pack = replace(desk.office, policy=without_matter(policy, "m15"))
        for office in (desk.office, other_pack):
            notice = await guide.NOTICES["referral"](session, office, coordinators[0], sent[0].params, NOW)
            assert notice is not None
            for words in (policy.units["air"].name, "虚构1", policy.matters["m15"].name, "联合申报"):
                assert words in notice.text
    assert await desk.draft() is None


async def test_case_can_be_handed_over_without_a_note_from_a_question(desk: Desk) -> None:
    await desk.command("guide")
    await desk.press("gmat", OTHER)
    await desk.press("gref")
    await desk.press("gsend")
    assert await desk.count(Referral) == 1


async def test_second_press_hands_nothing_over_twice(desk: Desk) -> None:
    await to_result(desk, "m15")
    offer = await desk.press("gref")
    await desk.press("gsend", on=offer)
    with pytest.raises(Stale):
        await desk.press("gsend", on=offer)
    assert await desk.count(Referral) == 1


async def test_notice_of_a_closed_case_is_no_longer_needed(desk: Desk, enrol: Any) -> None:
    coordinator = await enrol(900010, unit="legal", role=Role.COORDINATOR)
    async with desk.database.read() as session:
        assert await guide.NOTICES["referral"](session, desk.office, coordinator, {"referral_id": 99}, NOW) is None


@pytest.mark.parametrize("text", [f"当事人{ID_NUMBER_MARKER}", "长" * 201])
async def test_unfit_note_is_refused_and_the_case_stays(desk: Desk, text: str) -> None:
    await to_result(desk, "m15")
    offer = await desk.press("gref")
    with pytest.raises(Refusal):
        await desk.type(text)
    assert desk.last is not None
    assert desk.last.delete_message is (ID_NUMBER_MARKER in text)
    assert await desk.count(Referral) == 0
    assert await desk.present() == offer


async def test_pasted_id_number_is_not_searched_for(desk: Desk) -> None:
    with pytest.raises(Refusal):
        await desk.type(f"查 {ID_NUMBER_MARKER}")
    assert desk.last is not None
    assert desk.last.delete_message
    assert await desk.draft() is None
