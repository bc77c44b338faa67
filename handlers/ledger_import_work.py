"""An older ledger as it is kept, read, tried and imported: the chores behind its screens, and what they send."""

import asyncio
import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.documents.tables import MEDIA_TYPE
from bot.errors import Refusal
from bot.language import _, pgettext
from bot.ledger_columns import Columns, Field, is_known, known_headings, own_headings, remembered
from bot.ledger_import import Ledger, Row, Verdict, counts, without_persons
from bot.screens import ledger_import as screens
from bot.screens.screen import File, Screen
from handlers import handed_out, ledger_entering
from handlers.ledger_entering import Act
from handlers.office import Office
from handlers.sheet_reading import ask_child
from handlers.sight import sight_of
from handlers.worker import Finish, Tools
from storage import audit, batch, known, ledger_import, outbox, people, work
from storage.files import handed_in
from storage.tables import Person, Priority, Sheet, Unit

READ: Final = "ledger.read"
TRY: Final = "ledger.try"
ENTER: Final = "ledger.enter"
READ_NOTICE: Final = "ledger.columns"
TRIED: Final = "ledger.tried"
IMPORTED: Final = "ledger.imported"
ENTERING: Final = "entering"  # the step of a kept sheet after the word to import it was given


def columns_of(rows: Mapping[str, Any]) -> Columns:
    """Return what the columns of a kept ledger are taken for."""
    return tuple(Field(each) if each else None for each in rows["columns"])


def as_kept(columns: Columns) -> list[str]:
    """Return columns as they are kept with a ledger."""
    return [field.value if field else "" for field in columns]


async def read_ledger(content: bytes, setting: Any) -> dict[str, Any]:
    """Read a ledger in a process of its own.

    Args:
        content: The file.
        setting: The columns that the unit confirmed before; None where it never did.

    Returns:
        What is kept of it: sheet, persons, columns.

    Raises:
        Refusal: It cannot be read.
    """
    known = {key: field.value if field else "" for key, field in remembered(setting).items()}
    headings = [*known_headings(), *(text for text, _field in own_headings(setting))]
    said: dict[str, Any] = await ask_child(
        "bot.ledger_import", {"name": "", "headings": headings, "remembered": known}, content
    )
    return said


