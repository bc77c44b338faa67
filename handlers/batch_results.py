"""Results of many counterparts, imported into their entry from a sheet: read, summed up, recorded by one press."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.batch_results import Results
from bot.dates import parse_day
from bot.errors import Refusal
from bot.language import _
from bot.opinions import Finding, require_dates
from bot.screens import batch_results as screens
from bot.screens.screen import Screen, is_number
from handlers import acts, batch_work, drafts_aside
from handlers.ledger import require_after
from handlers.office import Office
from handlers.opinions import answering, lacking
from handlers.rights import Renderer
from handlers.sheet_reading import ask_child
from handlers.turn import Defect, Flow, Stale, Turn
from handlers.worker import Finish, Tools
from storage import batch, ledger, opinions, outbox, work
from storage.files import handed_in
from storage.ledger import Opened, open_entry
from storage.opinions import NewOpinion
from storage.tables import ItemState, Person, Priority, Sheet

PURPOSE: Final = "results"
READ: Final = "results.read"
_ENTRIES_SHOWN: Final = 8


async def begin_results(turn: Turn) -> Screen:
    """〔导入核查结果〕 on an entry with many counterparts.

    Raises:
        Stale: The entry has changed since, or waits for nothing.
        Refusal: This officer may not change it.
    """
    opened = await acts.changeable(turn, turn.pressed.id)
    if turn.pressed.version != opened.request.version or not lacking(opened):
        raise Stale
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={"request": opened.request.id}, awaiting="file")
    return await present(turn)


async def present(turn: Turn) -> Screen:
    """Return what is asked: the sheet, or the day of issue of all others."""
    draft = turn.draft
    if draft is None or draft.purpose != PURPOSE:
        raise Stale
    if "sheet" in draft.answers:
        sheet = await _own(turn, draft.answers["sheet"])
        shown = await _shown(turn, sheet)
        return screens.rest_day(sheet.id, shown.left, turn.today)
    opened = await acts.changeable(turn, draft.answers["request"])
    missing = len(lacking(opened))
    return screens.asking(opened.entry.number, missing, draft_id=draft.id, version=draft.version)


async def on_file(turn: Turn) -> Screen:
    """The sheet with the results came."""
    if turn.draft is None or turn.draft.purpose != PURPOSE or "request" not in turn.draft.answers:
        raise Stale
    if turn.file is None:
        raise Defect("a flow of a file ran without one")
    return await _reading(turn, turn.draft.answers["request"], turn.file.ref)


async def on_what(turn: Turn) -> Screen:
    """〔导入核查结果〕 for a sheet that nobody asked for: which entry it belongs to."""
    sheet = await _unasked(turn)
    entries = await ledger.opened_by(turn.session, turn.officer.id, limit=_ENTRIES_SHOWN, offset=0)
    return screens.which_entry(sheet.id, entries)


async def on_entry(turn: Turn) -> Screen:
    """The entry of a sheet that nobody asked for was chosen."""
    sheet = await _unasked(turn)
    if not is_number(turn.pressed.arg):
        raise Stale
    ref = batch.content(sheet)["ref"]
    batch.close(sheet, now=turn.now)
    return await _reading(turn, int(turn.pressed.arg), ref)


async def on_rest(turn: Turn) -> Screen:
    """〔其余均为未查询到不良信息〕: all others alike, once the day of issue is known.

    Raises:
        Stale: The results were recorded or given up.
        Refusal: This officer may not change the entry any more.
    """
    sheet = await _own(turn, turn.pressed.id)
    if turn.pressed.arg == "back":
        await _end_question(turn)
        return screens.summary(await _shown(turn, sheet))
    if turn.pressed.arg in ("0", "1"):
        return await _rest(turn, sheet, turn.today - dt.timedelta(days=int(turn.pressed.arg)))
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={"sheet": sheet.id}, awaiting="day")
    return await present(turn)


async def on_typed(turn: Turn) -> Screen:
    """The day of issue of all others was typed."""
    if turn.draft is None or "sheet" not in turn.draft.answers:
        raise Refusal(_("Please send the sheet as a file: xlsx, xls, ods or csv."))
    sheet = await _own(turn, turn.draft.answers["sheet"])
    return await _rest(turn, sheet, parse_day(turn.text, today=turn.today))


async def on_record(turn: Turn) -> Screen:
    """Record everything that was read, in one transaction; what the sheet does not name stays waiting.

    Raises:
        Stale: The results were recorded or given up, or the entry needs none of them any more.
    """
    sheet = await _own(turn, turn.pressed.id)
    if turn.pressed.arg not in ("0", "1") or sheet.request_id is None:
        raise Stale
    returned_on = turn.today - dt.timedelta(days=int(turn.pressed.arg))
    opened = await acts.changeable(turn, sheet.request_id)
    new = await _opinions(turn, sheet, opened)
    if not new:
        raise Stale
    answered = {each.item_id for each in new if each.item_id is not None}
    for item in lacking(opened):
        if item.id in answered and item.state is not ItemState.RETURNED:
            require_after(item, returned_on, today=turn.today)
    adverse = [each.item_id for each in new if each.finding.is_adverse]
    said = {"n": len(new), "adverse": len(adverse)}
    async with acts.acting(turn, opened, "request.results", on=returned_on, after=said):
        await opinions.record(turn.session, new, now=turn.now)
        await batch.take_in(turn.session, answered, returned_on=returned_on)
    for item_id in adverse:
        turn.note("opinion.adverse", ("item", item_id))
    work.tidy(turn.session, batch.close(sheet, now=turn.now), now=turn.now)
    await _end_question(turn)
    after = await acts.reopened(turn, opened.request.id)
    return screens.recorded(after.entry, count=len(new), adverse=len(adverse), left=len(lacking(after)))


async def read(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Read a sheet of results against its entry and queue the summary; nothing is recorded yet.

    Raises:
        Refusal: It cannot be read, or whoever sent it may not change the entry any more.
    """
    today = tools.office.today(now)
    async with tools.database.read() as session:
        sheet = await session.get_one(Sheet, params["sheet_id"])
        if sheet.closed_at is not None:
            return _nothing
        person = await session.get_one(Person, params["person_id"])
        opened = await open_entry(session, person, params["request_id"], on=today)
        if opened is None or not opened.may_act:
            raise Refusal(_("Only the handling officer and the coordinators change this entry."))
        known = await batch.codes_of(session, opened.verifications)
        waiting = await batch.codes_of(session, lacking(opened))
    ref = batch.content(sheet)["ref"]
    settings = tools.office.policy.settings
    asked: dict[str, Any] = {"name": "", "waiting": sorted(waiting), "known": sorted(known)}
    asked |= {"today": today.isoformat(), "months": settings.validity_months, "end": settings.validity_end}
    results = await ask_child("bot.batch_results", asked, await tools.fetch(ref))

    async def finish(session: AsyncSession) -> None:
        kept, told = await session.get_one(Sheet, sheet.id), await session.get_one(Person, params["person_id"])
        keys = [*await batch.close_older(session, kept, now=now), *handed_in(ref)]
        work.tidy(session, keys, now=now)
        kept.rows = {"results": results}
        await outbox.enqueue(
            session,
            told,
            kind=READ,
            params={"sheet_id": kept.id},
            dedupe=f"{READ}:{kept.id}",
            priority=Priority.QUESTION,
            now=now,
        )

    return finish


