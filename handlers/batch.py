"""Lists: a sheet of counterparts in, a verdict for each row out, one ledger entry for all of them."""

from collections.abc import Mapping
from typing import Final

from bot.entry import Form
from bot.errors import Refusal
from bot.guidance import matter_title
from bot.language import _
from bot.policy.model import MATTER
from bot.screens import batch as screens
from bot.screens.screen import Screen
from handlers import (
    asking,
    batch_entry,
    batch_results,
    batch_work,
    drafts_aside,
    guide_draft,
    guide_screens,
    ledger_import,
    onward,
    requests,
)
from handlers.batch_entry import PURPOSE
from handlers.batch_work import CHECK, TEMPLATE
from handlers.entry_draft import outcome_of
from handlers.guide_draft import Case, require_present
from handlers.turn import Defect, Flow, Incoming, Stale, Turn
from storage import batch, drafts, work
from storage.tables import Draft, Sheet


async def on_batch(turn: Turn) -> Screen:
    """/batch: check a list before a matter is chosen."""
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers={}, awaiting="file")
    return await present(turn)


async def begin_batch(turn: Turn) -> Screen:
    """〔上传名单〕 on a result card or an entry's form: the list is for this matter.

    A list that was checked before its matter was chosen is checked again at once, without being sent twice.

    Raises:
        Stale: The keyboard is an older one, or nothing to be recorded follows from the answers.
    """
    draft = turn.draft
    if draft is None or Case.from_json(draft.answers).what_if:
        raise Stale
    require_present(turn, draft)
    outcome_of(turn, draft)
    drafts.keep(draft, answers=draft.answers, purpose=PURPOSE, awaiting="file", now=turn.now)
    # One that was closed meanwhile, by an erasure or for its age, is asked for anew.
    sheet = await batch.open_sheet(turn.session, turn.officer.id, draft.answers.get("sheet") or 0, batch.CHECK)
    if sheet is not None and "checked" in batch.content(sheet):
        return _checking(turn, sheet, draft)
    return await present(turn)


async def present(turn: Turn) -> Screen:
    """Return the question for the list."""
    draft = _asking(turn)
    matter = None
    if _has_matter(draft):
        matter = matter_title(outcome_of(turn, draft).matter)
    return screens.asking(matter, draft_id=draft.id, version=draft.version)


async def on_file(turn: Turn) -> Screen:
    """The list came."""
    draft = _asking(turn)
    sheet = await batch.begin(turn.session, turn.officer.id, batch.CHECK, {"ref": _sent(turn).ref}, now=turn.now)
    return _checking(turn, sheet, draft)


async def on_unasked(turn: Turn) -> Screen:
    """A sheet came that nobody asked for."""
    rows = {"ref": _sent(turn).ref, "size": _sent(turn).size, "unasked": True}
    sheet = await batch.begin(turn.session, turn.officer.id, batch.CHECK, rows, now=turn.now)
    return screens.unasked(sheet.id)


async def on_typed(turn: Turn) -> Screen:
    """Words where a file is awaited."""
    raise Refusal(_("Please send the list as a file: xlsx, xls, ods or csv."))


async def on_check(turn: Turn) -> Screen:
    """〔核验名单〕 for a sheet that nobody asked for."""
    return _checking(turn, _unread(await _own(turn, turn.pressed.id)), None)


async def on_ledger(turn: Turn) -> Screen:
    """〔导入台账〕 for a sheet that nobody asked for."""
    sheet = _unread(await _own(turn, turn.pressed.id))
    file = Incoming(ref=batch.content(sheet)["ref"], name="", media_type="", size=batch.content(sheet)["size"])
    batch.close(sheet, now=turn.now)
    return await ledger_import.begin_import(turn, file)


async def on_matter(turn: Turn) -> Screen:
    """〔选择事项〕: the list was checked before its matter was chosen; it is kept until the entry's form.

    Raises:
        Refusal: Something else is unfinished.
    """
    sheet = await _own(turn, turn.pressed.id)
    await batch_entry.end_question(turn)
    await drafts_aside.require_free(turn)
    draft = await guide_draft.begin(turn, Case(at=guide_draft.HOME, direct=True))
    drafts.keep(draft, answers={**draft.answers, "sheet": sheet.id}, awaiting=draft.awaiting, now=turn.now)
    return await guide_screens.present(turn)


async def on_drop(turn: Turn) -> Screen:
    """〔放弃〕: nothing is recorded, what was read is forgotten."""
    sheet = await _any(turn, turn.pressed.id)
    work.tidy(turn.session, batch.close(sheet, now=turn.now), now=turn.now)
    await batch_entry.finish_draft(turn)
    return screens.dropped()


async def on_template(turn: Turn) -> Screen:
    """〔下载模板〕."""
    if turn.pressed.arg not in ("list", "results"):
        raise Stale
    await asking.ask(turn, TEMPLATE, {"kind": turn.pressed.arg})
    return screens.template_coming()


async def on_back(turn: Turn) -> Screen:
    """Back to the entry's form, or to what was put aside."""
    draft = turn.draft
    if draft is None or draft.purpose not in (PURPOSE, batch_results.PURPOSE):
        raise Stale
    require_present(turn, draft)
    if draft.purpose == PURPOSE and _has_matter(draft):
        return await requests.begin_entry(turn)
    return await onward.back(turn)


def _checking(turn: Turn, sheet: Sheet, draft: Draft | None) -> Screen:
    """Have a list checked, for the matter of the draft where there is one."""
    rows = {key: value for key, value in batch.content(sheet).items() if key != "unasked"}
    if draft is not None and _has_matter(draft):
        form = Form.from_json(draft.answers.get("entry", {}))
        rows["case"] = Case.from_json(draft.answers).to_json()
        rows["decide_on"] = form.decide_on.isoformat() if form.decide_on else None
    sheet.rows = rows
    work.add(turn.session, CHECK, {"sheet_id": sheet.id, "person_id": turn.officer.id}, now=turn.now)
    return screens.checking()


def _asking(turn: Turn) -> Draft:
    if turn.draft is None or turn.draft.purpose != PURPOSE:
        raise Stale
    return turn.draft


def _has_matter(draft: Draft) -> bool:
    return MATTER in draft.answers.get("answers", {})


async def _own(turn: Turn, sheet_id: int) -> Sheet:
    return await batch_work.own(turn, sheet_id, batch.CHECK)


async def _any(turn: Turn, sheet_id: int) -> Sheet:
    try:
        return await _own(turn, sheet_id)
    except Stale:
        return await batch_work.own(turn, sheet_id, batch.RESULTS)


def _unread(sheet: Sheet) -> Sheet:
    if not batch.content(sheet).get("unasked"):
        raise Stale
    return sheet


def _sent(turn: Turn) -> Incoming:
    if turn.file is None:
        raise Defect("a flow of a file ran without one")
    return turn.file


COMMANDS: Final[Mapping[str, Flow]] = {"batch": on_batch}
PRESSES: Final[Mapping[str, Flow]] = {
    "bnew": begin_batch,
    "bchk": on_check,
    "bled": on_ledger,
    "bmat": on_matter,
    "breg": batch_entry.on_register,
    "bdrop": on_drop,
    "btpl": on_template,
    "bback": on_back,
    **batch_results.PRESSES,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed, **batch_results.TYPED}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present, **batch_results.PRESENT}
FILES: Final[Mapping[str, Flow]] = {PURPOSE: on_file, **batch_results.FILES}
JOBS: Final = {**batch_work.JOBS, **batch_results.JOBS}
NOTICES: Final = {**batch_work.NOTICES, **batch_results.NOTICES}
