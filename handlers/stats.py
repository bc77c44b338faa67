"""/stats: the figures of any period, the entries behind each of them, and all of it as a book."""

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from bot.documents.filling import file_name
from bot.documents.tables import MEDIA_TYPE
from bot.figure_words import matter_name
from bot.figures import Measure, grouped
from bot.finding import PAGE
from bot.language import pgettext
from bot.periods import Kind, Period, from_code, parse_period, period_name, period_of
from bot.quarters import Quarter
from bot.roles import COUNTS, READS, Reach
from bot.screens import stats as screens
from bot.screens.screen import File, Screen
from bot.screens.stats import Asked
from bot.statistics import Statistics
from bot.summary import Names
from handlers import asking, drafts_aside, figures, handed_out, quarter_files, summary
from handlers.office import Office
from handlers.sight import sight_of
from handlers.timeline import wording
from handlers.turn import Flow, Stale, Turn
from handlers.worker import Finish, Tools
from storage import figure_records, outbox, people, summaries
from storage.tables import Person, Priority, Unit

PURPOSE: Final = "stats"
KIND: Final = "stats.export"
NOTICE: Final = "stats.exported"


async def on_stats(turn: Turn) -> Screen:
    """/stats: this quarter of the officer's own unit, or of the bureau; or the period that was named."""
    period = parse_period(turn.text, today=turn.today) if turn.text.strip() else period_of(Kind.QUARTER, turn.today)
    return await _shown(turn, await _asked(turn, 0, period))


async def on_show(turn: Turn) -> Screen:
    """Another period or unit."""
    await drafts_aside.let_go(turn)
    return await _shown(turn, await _pressed(turn))


async def on_figure(turn: Turn) -> Screen:
    """A figure was pressed: the entries behind it, of which an officer sees their own."""
    asked = await _pressed(turn)
    name = screens.read(turn.pressed)[1]
    if name not in set(Measure):
        raise Stale
    measure, page = Measure(name), turn.pressed.version
    sight = await sight_of(turn.session, turn.office, turn.officer, turn.today)
    listed, total, every = await figure_records.entries(
        turn.session, await _records(turn, asked), measure, sight=sight, limit=PAGE, offset=page * PAGE
    )
    words = wording(turn.office, turn.today)
    return screens.entries(asked, measure, listed, words, page=page, total=total, hidden=every - total)


async def on_ask(turn: Turn) -> Screen:
    """〔其他时段〕: ask for a period."""
    asked = await _pressed(turn)
    answers = {"unit": asked.unit_id, "period": asked.period.code, "matter": asked.matter}
    await drafts_aside.put_aside(turn, purpose=PURPOSE, answers=answers)
    return screens.asking(asked)


async def on_typed(turn: Turn) -> Screen:
    """A period was typed."""
    period = parse_period(turn.text, today=turn.today)
    answers = _answers(turn)
    asked = await _asked(turn, answers["unit"], period, answers.get("matter"))
    await drafts_aside.take_up(turn)
    return await _shown(turn, asked)


async def present(turn: Turn) -> Screen:
    """Return the question for a period, computed from the draft alone."""
    answers = _answers(turn)
    period = from_code(answers["period"]) or period_of(Kind.QUARTER, turn.today)
    return screens.asking(await _asked(turn, answers["unit"], period, answers.get("matter")))


async def on_units(turn: Turn) -> Screen:
    """〔选择单位〕, for those who see the whole bureau."""
    asked = await _pressed(turn)
    if not asked.sees_all:
        raise Stale
    names = {unit.id: unit.name for unit in await people.units(turn.session)}
    return screens.units(asked, names, turn.pressed.version)


async def on_matters(turn: Turn) -> Screen:
    """〔选择事项〕: those that have figures of the period."""
    asked = await _pressed(turn)
    cells = await figures.cells(
        turn.session, turn.office, asked.period.span, now=turn.now, unit=await _code(turn.session, asked)
    )
    named = await summary.names(turn.session, turn.office, cells)
    names = {code or "": matter_name(named, code) for code in grouped(cells, lambda cell: cell.matter)}
    return screens.matters(asked, names, turn.pressed.version)


async def on_export(turn: Turn) -> Screen:
    """〔导出表格〕: have the book made; who took which figures away stands in the audit."""
    asked = await _pressed(turn)
    said = {"unit": asked.unit_id, "period": asked.period.code}
    if await asking.ask(turn, KIND, said):
        turn.note(KIND, ("person", turn.officer.id), after=said)
    return screens.exporting(asked)


