"""A found list as a sheet: asked for in one turn, made by the worker, sent when it is there."""

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.documents.tables import MEDIA_TYPE, Table, workbook
from bot.finding import View, read_words
from bot.ledger_sheet import Line, columns, line
from bot.screens import finding_export as screens
from bot.screens.screen import File, Screen
from handlers import asking, handed_out
from handlers.finding import view_of
from handlers.office import Office
from handlers.sight import sight_of
from handlers.timeline import wording
from handlers.turn import Flow, Turn
from storage import finding, outbox, sheets_out
from storage.finding import Search
from storage.tables import Person, PersonState

if TYPE_CHECKING:
    from handlers.worker import Finish, Tools

KIND: Final = "find.export"
NOTICE: Final = "find.exported"


async def on_export(turn: Turn) -> Screen:
    """〔导出表格〕: have the list made into a sheet; who took which list away stands in the audit."""
    words, view, mine = view_of(turn)
    params = {"words": words.text, "view": view.encode(), "mine": mine}
    if await asking.ask(turn, KIND, params):
        turn.note(KIND, ("person", turn.officer.id), after=params)
    return screens.exporting()


async def export(tools: "Tools", params: Mapping[str, Any], now: dt.datetime) -> "Finish":
    """Make the sheet, as far as the officer may see the ledger now."""
    today = tools.office.today(now)
    async with tools.database.read() as session:
        person = await session.get_one(Person, params["person_id"])
        rows = await _rows(session, tools.office, person, params, today) if person.state is PersonState.ACTIVE else []
        reach = await handed_out.reach_of(session, person, today)
    words = wording(tools.office, today)
    heading = columns()
    cells = [line(row, words) for row in rows[: sheets_out.MOST]]
    made = await asyncio.to_thread(workbook, [Table(screens.sheet_title(), heading, cells)])
    kept = await asyncio.to_thread(tools.store.put, made)

    async def finish(session: AsyncSession) -> None:
        owner = await session.get_one(Person, person.id)
        said = {"key": kept.key, "n": len(cells), "cut": len(rows) > sheets_out.MOST}
        await outbox.enqueue(session, owner, kind=NOTICE, params=said | reach, dedupe=f"{NOTICE}:{kept.key}", now=now)

    return finish


async def _rows(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], today: dt.date
) -> Sequence[Line]:
    sight = await sight_of(session, office, person, today)
    words = read_words(params["words"])
    ids, near = await finding.counterparts(session, sight, words)
    search = Search(words, near=ids if near else (), view=View.decode(params["view"]) or View(), mine=params["mine"])
    return await sheets_out.lines(session, sight, search)


async def render(
    _session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen:
    """Return the screen that carries the sheet."""
    name = f"{screens.sheet_title()}-{office.today(now):%Y%m%d}.xlsx"
    return screens.exported(File(params["key"], name, MEDIA_TYPE), params["n"], cut=params["cut"])


PRESSES: Final[Mapping[str, Flow]] = {"fex": on_export, "mex": on_export}
JOBS: Final = {KIND: export}
NOTICES: Final = {NOTICE: handed_out.in_reach(render)}
