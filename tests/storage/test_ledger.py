import datetime as dt

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.counterparts import read_organisations
from bot.ledger import Phase
from bot.policy.loader import load, packaged
from bot.policy.model import ProductKind
from storage import keys, ledger, people, policies, registration
from storage.database import Database
from storage.migrate import upgrade
from storage.registration import NewEntry, NewItem
from storage.tables import Applicant, Item, ItemState, Person, Request, Role, Unit

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)
POLICY = load(packaged("zhengzhou"))
VERIFICATION = NewItem("verification", ProductKind.VERIFICATION)
PLEDGE = NewItem("commitment", ProductKind.COMMITMENT, letters=2, head_count=2)


@pytest.fixture
async def database(tmp_path):
    keys.use([Fernet.generate_key().decode()])
    database = Database(f"sqlite:///{tmp_path / 'office.db'}")
    await upgrade(database)
    async with database.write() as session:
        await people.sync_units(session, POLICY)
        await policies.ensure_snapshot(session, POLICY, NOW)
    yield database
    await database.close()


async def owner(session, *, unit="air", telegram_id=900001):
    row = await people.unit_by_code(session, unit)
    person = Person(telegram_id=telegram_id, unit_id=row.id, role=Role.OFFICER, joined_at=NOW)
    session.add(person)
    await session.flush()
    return person


def new(*items, due_on=None, **more):
    return NewEntry(
        matter_code="m04b",
        matter_name="排污许可证延续",
        confidential=False,
        policy_hash=POLICY.hash,
        answers={"matter": ["m04b"]},
        rule_ids=("fictitious.rule",),
        result={"verification": "named"},
        decided_on=TODAY,
        items=items,
        due_on=due_on,
        **more,
    )


async def made(session, person, entry, *, today=TODAY):
    return await registration.register(session, entry, owner=person, today=today, now=NOW)


async def test_each_unit_counts_its_own_entries(database):
    async with database.write() as session:
        air = await owner(session)
        water = await owner(session, unit="water", telegram_id=900002)
        numbers = []
        for person in (air, water, air):
            request = await made(session, person, new(PLEDGE))
            found = await ledger.open_entry(session, person, request.id)
            numbers.append(found.entry.number)
    assert numbers == ["大气2026-1", "水2026-1", "大气2026-2"]


async def test_a_number_stands_once_in_the_database(database):
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            person = await owner(session)
            request = await made(session, person, new(PLEDGE))
            session.add(
                Request(
                    unit_id=request.unit_id,
                    year=request.year,
                    seq=request.seq,
                    owner_id=person.id,
                    decision_id=request.decision_id,
                    matter_name="x",
                    created_at=NOW,
                )
            )
            await session.flush()


async def test_open_entries_come_with_the_nearest_date_first(database):
    async with database.write() as session:
        person = await owner(session)
        for due in (dt.date(2026, 12, 3), None, dt.date(2026, 11, 30)):
            await made(session, person, new(VERIFICATION, due_on=due, submitted_on=TODAY, applicant=Applicant.BUREAU))
        await made(session, person, new(PLEDGE))  # complete at once
        found = await ledger.opened_by(session, person.id, limit=8, offset=0)
        assert [entry.due_on for entry in found] == [dt.date(2026, 11, 30), dt.date(2026, 12, 3), None]
        assert await ledger.count_open(session, person.id) == 3
        assert [entry.id for entry in await ledger.opened_by(session, person.id, limit=8, offset=2)] == [2]


async def test_an_entry_as_a_value_names_everything_that_was_recorded(database):
    async with database.write() as session:
        person = await owner(session)
        companies = read_organisations("虚构甲公司 91410100MA00000T42\n虚构乙站 12410100MB0000T3XJ")
        request = await made(
            session,
            person,
            new(
                VERIFICATION,
                NewItem("commitment", ProductKind.COMMITMENT, in_form=True),
                organisations=companies,
                applicant=Applicant.BUREAU,
                submitted_on=TODAY,
                due_on=dt.date(2026, 11, 30),
            ),
        )
        entry = (await ledger.open_entry(session, person, request.id)).entry
    assert entry.subjects == ("虚构甲公司", "虚构乙站")
    assert [(line.code, line.count, line.in_form) for line in entry.products] == [
        ("verification", 2, False),
        ("commitment", 2, True),
    ]
    assert (entry.version, entry.open, entry.of_person) == (1, True, False)


@pytest.mark.parametrize(
    ("received_on", "today", "phase"),
    [
        (None, dt.date(2027, 3, 1), Phase.SUBMITTED),
        (TODAY, dt.date(2026, 11, 30), Phase.RECEIVED),
        (TODAY, dt.date(2026, 12, 1), Phase.OVERDUE),
    ],
)
async def test_overdue_is_derived_from_a_confirmed_receipt_alone(database, received_on, today, phase):
    async with database.write() as session:
        person = await owner(session)
        request = await made(
            session,
            person,
            new(
                VERIFICATION,
                applicant=Applicant.BUREAU,
                submitted_on=TODAY,
                due_on=dt.date(2026, 11, 30),
            ),
        )
        item = await session.scalar(select(Item).where(Item.request_id == request.id))
        item.received_on = received_on
        item.state = ItemState.RECEIVED if received_on else ItemState.SUBMITTED
        await session.flush()
        assert (await ledger.open_entry(session, person, request.id)).entry.phase(today) is phase


async def test_a_persons_label_never_stands_readable_in_the_file(database):
    from bot.counterparts import read_person

    async with database.write() as session:
        person = await owner(session)
        await made(session, person, new(PLEDGE, person=read_person("欧阳 4321 虚构案号KX-77")))
    await database.close()
    written = b"".join(path.read_bytes() for path in database.path.parent.iterdir() if path.is_file())
    assert "大气".encode() in written  # what is not secret can be found this way
    assert b"KX-77" not in written and "欧阳".encode() not in written


async def test_an_entry_that_does_not_exist_is_nobodys(database):
    async with database.write() as session:
        person = await owner(session)
        assert await ledger.open_entry(session, person, 77) is None
        assert await session.scalar(select(Unit.id).where(Unit.code == "air")) == person.unit_id
