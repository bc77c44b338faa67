"""The circular 通报: a draft for the coordinator's own hand, who ticks the units that it may name and has it signed.

Source: the Plan, 三（四）: 落实通报制度; domain.md §4.5. The assistant sends no circular, and names nobody unasked.
"""

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import Refusal
from bot.language import _
from bot.quarters import Quarter
from bot.returns import PushState
from bot.screens import quarter_push as screens
from bot.screens.screen import Screen, is_number
from handlers import access, asking, handed_out, quarter_files, quarter_material, quarter_prompts, quarter_summary
from handlers.office import Office
from handlers.turn import Flow, Stale, Turn
from handlers.worker import Finish, Tools
from storage import outbox, quarter_pushes
from storage.tables import Person, Priority, QuarterPush, Unit

KIND, MADE = "quarter.circular", "quarter.circular_made"
_DRAFTED: Final = (PushState.DRAFTED, PushState.CONFIRMED, PushState.PUSHED)


async def on_open(turn: Turn) -> Screen:
    """〔通报稿〕: which units it may name."""
    return await _shown(turn, await _own(turn), int(turn.pressed.arg) if is_number(turn.pressed.arg) else 0)


async def on_name(turn: Turn) -> Screen:
    """A unit is ticked, or not any more."""
    row = await _own(turn)
    key, _comma, page = turn.pressed.arg.partition(",")
    units = {str(unit.id): unit.code for unit in await _units(turn, row)}
    if key not in units:
        raise Stale
    if row.version == turn.pressed.version:
        row.named = sorted(set(row.named) ^ {units[key]})
        turn.note("quarter.name_units", ("quarter_push", row.id), after=row.named)
        await turn.session.flush()
    return await _shown(turn, row, int(page) if is_number(page) else 0)


async def on_make(turn: Turn) -> Screen:
    """〔生成通报稿〕: made by the worker, sent into this chat."""
    row = await _own(turn)
    if await asking.ask(turn, KIND, {"push": row.id}):
        turn.note(KIND, ("quarter_push", row.id), after=row.named)
    return await _shown(turn, row, 0, making=True)


async def make(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Make the draft with the units that are ticked now."""
    async with tools.database.read() as session:
        row = await quarter_pushes.by_id(session, params["push"])
        person = await session.get_one(Person, params["person_id"])
        if row is None or not access.may(person.role, "quarter.sum"):
            raise Refusal(_("Only a coordinator has a circular drafted."))
        material = quarter_material.of_row(tools.office, row, now)
        if material is None:
            raise Refusal(_("The summary is being drafted anew. Please ask for the circular once it is there."))
        reach = await handed_out.reach_of(session, person, tools.office.today(now))
    made = await quarter_files.circular(
        tools.office,
        material.summary,
        now=now,
        paragraphs=material.sentences,
        named=tuple(row.named),
    )
    kept = await asyncio.to_thread(tools.store.put, made)

    async def finish(session: AsyncSession) -> None:
        told = await session.get_one(Person, person.id)
        said = {"key": kept.key, "quarter": material.summary.quarter.code}
        dedupe = f"{MADE}:{kept.key}"
        await outbox.enqueue(
            session, told, kind=MADE, params=said | reach, dedupe=dedupe, priority=Priority.QUESTION, now=now
        )

    return finish


async def render(
    _session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Return the screen that carries the draft."""
    quarter = Quarter.from_code(params["quarter"])
    return None if quarter is None else screens.circular_made(quarter, params["key"])


async def _own(turn: Turn) -> QuarterPush:
    row = await quarter_pushes.by_id(turn.session, turn.pressed.id)
    if row is None or not turn.may("quarter.sum") or row.state not in _DRAFTED:
        raise Stale
    return row


async def _units(turn: Turn, row: QuarterPush) -> list[Unit]:
    return await quarter_prompts.units_of(turn.session, turn.office, Quarter(row.year, row.quarter), turn.today)


async def _shown(turn: Turn, row: QuarterPush, page: int, *, making: bool = False) -> Screen:
    view = await quarter_summary.summary_view(turn.session, turn.office, row, turn.now)
    units = await _units(turn, row)
    ticked = [(unit.id, unit.name, unit.code in row.named) for unit in units]
    return screens.circular_units(view, ticked, page, making=making)


PRESSES: Final[Mapping[str, Flow]] = {"qcir": on_open, "qnam": on_name, "qdoc": on_make}
JOBS: Final = {KIND: make}
NOTICES: Final = {MADE: handed_out.in_reach(render)}
