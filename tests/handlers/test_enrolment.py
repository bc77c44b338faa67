"""Invitations: unguessable, for one person, for a day; whoever comes in is announced."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import func, select

from bot.policy.model import Policy
from handlers import enrolment
from handlers.office import Office
from handlers.turn import Sender, Turn
from storage import people
from storage.database import Database
from storage.tables import Invite, Outbox, Person, PersonState, Role
from tests.conftest import START

GUESSES = 1_000


@pytest.fixture
async def database(either: Database) -> Database:
    """Of both kinds in turn: who wins a race is the database's affair."""
    return either


@pytest.fixture
async def token(database: Database, policy: Policy) -> str:
    """An invitation for a head of the water division; there is one coordinator already."""
    async with database.write() as session:
        await people.sync_units(session, policy)
        legal, water = [await people.unit_by_code(session, code) for code in ("legal", "water")]
        assert legal is not None
        assert water is not None
        await people.appoint_admins(session, [900_001], legal, now=START)
        return await people.invite(session, water, Role.HEAD, by=None, expires_at=START + enrolment.INVITE_LIFE)


async def _come(database: Database, office: Office, number: int, payload: str, now: dt.datetime = START) -> str:
    async with database.write() as session:
        turn = Turn(office, session, now, number, Sender(number, "虚构"))
        return (await enrolment.enrol(turn, payload)).name


async def _people(database: Database) -> list[int]:
    async with database.read() as session:
        return list(await session.scalars(select(Person.telegram_id).order_by(Person.telegram_id)))


async def test_a_thousand_wrong_tokens_let_nobody_in(database: Database, office: Office, token: str):
    near = [token[:-1] + chr(33 + number % 90) for number in range(90)]
    wrong = {guess for guess in (*near, token.lower(), token.upper(), token[:-1], token + "A", "", "%", "' OR 1=1 --")}
    wrong |= {f"{number:022d}" for number in range(GUESSES - len(wrong))}
    wrong -= {token}
    async with database.write() as session:
        for number, guess in enumerate(sorted(wrong)):
            turn = Turn(office, session, START, number, Sender(910_000 + number))
            assert (await enrolment.enrol(turn, enrolment.PAYLOAD + guess)).name == "invitation_invalid"
    assert await _people(database) == [900_001]
    assert await _come(database, office, 900_002, enrolment.PAYLOAD + token) == "start"


async def test_of_several_who_come_at_once_with_one_link_one_comes_in(database: Database, office: Office, token: str):
    came = await asyncio.gather(
        *(_come(database, office, 900_010 + number, enrolment.PAYLOAD + token) for number in range(8))
    )
    assert sorted(came) == ["invitation_invalid"] * 7 + ["start"]
    assert len(await _people(database)) == 2


@pytest.mark.parametrize(
    ("late", "name"), [(dt.timedelta(seconds=-1), "start"), (dt.timedelta(), "invitation_invalid")]
)
async def test_an_invitation_ends_with_its_last_second(
    database: Database, office: Office, token: str, late: dt.timedelta, name: str
):
    now = START + enrolment.INVITE_LIFE + late
    assert await _come(database, office, 900_002, enrolment.PAYLOAD + token, now) == name


async def test_only_a_hash_of_the_token_is_kept(database: Database, token: str):
    async with database.read() as session:
        kept = (await session.scalars(select(Invite))).one()
    assert token not in str(vars(kept))
    assert len(token) >= 22  # 128 bits
    assert len({*token}) > 4


async def test_who_came_back_has_the_unit_and_role_of_the_new_invitation(
    database: Database, office: Office, token: str
):
    async with database.write() as session:
        legal = await people.unit_by_code(session, "legal")
        assert legal is not None
        session.add(
            Person(
                telegram_id=900_003, unit_id=legal.id, role=Role.COORDINATOR, state=PersonState.LEFT, joined_at=START
            )
        )
    assert await _come(database, office, 900_003, enrolment.PAYLOAD + token) == "start"
    async with database.read() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == 900_003))).one()
        water = await people.unit_by_code(session, "water")
    assert water is not None
    assert (person.role, person.state, person.unit_id) == (Role.HEAD, PersonState.ACTIVE, water.id)


async def test_each_coordinator_hears_of_a_newcomer_once(database: Database, office: Office, token: str):
    await _come(database, office, 900_002, enrolment.PAYLOAD + token)
    await _come(database, office, 900_004, enrolment.PAYLOAD + token)
    async with database.read() as session:
        told = (await session.scalars(select(Outbox))).one()
        assert (told.kind, told.chat_id) == ("joined", 900_001)
        assert await session.scalar(select(func.count()).select_from(Person)) == 2