async def show_read(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return the summary of a sheet; None where it was recorded, given up or replaced, or its entry went over."""
    today, sheet = office.today(now), await session.get(Sheet, params["sheet_id"], populate_existing=True)
    if sheet is None or sheet.closed_at is not None:
        return None
    opened = await open_entry(session, person, sheet.request_id or 0, on=today)
    if opened is None or not opened.may_act:
        return None
    return screens.summary(await _summary(session, opened, sheet, today))


async def _reading(turn: Turn, request_id: int, ref: str) -> Screen:
    opened = await acts.changeable(turn, request_id)
    sheet = await batch.begin(
        turn.session, turn.officer.id, batch.RESULTS, {"ref": ref}, now=turn.now, request_id=opened.request.id
    )
    params = {"sheet_id": sheet.id, "person_id": turn.officer.id, "request_id": opened.request.id}
    work.add(turn.session, READ, params, now=turn.now)
    return screens.reading()


async def _rest(turn: Turn, sheet: Sheet, on: dt.date) -> Screen:
    require_dates(on, None, today=turn.today)
    sheet.rows = {**batch.content(sheet), "rest_on": on.isoformat()}
    await _end_question(turn)
    return screens.summary(await _shown(turn, sheet))


async def _shown(turn: Turn, sheet: Sheet) -> screens.Summary:
    """Return the summary of a sheet for whoever may still change its entry: it may have gone over since."""
    opened = await acts.changeable(turn, sheet.request_id or 0)
    return await _summary(turn.session, opened, sheet, turn.today)


async def _summary(session: AsyncSession, opened: Opened, sheet: Sheet, today: dt.date) -> screens.Summary:
    if "results" not in batch.content(sheet):
        raise Stale
    rest_on = batch.content(sheet).get("rest_on")
    return screens.Summary(
        sheet_id=sheet.id,
        number=opened.entry.number,
        results=Results.from_json(batch.content(sheet)["results"]),
        waiting=len(await batch.codes_of(session, lacking(opened))),
        rest_on=dt.date.fromisoformat(rest_on) if rest_on else None,
        today=today,
    )


async def _opinions(turn: Turn, sheet: Sheet, opened: Opened) -> list[NewOpinion]:
    """Return what is to be recorded: the sheet's results, and the rest where the officer gave its day."""
    waiting = await batch.codes_of(turn.session, lacking(opened))
    read_from = Results.from_json(batch.content(sheet)["results"])
    results = {each.code: each for each in read_from.right}
    rest_on = batch.content(sheet).get("rest_on")
    found = []
    for code, item in waiting.items():
        if (result := results.get(code)) is not None:
            said = {"number": result.number, "details": result.details}
            found.append(
                answering(turn, opened, item, finding=result.finding, issued_on=result.issued_on,
                          printed=result.valid_to, **said)
            )  # fmt: skip
        elif rest_on and code not in read_from.disputed:
            issued_on = dt.date.fromisoformat(rest_on)
            found.append(answering(turn, opened, item, finding=Finding.CLEAN, issued_on=issued_on))
    return found


async def _end_question(turn: Turn) -> None:
    if turn.draft is not None and turn.draft.purpose == PURPOSE:
        await drafts_aside.take_up(turn)


async def _own(turn: Turn, sheet_id: int) -> Sheet:
    sheet = await batch_work.own(turn, sheet_id, batch.RESULTS)
    if "results" not in batch.content(sheet):
        raise Stale
    return sheet


async def _unasked(turn: Turn) -> Sheet:
    sheet = await batch_work.own(turn, turn.pressed.id, batch.CHECK)
    if not batch.content(sheet).get("unasked"):
        raise Stale
    return sheet


async def _nothing(_session: AsyncSession) -> None:
    """Nothing is left to be written."""


PRESSES: Final[Mapping[str, Flow]] = {
    "bres": begin_results,
    "bwhat": on_what,
    "bwent": on_entry,
    "brest": on_rest,
    "brec": on_record,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
FILES: Final[Mapping[str, Flow]] = {PURPOSE: on_file}
JOBS: Final = {READ: read}
NOTICES: Final[Mapping[str, Renderer]] = {READ: show_read}
