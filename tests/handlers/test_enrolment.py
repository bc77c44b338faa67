"""Invitations: unguessable, for one person, for a day; and nothing is open before a coordinator said yes."""

import asyncio
import dataclasses
import datetime as dt

import pytest
from sqlalchemy import func, select

from bot.errors import Refusal
from bot.policy.model import Policy
from bot.screens.screen import Press
from handlers import enrolment
from handlers.office import Office
from handlers.telegram import turns
from handlers.turn import Sender, Stale, Turn
from storage import invites, people
from storage.database import Database
from storage.tables import Audit, Invite, Outbox, Person, PersonState, Role, Stranger
from tests.conftest import START
from tests.handlers.desk import Desk, presses

GUESSES = 1_000
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
async def database(either: Database) -> Database:
    """Of both kinds in turn: who wins a race is the database's affair."""
    return either


@pytest.fixture
async def token(database: Database, policy: Policy) -> str:
    """An invitation for a head of the water division; there are two coordinators already."""
    async with database.write() as session:
        await people.sync_units(session, policy)
        legal, water = [await people.unit_by_code(session, code) for code in ("legal", "water")]
        assert legal is not None
        assert water is not None
        await people.appoint_admins(session, [900_001, 900_008], legal, now=START)
        return await invites.make(session, water, Role.HEAD, by=None, expires_at=START + enrolment.INVITE_LIFE)


@pytest.fixture
def gone(office: Office) -> Office:
    """The office on a day on which the bureau has no water division any more."""
    units = tuple(
        each.model_copy(update={"dissolved_on": START.date()} if each.code == "water" else {})
        for each in office.policy.content.units
    )
    return dataclasses.replace(office, policy=Policy(office.policy.content.model_copy(update={"units": units})))


async def _come(database: Database, office: Office, number: int, payload: str, now: dt.datetime = START) -> str:
    async with database.write() as session:
        person = await people.by_telegram_id(session, number)
        turn = Turn(office, session, now, number, Sender(number, "虚构"), person=person)
        screen = await enrolment.enrol(turn, enrolment.PAYLOAD + payload)
        return screen.name if screen else "silence"


async def _answer(database: Database, office: Office, by: int, verb: str, number: int, stamp: str | None = None) -> str:
    """A coordinator presses under an application."""
    async with database.write() as session:
        coordinator, person = [await people.by_telegram_id(session, each) for each in (by, number)]
        assert person is not None
        application = await invites.latest(session, person.id)
        assert application is not None
        given = stamp or (await enrolment.asking(session, office, person, application, START)).stamp
        press = Press(verb, person.id, arg=given)
        turn = Turn(office, session, START, by, Sender(by), person=coordinator, press=Press.decode(press.encode()))
        return (await enrolment.on_answer(turn)).text


async def _states(database: Database) -> dict[int, PersonState]:
    async with database.read() as session:
        rows = await session.execute(select(Person.telegram_id, Person.state).order_by(Person.telegram_id))
        return {telegram_id: state for telegram_id, state in rows if telegram_id not in (900_001, 900_008)}


async def test_a_thousand_wrong_tokens_let_nobody_in(database: Database, office: Office, token: str):
    near = [token[:-1] + chr(33 + number % 90) for number in range(90)]
    wrong = {guess for guess in (*near, token.lower(), token.upper(), token[:-1], token + "A", "", "%", "' OR 1=1 --")}
    wrong |= {f"{number:022d}" for number in range(GUESSES - len(wrong))}
    wrong -= {token}
    async with database.write() as session:
        for number, guess in enumerate(sorted(wrong)):
            turn = Turn(office, session, START, number, Sender(910_000 + number))
            screen = await enrolment.enrol(turn, enrolment.PAYLOAD + guess)
            assert screen is not None
            assert screen.name == "invitation_invalid"
    assert await _states(database) == {}
    assert await _come(database, office, 900_002, token) == "applied"


async def test_after_five_wrong_tries_in_an_hour_even_the_right_one_gets_no_answer(
    database: Database, office: Office, token: str
):
    moments = [START + 11 * MINUTE * number for number in range(5)]
    assert [await _come(database, office, 900_002, "wrong", now) for now in moments] == ["invitation_invalid"] * 5
    assert await _come(database, office, 900_002, token, moments[-1] + MINUTE) == "silence"
    assert await _come(database, office, 900_002, token, START + 59 * MINUTE) == "silence"
    assert await _come(database, office, 900_003, "wrong", START + 59 * MINUTE) == "invitation_invalid"
    async with database.read() as session:
        assert (await session.get_one(Stranger, 900_002)).tries == 5
    assert await _states(database) == {}
    assert await _come(database, office, 900_002, token, START + 60 * MINUTE) == "applied"


