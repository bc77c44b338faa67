"""/quarter: who has reported, who has not, and what a unit's return says."""

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.figures import Figures
from bot.policy.overlay import Layer, LayerKind, lay
from bot.quarters import Quarter
from bot.returns import GapKind, ReturnState
from bot.screens import quarter_return as screens
from handlers import quarter, quarter_facts, summary
from handlers.office import ZONE
from storage import quarter_returns as stored
from storage.files import FileStore
from storage.tables import Item, Request, Role, Unit
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk
from tests.ledger_rows import Ledger
from tests.oracles.figures_oracle import Happened, Report, Verification

QUARTER = Quarter(2026, 3)


@pytest.fixture
def seat(database, office, enrol, tmp_path):
    async def sit(role, unit="air"):
        return Desk(database, office, await enrol(900_200, unit=unit, role=role), NOW, FileStore(tmp_path / "files"))

    return sit


async def of_code(session, code):
    return (await session.scalars(select(Unit).where(Unit.code == code))).one()


async def test_of_two_units_of_one_name_each_is_asked_for_its_own_return(database, office, seat):
    desk = await seat(Role.COORDINATOR, "legal")
    async with database.write() as session:
        air, water, soil = [await of_code(session, code) for code in ("air", "water", "soil")]
        air.name = water.name = soil.name = "虚构处"
        for unit, nil in ((air, False), (water, True)):
            row = await stored.ensure(session, unit.id, QUARTER)
            row.state, row.nil = ReturnState.REPORTED, nil
    shown = await desk.run(quarter.on_quarter, text="2026年第三季度")
    assert "单位已报（1个）：虚构处" in shown.text and "零报告（1个）：虚构处" in shown.text
    silent = len(office.policy.units) - 2
    assert f"未报（{silent}个）" in shown.text
    listed = next(line for line in shown.text.split("\n") if line.startswith("未报"))
    assert "虚构处" in listed


async def unit_return(database, office, unit, which, now):
    """Return a unit's return as a screen shows it."""
    async with database.write() as session:
        row = await stored.ensure(session, (await of_code(session, unit)).id, which)
        return await quarter_facts.unit_return(session, office, row, now)


async def test_a_matter_that_was_proposed_again_takes_nothing_from_the_return(database, office, policy):
    again = Layer(LayerKind.MATTER, "b7", {**policy.matters["m21"].model_dump(mode="json"), "code": "b7"})
    on = dt.date(2026, 8, 3)
    both = [Verification("air", matter, entry, submitted=on) for entry, matter in enumerate(("m21", "b7", None))]
    async with database.write() as session:
        await (await Ledger.begin(session, policy)).write(Happened(both))
    found = await unit_return(database, replace(office, policy=lay(policy, [again])), "air", QUARTER, NOW)
    assert found.figures.applied == 3
    assert sum((row for _name, row in found.by_matter), Figures()) == found.figures
    name = policy.matters["m21"].name
    assert sorted(each for each, _row in found.by_matter) == sorted([name, name, "目录外事项"])
    assert screens.by_matter(found, 0).text.count(name) == 2


async def test_a_report_of_the_next_quarter_is_no_gap_of_this_one(database, office, policy):
    entered = {"2026-09-30 23:30": True, "2026-10-01 00:30": False, "2026-06-01 10:00": True}
    async with database.write() as session:
        reports = [Report("air", "m35", dt.date(2026, 9, 1)) for _each in entered]
        await (await Ledger.begin(session, policy)).write(Happened(reports=reports))
        entries = (await session.scalars(select(Request).order_by(Request.id))).all()
        for entry, at in zip(entries, entered, strict=True):
            entry.created_at = dt.datetime.fromisoformat(at).replace(tzinfo=ZONE).astimezone(dt.UTC)
    wanted = [entry.id for entry, is_of_quarter in zip(entries, entered.values(), strict=True) if is_of_quarter]
    found = await unit_return(database, office, "air", QUARTER, NOW)
    assert [(gap.request_id, gap.kind) for gap in found.gaps] == [(key, GapKind.REPORT) for key in wanted]
    later = await unit_return(database, office, "air", QUARTER.next, NOW)
    assert len(later.gaps) == len(entries)


async def test_a_return_corrects_four_quarters_back_what_no_summary_has_noted_yet(database, office, policy):
    second, third, fourth = Quarter(2026, 2), Quarter(2026, 3), Quarter(2026, 4)
    days = (dt.date(2026, 5, 6), dt.date(2026, 5, 7), dt.date(2026, 8, 3))
    happened = [Verification("air", "m21", entry, submitted=on) for entry, on in enumerate(days)]
    async with database.write() as session:
        ledger = await Ledger.begin(session, policy)
        await ledger.write(Happened([*happened, Verification("water", "m21", 9, submitted=days[0])]))
        first, again, late, others = (await session.scalars(select(Item).order_by(Item.id))).all()

    async def freeze(quarter):
        async with database.write() as session:
            await summary.freeze(session, office, await summary.reckon(session, office, quarter, now=NOW), now=NOW)

    async def moved(item, on):
        async with database.write() as session:
            (await session.get_one(Item, item.id)).submitted_on = on

    await freeze(second)
    await moved(first, dt.date(2026, 10, 9))  # noted by the summary of the third quarter
    await moved(others, dt.date(2026, 10, 9))
    await freeze(third)
    assert (await unit_return(database, office, "air", third, NOW)).corrected[second].applied == -1
    assert (await unit_return(database, office, "air", fourth, NOW)).corrected == {}
    await moved(again, dt.date(2026, 10, 9))
    await moved(late, dt.date(2026, 10, 9))
    less = Figures(times=-1, applied=-1)
    found = await unit_return(database, office, "air", fourth, NOW)
    assert found.corrected == {second: less, third: less}
    said = screens.shown(found, today=dt.date(2027, 1, 5), may_fill=False, may_confirm=False).text
    for each in ("2026年第二季度", "2026年第三季度"):
        assert f"{each}报送后更正：核查申请-1" in said
    assert (await unit_return(database, office, "water", fourth, NOW)).corrected == {}
    async with database.read() as session:
        whole = await summary.reckon(session, office, fourth, now=NOW)
    assert {each.quarter: each.of("air") for each in whole.corrections} == found.corrected
