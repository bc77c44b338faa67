"""The ledger taken out as a sheet: asked for in one turn, made by the worker, sent when it is there."""

import asyncio
import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.documents.tables import MEDIA_TYPE
from bot.language import pgettext
from bot.ledger_export import table
from bot.ledger_sheet import Line
from bot.policy.model import ProductKind
from bot.screens import ledger_import as screens
from bot.screens.screen import File, Screen
from handlers import asking, handed_out
from handlers.office import Office
from handlers.sheet_reading import ask_child
from handlers.sight import sight_of
from handlers.turn import Flow, Turn
from handlers.worker import Finish, Tools
from storage import ledger_import, outbox, sheets_out
from storage.finding import Search
from storage.sight import Sight
from storage.tables import Person, PersonState, Priority, Unit

KIND: Final = "ledger.export"
NOTICE: Final = "ledger.exported"


async def on_export(turn: Turn) -> Screen:
    """〔导出台账〕: have the sheet made; who took the ledger away stands in the audit."""
    if await asking.ask(turn, KIND, {}):
        turn.note(KIND, ("person", turn.officer.id))
    return screens.exporting()


async def export(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Make the sheet, as far as the officer may see the ledger now."""
    async with tools.database.read() as session:
        person = await session.get_one(Person, params["person_id"])
        unit = await session.get_one(Unit, person.unit_id)
        setting = await ledger_import.columns(session, unit.code)
        active = person.state is PersonState.ACTIVE
        sight = await sight_of(session, tools.office, person, tools.office.today(now))
        reach = await handed_out.reach_of(session, person, tools.office.today(now))
        rows = await verifications(session, sight, Search()) if active else []
    made, count = await sheet(rows, setting)
    kept = await asyncio.to_thread(tools.store.put, made)

    async def finish(session: AsyncSession) -> None:
        told = await session.get_one(Person, person.id)
        said = {"key": kept.key, "n": count, "cut": len(rows) > sheets_out.MOST}
        dedupe = f"{NOTICE}:{kept.key}"
        await outbox.enqueue(
            session, told, kind=NOTICE, params=said | reach, dedupe=dedupe, priority=Priority.QUESTION, now=now
        )

    return finish


async def verifications(session: AsyncSession, sight: Sight, search: Search) -> list[Line]:
    """Return the verifications of the entries that somebody may see and wants."""
    rows = await sheets_out.lines(session, sight, search)
    return [row for row in rows if row.kind is ProductKind.VERIFICATION]


async def sheet(rows: Sequence[Line], setting: Any) -> tuple[bytes, int]:
    """Return the ledger as xlsx, and how many rows it has; made in a process of its own."""
    header, cells = await asyncio.to_thread(table, rows[: sheets_out.MOST], setting)
    asked = {"title": pgettext("sheet", "Ledger"), "header": header, "rows": cells}
    return base64.b64decode(await ask_child("bot.documents.writing", asked)), len(cells)


async def render(
    _session: AsyncSession, office: Office, _person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen:
    """Return the screen that carries the sheet."""
    title = pgettext("sheet", "Ledger")
    name = f"{title}-{office.today(now):%Y%m%d}.xlsx"
    return screens.exported(File(params["key"], name, MEDIA_TYPE), params["n"], cut=params["cut"])


PRESSES: Final[Mapping[str, Flow]] = {"lexp": on_export}
JOBS: Final = {KIND: export}
NOTICES: Final = {NOTICE: handed_out.in_reach(render)}