async def export(tools: Tools, params: Mapping[str, Any], now: dt.datetime) -> Finish:
    """Make the book, as far as the officer may see the figures now: whoever has lost their unit gets the new one's."""
    office, period = tools.office, from_code(params["period"])
    if period is None:
        raise ValueError("a period that no button has")
    async with tools.database.read() as session:
        person = await session.get_one(Person, params["person_id"])
        reach = await handed_out.reach_of(session, person, office.today(now))
        unit = await _unit_of(session, person, params["unit"])
        code = unit.code if unit else None
        found = await figures.statistics(session, office, period.span, now=now, unit=code)
        named = await summary.names(session, office, found.cells)
        ledger = None
        if READS[person.role] is not Reach.OWN:  # who sees only their own entries takes no colleague's away
            ledger = await quarter_files.ledger_sheet(session, office, period.span, now=now, unit=code)
    units = None if code is None else [code]
    made = await quarter_files.figures_book(office, found, named, period, now=now, units=units, ledger=ledger)
    kept = await asyncio.to_thread(tools.store.put, made)

    async def finish(session: AsyncSession) -> None:
        told = await session.get_one(Person, person.id)
        said = {"key": kept.key, "period": period.code, "unit": unit.name if unit else "", "ledger": ledger is not None}
        dedupe = f"{NOTICE}:{kept.key}"
        await outbox.enqueue(
            session, told, kind=NOTICE, params=said | reach, dedupe=dedupe, priority=Priority.QUESTION, now=now
        )

    return finish


async def render(
    _session: AsyncSession, _office: Office, _person: Person, params: Mapping[str, Any], _now: dt.datetime
) -> Screen | None:
    """Return the screen that carries the book."""
    period = from_code(params["period"])
    if period is None:
        return None
    named = params["unit"] or pgettext("figure", "Whole bureau")
    name = f"{period_name(period)} {named}"
    file = File(params["key"], file_name(pgettext("sheet", "Figures"), period.code, "xlsx"), MEDIA_TYPE)
    return screens.exported(file, name, has_ledger=params["ledger"])


async def _shown(turn: Turn, asked: Asked) -> Screen:
    found = await _counted(turn, asked)
    is_quarter = asked.period.kind is Kind.QUARTER
    quarter = Quarter.of(asked.period.span.begins_on)
    frozen = is_quarter and await summaries.frozen(turn.session, quarter) is not None
    is_over = asked.period.span.ends_on < turn.today
    until = None if is_over else wording(turn.office, turn.today).day(turn.today)
    return screens.shown(asked, found, until=until, frozen=frozen)


async def _counted(turn: Turn, asked: Asked) -> Statistics:
    """Return the figures; of one matter nothing stands beside them, since nothing else is told apart by matter."""
    code, span = await _code(turn.session, asked), asked.period.span
    if asked.matter is None:
        return await figures.statistics(turn.session, turn.office, span, now=turn.now, unit=code)
    cells = await figures.cells(turn.session, turn.office, span, now=turn.now, unit=code)
    return Statistics(span, tuple(each for each in cells if (each.matter or "") == asked.matter))


def _answers(turn: Turn) -> dict[str, Any]:
    return turn.draft.answers if turn.draft else {"unit": 0, "period": ""}


async def _pressed(turn: Turn) -> Asked:
    """Return what a press is about; nothing in it is trusted.

    Raises:
        Stale: It names no period.
    """
    said, _more, matter = screens.read(turn.pressed)
    if said in ("", *(each.value for each in (Kind.MONTH, Kind.QUARTER, Kind.YEAR))):
        return await _asked(turn, turn.pressed.id, period_of(Kind(said or Kind.QUARTER), turn.today), matter)
    period = from_code(said)
    if period is None:
        raise Stale
    return await _asked(turn, turn.pressed.id, period, matter)


async def _asked(turn: Turn, unit_id: int, period: Period, matter: str | None = None) -> Asked:
    """Return whose figures are shown: the unit that was chosen, as far as the role reaches, and the matter.

    Raises:
        Stale: Nobody knows the matter.
    """
    unit = await _unit_of(turn.session, turn.officer, unit_id)
    sees_all = COUNTS[turn.officer.role] is Reach.BUREAU
    name = unit.name if unit else pgettext("figure", "Whole bureau")
    called = "" if matter is None else await _matter_name(turn, matter)
    return Asked(period, unit.id if unit else 0, name, sees_all, matter, called)


async def _matter_name(turn: Turn, code: str) -> str:
    if not code:
        return matter_name(Names(), None)
    known = turn.policy.matters.get(code)
    name = known.name if known else (await summaries.matter_names(turn.session, {code})).get(code)
    if name is None:
        raise Stale
    return name


async def _unit_of(session: AsyncSession, person: Person, unit_id: int) -> Unit | None:
    if COUNTS[person.role] is not Reach.BUREAU:
        return await session.get_one(Unit, person.unit_id)
    return await session.get(Unit, unit_id) if unit_id else None


async def _code(session: AsyncSession, asked: Asked) -> str | None:
    return (await session.get_one(Unit, asked.unit_id)).code if asked.unit_id else None


async def _records(turn: Turn, asked: Asked) -> figure_records.Asked:
    code = await _code(turn.session, asked)
    return figure_records.Asked(asked.period.span, turn.office.zone, turn.today, unit=code, matter=asked.matter)


COMMANDS: Final[Mapping[str, Flow]] = {"stats": on_stats}
PRESSES: Final[Mapping[str, Flow]] = {
    "stat": on_show,
    "stfig": on_figure,
    "stask": on_ask,
    "stuni": on_units,
    "stmat": on_matters,
    "stexp": on_export,
}
TYPED: Final[Mapping[str, Flow]] = {PURPOSE: on_typed}
PRESENT: Final[Mapping[str, Flow]] = {PURPOSE: present}
JOBS: Final = {KIND: export}
NOTICES: Final = {NOTICE: handed_out.in_reach(render)}
