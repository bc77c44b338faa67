"""Proposed matters: what waits is listed by name, and what one would change is reckoned where that one is shown."""

import pytest
from sqlalchemy import select

from bot import rule_forms
from bot.errors import Refusal
from bot.screens.screen import Press, Screen
from handlers import forms, frame, proposals, rule_change
from storage.database import Database
from storage.tables import Overlay, OverlayState, Person, Role
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk, presses


@pytest.fixture
def desk(database: Database, office, officer: Person) -> Desk:
    return Desk(database, office, officer)


@pytest.fixture
async def coordinator(desk: Desk, enrol) -> Desk:
    return desk.of(await enrol(900_041, unit="legal", role=Role.COORDINATOR))


@pytest.fixture
def reckoned(monkeypatch) -> list[str]:
    """The proposals whose effect was reckoned, by their keys."""
    found: list[str] = []
    foresee = rule_change.foresee

    async def counted(session, office, layers, now):
        found.extend(each.key for each in layers)
        return await foresee(session, office, layers, now)

    monkeypatch.setattr(rule_change, "foresee", counted)
    return found


async def _proposed(desk: Desk, count: int) -> list[int]:
    """Let the officer have proposed matters; return their ids."""
    facts = {
        each.id: [each.offered[0].id] for each in desk.office.policy.questions.values() if each.many and each.offered
    }
    matter = next(iter(desk.office.policy.matters.values()))
    content = {
        "category": desk.office.policy.categories[0].id, "owner": "air", "facts": facts, "subject_word": "申请人",
        "kinds": [each.value for each in matter.kinds],
    }  # fmt: skip
    async with desk.database.write() as session:
        rows = [
            Overlay(
                kind="matter", key=f"b{n}", content={**content, "code": f"b{n}", "name": f"虚构事项第{n}号"},
                state=OverlayState.PROPOSED, basis="虚构理由", proposed_by=desk.person.id, created_at=NOW,
            )
            for n in range(1, count + 1)
        ]  # fmt: skip
        session.add_all(rows)
        await session.flush()
        return [row.id for row in rows]


def _opens(screen: Screen) -> list[int]:
    return [each.id for each in presses(screen) if each.verb == "pview"]


async def test_what_waits_is_listed_by_pages_and_no_effect_is_reckoned_for_the_list(desk, coordinator, reckoned):
    ids = await _proposed(desk, 11)
    first = await coordinator.send(Press("pros"))
    assert _opens(first) == ids[:8] and "虚构事项第8号" in first.text and "虚构事项第9号" not in first.text
    last = await coordinator.press("pros", "p1")
    assert _opens(last) == ids[8:] and "虚构事项第9号" in last.text
    assert (await coordinator.send(Press("pros", arg="p99"))).text == last.text
    assert reckoned == []


async def test_of_many_only_the_one_that_is_looked_at_and_answered_is_reckoned(desk, coordinator, reckoned):
    ids = await _proposed(desk, 9)
    await coordinator.send(Press("pview", ids[2]))
    assert "虚构事项第3号" in coordinator.screen.text and "虚构理由" in coordinator.screen.text
    await coordinator.press("pno")
    assert _opens(coordinator.screen) == [each for each in ids if each != ids[2]][:8]
    await coordinator.send(Press("pview", ids[4]))
    await coordinator.press("pyes")
    assert set(reckoned) == {"b3", "b5"}
    assert [row.state for row in await desk.rows(Overlay, Overlay.id.in_((ids[2], ids[4])))] == [
        OverlayState.REFUSED,
        OverlayState.IN_FORCE,
    ]
    await coordinator.send(Press("pview", ids[4]))
    assert coordinator.screen.toast is not None and ids[4] not in _opens(coordinator.screen)


async def test_the_only_one_that_waits_is_shown_at_once_with_its_effect(desk, coordinator, reckoned):
    [only] = await _proposed(desk, 1)
    await coordinator.send(Press("pros"))
    assert coordinator.find("pyes").id == only and reckoned == ["b1"]
    await coordinator.press("pno")
    assert _opens(coordinator.screen) == [] and coordinator.screen.name == "proposals"


async def test_the_notice_of_a_proposal_shows_that_one_and_nothing_once_it_is_answered(desk, coordinator, reckoned):
    ids = await _proposed(desk, 9)

    async def told() -> Screen | None:
        async with desk.database.read() as session:
            shown = frame.NOTICES[proposals.PROPOSED]
            return await shown(session, desk.office, coordinator.person, {"overlay": ids[3]}, NOW)

    screen = await told()
    assert screen is not None and "虚构事项第4号" in screen.text and "虚构事项第1号" not in screen.text
    assert reckoned == ["b4"]
    await coordinator.send(Press("pno", ids[3]))
    assert await told() is None


async def test_an_officer_with_five_proposals_that_wait_is_refused_a_sixth_and_keeps_what_was_filled_in(desk):
    ids = await _proposed(desk, 5)
    form = rule_forms.proposal_form(desk.office.policy)
    values = {each.id: [each.options[0].id] if each.options else "虚构第六项" for each in form.fields}
    values["category"] = desk.office.policy.categories[0].id
    await desk.run(lambda turn: forms.begin_office(turn, proposals.PROPOSE, values=values))
    assert desk.screen.name == "form_confirm"
    with pytest.raises(Refusal, match="待答复"):
        await desk.press("fok")
    draft = await desk.draft()
    assert draft is not None and "虚构第六项" in str(draft.answers)
    async with desk.database.write() as session:
        row = await session.scalar(select(Overlay).where(Overlay.id == ids[0]))
        row.state = OverlayState.REFUSED
    await desk.press("fok")
    assert len(await desk.rows(Overlay)) == 6