async def read(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Read a ledger that was sent in; its columns are asked about unless the unit confirmed all of them before."""
    sheet, person, unit = await _about(tools, params)
    if sheet.closed_at is not None:
        return _nothing
    async with tools.database.read() as session:
        setting = await ledger_import.columns(session, unit.code)
    ref = batch.content(sheet).get("ref", "")
    rows = await read_ledger(await tools.fetch(ref), setting)
    header = Ledger.from_json(rows).sheet.header

    async def finish(session: AsyncSession) -> None:
        kept = await session.get_one(Sheet, sheet.id)
        work.tidy(session, [*await batch.close_older(session, kept, now=now), *handed_in(ref)], now=now)
        kept.rows = {**rows, "version": 1}
        if is_known(header, remembered(setting)):
            work.add(session, TRY, dict(params), now=now)
        else:
            told = await session.get_one(Person, person.id)
            await _notify(session, told, READ_NOTICE, {"sheet_id": kept.id}, f"{kept.id}", now)

    return finish


async def try_out(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Judge every row without recording anything, and send the ledger back with a verdict in each row."""
    sheet, person, unit = await _about(tools, params)
    rows = batch.content(sheet)
    if sheet.closed_at is not None or rows.get("step") == ENTERING:
        return _nothing
    ledger, judged = await _judged(tools.office, rows, now)
    codes = [code for row in judged if (code := row.code or row.legacy_code)]
    async with tools.database.read() as session:
        sight = await sight_of(session, tools.office, person, tools.office.today(now))
        judged = await ledger_entering.known_rows(session, unit, judged, sight)
        seen = await known.keys(session, codes)
        reach = await handed_out.reach_of(session, person, sight.today)
    key = await _kept(tools, *_with_verdicts(ledger, judged))
    said = {verdict.value: number for verdict, number in counts(judged).items()}
    faults = [reason for row in judged if row.verdict is Verdict.WRONG for reason in row.reasons]

    async def finish(session: AsyncSession) -> None:
        kept, told = await session.get_one(Sheet, sheet.id), await session.get_one(Person, person.id)
        if batch.content(kept).get("version") != rows["version"]:
            work.tidy(session, [key], now=now)  # the columns were changed meanwhile: another chore judges anew
            return
        work.tidy(session, [kept.path] if kept.path else [], now=now)
        kept.rows, kept.path = {**rows, **ledger.to_json(), "counts": said, "faults": faults}, key
        audit.note(session, at=now, actor_id=person.id, verb=TRY, subject=("person", person.id),
                   after={"counterparts": list(seen)})  # fmt: skip
        await _notify(session, told, TRIED, {"sheet_id": kept.id, "key": key, **reach}, key, now)

    return finish


async def enter(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Import a ledger after the word was given: everything that is right, in one transaction, or nothing."""
    sheet, person, unit = await _about(tools, params)
    rows = batch.content(sheet)
    if sheet.closed_at is not None or rows.get("step") != ENTERING:
        return _nothing
    ledger, judged = await _judged(tools.office, rows, now)
    wrong = [row for row in judged if row.verdict is Verdict.WRONG]
    key = await _kept(tools, *_with_reasons(ledger, wrong)) if wrong else None

    async def finish(session: AsyncSession) -> None:
        kept, told = await session.get_one(Sheet, sheet.id), await session.get_one(Person, person.id)
        await _require_unmoved(session, told, kept)
        sight = await sight_of(session, tools.office, told, tools.office.today(now))
        act = Act(actor_id=told.id, owner_id=told.id, now=now, sight=sight, sheet_id=kept.id)
        done = await ledger_entering.enter(session, tools.office, unit.id, judged, act)
        work.tidy(session, batch.close(kept, now=now), now=now)
        said = {
            "key": key,
            "counts": {verdict.value: number for verdict, number in done.counts.items()},
            "numbers": [done.numbers[0], done.numbers[-1]] if done.numbers else [],
        }
        await _notify(session, told, IMPORTED, said, f"{kept.id}", now)

    return finish


async def show_columns(
    session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Return what the columns are taken for; None where the ledger was given up or replaced meanwhile."""
    sheet = await _open(session, params)
    return columns_screen(sheet) if sheet is not None else None


def columns_screen(sheet: Sheet) -> Screen:
    """Return the screen of a kept ledger's columns."""
    rows = batch.content(sheet)
    return screens.columns(sheet.id, rows["version"], Ledger.from_json(rows).sheet.header, columns_of(rows))


async def show_tried(
    session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Return what would become of the rows; None where the ledger was imported, given up or judged anew meanwhile."""
    sheet = await _open(session, params)
    if sheet is None or sheet.path != params["key"]:
        return None
    rows = batch.content(sheet)
    name = _("Ledger with verdicts")
    file = File(params["key"], f"{name}.xlsx", MEDIA_TYPE)
    return screens.tried(screens.Tried(sheet.id, rows["version"], _counts(rows["counts"]), rows["faults"], file))


async def show_imported(
    _session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen:
    """Return what was imported."""
    name = _("Rows to be corrected")
    file = File(params["key"], f"{name}.xlsx", MEDIA_TYPE) if params["key"] else None
    return screens.imported(_counts(params["counts"]), params["numbers"], file)


async def _about(tools: Tools, params: Mapping[str, Any]) -> tuple[Sheet, Person, Unit]:
    async with tools.database.read() as session:
        person = await session.get_one(Person, params["person_id"])
        sheet = await session.get_one(Sheet, params["sheet_id"])
        await _require_unmoved(session, person, sheet)
        return sheet, person, await session.get_one(Unit, person.unit_id)


async def _require_unmoved(session: AsyncSession, person: Person, sheet: Sheet) -> None:
    """Refuse a ledger whose officer has another unit or role than when they sent it.

    Raises:
        Refusal: They have.
    """
    if await people.has_moved(session, person, sheet.created_at):
        raise Refusal(_("Your unit or role has changed since the ledger was sent. Please send it again with /sheet."))


async def _judged(office: Office, rows: Mapping[str, Any], now: dt.datetime) -> tuple[Ledger, tuple[Row, ...]]:
    """Return a kept ledger without natural persons, and its rows as the sheet alone judges them."""

    def judged() -> tuple[Ledger, tuple[Row, ...]]:
        kept, columns = Ledger.from_json(rows), columns_of(rows)
        ledger = without_persons(kept.sheet, columns, kept.persons)
        return ledger, ledger_entering.read_rows(office, ledger, columns, office.today(now))

    return await asyncio.to_thread(judged)


def _with_verdicts(ledger: Ledger, judged: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    header = [*ledger.sheet.header, pgettext("column", "What becomes of it"), pgettext("column", "Reason")]
    cells = [
        [*ledger.sheet.rows[row.row - 1], screens.verdict_name(row.verdict), _("; ").join(row.reasons)]
        for row in judged
    ]
    return header, cells


def _with_reasons(ledger: Ledger, wrong: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    header = [*ledger.sheet.header, pgettext("column", "Reason")]
    return header, [[*ledger.sheet.rows[row.row - 1], _("; ").join(row.reasons)] for row in wrong]


async def _kept(tools: Tools, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Make a workbook in a process of its own and put it away; return its key."""
    asked = {"title": pgettext("sheet", "Ledger"), "header": header, "rows": rows}
    made = await ask_child("bot.documents.writing", asked)
    kept = await asyncio.to_thread(tools.store.put, base64.b64decode(made))
    return kept.key


async def _open(session: AsyncSession, params: Mapping[str, Any]) -> Sheet | None:
    sheet = await session.get(Sheet, params["sheet_id"], populate_existing=True)
    if sheet is None or sheet.closed_at is not None or batch.content(sheet).get("step") == ENTERING:
        return None
    return sheet


def _counts(kept: Mapping[str, int]) -> dict[Verdict, int]:
    return {Verdict(name): number for name, number in kept.items()}


async def _notify(
    session: AsyncSession, person: Person, kind: str, params: dict[str, Any], which: str, now: dt.datetime
) -> None:
    dedupe = f"{kind}:{which}"
    await outbox.enqueue(session, person, kind=kind, params=params, dedupe=dedupe, priority=Priority.QUESTION, now=now)


async def _nothing(_session: AsyncSession) -> None:
    """Nothing is left to be written."""


JOBS: Final = {READ: read, TRY: try_out, ENTER: enter}
NOTICES: Final = {READ_NOTICE: show_columns, TRIED: handed_out.in_reach(show_tried), IMPORTED: show_imported}
