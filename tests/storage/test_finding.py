"""Finding: nobody is shown what they may not open, nobody misses what they may; compared with plain Python."""

import asyncio
import datetime as dt
import itertools
import shutil
from dataclasses import dataclass, field, replace

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.finding import FINISHED, Standing, View, Words, read_words
from bot.policy.loader import load, packaged
from bot.policy.model import ProductKind
from bot.search import pinyin_keys
from storage import counterparts, dossiers, finding, keys, people, policies
from storage.database import Database
from storage.finding import Search
from storage.ledger import open_entry
from storage.migrate import upgrade
from storage.sight import Sight
from storage.tables import (
    Applicant,
    Counterpart,
    CounterpartAlias,
    Decision,
    Item,
    ItemState,
    Opinion,
    Person,
    Request,
    RequestState,
    Role,
    Unit,
)

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 23)
POLICY = load(packaged("zhengzhou"))
ROLES = (
    Role.OFFICER,
    Role.OFFICER,
    Role.LIAISON,
    Role.HEAD,
    Role.OFFICER,
    Role.LIAISON,
    Role.COORDINATOR,
    Role.AUDITOR,
)
LETTERS = "虚构环保%_（）()科aB9"


@dataclass
class Thing:
    """A drawn counterpart."""

    name: str | None
    alias: str | None
    opinion: str  # none | valid | expired | undone
    merged_into: int | None


@dataclass
class Drawn:
    """A drawn entry: whose, on whom, and how far its verifications are."""

    owner: int
    items: list[tuple[int | None, ItemState]]
    applicant: Applicant
    due_on: dt.date | None
    confirmed: bool
    written: bool
    state: RequestState | None = None  # None: follows from the items
    id: int = field(default=0)


names = st.text(LETTERS, min_size=2, max_size=6)
things = st.builds(
    Thing, names, st.none() | names, st.sampled_from(["none", "none", "valid", "expired", "undone"]), st.none()
)
entries_ = st.builds(
    Drawn,
    st.integers(0, 5),
    st.lists(
        st.tuples(st.none() | st.integers(0, 4), st.sampled_from([each for each in ItemState if each != "recorded"])),
        min_size=0,
        max_size=3,
    ),
    st.sampled_from(Applicant),
    st.sampled_from([None, TODAY - dt.timedelta(days=1), TODAY, TODAY + dt.timedelta(days=1)]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, None, None, RequestState.UNDONE]),
)


