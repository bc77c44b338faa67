"""A right that was lost since: what was asked for is not done any more, and what was to be told is not told."""

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.screens.screen import Screen
from handlers import rights
from handlers.clock import Clock
from handlers.office import Office
from handlers.worker import Tools
from storage.database import Database
from storage.files import FileStore
from storage.tables import Person, PersonState, Role
from tests.conftest import START

SHOWN = Screen("shown", "x")


async def _fetch(_ref: str) -> bytes:
    return b""


@pytest.mark.parametrize(
    ("role", "state", "kinds"),
    [
        (Role.COORDINATOR, PersonState.ACTIVE, {"referral", "issue.waiting", "reminder", "find.exported"}),
        (Role.OFFICER, PersonState.ACTIVE, {"reminder", "find.exported"}),
        (Role.AUDITOR, PersonState.ACTIVE, {"reminder", "find.exported"}),
        (Role.COORDINATOR, PersonState.SUSPENDED, set()),
    ],
)
async def test_a_notice_is_for_whoever_still_has_its_right(
    sqlite: Database, office: Office, role: Role, state: PersonState, kinds: set[str]
):
    async def show(*_given: object) -> Screen:
        return SHOWN

    person = Person(telegram_id=1, unit_id=1, role=role, state=state)
    kinds_of_notice = ("referral", "issue.waiting", "reminder", "find.exported", "a kind without a line")
    guarded = rights.heard(dict.fromkeys(kinds_of_notice, show))
    async with sqlite.read() as session:
        heard = {kind for kind, each in guarded.items() if await each(session, office, person, {}, START) is SHOWN}
    assert heard == kinds


@pytest.mark.parametrize(
    ("role", "state", "may"),
    [
        (Role.COORDINATOR, PersonState.ACTIVE, {"req", "rdo", "man", "aud", "erok"}),
        (Role.OFFICER, PersonState.ACTIVE, {"req", "rdo"}),
        (Role.AUDITOR, PersonState.ACTIVE, {"req", "aud"}),
        (Role.COORDINATOR, PersonState.SUSPENDED, set()),
    ],
)
def test_a_button_is_for_whoever_has_its_right(role: Role, state: PersonState, may: set[str]):
    person = Person(telegram_id=1, unit_id=1, role=role, state=state)
    verbs = ("req", "rdo", "man", "aud", "erok", "averbwithoutaline")
    assert {verb for verb in verbs if rights.may_press(person, verb)} == may


@pytest.mark.parametrize(("role", "done"), [(Role.OFFICER, True), (Role.AUDITOR, False)])
async def test_long_work_is_done_for_whoever_may_still_have_it(
    database: Database, office: Office, enrol, tmp_path, role: Role, done: bool
):
    person = await enrol(900_001, role=role)
    ran: list[str] = []

    async def chore(_tools: Tools, _params: object, _now: object):
        ran.append("ran")

        async def finish(_session: AsyncSession) -> None:
            ran.append("kept")

        return finish

    guarded = rights.permitted({"ledger.enter": chore, "a kind without a line": chore})
    tools = Tools(database, office, FileStore(tmp_path), _fetch, lambda _chat, _screen: None)
    for kind in guarded:
        finish = await guarded[kind](tools, {"person_id": person.id}, Clock().now())
        async with database.write() as session:
            await finish(session)
    assert ran == (["ran", "kept"] if done else [])


@pytest.mark.parametrize(
    "lost", [{"state": PersonState.SUSPENDED}, {"role": Role.AUDITOR}], ids=["suspended", "another role"]
)
async def test_long_work_comes_to_nothing_for_whoever_lost_the_right_while_it_was_done(
    database: Database, office: Office, enrol, tmp_path, lost: dict[str, object]
):
    person = await enrol(900_001)
    kept: list[str] = []

    async def chore(_tools: Tools, _params: object, _now: object):
        async with database.write() as session:
            await session.execute(update(Person).where(Person.id == person.id).values(**lost))

        async def finish(_session: AsyncSession) -> None:
            kept.append("kept")

        return finish

    guarded = rights.permitted({"ledger.enter": chore})
    tools = Tools(database, office, FileStore(tmp_path), _fetch, lambda _chat, _screen: None)
    finish = await guarded["ledger.enter"](tools, {"person_id": person.id}, Clock().now())
    async with database.write() as session:
        await finish(session)
    assert kept == []
