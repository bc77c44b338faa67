"""The ledger that a unit keeps as a sheet: brought in once, and taken out again in the same columns."""

from collections.abc import Mapping
from typing import Any, Final

from bot.errors import Refusal
from bot.language import _
from bot.ledger_columns import Field, changed, remember, require
from bot.ledger_import import Ledger
from bot.screens import ledger_import as screens
from bot.screens.screen import Screen, is_number
from handlers import batch_work, drafts_aside, ledger_export, ledger_import_work
from handlers.guide_draft import require_present
from handlers.ledger_import_work import ENTER, ENTERING, READ, TRY, as_kept, columns_of, columns_screen
from handlers.turn import Defect, Flow, Incoming, Stale, Turn
from storage import batch, ledger_import, work
from storage.ledger_import import LEDGER
from storage.tables import Sheet

PURPOSE: Final = "ledger_import"


async def on_sheet(turn: Turn) -> Screen:
    """/sheet: the ledger as a sheet, in or out."""
    return screens.menu()


async def on_import(turn: Turn) -> Screen:
    """〔导入台账〕."""
    return await begin_import(turn, None)


async def begin_import(turn: Turn, file: Incoming | None) -> Screen:
    """Begin to bring a ledger in.

    Args:
        turn: The turn.
        file: The sheet, where it was sent already; otherwise it is asked for.
    """
    if file is not None:
        return await _reading(turn, file)
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={}, awaiting="file")
    return await present(turn)


async def present(turn: Turn) -> Screen:
    """Return the question for the sheet."""
    if turn.draft is None:
        raise Stale
    return screens.asking(turn.draft.id, turn.draft.version)


async def on_file(turn: Turn) -> Screen:
    """The sheet came; the question stands until it could be read, so that another file may follow a broken one."""
    if turn.file is None:
        raise Defect("a flow of a file ran without one")
    return await _reading(turn, turn.file)


async def on_typed(turn: Turn) -> Screen:
    """Words where a file is awaited."""
    raise Refusal(_("Please send the list as a file: xlsx, xls, ods or csv."))


async def on_quit(turn: Turn) -> Screen:
    """〔放弃〕 before a sheet was sent; what was put aside comes back."""
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    require_present(turn, turn.draft)
    await drafts_aside.take_up(turn)
    return screens.dropped()


async def on_column(turn: Turn) -> Screen:
    """One column is to be taken for something else."""
    sheet, rows = await _pressed(turn)
    header = Ledger.from_json(rows).sheet.header
    at = _position(turn.pressed.arg, len(header))
    return screens.choice(sheet.id, rows["version"], header, columns_of(rows), at)


async def on_set(turn: Turn) -> Screen:
    """What one column holds."""
    sheet, rows = await _pressed(turn)
    place, _dot, name = turn.pressed.arg.partition(".")
    columns = columns_of(rows)
    if name and name not in set(Field):
        raise Stale
    columns = changed(columns, _position(place, len(columns)), Field(name) if name else None)
    sheet.rows = {**rows, "columns": as_kept(columns), **_next(rows)}
    return columns_screen(sheet)


async def on_columns(turn: Turn) -> Screen:
    """Look at the columns again."""
    sheet, _rows = await _pressed(turn)
    return columns_screen(sheet)


async def on_right(turn: Turn) -> Screen:
    """〔列已核对〕: the columns are remembered for the unit, and every row is judged.

    Raises:
        Refusal: Names or codes stand in no column.
    """
    sheet, rows = await _pressed(turn)
    columns = columns_of(rows)
    require(columns)
    unit = await turn.unit()
    confirmed = remember(Ledger.from_json(rows).sheet.header, columns)
    before = await ledger_import.columns(turn.session, unit.code)
    if confirmed != before:
        await ledger_import.remember_columns(turn.session, unit.code, confirmed)
        turn.note("ledger.columns", ("unit", unit.id), before=before, after=confirmed)
    sheet.rows = {**rows, **_next(rows)}
    _have(turn, TRY, sheet)
    await _end_question(turn)
    return screens.reading()


async def on_go(turn: Turn) -> Screen:
    """〔导入〕: the word to record what was shown."""
    sheet, rows = await _pressed(turn)
    if rows.get("counts") is None:
        raise Stale
    sheet.rows = {**rows, **_next(rows), "step": ENTERING}
    _have(turn, ENTER, sheet)
    await _end_question(turn)
    return screens.importing()


async def on_drop(turn: Turn) -> Screen:
    """〔放弃〕: nothing is recorded, what was read is forgotten."""
    sheet, _rows = await _pressed(turn)
    work.tidy(turn.session, batch.close(sheet, now=turn.now), now=turn.now)
    await _end_question(turn)
    return screens.dropped()


async def _reading(turn: Turn, file: Incoming) -> Screen:
    sheet = await batch.begin(turn.session, turn.officer.id, LEDGER, {"ref": file.ref}, now=turn.now)
    _have(turn, READ, sheet)
    return screens.reading()


def _have(turn: Turn, kind: str, sheet: Sheet) -> None:
    work.add(turn.session, kind, {"sheet_id": sheet.id, "person_id": turn.officer.id}, now=turn.now)


async def _pressed(turn: Turn) -> tuple[Sheet, dict[str, Any]]:
    """Return the officer's own ledger whose button was pressed, and what is kept of it.

    Raises:
        Stale: It is somebody else's, not read yet, being imported, closed, or was changed since the button was made.
    """
    sheet = await batch_work.own(turn, turn.pressed.id, LEDGER)
    rows = batch.content(sheet)
    if rows.get("version") != turn.pressed.version or rows.get("step") == ENTERING:
        raise Stale
    return sheet, rows


def _next(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes older keyboards of a ledger stale, and what was judged void."""
    return {"version": rows["version"] + 1, "counts": None}


def _position(text: str, width: int) -> int:
    if not is_number(text) or int(text) >= width:
        raise Stale
    return int(text)


async def _end_question(turn: Turn) -> None:
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        await drafts_aside.take_up(turn)


COMMANDS: Final[Mapping[str, Flow]] = {"sheet": on_sheet}
PRESSES: Final[Mapping[str, Flow]] = {
    "limp": on_import,
    "lquit": on_quit,
    "lcol": on_column,
    "lset": on_set,
    "lmap": on_columns,
    "lok": on_right,
    "lgo": on_go,
    "ldrop": on_drop,
    **ledger_export.PRESSES,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
FILES: Final[Mapping[str, Flow]] = {PURPOSE: on_file}
JOBS: Final = {**ledger_import_work.JOBS, **ledger_export.JOBS}
NOTICES: Final = {**ledger_import_work.NOTICES, **ledger_export.NOTICES}
