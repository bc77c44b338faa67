"""A quarter the whole way: drafted with its files by the worker, confirmed by the coordinator, frozen and sent."""

import datetime as dt
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from python_calamine import CalamineWorkbook
from sqlalchemy import select

from bot.quarters import Quarter
from bot.returns import PushState
from bot.screens.screen import Press
from bot.summary import Summary
from handlers import chores, quarter_draft
from storage import people, summaries, work
from storage.files import FileStore
from storage.tables import Person, QuarterPush, Role, Work
from tests.handlers.desk import Desk

HEADING = "核查申请（家）"


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
    coordinator.now = year.now
    await coordinator.send(Press("qgo", push.id, push.version))
    await _work(year, store)
    push = await _push(year, quarter)
    assert push.state is PushState.PUSHED, push.state
    async with year.database.read() as session:
        frozen = await summaries.load(session, quarter)
    assert frozen is not None
    _check_book(year, frozen, store.read(push.files["sheet"]))
    return frozen


def _check_book(year: Any, frozen: Summary, content: bytes) -> None:
    """The book opened again has the same figures, in its sums and in its ledger."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    wanted = frozen.figures().applied
    for sheet in ("按单位", "台账"):
        rows = book.get_sheet_by_name(sheet).to_python()
        at = rows[0].index(HEADING)
        body = rows[1:-1] if sheet == "按单位" else rows[1:]
        year.compared += 1
        if sum(int(row[at]) for row in body) != wanted:
            year.differences.append(f"{frozen.quarter} {sheet}: not {wanted}")


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