async def test_of_several_who_come_at_once_with_one_link_one_applies(database: Database, office: Office, token: str):
    came = await asyncio.gather(*(_come(database, office, 900_010 + number, token) for number in range(8)))
    assert sorted(came) == ["applied"] + ["invitation_invalid"] * 7
    assert list((await _states(database)).values()) == [PersonState.WAITING]


@pytest.mark.parametrize(
    ("late", "name"), [(dt.timedelta(seconds=-1), "applied"), (dt.timedelta(), "invitation_invalid")]
)
async def test_an_invitation_ends_with_its_last_second(
    database: Database, office: Office, token: str, late: dt.timedelta, name: str
):
    now = START + enrolment.INVITE_LIFE + late
    assert await _come(database, office, 900_002, token, now) == name


@pytest.mark.parametrize(
    ("since", "name"),
    [
        ({}, "applied"),
        ({"state": PersonState.SUSPENDED}, "invitation_invalid"),
        ({"state": PersonState.LEFT}, "invitation_invalid"),
        ({"role": Role.OFFICER}, "invitation_invalid"),
    ],
    ids=["stays", "suspended", "left", "no coordinator any more"],
)
@pytest.mark.usefixtures("token")
async def test_an_invitation_is_good_only_while_whoever_made_it_may_invite(
    database: Database, office: Office, since: dict[str, object], name: str
):
    async with database.write() as session:
        coordinator = await people.by_telegram_id(session, 900_001)
        assert coordinator is not None
        water = await people.unit_by_code(session, "water")
        assert water is not None
        expires_at = START + enrolment.INVITE_LIFE
        theirs = await invites.make(session, water, Role.OFFICER, by=coordinator, expires_at=expires_at)
        for field, value in since.items():
            setattr(coordinator, field, value)
    assert await _come(database, office, 900_002, theirs) == name


async def test_only_a_hash_of_the_token_is_kept(database: Database, token: str):
    async with database.read() as session:
        kept = (await session.scalars(select(Invite))).one()
    assert token not in str(vars(kept))
    assert len(token) >= 22  # 128 bits
    assert len({*token}) > 4


async def test_who_came_back_has_the_unit_and_role_of_the_new_invitation_once_let_in(
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
    assert await _come(database, office, 900_003, token) == "applied"
    async with database.read() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == 900_003))).one()
        assert (person.role, person.state) == (Role.COORDINATOR, PersonState.WAITING)
    await _answer(database, office, 900_001, "jok", 900_003)
    async with database.read() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == 900_003))).one()
        water = await people.unit_by_code(session, "water")
    assert water is not None
    assert (person.role, person.state, person.unit_id) == (Role.HEAD, PersonState.ACTIVE, water.id)


async def test_each_coordinator_hears_of_an_application_and_the_first_who_presses_decides(
    database: Database, office: Office, token: str
):
    await _come(database, office, 900_002, token)
    await _come(database, office, 900_004, token)
    async with database.read() as session:
        told = (await session.scalars(select(Outbox).order_by(Outbox.id))).all()
        assert [(row.kind, row.chat_id) for row in told] == [
            (enrolment.APPLIED, 900_001),
            (enrolment.APPLIED, 900_008),
        ]
        assert await session.scalar(select(func.count()).select_from(Person)) == 3
    answers = await asyncio.gather(
        _answer(database, office, 900_001, "jno", 900_002), _answer(database, office, 900_008, "jok", 900_002)
    )
    assert len({text.rpartition("\n")[2].partition(" ")[0] for text in answers}) == 1, answers
    async with database.read() as session:
        verbs = list(await session.scalars(select(Audit.verb).order_by(Audit.id)))
        decided = (await session.scalars(select(Invite))).one()
    assert len([verb for verb in verbs if verb in ("person.join", "person.refuse")]) == 1
    expected = PersonState.ACTIVE if decided.approved else PersonState.LEFT
    assert await _states(database) == {900_002: expected}


async def test_an_older_notice_does_not_answer_a_newer_application(database: Database, office: Office, token: str):
    await _come(database, office, 900_002, token)
    with pytest.raises(Stale):
        await _answer(database, office, 900_001, "jok", 900_002, stamp="20200101000000")
    assert await _states(database) == {900_002: PersonState.WAITING}


@pytest.mark.parametrize(("role", "state"), [(Role.COORDINATOR, "active"), (Role.OFFICER, "waiting")])
async def test_the_very_first_coordinator_needs_nobody_to_let_them_in(
    database: Database, office: Office, policy: Policy, role: Role, state: str
):
    async with database.write() as session:
        await people.sync_units(session, policy)
        unit = (await people.units(session))[0]
        first, second = [
            await invites.make(session, unit, role, by=None, expires_at=START + enrolment.INVITE_LIFE) for _ in range(2)
        ]
    await _come(database, office, 900_002, first)
    await _come(database, office, 900_003, second)
    assert await _states(database) == {900_002: state, 900_003: "waiting"}


