"""The bureau's summary with a coordinator: what each unit reported beside what the ledger says."""

import datetime as dt

import pytest
from sqlalchemy import select

from bot.figures import Figures
from bot.quarters import Quarter
from bot.returns import PushState, ReturnState
from bot.screens.screen import Press
from bot.summary import summary_to_json
from handlers import quarter_summary, summary
from storage import quarter_pushes
from storage import quarter_returns as stored
from storage.files import FileStore
from storage.tables import Role, Unit
from tests.handlers.conftest import NOW
from tests.handlers.desk import Desk
from tests.ledger_rows import Ledger
from tests.oracles.figures_oracle import Happened, Verification

QUARTER = Quarter(2026, 3)
UNITS = ("air", "water", "soil")


@pytest.fixture
async def push(database, office, policy):
    """A drafted summary of three units with one application each."""
    made = [Verification(unit, "m21", entry, submitted=dt.date(2026, 8, 3)) for entry, unit in enumerate(UNITS)]
    async with database.write() as session:
        await (await Ledger.begin(session, policy)).write(Happened(made))
        found = await summary.reckon(session, office, QUARTER, now=NOW)
        await quarter_pushes.begin(session, QUARTER)
        row = await stored.push_of(session, QUARTER)
        row.state, row.content = PushState.DRAFTED, summary_to_json(found)
    return row


async def reported(database, unit, figures):
    async with database.write() as session:
        key = (await session.scalars(select(Unit.id).where(Unit.code == unit))).one()
        row = await stored.ensure(session, key, QUARTER)
        row.state, row.figures = ReturnState.REPORTED, figures.to_json()


async def test_a_unit_that_reported_other_figures_than_the_ledger_is_named(
    database, office, policy, enrol, push, tmp_path
):
    ledger = Figures(times=1, applied=1, open=1)
    await reported(database, "air", ledger)
    await reported(database, "water", ledger + Figures(letters=2))
    async with database.read() as session:
        view = await quarter_summary.summary_view(session, office, push, NOW)
    assert view.differing == [policy.units["water"].name]
    assert policy.units["soil"].name in view.silent and len(view.silent) == len(policy.units) - 2
    desk = Desk(
        database, office, await enrol(900_300, unit="legal", role=Role.COORDINATOR), NOW, FileStore(tmp_path / "files")
    )
    shown = await desk.send(Press("qsum", push.id))
    assert f"所报数据与台账不一致：{policy.units['water'].name}" in shown.text
    await reported(database, "water", ledger)
    assert "所报数据与台账不一致" not in (await desk.send(Press("qsum", push.id))).text
