"""A list as it is kept, worked on and answered: the chores behind the list's screens, and what they send."""

import asyncio
import base64
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.batch import Checked
from bot.batch_columns import Column, column_name
from bot.batch_verdicts import Batch, judge, products_line, table
from bot.documents.tables import MEDIA_TYPE
from bot.guidance import Outcome, next_step
from bot.language import _, pgettext
from bot.scope import Scope, scope
from bot.screens import batch as screens
from bot.screens.screen import File, Screen
from bot.search import pinyin_keys
from handlers import handed_out
from handlers.guide_draft import Case
from handlers.office import Office
from handlers.reuse import earliest_issue
from handlers.rights import Renderer
from handlers.sheet_reading import ask_child
from handlers.sight import sight_of
from handlers.turn import Stale, Turn
from handlers.worker import Finish, Tools
from storage import audit, batch, known, opinions, outbox, work
from storage.files import handed_in
from storage.tables import Person, Priority, Sheet, Unit

CHECKED: Final = "batch.checked"
TEMPLATE: Final = "batch.template"
CHECK: Final = "batch.check"

_LIST_COLUMNS: Final = (
    Column.NUMBER, Column.NAME, Column.KIND, Column.CODE, Column.DISTRICT, Column.PROJECT, Column.SPONSOR, Column.NOTE,
)  # fmt: skip
_RESULT_COLUMNS: Final = (
    Column.NUMBER, Column.NAME, Column.CODE, Column.FINDING, Column.RECORDS, Column.SUMMARY, Column.OPINION,
    Column.ISSUED, Column.VALID_TO, Column.HANDLING,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judgement:
    """A kept list with its verdicts as of now.

    Args:
        batch: The list with its verdicts.
        outcome: The result of the guide that it is for; None while no matter is chosen.
        holds: What an entry for it may hold; None while no matter is chosen.
    """

    batch: Batch
    outcome: Outcome | None
    holds: Scope | None

    @property
    def matter(self) -> str | None:
        """The matter's name."""
        return self.holds.matter_name if self.holds else None

    @property
    def products(self) -> str:
        """What the matter needs, in one line."""
        return products_line(self.outcome.recommendations) if self.outcome else ""


def decided(office: Office, rows: Mapping[str, Any], today: dt.date) -> Outcome | None:
    """Return the result of the guide that a list is for; None while no matter is chosen, or the rules have changed."""
    if not rows.get("case"):
        return None
    case = Case.from_json(rows["case"])
    step = next_step(office.policy, case.answers, on=case.on or today)
    return step if isinstance(step, Outcome) and step.recommendations else None


async def judgement(
    session: AsyncSession, office: Office, person: Person, rows: Mapping[str, Any], checked: Checked, today: dt.date
) -> Judgement:
    """Return a checked list with what follows for each row, as far as this officer may know it.

    Opinions are looked up anew each time.
    """
    outcome = decided(office, rows, today)
    holds = scope(office.policy, outcome) if outcome else None
    on = dt.date.fromisoformat(rows["decide_on"]) if rows.get("decide_on") else today
    codes = [row.code for row in checked.rows if row.code]
    limit = earliest_issue(outcome.matter if outcome else None, on)
    sight, unit = await sight_of(session, office, person, today), await session.get_one(Unit, person.unit_id)
    held = await opinions.reusable(session, codes, sight=sight, on=on, earliest_issue=limit)
    judged = judge(
        checked,
        kinds=holds.kinds if holds else None,
        reusable=held,
        own={code for code, each in held.items() if sight.sees_all or each.unit == unit.short_name},
        under_way=await known.under_way(session, codes, sight=sight, holds=holds) if holds else {},
        breaches=await known.breaches(session, codes),
    )
    return Judgement(judged, outcome, holds)


async def own(turn: Turn, sheet_id: int, purpose: str) -> Sheet:
    """Return the officer's own list.

    Raises:
        Stale: It is somebody else's, or was registered, given up or replaced.
    """
    sheet = await batch.open_sheet(turn.session, turn.officer.id, sheet_id, purpose)
    if sheet is None:
        raise Stale
    return sheet


async def check(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Check a list that was sent in, and queue the answer with the list as it goes back.

    A list that was checked before (its matter was chosen afterwards) is not read again.
    """
    today = tools.office.today(now)
    async with tools.database.read() as session:
        sheet, person = (
            await session.get_one(Sheet, params["sheet_id"]),
            await session.get_one(Person, params["person_id"]),
        )
    if sheet.closed_at is not None:
        return _nothing
    rows = batch.content(sheet)
    ref = rows.pop("ref", "")
    if "checked" not in rows:
        rows["checked"] = await ask_child("bot.batch", {"name": ""}, await tools.fetch(ref))
    checked = Checked.from_json(rows["checked"])
    tools.progress(person.telegram_id, screens.checking(0, len(checked.rows)))
    async with tools.database.read() as session:
        judged = await judgement(session, tools.office, person, rows, checked, today)
        seen = await known.keys(session, [row.code for row in checked.rows if row.code])
        reach = await handed_out.reach_of(session, person, today)
    header, lines = table(judged.batch, judged.outcome.recommendations if judged.outcome else ())
    key = await _kept(tools, pgettext("sheet", "List"), header, lines)
    await asyncio.to_thread(_spell, [row.name for row in checked.rows if row.code])
    tools.progress(person.telegram_id, screens.checking(len(checked.rows), len(checked.rows)))

    async def finish(session: AsyncSession) -> None:
        kept, told = await session.get_one(Sheet, sheet.id), await session.get_one(Person, person.id)
        work.tidy(session, [*await batch.close_older(session, kept, now=now), *handed_in(ref)], now=now)
        kept.rows, kept.path = rows, key
        audit.note(session, at=now, actor_id=person.id, verb=CHECK, subject=("person", person.id),
                   after={"counterparts": list(seen)})  # fmt: skip
        await _notify(session, told, CHECKED, {"sheet_id": kept.id, "key": key, **reach}, now=now)

    return finish


def _spell(names: Sequence[str]) -> None:
    """Work out the pinyin of the names here, so that registering the list keeps nobody waiting for it."""
    for name in names:
        pinyin_keys(name)


async def make_template(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Make a template sheet and queue it."""
    columns = _RESULT_COLUMNS if params["kind"] == "results" else _LIST_COLUMNS
    key = await _kept(tools, pgettext("sheet", "List"), [column_name(column) for column in columns], ())

    async def finish(session: AsyncSession) -> None:
        told = await session.get_one(Person, params["person_id"])
        await _notify(session, told, TEMPLATE, {"key": key, "kind": params["kind"]}, now=now)

    return finish


async def remove_files(tools: Tools, params: Mapping[str, Any], _now: dt.datetime) -> Finish:
    """Remove kept files that nothing needs any more."""
    for key in params["keys"]:
        await asyncio.to_thread(tools.store.remove, key)
    return _nothing


async def show_checked(
    session: AsyncSession, office: Office, person: Person, params: Mapping[str, Any], now: dt.datetime
) -> Screen | None:
    """Return the verdicts of a list; None where it was registered, given up or replaced meanwhile."""
    sheet = await session.get(Sheet, params["sheet_id"], populate_existing=True)
    if sheet is None or sheet.closed_at is not None or sheet.path != params["key"]:
        return None
    rows = batch.content(sheet)
    judged = await judgement(session, office, person, rows, Checked.from_json(rows["checked"]), office.today(now))
    words = _("Checked list")
    name = f"{words}-{judged.matter}" if judged.matter else words
    file = File(params["key"], f"{name}.xlsx", MEDIA_TYPE)
    return screens.summary(screens.Summary(sheet.id, judged.batch, judged.matter, judged.products, file))


async def show_template(
    _session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Return the template as a message of its own."""
    name = _("Template of results") if params["kind"] == "results" else _("Template of a list")
    return screens.template(File(params["key"], f"{name}.xlsx", MEDIA_TYPE))


async def _kept(tools: Tools, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Make a workbook in a process of its own and put it away; return its key."""
    made = await ask_child("bot.documents.writing", {"title": title, "header": header, "rows": rows})
    kept = await asyncio.to_thread(tools.store.put, base64.b64decode(made))
    return kept.key


async def _notify(
    session: AsyncSession, person: Person, kind: str, params: dict[str, Any], *, now: dt.datetime
) -> None:
    dedupe = f"{kind}:{params['key']}"
    await outbox.enqueue(session, person, kind=kind, params=params, dedupe=dedupe, priority=Priority.QUESTION, now=now)


async def _nothing(_session: AsyncSession) -> None:
    """Nothing is left to be written."""


JOBS: Final = {CHECK: check, TEMPLATE: make_template, work.TIDY: remove_files}
NOTICES: Final[Mapping[str, Renderer]] = {CHECKED: handed_out.in_reach(show_checked), TEMPLATE: show_template}
