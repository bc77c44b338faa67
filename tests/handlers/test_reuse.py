"""Whether a still-valid opinion serves: who may learn of it, how old it may be, and what was logged since."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.counterparts import Organisation
from bot.identifiers import read_code
from bot.language import speaking
from bot.opinions import Finding
from bot.policy.model import Policy
from bot.screens.screen import Press
from storage import opinions, registration
from storage.tables import Audit, Commitment, CommitmentState, FollowUp, FollowUpState
from tests.handlers.conftest import NOW
from tests.handlers.desk import COMPANY, INSTITUTE, Desk

PERMIT = {"matter": ("m04b",)}
FIRM, CODE = COMPANY.split()
TODAY = dt.date(2026, 11, 23)


@pytest.fixture(autouse=True)
def english():
    with speaking("en"):
        yield


@pytest.fixture
async def desks(database, office, officer, enrol) -> tuple[Desk, Desk]:
    """Two officers of two units."""
    other = await enrol(900031, unit="water")
    return Desk(database, office, officer, NOW), Desk(database, office, other, NOW)


async def hold(database, desk: Desk, issued_on: dt.date, finding: Finding = Finding.CLEAN, *, days: int = 364) -> int:
    """Let a unit hold an opinion on the firm."""
    async with database.write() as session:
        ids = await registration.organisations(session, [Organisation(FIRM, read_code(CODE))])
        new = opinions.NewOpinion(
            counterpart_id=ids[CODE], item_id=None, unit_id=desk.person.unit_id, holder_id=desk.person.id,
            issued_on=issued_on, valid_to=issued_on + dt.timedelta(days=days), valid_source="printed",
            finding=finding, number="虚核2026-1",
        )  # fmt: skip
        [row] = await opinions.record(session, [new], now=NOW)
        return row.id


async def look(desk: Desk, words: str) -> str:
    """〔查有效意见〕 on the result card of a matter."""
    await desk.decide(PERMIT)
    await desk.press("rback")
    await desk.send(Press("look"))
    return (await desk.type(words)).text


async def test_a_look_names_nobody_whom_the_officer_may_not_see(desks, database):
    mine, other = desks
    await mine.decide(PERMIT)
    await mine.type(INSTITUTE)
    await mine.press("rsubm", "0")
    await mine.press("rconf")
    assert INSTITUTE.split()[0] not in await look(other, "虚构")
    assert INSTITUTE.split()[0] not in await look(other, INSTITUTE.split()[1])
    assert INSTITUTE.split()[0] in await look(mine, "虚构")
    await hold(database, mine, TODAY)
    found = await look(other, "xghbkj")  # that a valid opinion is held is known to all units, by initials too
    assert "虚核2026-1" in found and "Result:" not in found
    assert "Result:" in await look(mine, CODE)
    async with database.read() as session:
        looks = (await session.scalars(select(Audit).where(Audit.verb == "opinion.look"))).all()
    assert [line.actor_id for line in looks] == [other.person.id, mine.person.id]


async def test_an_age_limit_of_the_coordinator_is_heeded_and_said_with_its_basis(desks, database, policy):
    mine, other = desks
    await hold(database, mine, dt.date(2026, 3, 1))
    limited = tuple(
        each.model_copy(
            update={"opinion_age_months": 6, "opinion_age_basis": "虚构会议纪要"} if each.code == "m04b" else {}
        )
        for each in policy.content.matters
    )
    office = replace(other.office, policy=Policy(policy.content.model_copy(update={"matters": limited})))
    strict = Desk(database, office, other.person, NOW)
    assert "No valid opinion" in await look(strict, CODE)
    await strict.decide(PERMIT)
    assert not offers(await strict.type(COMPANY))
    confirm = await strict.press("rsubm", "0")
    assert "older than the 6 months" in confirm.text and "虚构会议纪要" in confirm.text
    assert "虚核2026-1" in await look(other, CODE)
    await other.decide(PERMIT)
    assert offers(await other.type(COMPANY))  # without a limit validity alone decides


async def test_something_adverse_since_the_issue_is_warned_of(desks, database):
    mine, other = desks
    await hold(database, mine, dt.date(2026, 3, 1))
    assert "logged on" not in await offer(other)
    await hold(database, mine, dt.date(2026, 5, 1), Finding.ADVERSE, days=90)  # is over, but was adverse
    assert "something adverse was logged on Fri 1 May" in await offer(other)


async def test_a_commitment_broken_since_the_issue_is_warned_of(desks, database):
    mine, other = desks
    await hold(database, mine, dt.date(2026, 3, 1))
    await mine.decide(PERMIT)
    await mine.type(COMPANY)
    await mine.press("ruse", "yes")
    await mine.press("rconf")
    async with database.write() as session:
        row = (await session.scalars(select(Commitment))).one()
        row.state, row.settled_on = CommitmentState.BREACHED, dt.date(2026, 6, 1)
    assert "something adverse was logged on Mon 1 Jun" in await offer(other)


async def test_an_objection_or_repair_is_warned_of(desks, database):
    mine, other = desks
    await hold(database, mine, dt.date(2026, 3, 1), Finding.ADVERSE)
    assert "objection" not in await offer(other)
    async with database.write() as session:
        (await session.scalars(select(FollowUp))).one().state = FollowUpState.REPAIR
    assert "an objection or a repair is on record" in await offer(other)


async def offer(desk: Desk) -> str:
    await desk.decide(PERMIT)
    screen = await desk.type(COMPANY)
    assert offers(screen)
    return screen.text


def offers(screen) -> bool:
    return any(button.press and button.press.verb == "ruse" for row in screen.rows for button in row)