async def test_first_coordinators_of_the_settings_stay_what_the_coordinators_made_of_them(
    database: Database, token: str
):
    """A restart must not bring somebody back who was suspended meanwhile; with nobody left it must."""
    async with database.write() as session:
        legal = await people.unit_by_code(session, "legal")
        assert legal is not None
        first = await people.by_telegram_id(session, 900_001)
        assert first is not None
        first.state = PersonState.SUSPENDED
        assert await people.appoint_admins(session, [900_001, 900_008], legal, now=START) == []
        assert first.state is PersonState.SUSPENDED
        other = await people.by_telegram_id(session, 900_008)
        assert other is not None
        other.role = Role.OFFICER
        await session.flush()
        assert not await people.has_moved(session, first, START)
        assert await people.appoint_admins(session, [900_001], legal, now=START + 60 * MINUTE) == [first]
        assert await people.has_moved(session, first, START)  # what they had asked for before is over
        assert first.state is PersonState.ACTIVE


async def test_an_old_button_invites_nobody_into_a_unit_that_was_dissolved(
    database: Database, gone: Office, token: str
):
    async with database.write() as session:
        coordinator = await people.by_telegram_id(session, 900_001)
        press = Press("inv", arg="water,head")
        turn = Turn(gone, session, START, 1, Sender(900_001), person=coordinator, press=press)
        with pytest.raises(Refusal):
            await enrolment.on_invite(turn)
        assert await session.scalar(select(func.count()).select_from(Invite)) == 1  # the one from before


async def test_nobody_is_let_into_a_unit_that_was_dissolved_meanwhile(
    database: Database, office: Office, gone: Office, token: str
):
    assert await _come(database, office, 900_002, token) == "applied"
    assert "该单位已撤销" in await _answer(database, gone, 900_001, "jok", 900_002)
    assert await _states(database) == {900_002: PersonState.WAITING}
    async with database.read() as session:
        coordinator = await people.by_telegram_id(session, 900_001)
        applicant = await people.by_telegram_id(session, 900_002)
        assert coordinator is not None and applicant is not None
        told = await enrolment.render_applied(session, gone, coordinator, {"person": applicant.id}, START)
    assert told is not None and "该单位已撤销" in told.text
    assert [button.text for row in told.rows for button in row] == ["不予核准"]
    await _answer(database, gone, 900_001, "jno", 900_002)
    assert await _states(database) == {900_002: PersonState.LEFT}


async def test_a_name_is_kept_as_it_is_read(database: Database, office: Office, token: str):
    raw = {"message": {"from": {"id": 900_002, "first_name": "甲\u202e乙\u200b "}, "chat": {"id": 1}}}
    assert turns.read(raw)[0].name == "甲乙"
    async with database.write() as session:
        nameless = Sender(900_002, turns.read({"message": {"from": {"id": 1, "first_name": "\u202e\u200b"}}})[0].name)
        turn = Turn(office, session, START, 1, nameless)
        await enrolment.enrol(turn, enrolment.PAYLOAD + token)
        await session.flush()
        person, application = turn.officer, await invites.latest(session, turn.officer.id)
        assert person.name is None and application is not None
        asked = await enrolment.asking(session, office, person, application, START)
        assert asked.name == "经办人"  # whoever calls themselves nothing


async def test_open_invitations_stand_on_pages_of_eight_and_one_taken_back_leaves_its_page_open(
    database: Database, office: Office, token: str
):
    """A unit's worth of them has more buttons than a message takes."""
    async with database.write() as session:
        boss = await people.by_telegram_id(session, 900_001)
        water = await people.unit_by_code(session, "water")
        assert boss is not None and water is not None
        for _n in range(104):
            await invites.make(session, water, Role.OFFICER, by=boss, expires_at=START + enrolment.INVITE_LIFE)
    desk = Desk(database, office, boss, START)
    first = [press.arg for press in presses(await desk.send(Press("invs"))) if press.verb == "invs"]
    assert (len(first), first[-1]) == (9, ",1")
    second = [press.arg for press in presses(await desk.press("invs", ",1")) if press.verb == "invs"]
    assert len(second) == 10 and not set(first[:8]) & set(second)
    screen = await desk.press("invs", second[0])
    assert screen.toast and [press.arg for press in presses(screen)][:7] == second[1:8]
    assert "第13页，共13页" in (await desk.send(Press("invs", arg=",99"))).text
