"""Cases for study: answered, closed otherwise, taken back; of two coordinators the first one's answer counts."""

import pytest
from sqlalchemy import select

from bot.errors import Refusal
from bot.language import speaking
from bot.policy.model import MATTER
from bot.screens.screen import Press
from handlers import study
from storage.policies import ensure_snapshot
from storage.tables import Outbox, Person, Referral, ReferralState, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk


@pytest.fixture
async def case(database, office, officer: Person) -> int:
    async with database.write() as session:
        await ensure_snapshot(session, office.policy, NOW)
        answers = {"answers": {MATTER: ["m15"]}, "on": "2026-11-23"}
        row = Referral(
            person_id=officer.id, policy_hash=office.policy.hash, answers=answers, note="<两家>联合申报", created_at=NOW
        )
        session.add(row)
        await session.flush()
        return row.id


@pytest.fixture
async def desks(database, office, enrol) -> tuple[Desk, Desk]:
    """Two coordinators."""
    people = [await enrol(900010 + n, unit="legal", role=Role.COORDINATOR) for n in range(2)]
    first, second = (Desk(database, office, person, NOW) for person in people)
    return first, second


async def stored(database, number: int) -> Referral:
    async with database.read() as session:
        return await session.get_one(Referral, number)


async def test_of_two_who_answer_the_second_sees_the_first_answer_and_keeps_the_own_words(database, desks, case):
    first, second = desks
    with speaking("en"):
        for desk, words in ((first, "按资金申报办理"), (second, "先申请核查")):
            await desk.send(Press("sans", case))
            assert "&lt;两家&gt;联合申报" in desk.screen.text
            confirm = await desk.type(words)
            assert confirm.name == "referral.confirm"
        await first.press("sgo")
        lost = await second.press("sgo")
    assert "先申请核查" in lost.text and "按资金申报办理" in lost.text
    assert (await stored(database, case)).answer == "按资金申报办理"
    async with database.read() as session:
        notices = (await session.scalars(select(Outbox).where(Outbox.kind == study.NOTICE))).all()
        notice = await study.NOTICES[study.NOTICE](session, first.office, first.person, notices[0].params, NOW)
    assert len(notices) == 1
    assert notice is not None and "按资金申报办理" in notice.text


async def test_a_typed_text_replaces_the_answer_and_giving_up_sends_nothing(database, desks, case):
    desk, _other = desks
    await desk.send(Press("sans", case))
    await desk.type("第一稿")
    assert "第二稿" in (await desk.type("第二稿")).text
    with pytest.raises(Refusal):
        await desk.type("长" * (study.LONGEST + 1))
    assert "第二稿" in (await desk.run(study.present)).text
    await desk.press("soff")
    assert (await stored(database, case)).state is ReferralState.OPEN


async def test_a_case_is_closed_without_words_and_the_officer_hears_it(database, desks, case):
    desk, other = desks
    await desk.send(Press("sclos", case))
    await desk.press("sshut")
    row = await stored(database, case)
    assert (row.state, row.answer, row.answered_by) == (ReferralState.ANSWERED, None, desk.person.id)
    assert (await other.send(Press("sshut", case))).name == "referral.case"
    async with database.read() as session:
        (notice,) = (await session.scalars(select(Outbox).where(Outbox.kind == study.NOTICE))).all()
    assert notice.person_id == row.person_id


async def test_only_its_officer_takes_a_case_back_and_coordinators_answer_it(database, office, desks, case, officer):
    mine, desk = Desk(database, office, officer, NOW), desks[0]
    await mine.send(Press("sans", case))
    assert mine.screen.name == "referral.case"
    await mine.send(Press("sshut", case))
    await desk.send(Press("sback", case))
    assert (await stored(database, case)).state is ReferralState.OPEN
    await mine.send(Press("scase", case))
    await mine.press("sback")
    assert (await stored(database, case)).state is ReferralState.WITHDRAWN
    assert (await desk.send(Press("sans", case))).name == "referral.case"
    async with database.read() as session:
        assert (await session.scalars(select(Outbox))).all() == []


async def test_what_waits_stands_first_the_oldest_before_the_others(database, office, desks, officer, case):
    async with database.write() as session:
        first = await session.get_one(Referral, case)
        for _n in range(9):
            copy = {key: getattr(first, key) for key in ("person_id", "policy_hash", "answers", "created_at")}
            session.add(Referral(**copy))
    for number in (1, 3):
        await desks[0].send(Press("sshut", number))
    shown = await desks[0].send(Press("study"))
    assert [press.id for press in presses(shown, "scase")] == [2, 4, 5, 6, 7, 8, 9, 10]
    assert [press.id for press in presses(await desks[0].press("study", "1"), "scase")] == [3, 1]


def presses(screen, verb: str) -> list[Press]:
    return [each.press for row in screen.rows for each in row if each.press and each.press.verb == verb]
