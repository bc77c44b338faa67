"""The quarterly summary: frozen once, reproducible, corrected only by the next one."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.figures import Figures
from bot.quarters import Quarter
from bot.summary import Correction, correction, digest, summary_to_json
from handlers import summary
from storage import summaries
from storage.tables import Audit, Item, QuarterSummary, RequestState
from storage.tables import Request as Entry
from tests.handlers.conftest import NOW
from tests.ledger_rows import Ledger
from tests.oracles.figures_oracle import Happened, Verification
from tests.storage.test_figures import ledger

THIRD, FOURTH = Quarter(2026, 3), Quarter(2026, 4)
LATER = dt.datetime(2027, 1, 8, 1, 0, tzinfo=dt.UTC)


async def freeze(database, office, quarter, now):
    async with database.read() as session:
        found = await summary.reckon(session, office, quarter, now=now)
    async with database.write() as session:
        return await summary.freeze(session, office, found, now=now)


async def test_a_quarter_is_frozen_once_and_late_changes_go_to_the_next_with_a_note(database, office, policy):
    async with database.write() as session:
        await (await Ledger.begin(session, policy)).write(ledger(seed=1, entries=40))
    third = await freeze(database, office, THIRD, NOW)
    assert third.policy_hash == policy.hash and third.calendar_version == office.calendar.version
    assert third.figures().applied > 0 and not third.is_empty and third.corrections == ()
    assert third.names.matters["m21"] == policy.matters["m21"].name and third.names.units["air"]
    assert sum(third.figures(unit).applied for unit in third.statistics.by_unit()) == third.figures().applied

    async with database.read() as session:  # reproducible: the same register gives the same content
        again = await summary.reckon(session, office, THIRD, now=NOW + dt.timedelta(days=3))
        kept = await summaries.frozen(session, THIRD)
    assert digest(summary_to_json(again)) == kept.digest == digest(kept.content)

    moved, undone = await change(database)
    again = await freeze(database, office, THIRD, NOW + dt.timedelta(days=9))
    assert again == third  # what was reported stays reported
    fourth = await freeze(database, office, FOURTH, LATER)
    note = fourth.corrected()
    assert [each.quarter for each in fourth.corrections] == [THIRD]
    assert note.applied == -moved - undone and note.carried == note.open == 0
    assert fourth.before().applied == third.figures().applied and fourth.a_year_ago() is None
    assert fourth.reported_open() == third.figures().open
    assert all(note_of == fourth.corrected(unit) for unit, note_of in by_unit(fourth.corrections))

    async with database.read() as session:
        live = await summary.reckon(session, office, THIRD, now=LATER)
        for_first = await summary.reckon(session, office, Quarter(2027, 1), now=LATER)
        lines = await session.scalars(select(Audit).where(Audit.verb == "summary.freeze").order_by(Audit.id))
        quarters = [row.after["quarter"] for row in lines]
    assert third.figures().applied + note.applied == live.figures().applied
    assert for_first.corrections == ()  # noted once
    assert quarters == ["2026Q3", "2026Q4"]


def by_unit(corrections):
    units = {unit for each in corrections for unit, _matter in each.changes}
    return [(unit, sum((each.of(unit) for each in corrections), Figures())) for unit in units]


async def change(database) -> tuple[int, int]:
    """Move one application of the third quarter to the fourth, and take another entry back; return how many each."""
    async with database.write() as session:
        rows = await session.execute(
            select(Item, Entry)
            .join(Entry, Entry.id == Item.request_id)
            .where(Item.submitted_on.between(THIRD.begins_on, THIRD.ends_on), Entry.state == RequestState.OPEN)
            .where(Item.returned_on.is_(None), Item.withdrawn_on.is_(None))
        )
        (first, _), *others = rows.all()
        first.submitted_on = dt.date(2026, 10, 9)
        taken = next(entry for item, entry in others if entry.id != first.request_id)
        taken.state = RequestState.UNDONE
        items = await session.scalars(
            select(Item).where(Item.request_id == taken.id, Item.submitted_on.between(THIRD.begins_on, THIRD.ends_on))
        )
        return first.head_count or 1, sum(each.head_count or 1 for each in items)


async def test_a_quarter_stands_beside_what_was_reported_a_quarter_and_a_year_ago(database, office, policy):
    """What was reported counts, and not what the register says by now; where nothing was, the register does."""
    days = {FOURTH.year_before: 3, THIRD: 5, FOURTH: 4, Quarter(2025, 3): 2}
    entries = [each.begins_on for each, count in days.items() for _ in range(count)]
    rows = [Verification("air", "m21", entry, submitted=on) for entry, on in enumerate(entries)]
    async with database.write() as session:
        await (await Ledger.begin(session, policy)).write(Happened(rows))
    for quarter in (FOURTH.year_before, THIRD):
        await freeze(database, office, quarter, NOW)
    async with database.write() as session:  # put right since: it is a correction, and no other comparison
        for quarter in (FOURTH.year_before, THIRD):
            item = await session.scalars(select(Item).where(Item.submitted_on == quarter.begins_on).limit(1))
            item.one().submitted_on = dt.date(2024, 1, 5)
    fourth = await freeze(database, office, FOURTH, LATER)
    assert (fourth.a_year_ago().applied, fourth.before().applied, fourth.figures().applied) == (3, 5, 4)
    assert (fourth.a_year_ago("air").applied, fourth.a_year_ago("water").applied) == (3, 0)
    async with database.read() as session:
        third = await summary.reckon(session, office, THIRD, now=LATER)
        kept = await summaries.load(session, FOURTH)
    assert (third.a_year_ago().applied, third.before().applied) == (2, 0)
    assert (kept.before(), kept.a_year_ago()) == (fourth.before(), fourth.a_year_ago())


async def test_an_empty_quarter_is_frozen_and_said_so(database, office, policy):
    async with database.write() as session:
        await Ledger.begin(session, policy)
    found = await freeze(database, office, FOURTH, LATER)
    assert found.is_empty and found.previous is None
    async with database.read() as session:
        row = (await session.scalars(select(Audit).where(Audit.verb == "summary.freeze"))).one()
        assert row.after["empty"] is True
        assert len(list(await session.scalars(select(QuarterSummary)))) == 1


KEYS = st.tuples(st.sampled_from(["air", "water"]), st.sampled_from(["m04b", None]))
COARSE = st.dictionaries(KEYS, st.builds(Figures, applied=st.integers(0, 5), letters=st.integers(0, 5)))


@given(COARSE, st.lists(COARSE, max_size=4))
def test_what_was_reported_with_its_corrections_is_always_what_the_register_says(reported, registers):
    noted: list[Correction] = []
    for now in registers:
        found = correction(THIRD, now=now, reported=reported, noted=noted)
        noted += [found] if found else []
        for key in {*reported, *now}:
            known = sum((each.changes.get(key, Figures()) for each in noted), reported.get(key, Figures()))
            assert known == now.get(key, Figures())
        assert correction(THIRD, now=now, reported=reported, noted=noted) is None
