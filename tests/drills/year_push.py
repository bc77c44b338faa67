"""A quarter the whole way: drafted with its files by the worker, confirmed by the coordinator, frozen and sent."""

import datetime as dt
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from python_calamine import CalamineWorkbook
from sqlalchemy import select

from bot.figure_words import measure_name
from bot.figures import Measure
from bot.quarters import Quarter
from bot.returns import PushState
from bot.screens.screen import Press
from bot.summary import Summary
from handlers import chores, quarter_draft
from storage import people, summaries, work
from storage.files import FileStore
from storage.tables import Person, QuarterPush, Role, Work
from tests.handlers.desk import Desk


async def whole_way(year: Any, quarter: Quarter, folder: Path) -> Summary:
    """Return the summary as it was frozen when the coordinator had confirmed it."""
    coordinator = await _coordinator(year)
    year.now = dt.datetime.combine(year.today, dt.time(2), dt.UTC)
    store = FileStore(folder / "files")
    async with year.database.write() as session:
        await quarter_draft.tick(session, year.office, year.now)
    await _work(year, store)
    push = await _push(year, quarter)
    assert push.state is PushState.DRAFTED, push.state
    await year.register()  # the new quarter goes on while the coordinator reads
    coordinator.now = year.now
    await coordinator.send(Press("qgo", push.id, push.version))
    await _work(year, store)
    push = await _push(year, quarter)
    assert push.state is PushState.PUSHED, push.state
    async with year.database.read() as session:
        frozen = await summaries.load(session, quarter)
    assert frozen is not None
    _check_book(year, frozen, store.read(push.files["ledger"]))
    return frozen


def _check_book(year: Any, frozen: Summary, content: bytes) -> None:
    """The book opened again has the same figures: of each unit, in the sums of its sheets, and in its ledger."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    by_unit, ledger = (book.get_sheet_by_name(each).to_python() for each in ("按单位", "台账"))
    for measure in Measure:
        heading, wanted = measure_name(measure), frozen.figures()[measure]
        own = {row[0]: int(row[by_unit[0].index(heading)]) for row in by_unit[1:]}
        said = {unit.name: frozen.figures(unit.code)[measure] for unit in year.office.policy.units.values()}
        entries = sum(int(row[ledger[0].index(heading)]) for row in ledger[1:])
        year.compared += 2
        if own != said | {"合计": wanted} or sum(said.values()) != wanted or entries != wanted:
            year.differences.append(f"{frozen.quarter} the book's {heading}: {own}, {entries}, not {wanted}")


async def _coordinator(year: Any) -> Desk:
    async with year.database.write() as session:
        person = await session.scalar(select(Person).where(Person.role == Role.COORDINATOR))
        if person is None:
            unit = await people.unit_by_code(session, "legal")
            assert unit is not None
            person = Person(telegram_id=9_100_000, unit_id=unit.id, role=Role.COORDINATOR, name="虚构",
                            joined_at=year.now)  # fmt: skip
            session.add(person)
    return Desk(year.database, year.office, person, year.now)


async def _push(year: Any, quarter: Quarter) -> QuarterPush:
    wanted = select(QuarterPush).where(QuarterPush.year == quarter.year, QuarterPush.quarter == quarter.number)
    async with year.database.read() as session:
        return (await session.scalars(wanted)).one()


async def _work(year: Any, store: FileStore) -> None:
    tools: Any = SimpleNamespace(database=year.database, office=year.office, store=store)
    while True:
        async with year.database.write() as session:
            row = await work.claim(session, now=year.now)
        if row is None:
            return
        finish = await chores.JOBS[row.kind](tools, row.params, year.now)
        async with year.database.write() as session:
            await finish(session)
            work.finish(await session.get_one(Work, row.id))
