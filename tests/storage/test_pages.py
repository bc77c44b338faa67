"""Links and sessions of the file page, on both databases."""

import asyncio
import datetime as dt

import pytest

from storage import pages
from storage.database import Database
from storage.tables import PageLink, Person, Role, Unit
from tests.conftest import START

UNTIL = START + dt.timedelta(minutes=10)
MOMENT = dt.timedelta(microseconds=1)


@pytest.fixture
async def person(database: Database) -> Person:
    async with database.write() as session:
        unit = Unit(code="air", short_name="大气", name="大气处（虚构）", kind="office")
        session.add(unit)
        await session.flush()
        person = Person(telegram_id=5_000_002, unit_id=unit.id, role=Role.OFFICER, joined_at=START)
        session.add(person)
    return person


async def begin(database: Database, person: Person, token: str, cookie: str) -> bool:
    async with database.write() as session:
        return await pages.open_link(session, token, cookie, person, now=START, until=UNTIL)


async def held(database: Database, cookie: str, now: dt.datetime) -> int | None:
    async with database.read() as session:
        holder = await pages.holder(session, cookie, now=now)
        return holder and holder.telegram_id


async def test_a_link_opens_once_however_many_press_at_the_same_time(database: Database, person: Person) -> None:
    won = await asyncio.gather(*(begin(database, person, "token", f"cookie{n}") for n in range(8)))
    assert sum(won) == 1
    live = [n for n in range(8) if await held(database, f"cookie{n}", START) is not None]
    assert live == [won.index(True)]
    async with database.read() as session:
        assert await pages.is_used(session, "token")
        assert not await pages.is_used(session, "other")


async def test_a_session_is_its_officers_until_its_time_or_its_end(database: Database, person: Person) -> None:
    await begin(database, person, "token", "cookie")
    assert await held(database, "cookie", UNTIL - MOMENT) == person.telegram_id
    assert await held(database, "cookie", UNTIL) is None
    assert await held(database, "another", START) is None
    assert await held(database, pages.fingerprint("cookie"), START) is None  # what is kept opens nothing


async def test_a_session_ends_once_however_many_end_it(database: Database, person: Person) -> None:
    await begin(database, person, "token", "cookie")

    async def end() -> bool:
        async with database.write() as session:
            return await pages.end(session, "cookie", now=START)

    assert sum(await asyncio.gather(*(end() for _each in range(8)))) == 1
    assert await held(database, "cookie", START) is None


async def test_old_links_are_forgotten_and_young_ones_stay_used(database: Database, person: Person) -> None:
    await begin(database, person, "token", "cookie")
    for before, is_used in ((START, True), (START + MOMENT, False)):
        async with database.write() as session:
            await pages.forget(session, before=before)
            assert await pages.is_used(session, "token") is is_used
    async with database.read() as session:
        assert await session.get(PageLink, pages.fingerprint("token")) is None