@st.composite
def ledgers(draw):
    firms = draw(st.lists(things, min_size=5, max_size=5))
    for at, firm in enumerate(firms):
        if at and draw(st.integers(0, 3)) == 0:
            firm.merged_into = draw(st.integers(0, at - 1))
    firms[4].name = draw(st.sampled_from([None, firms[4].name]))  # a natural person
    if firms[4].name is None:
        firms[4].alias, firms[4].merged_into, firms[4].opinion = None, None, "none"
    return firms, draw(st.lists(entries_, max_size=8))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A migrated file with units and people, copied for each drawn ledger."""
    keys.use([Fernet.generate_key().decode()])
    path = tmp_path_factory.mktemp("template") / "office.db"

    async def make():
        database = Database(f"sqlite:///{path}")
        await upgrade(database)
        async with database.write() as session:
            await people.sync_units(session, POLICY)
            await policies.ensure_snapshot(session, POLICY, NOW)
            seats = [await people.unit_by_code(session, code) for code in ("air", "water")]
            for at, role in enumerate(ROLES):
                unit = seats[0] if at in (0, 1, 2, 3) else seats[1]
                session.add(Person(telegram_id=700 + at, unit_id=unit.id, role=role, name=f"人{at}", joined_at=NOW))
            session.add(
                Decision(policy_hash=POLICY.hash, matter_code=None, answers={}, rule_ids=[], result={}, on=TODAY)
            )
        await database.close()

    asyncio.run(make())
    return path


async def fill(session, firms, drawn):
    everybody = list(await session.scalars(select(Person).order_by(Person.id)))
    for at, firm in enumerate(firms, start=1):
        pinyin, initials = pinyin_keys(firm.name) if firm.name else (None, None)
        kind = "enterprise" if firm.name else "natural_person"
        label = None if firm.name else {"surname": "张", "last4": "1234", "case_number": "x-1"}
        session.add(Counterpart(id=at, kind=kind, name=firm.name, pinyin=pinyin, initials=initials, person_label=label))
        await session.flush()
        if firm.alias:
            sound, letters = pinyin_keys(firm.alias)
            session.add(CounterpartAlias(counterpart_id=at, name=firm.alias, pinyin=sound, initials=letters))
        if firm.opinion != "none":
            until = TODAY - dt.timedelta(days=1) if firm.opinion == "expired" else TODAY
            undone = NOW if firm.opinion == "undone" else None
            session.add(Opinion(counterpart_id=at, unit_id=everybody[0].unit_id, issued_on=TODAY, valid_to=until,
                                valid_source="printed", result="clean", recorded_at=NOW, undone_at=undone))  # fmt: skip
    for at, firm in enumerate(firms, start=1):
        if firm.merged_into is not None:
            (await session.get(Counterpart, at)).merged_into_id = firm.merged_into + 1
    for seq, each in enumerate(drawn, start=1):
        await enter(session, everybody[each.owner], seq, each)
    await session.flush()
    return everybody


async def enter(session, owner, seq, each):
    states = {state for _firm, state in each.items}
    waits = states & {ItemState.DRAFT, ItemState.SUBMITTED, ItemState.RECEIVED, ItemState.SUPPLEMENT}
    state = RequestState.OPEN if waits else RequestState.CLOSED
    if states == {ItemState.WITHDRAWN}:
        state = RequestState.WITHDRAWN
    request = Request(unit_id=owner.unit_id, year=2026, seq=seq, owner_id=owner.id, decision_id=1,
                      matter_name="环评审批", state=each.state or state, created_at=NOW)  # fmt: skip
    session.add(request)
    await session.flush()
    each.id, each.state = request.id, request.state
    for firm, state in each.items or [(None, ItemState.RECORDED)]:
        kind = ProductKind.VERIFICATION if each.items else ProductKind.COMMITMENT
        item = Item(request_id=request.id, product_kind=kind.value, product_code=kind.value, state=state,
                    counterpart_id=None if firm is None else firm + 1)  # fmt: skip
        if state is not ItemState.RECORDED:
            after = state not in (ItemState.DRAFT,)
            item.applicant, item.due_on = each.applicant, each.due_on
            item.submitted_on = TODAY if after else None
            received = state in (ItemState.RECEIVED, ItemState.SUPPLEMENT) and each.confirmed
            item.received_on = TODAY if received else None
        session.add(item)
        await session.flush()
        if state is ItemState.RETURNED and each.written:
            session.add(Opinion(item_id=item.id, counterpart_id=None, issued_on=TODAY, valid_to=TODAY,
                                valid_source="printed", result="clean", recorded_at=NOW))  # fmt: skip

    await session.flush()


def family_of(firms):
    """Key of each counterpart -> all that were merged with it, by following every arrow."""
    groups = {at: {at} for at in range(1, len(firms) + 1)}
    for at, firm in enumerate(firms, start=1):
        if firm.merged_into is not None:
            joined = groups[at] | groups[firm.merged_into + 1]
            for each in joined:
                groups[each] = joined
    return groups


def contains(text, typed):
    if text is None:
        return False
    wide, narrow = str.maketrans("()", "（）"), str.maketrans("（）", "()")
    plain = text.lower()
    return all(
        any(form in plain for form in {part.lower(), part.lower().translate(wide), part.lower().translate(narrow)})
        for part in typed.split()
    )


def fits(firm, typed):
    named = [each for each in (firm.name, firm.alias) if firm.name is not None and each is not None]
    if any(contains(each, typed) for each in named):
        return True
    latin = "".join(typed.split()).lower()
    if not (latin.isascii() and latin.isalnum() and len(latin) > 1 and not latin.isdecimal()):
        return False
    return any(latin in key for each in named for key in pinyin_keys(each))


def how_far(each):
    """Return how far a drawn entry is, from its items alone."""
    if each.state in (RequestState.WITHDRAWN, RequestState.UNDONE):
        return Standing.WITHDRAWN
    waiting = [state for _firm, state in each.items if state in ("draft", "submitted", "received", "supplement")]
    if waiting:
        first = waiting[0]
        if first == "draft":
            return Standing.UNSUBMITTED
        if each.applicant is Applicant.COUNTERPART:
            return Standing.AWAITED
        if first == "submitted" or not each.confirmed:
            return Standing.UNCONFIRMED
        late = first == "received" and each.due_on is not None and each.due_on < TODAY
        return Standing.OVERDUE if late else Standing.AWAITED
    if any(state == "returned" for _firm, state in each.items):
        return Standing.UNUSED if each.written else Standing.UNWRITTEN
    return Standing.DONE


numbers = itertools.count()


def in_a_ledger(template, tmp_path, firms, drawn, look):
    """Run ``look(session, people)`` on a ledger of its own."""
    path = tmp_path / f"{next(numbers)}.db"
    shutil.copy(template, path)

    async def run():
        database = Database(f"sqlite:///{path}")
        async with database.write() as session:
            await look(session, await fill(session, firms, drawn))
        await database.close()

    asyncio.run(run())
    path.unlink()


PROPERTY = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
typed_words = st.one_of(
    names, st.lists(names, min_size=2, max_size=2).map(" ".join), st.text(LETTERS, min_size=1, max_size=2)
)


@PROPERTY
@given(ledger=ledgers(), typed=typed_words, data=st.data())
def test_exactly_what_may_be_opened_and_fits_is_found(template, tmp_path, ledger, typed, data):
    firms, drawn = ledger
    if data.draw(st.booleans()) and firms[0].name:
        cut = data.draw(st.integers(0, len(firms[0].name) - 1))
        typed = firms[0].name[cut:] or typed
    groups = family_of(firms)

    async def look(session, everybody):
        for person in everybody:
            sight = Sight(person, TODAY)
            search = Search(read_words(typed))
            rows, total = await finding.entries(session, sight, search, limit=99, offset=0)
            may_open = {each.id for each in drawn if await open_entry(session, person, each.id)}
            fitting = {
                each.id
                for each in drawn
                if contains("环评审批", typed)
                or any(fits(firms[kin - 1], typed) for firm, _s in each.items if firm is not None
                       for kin in groups[firm + 1])
            }  # fmt: skip
            assert {row.id for row in rows} == may_open & fitting, (typed, person.role)
            assert total == len(rows)

    in_a_ledger(template, tmp_path, firms, drawn, look)


@PROPERTY
@given(ledger=ledgers(), typed=typed_words)
def test_a_counterpart_is_seen_with_an_entry_or_a_valid_opinion_and_not_otherwise(template, tmp_path, ledger, typed):
    firms, drawn = ledger
    groups = family_of(firms)

    async def look(session, everybody):
        for person in everybody:
            sight = Sight(person, TODAY)
            touched = {
                firm + 1
                for each in drawn
                if await open_entry(session, person, each.id)
                for firm, _state in each.items
                if firm is not None
            }
            valid = {at for at, firm in enumerate(firms, start=1) if firm.opinion == "valid"}
            all_of_them = {at for at, firm in enumerate(firms, start=1) if firm.name is not None}
            known = touched | valid if not sight.sees_all else all_of_them
            seen = {at for at in all_of_them if groups[at] & known}
            fitting = {at for at in all_of_them if fits(firms[at - 1], typed)}
            found, near = await finding.counterparts(session, sight, read_words(typed))
            assert (set(found) <= seen) if near else (set(found) == seen & fitting), (typed, person.role)
            assert near == (not seen & fitting)
            for at in range(1, len(firms) + 1):
                may = await finding.may_see_counterpart(session, sight, groups[at])
                assert may == bool(groups[at] & seen), (at, person.role)
                assert (await dossiers.dossier(session, sight, at) is not None) == may

    in_a_ledger(template, tmp_path, firms, drawn, look)


@PROPERTY
@given(ledger=ledgers(), stands_in_for=st.booleans())
def test_each_own_entry_is_counted_once_as_it_stands(template, tmp_path, ledger, stands_in_for):
    firms, drawn = ledger

    async def look(session, everybody):
        for at, person in enumerate(everybody):
            covered = [everybody[0]] if stands_in_for else []
            sight = Sight(person, TODAY, [each.id for each in covered])
            own = [each for each in drawn if each.owner == at or (covered and each.owner == 0)]
            expected = {how: sum(how_far(each) is how for each in own) for how in Standing}
            counts = await finding.standings(session, sight)
            assert {how: counts.get(how, 0) for how in Standing} == expected
            for how in Standing:
                search = Search(view=View(standing=how), mine=True)
                rows, _total = await finding.entries(session, sight, search, limit=99, offset=0)
                assert {row.id for row in rows} == {each.id for each in own if how_far(each) is how}
            rows, _total = await finding.entries(session, sight, Search(mine=True), limit=99, offset=0)
            assert {row.id for row in rows} == {each.id for each in own if how_far(each) not in FINISHED}

    in_a_ledger(template, tmp_path, firms, drawn, look)


async def test_one_who_stands_in_sees_the_colleagues_entries_and_no_others(template, tmp_path):
    drawn = [
        Drawn(0, [(0, ItemState.SUBMITTED)], Applicant.BUREAU, None, False, False),
        Drawn(1, [(1, ItemState.SUBMITTED)], Applicant.BUREAU, None, False, False),
    ]
    firms = [Thing(f"虚构{letter}公司", None, "none", None) for letter in "甲乙丙丁戊"]

    async def look(session, everybody):
        sight = Sight(everybody[4], TODAY)
        assert await finding.entries(session, sight, Search(), limit=9, offset=0) == ([], 0)
        covering = replace(sight, stands_in_for=[everybody[0].id])
        rows, _total = await finding.entries(session, covering, Search(), limit=9, offset=0)
        assert [row.id for row in rows] == [drawn[0].id]
        assert await finding.counterparts(session, covering, read_words("公司")) == ([1], False)

    await asyncio.to_thread(in_a_ledger, template, tmp_path, firms, drawn, look)


async def test_the_nearest_date_comes_first_and_what_is_finished_last(template, tmp_path):
    days = (dt.date(2026, 12, 3), None, dt.date(2026, 11, 30))
    drawn = [Drawn(0, [(0, ItemState.SUBMITTED)], Applicant.BUREAU, on, False, False) for on in days]
    drawn.append(Drawn(0, [(0, ItemState.USED)], Applicant.BUREAU, dt.date(2026, 11, 1), False, False))
    firms = [Thing(f"虚构{letter}公司", None, "none", None) for letter in "甲乙丙丁戊"]

    async def look(session, everybody):
        sight = Sight(everybody[0], TODAY)
        rows, _total = await finding.entries(session, sight, Search(read_words("甲")), limit=9, offset=0)
        assert [row.id for row in rows] == [drawn[at].id for at in (2, 0, 1, 3)]
        rows, total = await finding.entries(session, sight, Search(), limit=2, offset=1)
        assert ([row.id for row in rows], total) == ([drawn[0].id, drawn[1].id], 4)

    await asyncio.to_thread(in_a_ledger, template, tmp_path, firms, drawn, look)


CODES = ("91410100MA00000T42", "92410100MA00000T4Y", "12410100MB0000T3XJ")


async def test_a_family_has_all_codes_and_merges_of_one_organisation(database):
    async with database.write() as session:
        for at, (code, legacy) in enumerate(
            [(CODES[0], None), (CODES[1], None), (CODES[2], "123456788"), (None, "123456788"), (None, "MB0000T3X")],
            start=1,
        ):
            session.add(Counterpart(id=at, kind="enterprise", code=code, legacy_code=legacy, name=f"虚构{at}"))
        await session.flush()
        found = await counterparts.family(session, [*CODES, "12345678-8", "MB0000T3-X", "MA00000T4", "888888888"])
        assert found == {
            CODES[0]: {1},
            CODES[1]: {2},  # two unified codes are two organisations, even where they hold the same old one
            CODES[2]: {3, 4, 5},
            "12345678-8": {3, 4},
            "MB0000T3-X": {3, 5},
            "MA00000T4": set(),  # fits two: it names neither
            "888888888": set(),
        }
        rows = {row.id: row for row in await session.scalars(select(Counterpart))}
        assert await counterparts.merge(session, rows[2], rows[1])
        assert await counterparts.merge(session, rows[1], rows[3])
        assert not await counterparts.merge(session, rows[3], rows[2])
        assert not await counterparts.merge(session, rows[2], rows[3])
        assert not await counterparts.merge(session, rows[3], rows[3])
        found = await counterparts.family(session, CODES)
        assert found == {CODES[0]: {1, 2, 3}, CODES[1]: {1, 2, 3}, CODES[2]: {1, 2, 3, 4, 5}}
        assert await counterparts.survivors(session, [1, 2, 3, 4]) == {1: 3, 2: 3, 3: 3, 4: 4}


async def test_a_number_of_an_opinion_leads_to_the_entry_that_it_answers_or_serves(database):
    async with database.write() as session:
        await people.sync_units(session, POLICY)
        await policies.ensure_snapshot(session, POLICY, NOW)
        unit = await session.scalar(select(Unit).where(Unit.code == "air"))
        person = Person(telegram_id=1, unit_id=unit.id, role=Role.OFFICER, joined_at=NOW)
        decision = Decision(policy_hash=POLICY.hash, matter_code=None, answers={}, rule_ids=[], result={}, on=TODAY)
        session.add_all([person, decision])
        await session.flush()
        ids, first = [], None
        for seq, number in enumerate(("信核〔2026〕71号", None, "信核〔2026〕99号"), start=1):
            request = Request(unit_id=unit.id, year=2026, seq=seq, owner_id=person.id, decision_id=decision.id,
                              matter_name="x", created_at=NOW)  # fmt: skip
            session.add(request)
            await session.flush()
            item = Item(request_id=request.id, product_kind="verification", product_code="verification",
                        state=ItemState.RETURNED)  # fmt: skip
            session.add(item)
            await session.flush()
            ids.append(request.id)
            if number:
                opinion = Opinion(item_id=item.id, unit_id=unit.id, issued_on=TODAY, valid_to=TODAY, number=number,
                                  valid_source="printed", result="clean", recorded_at=NOW)  # fmt: skip
                session.add(opinion)
                await session.flush()
                first = first or opinion
            else:
                item.reused_opinion_id = first.id
        await session.flush()
        search = Search(read_words("2026〕71"))
        rows, _total = await finding.entries(session, Sight(person, TODAY), search, limit=9, offset=0)
        assert {row.id for row in rows} == set(ids[:2])
        assert await finding.counterparts(session, Sight(person, TODAY), Words()) == ([], False)
